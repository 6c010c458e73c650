"""The contract of all job stores, over storages written in Python: C++'s tests are run against them, where those have
been built."""

from __future__ import annotations

import json
import os
import socketserver
import subprocess
import threading
from pathlib import Path
from urllib.parse import quote

import pytest
from duetime.jobstores._etcd_gateway import EtcdServer as EtcdAddress
from duetime.jobstores._etcd_gateway import Gateway
from duetime.jobstores._etcd_storage import EtcdStorage
from duetime.jobstores._sql_storage import SQLStorage
from duetime.jobstores._zookeeper_storage import ZooKeeperStorage
from kazoo.client import KazooClient
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

    def max_operations(self):
        return self.storage.max_operations


class SQLConnection(Connection):
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


class ZooKeeperConnection(Connection):
    def choose(self, name):
        self.client = self.server.client
        self.storage = ZooKeeperStorage(lambda: self.client, f"/{name}")
        self.name = name

    def node(self, id):
        return f"/{self.name}/jobs/{quote(id, safe='').replace('.', '%2E')}"

    def set_document(self, given):
        id, digits = given
        members = self.client.get(self.node(id))[0].partition(b"\n")[0]
        self.client.set(self.node(id), members + b"\n" + bytes.fromhex(digits))

    def document(self, id):
        return self.client.get(self.node(id))[0].partition(b"\n")[2].hex()


class EtcdConnection(Connection):
    def choose(self, name):
        self.keys = self.server.etcd.keys
        self.documents = f"/duetime/{name}/document/"
        address = EtcdAddress("127.0.0.1", self.server.etcd.port, timeout=60)
        self.storage = EtcdStorage(lambda: Gateway(address), name)

    def set_document(self, given):
        id, digits = given
        self.keys.put(self.documents + id, bytes.fromhex(digits))

    def document(self, id):
        return self.keys.get(self.documents + id).hex()


class Bridge(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    request_queue_size = 100


def expect_contract(connection, address, **shared):
    with Bridge(address, connection) as bridge:
        vars(bridge).update(shared)
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


pytestmark = pytest.mark.skipif(not PROGRAM.exists(), reason="C++'s tests have not been built")


def test_sqlalchemy_on_mariadb(mariadb, tmp_path):
    expect_contract(SQLConnection, str(tmp_path / "bridge.sock"), engine=create_engine(mariadb.url, pool_size=20))


def test_zookeeper(zookeeper_server, tmp_path):
    client = KazooClient(zookeeper_server.hosts)
    client.start()
    expect_contract(ZooKeeperConnection, str(tmp_path / "bridge.sock"), client=client)
    client.stop()
    client.close()


def test_etcd(etcd_server, tmp_path):
    expect_contract(EtcdConnection, str(tmp_path / "bridge.sock"), etcd=etcd_server)
