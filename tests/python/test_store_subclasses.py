"""Subclasses of the engine's job stores whose methods do something more are asked for each step."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from conftest import DEADLINE, wait_until
from duetime.job import Job
from duetime.jobstores.base import is_run_by_engine
from duetime.jobstores.memory import MemoryJobStore
from duetime.jobstores.sqlite import SQLiteJobStore
from duetime.schedulers.background import BackgroundScheduler


class Noting:
    """Over a job store: notes what it is asked for."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.calls: list[str] = []

    def add_job(self, job: Job) -> None:
        self.calls.append("add")
        super().add_job(job)  # type: ignore[misc]

    def update_job(self, job: Job) -> None:
        self.calls.append("update")
        super().update_job(job)  # type: ignore[misc]

    def remove_job(self, job_id: str) -> None:
        self.calls.append("remove")
        super().remove_job(job_id)  # type: ignore[misc]


class NotingMemoryStore(Noting, MemoryJobStore):
    pass


class NotingSQLiteStore(Noting, SQLiteJobStore):
    pass


class ChoosyStore(MemoryJobStore):
    def get_due_jobs(self, now: datetime) -> list[Job]:
        return [job for job in super().get_due_jobs(now) if not job.id.startswith("not")]


class NamedStore(MemoryJobStore):
    def __repr__(self) -> str:
        return "<NamedStore>"


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_each_step_is_asked_for(kind: str, tmp_path: Path) -> None:
    store: Any = NotingMemoryStore() if kind == "memory" else NotingSQLiteStore(tmp_path / "jobs.db")
    scheduler = BackgroundScheduler(jobstores={"default": store}, timezone="UTC")
    scheduler.start()
    first = datetime.now(scheduler.timezone)
    again = {"id": "again", "start_date": first, "next_run_time": first, "misfire_grace_time": None}
    scheduler.add_job("os:getpid", "interval", hours=1, **again)
    scheduler.add_job("os:getpid", id="once", misfire_grace_time=None)
    wait_until(lambda: [job.id for job in scheduler.get_jobs()] == ["again"])
    wait_until(lambda: len(store.calls) == 4)
    assert sorted(store.calls) == ["add", "add", "remove", "update"]
    job = scheduler.get_job("again")
    assert job is not None
    assert job.next_run_time == first + timedelta(hours=1)
    scheduler.shutdown()


def test_what_is_due_is_the_stores_word() -> None:
    scheduler = BackgroundScheduler(jobstores={"default": ChoosyStore()}, timezone="UTC")
    scheduler.start()
    ran = Event()
    scheduler.add_job(lambda: ran.set(), id="not this", misfire_grace_time=None)
    scheduler.add_job(lambda: None, id="this", misfire_grace_time=None)
    wait_until(lambda: [job.id for job in scheduler.get_jobs()] == ["not this"])
    scheduler.modify_job("not this", name="still not")
    assert not ran.is_set()
    scheduler.remove_job("not this")
    scheduler.shutdown()


def test_other_subclasses_stay_with_the_engine() -> None:
    stores = {"default": NamedStore(), "noting": NotingMemoryStore(), "choosy": ChoosyStore()}
    scheduler = BackgroundScheduler(jobstores=stores, timezone="UTC")
    scheduler.start(paused=True)
    assert [is_run_by_engine(store) for store in stores.values()] == [True, False, False]
    scheduler.shutdown()


def test_a_method_replaced_on_the_object_counts() -> None:
    store = MemoryJobStore()
    asked = Event()
    store.get_due_jobs = lambda now: asked.set() or []  # type: ignore[method-assign,assignment]
    scheduler = BackgroundScheduler(jobstores={"default": store}, timezone="UTC")
    scheduler.start()
    assert asked.wait(DEADLINE)
    scheduler.shutdown()
