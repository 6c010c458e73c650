"""The stores that are tried: how each is started, hurt and read. A new one is a class here and a row in STORES.

Runs are read through the store's own clients and its documented layout, never through duetime, which is on trial.
"""

from __future__ import annotations

import json
import shutil
import signal
import socket
import sqlite3
import subprocess
from pathlib import Path
from typing import Any, ClassVar

from tests.support.leash import leashed
from tests.support.postgresql_server import PostgreSQLProcesses, can_serve_postgresql

from .observations import CLAIMED, Run
from .waiting import wait_until

_MONGO_SERVER = Path(__file__).parents[1] / "support" / "mongo_server" / "start"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Store:
    """A store of its own in `directory`."""

    name: ClassVar[str]
    has_server: ClassVar[bool] = True
    can_be_killed: ClassVar[bool] = True  # and keeps what it has acknowledged
    can_forget: ClassVar[bool] = False  # what it has acknowledged
    can_be_filled: ClassVar[bool] = False
    crowd: ClassVar[int] = 10_000  # how many jobs that are due at once it can bear
    leases_are_exact: ClassVar[bool] = True  # MongoDB's nodes may be behind their server's clock, and each other's

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.process: subprocess.Popen[bytes] | None = None

    @classmethod
    def missing(cls) -> str | None:
        """What it takes to try it that is not installed here."""
        return None

    def start(self) -> None:
        """Also after kill(): on the same port, with the same data."""

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """Ends it well."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait()

    def close(self) -> None:
        """For good. What it wrote is in the directory."""
        if self.process is not None:
            self.kill()

    def freeze(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def forget(self) -> None:
        """Between kill() and start(): all data is gone."""

    @property
    def file(self) -> Path | None:
        """Where nodes write, if they do it themselves."""
        return None

    def fill(self) -> None:
        """Of a server: it takes nothing more."""

    def empty(self) -> None:
        """It does again."""

    def url(self, port: int | None = None) -> str:
        """For nodes; with a port, over a relay that listens there."""
        raise NotImplementedError

    @property
    def patient_url(self) -> str:
        """For programs that make their calls once: a slow machine must not fail them."""
        return self.url()

    @property
    def port(self) -> int:
        raise NotImplementedError

    def jobs(self) -> list[str]:
        """The ids of all jobs, also of those that only wait for a run to end."""
        raise NotImplementedError

    def document(self, job: str) -> bytes:
        raise NotImplementedError

    def set_document(self, job: str, document: bytes) -> None:
        """Writes it past duetime, whatever it is."""
        raise NotImplementedError

    def claimed(self) -> int:
        """How many runs are claimed and have not ended."""
        raise NotImplementedError

    def runs(self) -> list[Run]:
        raise NotImplementedError


class SqliteStore(Store):
    name = "sqlite"
    has_server = False
    can_be_filled = True

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self._lock: sqlite3.Connection | None = None

    @property
    def path(self) -> Path:
        return self.directory / "jobs.db"

    @property
    def file(self) -> Path | None:
        return self.path

    def freeze(self) -> None:
        """Another process that does not let go of its lock."""
        self._lock = sqlite3.connect(self.path, timeout=60, isolation_level=None)
        self._lock.execute("BEGIN EXCLUSIVE")

    def thaw(self) -> None:
        assert self._lock is not None
        self._lock.close()

    def url(self, port: int | None = None) -> str:
        return f"sqlite:///{self.path}"  # waits 5 s for a lock

    def query(self, statement: str, *values: object) -> list[Any]:
        connection = sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, timeout=30)
        try:
            return connection.execute(statement, values).fetchall()
        finally:
            connection.close()

    def jobs(self) -> list[str]:
        return [id for (id,) in self.query("SELECT id FROM duetime_jobs")]

    def document(self, job: str) -> bytes:
        (row,) = self.query("SELECT CAST(document AS BLOB) FROM duetime_jobs WHERE id = ?", job)
        return bytes(row[0])

    def set_document(self, job: str, document: bytes) -> None:
        connection = sqlite3.connect(self.path, timeout=30)
        with connection:
            connection.execute("UPDATE duetime_jobs SET document = CAST(? AS TEXT) WHERE id = ?", (document, job))
        connection.close()

    def claimed(self) -> int:
        return int(self.query("SELECT count(*) FROM duetime_runs WHERE state = 'claimed'")[0][0])

    def runs(self) -> list[Run]:
        columns = "id, job_id, scheduled_time, attempt, state, owner, fence, claimed_at, ended_at"
        return [Run(*row) for row in self.query(f"SELECT {columns} FROM duetime_runs")]


class RedisStore(Store):
    name = "redis"
    can_forget = True
    can_be_filled = True
    options: ClassVar[tuple[str, ...]] = ("--appendonly", "yes", "--save", "")

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self._port = free_port()

    @classmethod
    def missing(cls) -> str | None:
        return None if shutil.which("redis-server") else "redis-server"

    @property
    def port(self) -> int:
        return self._port

    def url(self, port: int | None = None) -> str:
        return f"redis://127.0.0.1:{port or self.port}/0?command_timeout_us=500000&connect_timeout_us=500000"

    @property
    def patient_url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0?command_timeout_us=60000000"

    def client(self) -> Any:
        import redis

        return redis.Redis(port=self.port, socket_timeout=30)

    def start(self) -> None:
        where = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.directory)]
        log = ["--logfile", str(self.directory / "redis.log")]
        self.process = subprocess.Popen(leashed(["redis-server", *where, *log, *self.options]))
        wait_until(self._answers, "Redis answers")

    def forget(self) -> None:
        shutil.rmtree(self.directory / "appendonlydir")

    def fill(self) -> None:
        self.client().config_set("maxmemory", 1)  # it evicts nothing

    def empty(self) -> None:
        self.client().config_set("maxmemory", 0)

    def _answers(self) -> bool:
        import redis

        try:
            return bool(self.client().ping())
        except (redis.exceptions.ConnectionError, redis.exceptions.BusyLoadingError):
            return False

    def jobs(self) -> list[str]:
        return [id.decode() for id in self.client().hkeys("{duetime}:jobs")]

    def document(self, job: str) -> bytes:
        return bytes(self.client().hget("{duetime}:documents", job))

    def set_document(self, job: str, document: bytes) -> None:
        self.client().hset("{duetime}:documents", job, document)

    def claimed(self) -> int:
        return int(self.client().hlen("{duetime}:claims"))

    def runs(self) -> list[Run]:
        client = self.client()
        ended = [self._ended(json.loads(text)) for text in client.hvals("{duetime}:runs")]
        claims = client.hgetall("{duetime}:claims").items()
        return ended + [run for fence, line in claims for run in self._claimed(int(fence), line.decode())]

    @staticmethod
    def _ended(run: dict[str, Any]) -> Run:
        names = "id", "job_id", "scheduled_time", "attempt", "state", "owner", "fence", "claimed_at", "ended_at"
        return Run(*(run[name] for name in names))

    @staticmethod
    def _claimed(fence: int, line: str) -> list[Run]:
        head, document = line.split("\n", 1)
        owner, _, _, unended = head.split(" ")
        claim = json.loads(document)
        return [
            Run(
                run["id"], claim["job_id"], run["scheduled_time"], run["attempt"], CLAIMED, owner, fence,
                claim["claimed_at"],
            )
            for run in claim["runs"]
            if run["id"] in unended.split(",")
        ]  # fmt: skip


class MongoStore(Store):
    """The server of the other tests, which speaks MongoDB's protocol and keeps everything in memory."""

    name = "mongodb"
    can_be_killed = False
    can_forget = True
    crowd = 1_000  # the server of the tests looks at each of them for every update of one
    leases_are_exact = False

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self._port = 0

    @classmethod
    def missing(cls) -> str | None:
        return next((command for command in ("java", "mvn") if not shutil.which(command)), None)

    @property
    def port(self) -> int:
        return self._port

    def url(self, port: int | None = None) -> str:
        limits = "socketTimeoutMS=1000&connectTimeoutMS=1000&serverSelectionTimeoutMS=1000"
        return f"mongodb://127.0.0.1:{port or self.port}/chaos?{limits}"

    @property
    def patient_url(self) -> str:
        return f"mongodb://127.0.0.1:{self.port}/chaos?socketTimeoutMS=60000&serverSelectionTimeoutMS=60000"

    def start(self) -> None:
        command = leashed([_MONGO_SERVER, self._port])
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.process.stdout is not None
        self._port = int(self.process.stdout.readline())

    def database(self) -> Any:
        import pymongo

        return pymongo.MongoClient("127.0.0.1", self.port)["chaos"]

    def jobs(self) -> list[str]:
        return [job["_id"] for job in self._documents() if job.get("runs") or job["status"] in ("scheduled", "paused")]

    def _documents(self) -> list[dict[str, Any]]:
        return list(self.database()["duetime_jobs"].find())

    def document(self, job: str) -> bytes:
        stored = self.database()["duetime_jobs"].find_one({"_id": job})["document"]
        return stored.encode() if isinstance(stored, str) else bytes(stored)

    def set_document(self, job: str, document: bytes) -> None:
        """As text if it is one."""
        try:
            stored: str | bytes = document.decode()
        except UnicodeDecodeError:
            stored = document
        self.database()["duetime_jobs"].update_one({"_id": job}, {"$set": {"document": stored}})

    def claimed(self) -> int:
        return sum(len(job.get("runs", ())) for job in self._documents())

    def runs(self) -> list[Run]:
        found: dict[str, dict[str, Any]] = {}
        for job in self._documents():
            for run in [*job.get("runs", ()), *job.get("ended", ())]:
                found[run["_id"]] = run
        for run in self.database()["duetime_runs"].find():
            found[run["_id"]] = run
        return [self._run(run) for run in found.values()]

    @staticmethod
    def _run(run: dict[str, Any]) -> Run:
        names = "_id", "job_id", "scheduled_time", "attempt", "state", "owner", "fence", "claimed_at"
        return Run(*(run[name] for name in names), run.get("ended_at"))


class PostgresqlStore(Store):
    name = "postgresql"

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self._port = free_port()
        self._server = PostgreSQLProcesses()

    @classmethod
    def missing(cls) -> str | None:
        return None if can_serve_postgresql() else "postgresql"

    @property
    def port(self) -> int:
        return self._port

    def url(self, port: int | None = None) -> str:
        limits = "command_timeout_us=500000&connect_timeout_us=500000"
        return f"postgresql://postgres@127.0.0.1:{port or self.port}/postgres?{limits}"

    @property
    def patient_url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres?command_timeout_us=60000000"

    def start(self) -> None:
        self._server.start(self.directory / "postgresql.log", [f"port={self.port}", "listen_addresses=127.0.0.1"])
        self.process = self._server.process
        wait_until(self._server.is_ready, "PostgreSQL takes connections")

    def kill(self) -> None:
        self._server.kill()

    def stop(self) -> None:
        self._server.stop(signal.SIGINT)

    def freeze(self) -> None:
        self._server.freeze()

    def thaw(self) -> None:
        self._server.thaw()

    def close(self) -> None:
        super().close()
        shutil.move(self._server.data, self.directory / "data")  # where it stays if something went wrong

    def query(self, statement: str, *values: object) -> list[Any]:
        import psycopg

        server = f"host=127.0.0.1 port={self.port} user=postgres dbname=postgres connect_timeout=30"
        with psycopg.connect(server, autocommit=True) as connection:
            cursor = connection.execute(statement, values)
            return [] if cursor.description is None else cursor.fetchall()

    def jobs(self) -> list[str]:
        return [id for (id,) in self.query("SELECT id FROM duetime_jobs")]

    def document(self, job: str) -> bytes:
        (row,) = self.query("SELECT document FROM duetime_jobs WHERE id = %s", job)
        return str(row[0]).encode()

    def set_document(self, job: str, document: bytes) -> None:
        """The column is text, which the server checks."""
        stored = document.decode(errors="replace").replace("\0", "?")
        self.query("UPDATE duetime_jobs SET document = %s WHERE id = %s", stored, job)

    def claimed(self) -> int:
        return int(self.query("SELECT count(*) FROM duetime_runs WHERE state = 'claimed'")[0][0])

    def runs(self) -> list[Run]:
        columns = "id, job_id, scheduled_time, attempt, state, owner, fence, claimed_at, ended_at"
        return [
            Run(id.hex, job, scheduled, attempt, state, owner.hex, *rest)
            for id, job, scheduled, attempt, state, owner, *rest in self.query(f"SELECT {columns} FROM duetime_runs")
        ]


STORES: dict[str, type[Store]] = {store.name: store for store in (SqliteStore, RedisStore, MongoStore, PostgresqlStore)}
