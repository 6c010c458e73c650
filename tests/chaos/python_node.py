"""A node of a cluster, in Python: URL --log FILE --lease-ms N. It ends when its standard input does."""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any
from urllib.parse import urlsplit

from duetime.jobstores.base import BaseJobStore
from duetime.jobstores.mongodb import MongoDBJobStore
from duetime.jobstores.postgresql import PostgreSQLJobStore
from duetime.jobstores.redis import RedisJobStore
from duetime.jobstores.sqlite import SQLiteJobStore
from duetime.schedulers.background import BackgroundScheduler

from . import work


class _Redis(RedisJobStore):
    """Under the engine's own prefix, where other languages keep their jobs."""

    def _configuration(self) -> dict[str, Any]:
        return super()._configuration() | {"key_prefix": "duetime"}


class _Mongo(MongoDBJobStore):
    def _configuration(self) -> dict[str, Any]:
        return super()._configuration() | {"prefix": "duetime"}


def store_at(url: str) -> BaseJobStore:
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return SQLiteJobStore(parts.path[1:])
    if parts.scheme == "postgresql":
        return PostgreSQLJobStore(url.partition("?")[0], connect_timeout=0.5, command_timeout=0.5)
    if parts.scheme == "redis":
        return _Redis(host=parts.hostname, port=parts.port)
    return _Mongo(database=parts.path[1:], host=f"mongodb://{parts.netloc}/?{parts.query}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--log", required=True)
    parser.add_argument("--lease-ms", type=int, default=1000)
    options = parser.parse_args()
    work.log = os.open(options.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    scheduler = BackgroundScheduler(jobstores={"default": store_at(options.url)}, lease=options.lease_ms / 1000)
    scheduler.start(paused=True)
    work.node = scheduler.health()["node"]
    work.write_line(f"up {work.node} {os.getpid()}")
    scheduler.resume()
    sys.stdin.read()
    scheduler.shutdown()


if __name__ == "__main__":
    main()
