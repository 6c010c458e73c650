"""duetime's job stores against those of APScheduler 3.11.3, on the same servers, in the same process and interleaved.

    python tests/bench/store_bench.py [--rounds N] [--stored N] [--only WORDS] [--json FILE]

Needs both packages, SQLAlchemy, redis and redis-server, psycopg and PostgreSQL, PyMongo and what
tests/support/mongo_server needs; servers that are not there are left out. Jobs have no-op functions. Each figure is the
best of the rounds; only the ratios count.
"""

from __future__ import annotations

import argparse
import importlib
import json
import logging
import pickle
import shutil
import sys
import tempfile
import threading
import uuid
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from python_bench import PACKAGES, Package, seconds

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "python")]

BURST = 1_000
WAKEUPS = 200
FAR = {"trigger": "interval", "days": 10_000}

calls = 0
wanted = 0
done = threading.Event()


def fired() -> None:
    global calls
    calls += 1
    if calls >= wanted:
        done.set()


def expect(count: int) -> None:
    global calls, wanted
    calls, wanted = 0, count
    done.clear()


# --- the servers, and a fresh store of each package on them -----------------------------------------


class Place:
    """Where both packages keep jobs. A store is made anew from its options as often as it is opened."""

    def __init__(self, name: str) -> None:
        self.name = name

    @abstractmethod
    def new_options(self) -> dict[str, Any]:
        """Of a store that is still empty."""

    def new_store(self, package: Package) -> Callable[[], Any]:
        """What opens a store that is still empty, again and again."""
        options = self.new_options()
        alias, class_name = self.names(package)
        store_class = getattr(importlib.import_module(f"{package.name}.jobstores.{alias}"), class_name)
        return lambda: store_class(**options)

    @abstractmethod
    def names(self, package: Package) -> tuple[str, str]:
        """Module and class."""

    @abstractmethod
    def write(self, store: Any, rows: list[tuple[str, float, bytes]]) -> None:
        """Fills a store of APScheduler's with ids, next run times and states, faster than it would itself."""


class SQL(Place):
    def __init__(self, name: str, url: Callable[[], str]) -> None:
        super().__init__(name)
        self._url = url

    def new_options(self) -> dict[str, Any]:
        return {"url": self._url(), "tablename": f"jobs_{uuid.uuid4().hex}"}

    def names(self, package: Package) -> tuple[str, str]:
        return "sqlalchemy", "SQLAlchemyJobStore"

    def write(self, store: Any, rows: list[tuple[str, float, bytes]]) -> None:
        columns = ("id", "next_run_time", "job_state")
        with store.engine.begin() as connection:
            connection.execute(store.jobs_t.insert(), [dict(zip(columns, row, strict=True)) for row in rows])


class Redis(Place):
    def __init__(self, socket: str) -> None:
        super().__init__("redis")
        self._socket = socket

    def new_options(self) -> dict[str, Any]:
        name = uuid.uuid4().hex
        return {"unix_socket_path": self._socket, "jobs_key": f"{name}.jobs", "run_times_key": f"{name}.run_times"}

    def names(self, package: Package) -> tuple[str, str]:
        return "redis", "RedisJobStore"

    def write(self, store: Any, rows: list[tuple[str, float, bytes]]) -> None:
        with store.redis.pipeline() as pipe:
            for job_id, next_run_time, state in rows:
                pipe.hset(store.jobs_key, job_id, state)
                pipe.zadd(store.run_times_key, {job_id: next_run_time})
            pipe.execute()


class MongoDB(Place):
    def __init__(self, uri: str) -> None:
        super().__init__("mongodb")
        self._uri = uri

    def new_options(self) -> dict[str, Any]:
        return {"host": self._uri, "database": f"bench_{uuid.uuid4().hex}"}

    def names(self, package: Package) -> tuple[str, str]:
        return "mongodb", "MongoDBJobStore"

    def write(self, store: Any, rows: list[tuple[str, float, bytes]]) -> None:
        columns = ("_id", "next_run_time", "job_state")
        store.collection.insert_many([dict(zip(columns, row, strict=True)) for row in rows])


@contextmanager
def places() -> Iterator[list[Place]]:
    import servers

    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        made: list[Place] = [SQL("sqlite", lambda: f"sqlite:///{directory}/{uuid.uuid4().hex}.db")]
        if shutil.which("redis-server"):
            redis = servers.RedisServer(directory)
            stack.callback(redis.kill)
            made.append(Redis(redis.socket))
        if servers.can_serve_mongodb():
            mongodb = servers.MongoDBServer()
            stack.callback(mongodb.stop)
            made.append(MongoDB(mongodb.uri))
        if servers.can_serve_postgresql():
            server = servers.PostgreSQLServer("fsync=on")
            stack.callback(server.stop)
            made.append(SQL("postgresql", lambda: f"postgresql+psycopg://postgres@/postgres?host={server.directory}"))
        yield made


# --- what is measured -------------------------------------------------------------------------------


def start(package: Package, store: Any, paused: bool = True, base: str = "background") -> Any:
    options = {"jobstores": {"default": store}, "job_defaults": {"misfire_grace_time": None}}
    scheduler_class = package.scheduler_class if base == "background" else driven_class(package)
    scheduler = scheduler_class(timezone="UTC", **options)
    scheduler.start(paused=paused)
    return scheduler


def adds(package: Package, place: Place) -> float:
    scheduler = start(package, place.new_store(package)())

    def work() -> None:
        for _ in range(BURST):
            scheduler.add_job(fired, **FAR)

    rate = BURST / seconds(work)
    scheduler.shutdown()
    return rate


def fill(package: Package, place: Place, store: Any, far: int, due: int) -> None:
    """With jobs of the far future and jobs that are due."""
    scheduler = start(package, store)
    if package.name == "duetime":
        scheduler.add_jobs([{"func": fired, **FAR} for _ in range(far)] + [{"func": fired} for _ in range(due)])
    else:
        now = datetime.now(timezone.utc)
        rows = [*states(scheduler, far, now + timedelta(days=10_000), **FAR), *states(scheduler, due, now)]
        scheduler._jobstores["default"].remove_all_jobs()
        for first in range(0, len(rows), BURST):
            place.write(store, rows[first : first + BURST])
    scheduler.shutdown()


def states(scheduler: Any, count: int, at: datetime, **trigger: Any) -> Iterable[tuple[str, float, bytes]]:
    if not count:
        return
    state = scheduler.add_job(fired, next_run_time=at, **trigger).__getstate__()
    for _ in range(count):
        state["id"] = uuid.uuid4().hex
        yield state["id"], at.timestamp(), pickle.dumps(state, pickle.HIGHEST_PROTOCOL)


def until_done(package: Package, store: Any) -> float:
    """From start() to the end of the last call, and the scheduler's shutdown, which does not count."""
    schedulers = []

    def work() -> None:
        schedulers.append(start(package, store, paused=False))
        done.wait()

    took = seconds(work)
    schedulers[0].shutdown()
    return took


def fires(package: Package, place: Place) -> float:
    open_store = place.new_store(package)
    fill(package, place, open_store(), 0, BURST)
    expect(BURST)
    return BURST / until_done(package, open_store())


def first_fire(package: Package, place: Place, stored: int) -> float:
    open_store = place.new_store(package)
    fill(package, place, open_store(), stored, 1)
    expect(1)
    return until_done(package, open_store())


def driven_class(package: Package) -> Any:
    """A scheduler that looks for due jobs when it is told to, and in the caller's thread."""
    base = importlib.import_module(f"{package.name}.schedulers.base").BaseScheduler

    def shutdown(self: Any, wait: bool = True) -> None:
        base.shutdown(self, wait)

    return type("Driven", (base,), {"wakeup": lambda self: None, "shutdown": shutdown})


def wakeup(package: Package, place: Place, stored: int) -> float:
    """One look for due jobs where there are none."""
    open_store = place.new_store(package)
    fill(package, place, open_store(), stored, 0)
    scheduler = start(package, open_store(), paused=False, base="driven")
    scheduler._process_jobs()

    def work() -> None:
        for _ in range(WAKEUPS):
            scheduler._process_jobs()

    took = seconds(work) / WAKEUPS
    scheduler.shutdown()
    return took


# --- the table --------------------------------------------------------------------------------------

Measure = Callable[[Package, Place], float]


def measures(stored: int) -> list[tuple[str, str, bool, Measure]]:
    """Name, unit, whether more is better, and how."""
    return [
        (f"add_job, {BURST:,}", "/s", True, adds),
        (f"fires, {BURST:,} due at once", "/s", True, fires),
        (f"first fire with {stored:,} stored", "s", False, lambda p, place: first_fire(p, place, stored)),
        (f"wake-up with {stored:,} stored", "s", False, lambda p, place: wakeup(p, place, stored)),
    ]


def run(rounds: int, stored: int, only: str) -> list[dict[str, Any]]:
    packages = [Package(name) for name in PACKAGES]
    table = []
    with places() as made:
        for place in made:
            for what, unit, more_is_better, measure in measures(stored):
                name = f"{place.name}: {what}"
                if only not in name:
                    continue
                best: dict[str, float] = {}
                choose = max if more_is_better else min
                for _ in range(rounds):
                    for package in packages:
                        figure = measure(package, place)
                        best[package.name] = choose(best.get(package.name, figure), figure)
                theirs, ours = best["apscheduler"], best["duetime"]
                ratio = ours / theirs if more_is_better else theirs / ours
                table.append({"measure": name, "unit": unit, **best, "ratio": ratio})
                print(f"{name:44} {theirs:14,.4g} {ours:14,.4g} {unit:3} {ratio:8.1f} x", flush=True)
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--stored", type=int, default=10_000)
    parser.add_argument("--only", metavar="WORDS", default="", help="the rows with these words in their names")
    parser.add_argument("--json", metavar="FILE")
    arguments = parser.parse_args()
    logging.disable(logging.CRITICAL)
    threading.excepthook = lambda _: None  # APScheduler's thread, if it is shut down while it removes what it ran
    print(f"{'':44} {'APScheduler':>14} {'duetime':>14}")
    table = run(arguments.rounds, arguments.stored, arguments.only)
    if arguments.json:
        with open(arguments.json, "w") as file:
            json.dump(table, file, indent=1)


if __name__ == "__main__":
    main()
