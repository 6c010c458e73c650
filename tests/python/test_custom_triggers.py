from __future__ import annotations

import threading
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from conftest import START, wait_until
from duetime import events
from duetime.jobstores.sqlite import SQLiteJobStore
from duetime.schedulers.background import BackgroundScheduler
from duetime.triggers.base import BaseTrigger
from duetime.triggers.interval import IntervalTrigger


class Times(BaseTrigger):
    """Fires at given times."""

    def __init__(self, *times):
        self.times = times

    def get_next_fire_time(self, previous_fire_time, now):
        return next((time for time in self.times if previous_fire_time is None or time > previous_fire_time), None)

    def __str__(self):
        return f"times[{len(self.times)}]"


class WorkingDays(IntervalTrigger):
    """A subclass that computes times itself."""

    def get_next_fire_time(self, previous_fire_time, now):
        fire_time = super().get_next_fire_time(previous_fire_time, now)
        while fire_time.weekday() >= 5:
            fire_time = super().get_next_fire_time(fire_time, now)
        return fire_time


class Named(IntervalTrigger):
    """A subclass that does not."""


class Broken(BaseTrigger):
    def __init__(self, behaviour):
        self.behaviour = behaviour
        self.calls = 0

    def get_next_fire_time(self, previous_fire_time, now):
        self.calls += 1
        if previous_fire_time is None:
            return START + timedelta(minutes=1)
        return self.behaviour(previous_fire_time)


def fails(previous):
    raise ZeroDivisionError("broken")


def note(seen, value):
    seen.append(value)


def nothing():
    pass


def minutes(*numbers):
    return [START + timedelta(minutes=number) for number in numbers]


def test_runs(running, clock):
    seen = []
    job = running.add_job(note, Times(*minutes(1, 5, 6)), args=[seen, 1])
    assert str(job) == "note (trigger: times[3], next run at: 2026-11-23 09:01:00 UTC)"
    for count, step in enumerate((1, 4, 1), 1):
        clock.advance(minutes=step)
        wait_until(lambda count=count: len(seen) == count)
    wait_until(lambda: running.get_jobs() == [])


def test_the_trigger_itself_comes_back(running):
    trigger = Times(*minutes(1))
    job = running.add_job(nothing, trigger)
    assert running.get_job(job.id).trigger is trigger


def test_it_is_told_the_time_in_the_zone_of_the_scheduler(clock):
    zone = ZoneInfo("Asia/Tokyo")
    told = []

    class Curious(BaseTrigger):
        def get_next_fire_time(self, previous_fire_time, now):
            told.append((previous_fire_time, now))
            return now + timedelta(hours=1)

    scheduler = BackgroundScheduler(timezone=zone, clock=clock)
    scheduler.start()
    scheduler.add_job(nothing, Curious())
    assert told == [(None, START)]
    assert told[0][1].tzinfo is zone
    scheduler.shutdown()


def test_subclasses_of_ours(running):
    friday = datetime(2026, 11, 27, 12, tzinfo=timezone.utc)
    job = running.add_job(nothing, WorkingDays(days=1, start_date=friday, timezone="UTC"), next_run_time=friday)
    assert job._get_run_times(friday + timedelta(days=4)) == [
        friday,
        friday + timedelta(days=3),
        friday + timedelta(days=4),
    ]
    named = running.add_job(nothing, Named(hours=1, start_date=START + timedelta(minutes=1), timezone="UTC"))
    assert named.next_run_time == START + timedelta(minutes=1)


@pytest.mark.parametrize(
    ("behaviour", "text"),
    [
        (fails, "ZeroDivisionError: broken"),
        (lambda previous: previous, "later"),
        (lambda previous: previous - timedelta(hours=1), "later"),
        (lambda previous: "soon", "must return an aware datetime or None, got 'soon'"),
        (lambda previous: datetime(2030, 1, 1), "must return an aware datetime or None"),
    ],
)
def test_a_broken_trigger_pauses_its_job_only(running, clock, behaviour, text):
    seen, ran = [], threading.Semaphore(0)
    running.add_listener(seen.append, events.EVENT_JOB_TRIGGER_ERROR)
    running.add_job(nothing, Broken(behaviour), id="broken")
    running.add_job(ran.release, "interval", minutes=1)
    clock.advance(minutes=1)
    assert ran.acquire(timeout=60)
    wait_until(lambda: seen)
    assert seen[0].job_id == "broken"
    assert text in seen[0].reason
    assert running.get_job("broken").next_run_time is None
    clock.advance(minutes=1)
    assert ran.acquire(timeout=60)
    assert running.running


def test_what_it_raises_when_it_is_added(running):
    class Bad(BaseTrigger):
        def get_next_fire_time(self, previous_fire_time, now):
            raise ZeroDivisionError("at once")

    with pytest.raises(ZeroDivisionError, match="^at once$"):
        running.add_job(nothing, Bad())
    assert running.get_jobs() == []


def test_it_may_call_the_scheduler(running, clock):
    class Nosy(BaseTrigger):
        def get_next_fire_time(self, previous_fire_time, now):
            running.get_jobs()
            return (previous_fire_time or now) + timedelta(minutes=1)

    ran = threading.Semaphore(0)
    running.add_job(ran.release, Nosy())
    for _ in range(3):
        clock.advance(minutes=1)
        assert ran.acquire(timeout=60)


def test_in_a_file(clock, tmp_path):
    def make():
        return BackgroundScheduler(
            clock=clock, timezone="UTC", jobstores={"default": SQLiteJobStore(tmp_path / "jobs.db")}
        )

    scheduler = make()
    scheduler.start(paused=True)
    scheduler.add_job(nothing, Times(*minutes(1, 2)), id="x")
    scheduler.shutdown()

    scheduler = make()
    scheduler.start(paused=True)
    job = scheduler.get_job("x")
    assert isinstance(job.trigger, Times)
    assert job.trigger.times == tuple(minutes(1, 2))
    assert job.next_run_time == minutes(1)[0]
    scheduler.shutdown()


def test_in_a_file_it_must_be_picklable(clock, tmp_path):
    class Local(Times):
        pass

    scheduler = BackgroundScheduler(
        clock=clock, timezone="UTC", jobstores={"default": SQLiteJobStore(tmp_path / "jobs.db")}
    )
    scheduler.start()
    with pytest.raises((AttributeError, ValueError), match="Local|nested"):
        scheduler.add_job(nothing, Local(*minutes(1)))
    assert scheduler.get_jobs() == []
    scheduler.shutdown()
