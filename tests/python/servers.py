"""Servers of job stores, started by the tests themselves."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
from base64 import b64decode, b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from waiting import DEADLINE, wait_until

from tests.support.leash import leashed
from tests.support.postgresql_server import PostgreSQLProcesses

_ZOOKEEPER = Path("/usr/share/java/zookeeper.jar")
_MONGODB = Path(__file__).parents[1] / "support" / "mongo_server" / "start"


class RedisServer:
    """One that keeps nothing on disk, on a socket in a directory of its own."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.socket = str(directory / "redis.sock")
        self.start()

    def start(self) -> None:
        command = ["redis-server", "--port", "0", "--unixsocket", self.socket, "--dir", str(self.directory)]
        self.process = subprocess.Popen(leashed([*command, "--save", ""]), stdout=subprocess.DEVNULL)
        wait_until(self._answers)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def _answers(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(self.socket)
                connection.sendall(b"PING\r\n")
                return connection.recv(100) == b"+PONG\r\n"
        except OSError:
            return False


class MongoDBServer:
    """One of tests/support/mongo_server."""

    def __init__(self) -> None:
        command = leashed([_MONGODB, "0"])
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        port = self._process.stdout.readline().strip()
        assert port, "the MongoDB server of the tests does not start"
        self.uri = f"mongodb://127.0.0.1:{port}"

    def stop(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=DEADLINE)


class PostgreSQLServer:
    """One with a cluster of its own, on a socket in a directory."""

    def __init__(self, *settings: str) -> None:
        self._server = PostgreSQLProcesses()
        self.directory = self._server.directory
        self.start(*settings)

    def start(self, *settings: str) -> None:
        self._server.start(self.directory / "log", ("listen_addresses=", *settings))
        wait_until(self._server.is_ready)

    def stop(self, how: str = "immediate") -> None:
        self._server.stop({"immediate": signal.SIGQUIT, "fast": signal.SIGINT}[how])


class ZooKeeperServer:
    """One alone, with a data directory of its own."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.hosts = f"127.0.0.1:{self.port}"
        settings = {
            "dataDir": directory / "data",
            "clientPort": self.port,
            "clientPortAddress": "127.0.0.1",
            "maxClientCnxns": 0,
            "admin.enableServer": "false",
            "4lw.commands.whitelist": "ruok",
        }
        (directory / "zoo.cfg").write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
        self.start()

    def start(self) -> None:
        main = "org.apache.zookeeper.server.quorum.QuorumPeerMain"
        command = ["java", "-Dzookeeper.forceSync=no", "-cp", str(_ZOOKEEPER), main, str(self.directory / "zoo.cfg")]
        with (self.directory / "log").open("ab") as log:
            self.process = subprocess.Popen(leashed(command), stdout=log, stderr=log)
        wait_until(self._answers)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def _answers(self) -> bool:
        assert self.process.poll() is None, (self.directory / "log").read_text()
        try:
            with socket.create_connection(("127.0.0.1", self.port)) as connection:
                connection.sendall(b"ruok")
                return connection.recv(100) == b"imok"
        except OSError:
            return False


class EtcdKeys:
    """What a server without TLS and passwords keeps, past our job store."""

    def __init__(self, port: int) -> None:
        self._address = f"http://127.0.0.1:{port}/v3/"

    def get(self, key: str) -> bytes | None:
        pairs = self._pairs({"key": _base64(key)})
        return pairs[0][1] if pairs else None

    def under(self, prefix: str) -> list[str]:
        end = prefix[:-1] + chr(ord(prefix[-1]) + 1)
        return [key for key, _ in self._pairs({"key": _base64(prefix), "range_end": _base64(end)})]

    def put(self, key: str, value: bytes) -> None:
        self.call("kv/put", {"key": _base64(key), "value": b64encode(value).decode()})

    def call(self, method: str, request: dict[str, Any]) -> dict[str, Any]:
        with urlopen(Request(self._address + method, json.dumps(request).encode()), timeout=DEADLINE) as answer:
            made: dict[str, Any] = json.load(answer)
        return made

    def _pairs(self, request: dict[str, Any]) -> list[tuple[str, bytes]]:
        pairs = self.call("kv/range", request).get("kvs", [])
        return [(b64decode(pair["key"]).decode(), b64decode(pair.get("value", ""))) for pair in pairs]


def _base64(text: str) -> str:
    return b64encode(text.encode()).decode()


class EtcdServer:
    """A cluster of one member, on ports of its own.

    :ivar port: of clients
    """

    def __init__(self, directory: Path, *options: str, scheme: str = "http") -> None:
        self.directory = directory
        self._options = options
        self.port, peers = _free_ports(2)
        self._clients = f"{scheme}://127.0.0.1:{self.port}"
        self._peers = f"http://127.0.0.1:{peers}"
        self.keys = EtcdKeys(self.port)
        self.start()

    def start(self) -> None:
        command = ["etcd", "--data-dir", self.directory / "data", "--initial-cluster", f"default={self._peers}"]
        for option in ("--listen-client-urls", "--advertise-client-urls"):
            command += [option, self._clients]
        for option in ("--listen-peer-urls", "--initial-advertise-peer-urls"):
            command += [option, self._peers]
        with (self.directory / "log").open("ab") as log:
            self._start = log.tell()
            command += ["--unsafe-no-fsync", *self._options]
            self.process = subprocess.Popen(leashed(command), stdout=log, stderr=log)
        wait_until(self._serves)

    def freeze(self) -> None:
        """Until all of its threads stand still: one that runs on a moment longer may answer."""
        self.process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self.process.pid, os.WSTOPPED)

    def thaw(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def _serves(self) -> bool:
        said = (self.directory / "log").read_bytes()[self._start :]
        assert self.process.poll() is None, said.decode()
        return b"ready to serve client requests" in said


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def can_serve_mongodb() -> bool:
    return bool(shutil.which("java") and shutil.which("mvn"))


@pytest.fixture
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    made = RedisServer(tmp_path_factory.mktemp("redis"))
    yield made
    made.kill()


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgreSQLServer]:
    made = PostgreSQLServer()
    yield made
    made.stop()


@pytest.fixture
def own_postgresql_server() -> Iterator[PostgreSQLServer]:
    """For tests that stop it."""
    made = PostgreSQLServer()
    yield made
    made.stop()


@pytest.fixture(scope="session")
def zookeeper_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ZooKeeperServer]:
    made = ZooKeeperServer(tmp_path_factory.mktemp("zookeeper"))
    yield made
    made.kill()


@pytest.fixture
def own_zookeeper_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ZooKeeperServer]:
    """For tests that stop it."""
    made = ZooKeeperServer(tmp_path_factory.mktemp("zookeeper"))
    yield made
    made.kill()


@pytest.fixture(scope="session")
def mongodb_uri() -> Iterator[str]:
    pytest.importorskip("pymongo")
    if os.environ.get("CI") != "true" and not can_serve_mongodb():
        pytest.skip("there is no MongoDB server to be had here: no Java, or no Maven")
    server = MongoDBServer()
    yield server.uri
    server.stop()


@pytest.fixture(scope="session")
def etcd_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EtcdServer]:
    made = EtcdServer(tmp_path_factory.mktemp("etcd"), "--max-request-bytes", str(2**22))
    yield made
    made.kill()


@pytest.fixture
def own_etcd_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EtcdServer]:
    """For tests that stop it."""
    made = EtcdServer(tmp_path_factory.mktemp("etcd"))
    yield made
    made.kill()
