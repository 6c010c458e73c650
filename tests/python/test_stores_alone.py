"""Job stores that are used without a scheduler, as tests and tools of APScheduler's users do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from unittest.mock import Mock

import pytest
from duetime._errors import JobStoreError
from duetime.job import Job
from duetime.jobstores.base import ConflictingIdError, JobLookupError, NativeJobStore
from duetime.jobstores.memory import MemoryJobStore
from duetime.jobstores.sqlite import SQLiteJobStore
from duetime.schedulers.background import BackgroundScheduler
from duetime.schedulers.base import BaseScheduler
from duetime.triggers.cron import CronTrigger
from duetime.triggers.date import DateTrigger

UTC = timezone.utc
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def task() -> None:
    pass


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[NativeJobStore]:
    made = MemoryJobStore() if request.param == "memory" else SQLiteJobStore(tmp_path / "jobs.db")
    made.start(None, "store")  # type: ignore[arg-type]
    yield made
    made.shutdown()


def make_job(id: str, next_run_time: datetime | None) -> Job:
    return Job(
        Mock(BaseScheduler, timezone=UTC),
        id=id,
        func=task,
        args=(),
        kwargs={},
        trigger=DateTrigger(NOW, UTC),
        executor="default",
        coalesce=True,
        misfire_grace_time=1,
        max_instances=1,
        next_run_time=next_run_time,
    )


def test_jobs_are_kept_in_order(store: NativeJobStore) -> None:
    for id, time in (("paused", None), ("late", NOW + timedelta(hours=1)), ("due", NOW), ("earlier", NOW)):
        store.add_job(make_job(id, time))
    assert [job.id for job in store.get_all_jobs()] == ["due", "earlier", "late", "paused"]
    assert [job.id for job in store.get_due_jobs(NOW)] == ["due", "earlier"]
    assert store.get_next_run_time() == NOW
    found = store.lookup_job("late")
    assert found is not None
    assert found.func is task
    assert found.next_run_time == NOW + timedelta(hours=1)


def test_jobs_change_and_go(store: NativeJobStore) -> None:
    store.add_job(make_job("one", NOW))
    with pytest.raises(ConflictingIdError):
        store.add_job(make_job("one", NOW))
    with pytest.raises(JobLookupError):
        store.update_job(make_job("two", NOW))
    store.update_job(make_job("one", None))
    assert store.get_next_run_time() is None
    store.remove_job("one")
    with pytest.raises(JobLookupError):
        store.remove_job("one")
    store.add_job(make_job("three", NOW))
    store.remove_all_jobs()
    assert store.get_all_jobs() == []


def test_what_is_shut_down_keeps_what_it_persists(tmp_path: Path) -> None:
    stores = MemoryJobStore(), SQLiteJobStore(tmp_path / "jobs.db")
    for store in stores:  # not even started
        store.add_job(make_job("one", NOW))
        store.shutdown()
    assert [len(store.get_all_jobs()) for store in stores] == [0, 1]


def test_a_store_that_cannot_be_opened_says_so_at_once(tmp_path: Path) -> None:
    store = SQLiteJobStore(tmp_path / "no such directory" / "jobs.db")
    with pytest.raises(JobStoreError):
        store.start(None, "store")  # type: ignore[arg-type]


def test_a_scheduler_takes_over(tmp_path: Path) -> None:
    store = SQLiteJobStore(tmp_path / "jobs.db")
    store.add_job(make_job("one", NOW + timedelta(days=30_000)))
    scheduler = BackgroundScheduler(jobstores={"default": store}, timezone="UTC")
    scheduler.start()
    assert [job.id for job in scheduler.get_jobs()] == ["one"]
    scheduler.shutdown()
    assert [job.id for job in store.get_all_jobs()] == ["one"]


def test_due_in_the_hour_that_comes_twice(store: NativeJobStore) -> None:
    first = datetime.fromisoformat("2026-11-01T01:30:00-04:00")
    job = make_job("one", first)
    job.trigger = CronTrigger(hour=1, minute=30, timezone="America/New_York")
    zone = job.trigger.timezone
    job.next_run_time = (first + timedelta(hours=1)).astimezone(zone)
    assert job._get_run_times(first.astimezone(zone)) == []
    assert job._get_run_times(job.next_run_time) == [job.next_run_time]
    store.add_job(job)
    assert store.get_due_jobs(first.astimezone(zone)) == []
    assert store.get_due_jobs(job.next_run_time) == [job]
