"""The job stores that outlive a process, as data for the tests that all of them pass. A new one is one row here, and
its server, if it has one, a fixture in servers.py."""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from servers import EtcdKeys

Options = dict[str, Any]


class Documents:
    """The job documents of a store, past the engine."""

    def __init__(self, read: Callable[[str], bytes], write: Callable[[str, bytes], object]) -> None:
        self.read = read
        self.write = write


@dataclass(frozen=True)
class JobStoreKind:
    """A class of job stores.

    :ivar place: the fixture that says where its data goes
    :ivar make_options: what ``jobstores={"default": ...}`` takes, from that fixture's value: text and numbers, which
        programs are given as JSON. Each call is another store; the same options are the same store
    :ivar documents: a context manager around the documents of the store with those options
    """

    name: str
    place: str
    make_options: Callable[[Any], Options]
    documents: Callable[[Options], Any]

    def __str__(self) -> str:
        return self.name


def _name() -> str:
    return f"tests_{uuid.uuid4().hex}"


@contextmanager
def _in_sqlite(options: Options) -> Iterator[Documents]:
    with closing(sqlite3.connect(options["path"], isolation_level=None)) as database:

        def read(job_id: str) -> bytes:
            row = database.execute("SELECT CAST(document AS BLOB) FROM duetime_jobs WHERE id = ?", [job_id])
            return bytes(row.fetchone()[0])

        def write(job_id: str, document: bytes) -> None:
            database.execute("UPDATE duetime_jobs SET document = ? WHERE id = ?", [document.decode(), job_id])

        yield Documents(read, write)


@contextmanager
def _in_redis(options: Options) -> Iterator[Documents]:
    from redis import Redis

    key = f"{{duetime:{options['jobs_key']}}}:documents"
    with Redis(unix_socket_path=options["unix_socket_path"]) as client:
        yield Documents(lambda job_id: client.hget(key, job_id), lambda job_id, text: client.hset(key, job_id, text))


@contextmanager
def _in_mongodb(options: Options) -> Iterator[Documents]:
    from pymongo import MongoClient

    with MongoClient(options["host"]) as client:
        jobs = client[options["database"]]["duetime_jobs"]

        def read(job_id: str) -> bytes:
            document: str = jobs.find_one(job_id)["document"]
            return document.encode()

        def write(job_id: str, document: bytes) -> None:
            jobs.update_one({"_id": job_id}, {"$set": {"document": document.decode()}})

        yield Documents(read, write)


@contextmanager
def _in_postgresql(options: Options) -> Iterator[Documents]:
    import psycopg

    prefix = options["table_prefix"]
    with psycopg.connect(host=options["host"], user="postgres", dbname="postgres", autocommit=True) as database:

        def read(job_id: str) -> bytes:
            row = database.execute(f"SELECT document FROM {prefix}_jobs WHERE id = %s", [job_id]).fetchone()
            document: str = row[0]
            return document.encode()

        def write(job_id: str, document: bytes) -> None:
            database.execute(f"UPDATE {prefix}_jobs SET document = %s WHERE id = %s", [document.decode(), job_id])

        yield Documents(read, write)


@contextmanager
def _in_zookeeper(options: Options) -> Iterator[Documents]:
    """A document is what follows the first line of a job's node, or, a long one, what its parts hold."""
    from kazoo.client import KazooClient

    client = KazooClient(options["hosts"])
    client.start()

    def node(job_id: str) -> str:
        return f"{options['path']}.duetime/jobs/{quote(job_id, safe='').replace('.', '%2E')}"

    def read(job_id: str) -> bytes:
        members, _, document = client.get(node(job_id))[0].partition(b"\n")
        parts = json.loads(members).get("document_parts", [])
        return bytes(document) + b"".join(
            client.get(f"{options['path']}.duetime/documents/{name}")[0] for name in parts
        )

    def write(job_id: str, document: bytes) -> None:
        members = client.get(node(job_id))[0].partition(b"\n")[0]
        client.set(node(job_id), members + b"\n" + document)

    try:
        yield Documents(read, write)
    finally:
        client.stop()
        client.close()


@contextmanager
def _in_etcd(options: Options) -> Iterator[Documents]:
    keys = EtcdKeys(options["port"])
    root = f"/duetime/{quote(options['path'], safe='')}/document/"
    yield Documents(
        lambda job_id: keys.get(root + job_id) or b"", lambda job_id, document: keys.put(root + job_id, document)
    )


KINDS = [
    JobStoreKind(
        "sqlite",
        "tmp_path",
        lambda directory: {"type": "sqlite", "path": str(directory / f"{_name()}.db")},
        _in_sqlite,
    ),
    JobStoreKind(
        "sqlalchemy",
        "tmp_path",
        lambda directory: {"type": "sqlalchemy", "url": f"sqlite:///{directory}/{_name()}.db"},
        lambda options: _in_sqlite({"path": options["url"].removeprefix("sqlite:///")}),
    ),
    JobStoreKind(
        "redis",
        "redis_server",
        lambda server: {
            "type": "redis",
            "unix_socket_path": server.socket,
            "socket_timeout": 60,
            "jobs_key": _name(),
        },
        _in_redis,
    ),
    JobStoreKind(
        "mongodb",
        "mongodb_uri",
        lambda uri: {"type": "mongodb", "host": uri, "database": _name()},
        _in_mongodb,
    ),
    JobStoreKind(
        "postgresql",
        "postgresql_server",
        lambda server: {
            "type": "postgresql",
            "host": str(server.directory),
            "user": "postgres",
            "database": "postgres",
            "table_prefix": _name(),
            "command_timeout": 60,
        },
        _in_postgresql,
    ),
    JobStoreKind(
        "zookeeper",
        "zookeeper_server",
        lambda server: {
            "type": "zookeeper",
            "hosts": server.hosts,
            "path": f"/{_name()}",
            "close_connection_on_exit": True,
        },
        _in_zookeeper,
    ),
    JobStoreKind(
        "etcd",
        "etcd_server",
        lambda server: {"type": "etcd", "host": "127.0.0.1", "port": server.port, "path": f"/{_name()}", "timeout": 60},
        _in_etcd,
    ),
]
