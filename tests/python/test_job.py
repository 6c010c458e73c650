from __future__ import annotations

import functools
import os
import pickle
from datetime import datetime, timedelta, timezone
from unittest.mock import Mock

import pytest
from conftest import START
from duetime.job import Job
from duetime.schedulers.base import BaseScheduler
from duetime.triggers.date import DateTrigger
from duetime.triggers.interval import IntervalTrigger


def work(a=1, *, b=2):
    return a, b


class Owner:
    def method(self, a=1):
        return a


OWNER = Owner()


@pytest.fixture
def job(scheduler):
    return scheduler.add_job(work, "date", run_date=START + timedelta(hours=1), id="x")


def test_pending(job):
    assert job.pending
    assert not hasattr(job, "next_run_time")
    with pytest.raises(AttributeError):
        job.next_run_time  # noqa: B018
    assert str(job) == "work (trigger: date[2026-11-23 10:00:00 UTC], pending)"
    assert repr(job) == "<Job (id=x name=work)>"


def test_scheduled(scheduler, job):
    scheduler.start()
    assert not job.pending
    assert job.next_run_time == START + timedelta(hours=1)
    assert str(job) == "work (trigger: date[2026-11-23 10:00:00 UTC], next run at: 2026-11-23 10:00:00 UTC)"
    job.pause()
    assert job.next_run_time is None
    assert str(job) == "work (trigger: date[2026-11-23 10:00:00 UTC], paused)"


def test_defaults(scheduler, job):
    scheduler.start()
    assert (job.coalesce, job.misfire_grace_time, job.max_instances) == (True, 1, 1)
    assert (job.executor, job.args, job.kwargs) == ("default", (), {})
    assert (job.func, job.func_ref) == (work, f"{__name__}:work")
    assert isinstance(job.trigger, DateTrigger)
    assert job.recover is False


def test_default_ids_differ(scheduler):
    ids = {scheduler.add_job(work).id for _ in range(100)}
    assert len(ids) == 100
    assert all(len(id) == 32 and id[12] == "4" for id in ids)
    assert len(scheduler.add_job(work, id="").id) == 32


@pytest.mark.parametrize(
    ("changes", "error", "text"),
    [
        ({"id": 3}, TypeError, "id must be a nonempty string"),
        ({"id": "y"}, ValueError, "The job ID may not be changed"),
        ({"func": 3}, TypeError, "func must be a callable or a textual reference to one"),
        ({"args": 3}, TypeError, "args must be a non-string iterable"),
        ({"args": "abc"}, TypeError, "args must be a non-string iterable"),
        ({"kwargs": 3}, TypeError, "kwargs must be a dict-like object"),
        ({"kwargs": "abc"}, TypeError, "kwargs must be a dict-like object"),
        ({"name": ""}, TypeError, "name must be a nonempty string"),
        ({"name": 3}, TypeError, "name must be a nonempty string"),
        (
            {"misfire_grace_time": 0},
            TypeError,
            "misfire_grace_time must be either None or a positive integer",
        ),
        (
            {"misfire_grace_time": 1.5},
            TypeError,
            "misfire_grace_time must be either None or a positive integer",
        ),
        ({"max_instances": 0}, TypeError, "max_instances must be a positive integer"),
        ({"max_instances": "1"}, TypeError, "max_instances must be a positive integer"),
        ({"trigger": "cron"}, TypeError, "Expected a trigger instance, got str instead"),
        ({"executor": 3}, TypeError, "executor must be a string"),
        ({"next_run_time": 3}, TypeError, "Unsupported type for next_run_time: int"),
        ({"foo": 1, "bar": 2}, AttributeError, "The following are not modifiable attributes of Job: foo, bar"),
    ],
)
@pytest.mark.parametrize("started", [False, True])
def test_refused_changes(scheduler, job, started, changes, error, text):
    if started:
        scheduler.start()
    with pytest.raises(error) as caught:
        job.modify(name="other", **changes) if "name" not in changes else job.modify(**changes)
    assert str(caught.value) == text
    assert scheduler.get_job("x").name == "work"


@pytest.mark.parametrize("started", [False, True])
def test_modify(scheduler, job, started):
    if started:
        scheduler.start()
    assert (
        job.modify(name="other", args=[5], kwargs={"b": 6}, coalesce=0, max_instances=3, misfire_grace_time=None) is job
    )
    found = scheduler.get_job("x")
    assert (found.name, list(found.args), found.kwargs) == ("other", [5], {"b": 6})
    assert (found.coalesce, found.max_instances, found.misfire_grace_time) == (False, 3, None)
    assert job.name == "other"


def test_new_trigger_alone_keeps_the_next_run_time(running):
    job = running.add_job(work, "interval", hours=1)
    job.modify(trigger=IntervalTrigger(minutes=1, timezone="UTC"))
    assert job.next_run_time == START + timedelta(hours=1)
    job.reschedule("interval", minutes=2)
    assert job.next_run_time == START + timedelta(minutes=2)
    assert str(job.trigger) == "interval[0:02:00]"


def test_the_handle_follows_the_schedule(running, clock):
    from conftest import wait_until

    job = running.add_job(work, "interval", hours=1)
    clock.advance(hours=1)
    wait_until(lambda: job.next_run_time == START + timedelta(hours=2))


def test_resume_and_remove(running):
    job = running.add_job(work, "interval", hours=1, next_run_time=None)
    assert job.next_run_time is None
    assert job.resume() is job
    assert job.next_run_time == START + timedelta(hours=1)
    job.remove()
    assert running.get_jobs() == []


def test_get_run_times(running):
    job = running.add_job(work, "interval", hours=1)
    assert job._get_run_times(START + timedelta(hours=2, minutes=30)) == [
        START + timedelta(hours=1),
        START + timedelta(hours=2),
    ]


def test_equality_is_by_id(scheduler, job):
    other = Job(scheduler, id="x", func=work, args=(), kwargs={}, trigger=job.trigger, executor="default")
    assert job == other
    assert job != scheduler.add_job(work)
    assert job != "x"


def test_state(scheduler, job):
    scheduler.start()
    state = job.__getstate__()
    assert list(state) == [
        "version",
        "id",
        "func",
        "trigger",
        "executor",
        "args",
        "kwargs",
        "name",
        "misfire_grace_time",
        "coalesce",
        "max_instances",
        "next_run_time",
    ]
    restored = Job.__new__(Job)
    restored.__setstate__(pickle.loads(pickle.dumps(state)))
    assert (restored.id, restored.func, restored.next_run_time) == ("x", work, job.next_run_time)
    with pytest.raises(ValueError, match="^Job has version 2, but only version 1 can be handled$"):
        restored.__setstate__({"version": 2})


def test_state_of_a_bound_method(running):
    job = running.add_job(OWNER.method, args=[5], next_run_time=None)
    state = job.__getstate__()
    assert (state["func"], state["args"]) == (f"{__name__}:Owner.method", (OWNER, 5))


@pytest.mark.parametrize("func", [lambda: None, functools.partial(work)])
def test_no_state_without_reference(running, func):
    job = running.add_job(func, next_run_time=None)
    assert job.func_ref is None
    with pytest.raises(ValueError) as caught:
        job.__getstate__()
    assert str(caught.value) == (
        f"This Job cannot be serialized since the reference to its callable ({func!r}) could not be determined. "
        "Consider giving a textual reference (module:function name) instead."
    )


def test_textual_reference(running):
    job = running.add_job("duetime.util:asint", args=["3"], next_run_time=None)
    assert job.func_ref == "duetime.util:asint"
    assert job.name == "asint"


def test_a_reference_stays_as_it_was_given(running):
    job = running.add_job("os:getcwd", next_run_time=None, id="x")  # whose own reference is posix:getcwd
    assert (job.func_ref, running.get_job("x").func_ref) == ("os:getcwd", "os:getcwd")
    job.modify(func="os:getpid")
    assert running.get_job("x").func_ref == "os:getpid"
    job.modify(func=os.getpid)
    assert running.get_job("x").func_ref == "posix:getpid"


def test_what_was_never_set_is_missed_by_its_name():
    with pytest.raises(AttributeError, match="'Job' object has no attribute 'args'"):
        Job(Mock(BaseScheduler), func=work)


def test_calls_its_scheduler_only():
    scheduler = Mock(BaseScheduler, timezone=timezone.utc)
    job = Job(scheduler, id="x", func=work, args=(), kwargs={})
    job._jobstore_alias = "store"
    assert job.modify(name="y") is job
    scheduler.modify_job.assert_called_once_with("x", "store", name="y")
    assert job.reschedule("interval", hours=1) is job
    scheduler.reschedule_job.assert_called_once_with("x", "store", "interval", hours=1)
    assert job.pause() is job
    scheduler.pause_job.assert_called_once_with("x", "store")
    assert job.resume() is job
    scheduler.resume_job.assert_called_once_with("x", "store")
    job.remove()
    scheduler.remove_job.assert_called_once_with("x", "store")


def test_next_run_time_is_in_the_zone_of_the_trigger(running):
    job = running.add_job(work, "cron", hour=12, timezone="Asia/Tokyo")
    assert job.next_run_time.isoformat() == "2026-11-24T12:00:00+09:00"
    assert job.next_run_time.tzinfo is job.trigger.timezone
    assert running.get_job(job.id).next_run_time == datetime(2026, 11, 24, 3, tzinfo=timezone.utc)


def test_attributes_that_were_deleted_may_be_set_again(job):
    del job.id
    job._modify(id="again")
    assert job.id == "again"
    with pytest.raises(ValueError, match="The job ID may not be changed"):
        job._modify(id="other")
    job.next_run_time = None
    del job.next_run_time
    assert not hasattr(job, "next_run_time")
    del job.name
    job._modify(func=print)
    assert job.name == "print"
