"""The contract of all job stores, over storages written in Python: C++'s tests are run against them, where those have
been built."""

from __future__ import annotations

import json
import os
import socketserver
import subprocess
import threading
from pathlib import Path

import pytest
from duetime.jobstores._sql_storage import SQLStorage
from sqlalchemy import create_engine, text
from test_mariadb import Server

PROGRAM = Path(
    os.environ.get("DUETIME_CORE_TESTS", Path(__file__).parents[2] / "build" / "dev" / "tests" / "duetime_core_tests")
)


@pytest.fixture
def mariadb(tmp_path_factory):
    made = Server(tmp_path_factory.mktemp("mariadb"))
    yield made
    made.stop()


class Connection(socketserver.StreamRequestHandler):
    """One node of C++'s: a storage of its own."""

    def handle(self):
        for line in self.rfile:
            request = json.loads(line)
            try:
                given = [request["with"]] if "with" in request else []
                answer = {"answer": self.method(request["call"])(*given)}
            except Exception as exc:
                answer = {"error": str(exc), "code": getattr(exc, "code", -16)}
            self.wfile.write(json.dumps(answer).encode() + b"\n")

    def method(self, name):
        return getattr(self, name, None) or getattr(self.storage, name)

    def choose(self, name):
        self.prefix = "".join(c if c.isalnum() else f"_{ord(c)}_" for c in name)
        self.storage = SQLStorage(self.server.engine, False, "tests", self.prefix, None)

    def set_document(self, given):
        id, digits = given
        with self.server.engine.begin() as connection:
            update = text(f"UPDATE {self.prefix}_jobs SET document = :bytes WHERE `key` = :id")
            assert connection.execute(update, {"bytes": bytes.fromhex(digits), "id": id.encode()}).rowcount == 1

    def document(self, id):
        with self.server.engine.connect() as connection:
            query = text(f"SELECT document FROM {self.prefix}_jobs WHERE `key` = :id")
            return connection.execute(query, {"id": id.encode()}).scalar_one().hex()


class Bridge(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    request_queue_size = 100


@pytest.mark.skipif(not PROGRAM.exists(), reason="C++'s tests have not been built")
def test_sqlalchemy_on_mariadb(mariadb, tmp_path):
    address = str(tmp_path / "bridge.sock")
    with Bridge(address, Connection) as bridge:
        bridge.engine = create_engine(mariadb.url, pool_size=20)
        threading.Thread(target=bridge.serve_forever, daemon=True).start()
        tests = subprocess.run(
            [PROGRAM, "--gtest_filter=Outside/*"],
            env={**os.environ, "DUETIME_DISTANT_STORAGE": address},
            capture_output=True,
            text=True,
            check=False,
        )
        bridge.shutdown()
    assert tests.returncode == 0, tests.stdout[-10_000:] + tests.stderr
    assert "[  PASSED  ]" in tests.stdout
    assert "Running 0 tests" not in tests.stdout
