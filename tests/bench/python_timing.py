"""What has to do with time: how late jobs are, what a fire costs, how long a start takes with many jobs stored.

Used by python_bench.py, whose packages it is given.
"""

from __future__ import annotations

import pickle
import tempfile
import threading
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

FAR = datetime(2100, 1, 1, tzinfo=timezone.utc)
FIRES = 100
SPACING = timedelta(milliseconds=20)


def lateness(package: Any, idle: int, percentile: int) -> float:
    """Seconds from when a job was due to its first statement, with `idle` other jobs asleep."""
    late: list[float] = []
    done = threading.Event()

    def task(due: float) -> None:
        late.append(time.time() - due)
        if len(late) == FIRES:
            done.set()

    scheduler = package.start(job_defaults={"misfire_grace_time": None})
    for _ in range(idle):
        scheduler.add_job(done.set, "date", run_date=FAR)
    start = datetime.now(timezone.utc) + timedelta(seconds=2)
    for i in range(FIRES):
        due = start + i * SPACING
        scheduler.add_job(task, "date", run_date=due, args=[due.timestamp()])
    scheduler.resume()
    done.wait()
    scheduler.shutdown()
    return sorted(late)[FIRES * percentile // 100 - 1]


def cpu_per_thousand_fires(package: Any, count: int) -> float:
    """CPU seconds of the whole process, from resume() to the last call's end."""
    calls = [0]
    done = threading.Event()

    def task() -> None:
        calls[0] += 1
        if calls[0] == count:
            done.set()

    scheduler = package.start(
        job_defaults={"misfire_grace_time": None}, executors={"default": {"type": "threadpool", "max_workers": 1}}
    )
    for _ in range(count):
        scheduler.add_job(task)
    began = time.process_time()
    scheduler.resume()
    done.wait()
    spent = time.process_time() - began
    scheduler.shutdown()
    return spent / count * 1000


_started = threading.Event()


def first_fire() -> None:
    _started.set()


def start_with_stored_jobs(package: Any, stored: int) -> float:
    """Seconds from start() to the first call, of a job that is due while `stored` others sleep in an SQLite file."""
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory, "jobs.db")
        fill = _fill_duetime if package.name == "duetime" else _fill_apscheduler
        options = fill(package, file, stored)
        _started.clear()
        scheduler = package.scheduler_class(timezone="UTC", job_defaults={"misfire_grace_time": None}, **options)
        began = time.perf_counter()
        scheduler.start()
        _started.wait()
        spent = time.perf_counter() - began
        scheduler.shutdown()
    return spent


def _fill_duetime(package: Any, file: Path, stored: int) -> dict[str, Any]:
    options = {"jobstores": {"default": {"type": "sqlite", "path": str(file)}}}
    scheduler = package.start(**options)
    scheduler.add_jobs({"func": first_fire, "run_date": FAR} for _ in range(stored))
    scheduler.add_job(first_fire, misfire_grace_time=None)
    scheduler.shutdown()
    return options


def _fill_apscheduler(package: Any, file: Path, stored: int) -> dict[str, Any]:
    """Rows as it would write them itself, one commit each, in hours."""

    def options() -> dict[str, Any]:  # it takes its options apart
        return {"jobstores": {"default": {"type": "sqlalchemy", "url": f"sqlite:///{file}"}}}

    def row(id: str, due: datetime) -> dict[str, Any]:
        state = pickle.dumps({**template, "id": id, "next_run_time": due, "misfire_grace_time": None}, -1)
        return {"id": id, "next_run_time": due.timestamp(), "job_state": state}

    scheduler = package.start(**options())
    template = scheduler.add_job(first_fire, run_date=FAR).__getstate__()
    store = scheduler._lookup_jobstore("default")
    with store.engine.begin() as connection:
        rows = [row(str(i), FAR) for i in range(stored)]
        connection.execute(store.jobs_t.insert(), [*rows, row("due", datetime.now(timezone.utc))])
    scheduler.shutdown()
    return options()
