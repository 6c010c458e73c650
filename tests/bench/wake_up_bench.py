"""How long a job that one process adds, due at once, waits for an idle process that shares the store to start it.

    python tests/bench/wake_up_bench.py [--jobs N] [--only WORDS]

Starts the servers itself: redis-server, PostgreSQL, and that of tests/support/mongo_server. A store is a row of STORES.
"""

from __future__ import annotations

import argparse
import json
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from duetime.schedulers.background import BackgroundScheduler

HERE = Path(__file__).resolve().parent
MONGO_SERVER = HERE.parent / "support" / "mongo_server" / "start"


@contextmanager
def sqlite(directory: Path) -> Iterator[dict[str, Any]]:
    yield {"path": str(directory / "jobs.db")}


@contextmanager
def redis(directory: Path) -> Iterator[dict[str, Any]]:
    path = str(directory / "redis.sock")
    command = ["redis-server", "--port", "0", "--unixsocket", path, "--save", "", "--logfile", str(directory / "log")]
    process = subprocess.Popen(command, cwd=directory)
    with socket.socket(socket.AF_UNIX) as probe:
        while probe.connect_ex(path) != 0:
            time.sleep(0.01)
    yield {"unix_socket_path": path}
    process.kill()
    process.wait()


@contextmanager
def mongodb(directory: Path) -> Iterator[dict[str, Any]]:
    process = subprocess.Popen([MONGO_SERVER, "0"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    yield {"host": f"mongodb://127.0.0.1:{process.stdout.readline().strip()}", "database": "bench"}
    process.stdin.close()
    process.wait()


# Name, class, and what makes its arguments.
@contextmanager
def postgresql(directory: Path) -> Iterator[dict[str, Any]]:
    sys.path[:0] = [str(HERE.parents[1]), str(HERE.parent / "python")]
    from servers import PostgreSQLServer

    server = PostgreSQLServer("fsync=on")
    yield {"host": str(server.directory), "user": "postgres", "database": "postgres"}
    server.stop()


STORES: list[tuple[str, str, Callable[[Path], Any]]] = [
    ("SQLite", "duetime.jobstores.sqlite:SQLiteJobStore", sqlite),
    ("Redis", "duetime.jobstores.redis:RedisJobStore", redis),
    ("PostgreSQL", "duetime.jobstores.postgresql:PostgreSQLJobStore", postgresql),
    ("MongoDB", "duetime.jobstores.mongodb:MongoDBJobStore", mongodb),
]


def tell(added_at: float) -> None:
    """The job: says how long it has waited."""
    print(time.time() - added_at, flush=True)


def scheduler_on(store_class: str, arguments: dict[str, Any], paused: bool) -> BackgroundScheduler:
    module, name = store_class.split(":")
    store = getattr(import_module(module), name)(**arguments)
    scheduler = BackgroundScheduler(jobstores={"default": store}, timezone="UTC")
    scheduler.start(paused=paused)
    return scheduler


def be_idle_node(store_class: str, arguments: dict[str, Any]) -> None:
    scheduler = scheduler_on(store_class, arguments, paused=False)
    print("ready", flush=True)
    sys.stdin.read()
    scheduler.shutdown()


def waits(store_class: str, arguments: dict[str, Any], jobs: int) -> list[float]:
    """In milliseconds, shortest first. The pauses keep the additions out of step with any polling."""
    command = [sys.executable, __file__, "--idle-node", store_class, json.dumps(arguments)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as node:
        assert node.stdin is not None
        assert node.stdout is not None
        assert node.stdout.readline() == "ready\n"
        adding = scheduler_on(store_class, arguments, paused=True)
        times = []
        for _ in range(jobs):
            time.sleep(random.uniform(0.01, 0.06))
            adding.add_job("wake_up_bench:tell", "date", args=[time.time()], misfire_grace_time=None)
            times.append(1000 * float(node.stdout.readline()))
        adding.shutdown()
        node.stdin.close()
    return sorted(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=200)
    parser.add_argument("--only", default="")
    parser.add_argument("--idle-node", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    sys.path.insert(0, str(HERE))  # where the nodes find the job
    if options.idle_node:
        be_idle_node(options.idle_node[0], json.loads(options.idle_node[1]))
        return
    for name, store_class, server in STORES:
        if options.only.lower() not in name.lower():
            continue
        with tempfile.TemporaryDirectory() as directory, server(Path(directory)) as arguments:
            times = waits(store_class, arguments, options.jobs)
        middle, late = times[len(times) // 2], times[len(times) * 99 // 100]
        print(f"{name:8} p50 {middle:7.1f} ms   p99 {late:7.1f} ms   max {times[-1]:7.1f} ms", flush=True)


if __name__ == "__main__":
    main()
