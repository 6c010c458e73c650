"""What is wrong is said at once, by name, and nothing is half done; what cannot be read is kept."""

from __future__ import annotations

import os
import sqlite3
import zoneinfo

import pytest
from conftest import START, wait_until
from duetime import events
from duetime._errors import JobStoreError
from duetime.jobstores.sqlite import SQLiteJobStore
from duetime.schedulers.background import BackgroundScheduler
from duetime.triggers.cron import CronTrigger
from duetime.triggers.interval import IntervalTrigger


def work():
    pass


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ({"func": 3}, TypeError, "func must be a callable or a textual reference to one"),
        ({"func": "no_colon"}, ValueError, "Invalid reference"),
        ({"func": "no.such:f"}, LookupError, "Error resolving reference no.such:f: could not import module"),
        ({"trigger": "corn"}, LookupError, 'No trigger by the name "corn" was found'),
        ({"trigger": "cron", "minute": "61"}, ValueError, "Error validating expression '61': the last value (61)"),
        ({"trigger": "cron", "timezone": "Mars/Base"}, zoneinfo.ZoneInfoNotFoundError, "No time zone found"),
        ({"trigger": "cron", "timezone": 5}, TypeError, "Expected tzinfo, got int instead"),
        ({"trigger": "interval", "hours": "x"}, TypeError, "unsupported type for timedelta hours component: str"),
        ({"trigger": "interval", "hours": -1}, ValueError, "The interval must be positive, got -1 day"),
        ({"trigger": "interval", "hours": 1, "jitter": -1}, ValueError, "jitter"),
        ({"trigger": "date", "run_date": "tomorrow"}, ValueError, "Invalid date string"),
        ({"trigger": "date", "run_date": 3}, TypeError, "Unsupported type for run_date: int"),
        ({"args": 3}, TypeError, "'int' object is not iterable"),
        ({"kwargs": 3}, TypeError, "'int' object is not iterable"),
        ({"args": [1]}, ValueError, "The list of positional arguments is longer than the target callable"),
        ({"id": 3}, TypeError, "id must be a nonempty string"),
        ({"id": "x" * 192}, ValueError, "192"),
        ({"id": "a\0b"}, ValueError, "NUL"),
        ({"name": 3}, TypeError, "name must be a nonempty string"),
        ({"executor": 3}, TypeError, "executor must be a string"),
        ({"executor": ""}, ValueError, "executor"),
        ({"max_instances": 0}, TypeError, "max_instances must be a positive integer"),
        ({"misfire_grace_time": -1}, TypeError, "misfire_grace_time must be either None or a positive integer"),
        ({"jobstore": "nope"}, KeyError, "No such job store: nope"),
        ({"next_run_time": "soon"}, ValueError, "Invalid date string"),
    ],
)
def test_add_job(running, arguments, error, text):
    arguments = {"func": work, "next_run_time": None, **arguments}
    with pytest.raises(error) as caught:
        running.add_job(**arguments)
    assert text in str(caught.value)
    assert running.get_jobs() == []


def test_zone_without_offsets(running):
    from datetime import tzinfo

    class Odd(tzinfo):
        def utcoffset(self, dt):
            return None

        def fromutc(self, dt):
            return dt

        def tzname(self, dt):
            return "odd"

    with pytest.raises(ValueError, match="answers no UTC offset"):
        CronTrigger(timezone=Odd())


def test_interval_extremes():
    with pytest.raises(OverflowError):
        IntervalTrigger(days=10**12)
    with pytest.raises(ValueError, match="NaN|nan"):
        IntervalTrigger(seconds=float("nan"))


class TestFiles:
    @pytest.fixture
    def path(self, tmp_path):
        return tmp_path / "jobs.db"

    @pytest.fixture
    def make(self, clock, path):
        made = []

        def start(**options):
            scheduler = BackgroundScheduler(clock=clock, timezone="UTC", jobstores={"default": SQLiteJobStore(path)})
            made.append(scheduler)
            scheduler.start(**options)
            return scheduler

        yield start
        for scheduler in made:
            if scheduler.running:
                scheduler.shutdown()

    def refused(self, make, path, text):
        before = path.read_bytes()
        with pytest.raises(JobStoreError) as caught:
            make()
        assert text in str(caught.value)
        assert str(path) in str(caught.value)
        assert path.read_bytes() == before

    def test_not_a_database(self, make, path):
        path.write_bytes(b"This is a letter to my aunt, and no database. " * 100)
        self.refused(make, path, "not a database")

    def test_cut_short(self, make, path):
        scheduler = make(paused=True)
        for _ in range(50):
            scheduler.add_job(work, "interval", hours=1)
        scheduler.shutdown()
        wait_until(lambda: not path.with_name("jobs.db-wal").exists())  # closed
        content = path.read_bytes()
        path.write_bytes(content[:100] + os.urandom(len(content) - 100))
        self.refused(make, path, "malformed")

    def test_of_somebody_else(self, make, path):
        with sqlite3.connect(path) as connection:
            connection.execute("CREATE TABLE duetime_jobs (id TEXT, mine INTEGER)")
        self.refused(make, path, "is not duetime's")

    def test_a_directory(self, make, path):
        path.mkdir()
        with pytest.raises(JobStoreError, match=str(path)):
            make()

    def test_unreadable_job(self, make, path, clock):
        scheduler = make(paused=True)
        for id in ("good", "bad"):
            scheduler.add_job(work, "interval", minutes=1, id=id)
        scheduler.shutdown()
        with sqlite3.connect(path) as connection:
            connection.execute("UPDATE duetime_jobs SET document = '{\"version\": 1, \"id\":' WHERE id = 'bad'")
        seen = []
        scheduler = BackgroundScheduler(clock=clock, timezone="UTC", jobstores={"default": SQLiteJobStore(path)})
        scheduler.add_listener(seen.append, events.EVENT_JOB_PARKED | events.EVENT_JOB_EXECUTED)
        scheduler.start()
        clock.advance(minutes=1)
        wait_until(lambda: {event.job_id for event in seen} == {"good", "bad"})
        assert [job.id for job in scheduler.get_jobs()] == ["good"]
        assert [parked.id for parked in scheduler.get_parked_jobs()] == ["bad"]
        scheduler.shutdown()
        with sqlite3.connect(path) as connection:
            rows = connection.execute("SELECT document FROM duetime_jobs WHERE id = 'bad'").fetchall()
        assert rows == [('{"version": 1, "id":',)]

    @pytest.mark.parametrize(
        ("column", "value", "reason"),
        [
            ("task", "no.such:function", "no.such:function"),
            ("payload", {"encoding": "cbor", "data": "oA=="}, "Arguments in encoding 'cbor' cannot be read"),
            ("payload", {"encoding": "pickle", "data": "AAAA"}, "arguments cannot be read here"),
            ("payload", {"encoding": "json", "data": "[1]"}, "Expected arguments as"),
            ("version", 99, "99"),
        ],
    )
    def test_jobs_that_cannot_run_here_are_parked(self, make, path, clock, column, value, reason):
        import json

        scheduler = make(paused=True)
        scheduler.add_job(work, "interval", minutes=1, id="x")
        scheduler.shutdown()
        with sqlite3.connect(path) as connection:
            (document,) = connection.execute("SELECT document FROM duetime_jobs").fetchone()
            changed = json.dumps({**json.loads(document), column: value})
            connection.execute("UPDATE duetime_jobs SET document = ?", (changed,))
            if column == "task":
                connection.execute("UPDATE duetime_jobs SET task = ?", (value,))
        scheduler = make()
        clock.advance(minutes=1)
        wait_until(scheduler.get_parked_jobs)
        (parked,) = scheduler.get_parked_jobs()
        assert (parked.id, parked.jobstore) == ("x", "default")
        assert reason in parked.reason
        assert scheduler.running
        scheduler.shutdown()
        with sqlite3.connect(path) as connection:
            assert connection.execute("SELECT document FROM duetime_jobs").fetchone() == (changed,)

    def test_released_when_the_reason_is_gone(self, make, clock, monkeypatch):
        import sys
        from types import ModuleType

        module = ModuleType("comes_and_goes")
        ran = []
        module.work = lambda: ran.append(1)
        monkeypatch.setitem(sys.modules, "comes_and_goes", module)
        scheduler = make(paused=True)
        scheduler.add_job("comes_and_goes:work", "interval", minutes=1, id="x")
        scheduler.shutdown()
        monkeypatch.delitem(sys.modules, "comes_and_goes")
        scheduler = make()
        clock.advance(minutes=1)
        wait_until(scheduler.get_parked_jobs)
        monkeypatch.setitem(sys.modules, "comes_and_goes", module)
        scheduler.release_job("x")
        clock.set(START.replace(hour=10))
        wait_until(lambda: ran)
        assert scheduler.get_parked_jobs() == []
        with pytest.raises(KeyError, match="No job by the id of x was found"):
            scheduler.release_job("x")
