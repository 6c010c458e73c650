"""What happens when jobs are due, by the manual clock."""

from __future__ import annotations

import gc
import logging
import threading
import time
import weakref
from datetime import timedelta
from io import StringIO

import pytest
from conftest import START, wait_until
from duetime import events
from duetime.runs import current_run
from duetime.schedulers.background import BackgroundScheduler
from test_extending import DictJobStore


class Recorder:
    """Keeps the events that it is told."""

    def __init__(self, scheduler, mask=events.EVENT_ALL_DUETIME):
        self.events = []
        scheduler.add_listener(self.events.append, mask)

    def codes(self):
        return [event.code for event in self.events]

    def of(self, code):
        return [event for event in list(self.events) if event.code == code]

    def wait_for(self, code, count=1):
        wait_until(lambda: len(self.of(code)) >= count)
        return self.of(code)


def returns(value):
    return value


def raises():
    raise ValueError("no")


def exits():
    raise SystemExit(3)


def test_one_shot(running):
    recorder = Recorder(running)
    job = running.add_job(returns, args=[5])
    (event,) = recorder.wait_for(events.EVENT_JOB_EXECUTED)
    assert (event.job_id, event.jobstore, event.retval) == (job.id, "default", 5)
    assert event.scheduled_run_time == START
    assert event.exception is None
    recorder.wait_for(events.EVENT_JOB_REMOVED)
    recorder.wait_for(events.EVENT_JOB_ADDED)
    codes = recorder.codes()
    codes.remove(events.EVENT_JOB_ADDED)  # in the thread of add_job(), while the job already runs
    assert codes == [events.EVENT_JOB_SUBMITTED, events.EVENT_JOB_EXECUTED, events.EVENT_JOB_REMOVED]
    assert running.get_jobs() == []
    assert recorder.of(events.EVENT_JOB_SUBMITTED)[0].scheduled_run_times == [START]


@pytest.mark.parametrize("func", [raises, exits])
def test_what_a_job_raises(running, caplog, func):
    recorder = Recorder(running)
    running.add_job(func, "date", id="x")
    (event,) = recorder.wait_for(events.EVENT_JOB_ERROR)
    assert type(event.exception) is (ValueError if func is raises else SystemExit)
    assert event.retval is None
    assert f"in {func.__name__}" in event.traceback
    assert event.traceback.startswith("  File ")
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.name == "apscheduler.executors.default"
    assert record.getMessage().endswith("raised an exception")
    assert record.exc_info[1] is event.exception
    (run,) = running.get_runs()
    assert (run.state, run.error) == ("failed", "ValueError: no" if func is raises else "SystemExit: 3")


def test_log_lines(running, caplog):
    caplog.set_level(logging.INFO, "apscheduler.executors.default")
    done = Recorder(running, events.EVENT_JOB_EXECUTED)
    running.add_job(returns, "interval", hours=1, args=[1], next_run_time=START)
    done.wait_for(events.EVENT_JOB_EXECUTED)
    shown = 'returns (trigger: interval[1:00:00], next run at: 2026-11-23 10:00:00 UTC)"'
    lines = [record.getMessage() for record in caplog.records if record.name == "apscheduler.executors.default"]
    assert lines == [
        f'Running job "{shown} (scheduled at 2026-11-23 09:00:00+00:00)',
        f'Job "{shown} executed successfully',
    ]


def test_coalesce(running, clock):
    recorder = Recorder(running, events.EVENT_JOB_EXECUTED)
    running.add_job(returns, "interval", hours=1, args=[1], id="one", misfire_grace_time=None)
    running.add_job(returns, "interval", hours=1, args=[1], id="all", misfire_grace_time=None, coalesce=False)
    clock.advance(hours=3)
    recorder.wait_for(events.EVENT_JOB_EXECUTED, 4)
    times = {"one": [], "all": []}
    for event in recorder.events:
        times[event.job_id].append(event.scheduled_run_time)
    hour = timedelta(hours=1)
    assert times == {"one": [START + 3 * hour], "all": [START + hour, START + 2 * hour, START + 3 * hour]}
    assert [job.next_run_time for job in running.get_jobs()] == [START + 4 * hour] * 2


def test_too_late(running, clock, caplog):
    recorder = Recorder(running, events.EVENT_JOB_MISSED | events.EVENT_JOB_EXECUTED)
    running.add_job(returns, "interval", minutes=1, args=[1], id="x", misfire_grace_time=5)
    clock.advance(minutes=1, seconds=30)
    (event,) = recorder.wait_for(events.EVENT_JOB_MISSED)
    assert (event.job_id, event.scheduled_run_time) == ("x", START + timedelta(minutes=1))
    assert isinstance(event, events.JobExecutionEvent)
    assert any(message.startswith('Run time of job "returns" was missed by 0:00:30') for message in caplog.messages)
    clock.advance(seconds=30)
    recorder.wait_for(events.EVENT_JOB_EXECUTED)


def test_max_instances(running, clock, caplog):
    recorder = Recorder(running)
    begun, go_on = threading.Semaphore(0), threading.Event()

    def slow():
        begun.release()
        go_on.wait()

    running.add_job(slow, "interval", minutes=1, id="x", max_instances=2)
    for _ in range(2):
        clock.advance(minutes=1)
        assert begun.acquire(timeout=60)
    clock.advance(minutes=1)
    (event,) = recorder.wait_for(events.EVENT_JOB_MAX_INSTANCES)
    assert event.scheduled_run_times == [START + timedelta(minutes=3)]
    assert "maximum number of running instances reached (2)" in caplog.text
    go_on.set()
    recorder.wait_for(events.EVENT_JOB_EXECUTED, 2)
    clock.advance(minutes=1)
    assert begun.acquire(timeout=60)


def test_arguments_are_the_objects_themselves(running):
    seen, mutable = [], {"a": 1}

    def look(given, *, key):
        seen.append((given, key))

    running.add_job(look, args=[mutable], kwargs={"key": look})
    wait_until(lambda: seen)
    assert seen[0][0] is mutable
    assert seen[0][1] is look


def test_nothing_keeps_an_ended_job_alive(running):
    class Thing:
        def run(self):
            pass

    thing = Thing()
    gone = weakref.ref(thing)
    running.add_job(thing.run)
    wait_until(lambda: not running.get_jobs() and running.health()["stores"][0]["executing"] == 0)
    del thing
    wait_until(lambda: gc.collect() is not None and gone() is None)


def test_a_raised_exception_does_not_keep_its_frames(running):
    class Thing:
        pass

    seen = []

    def fail():
        thing = Thing()
        seen.append(weakref.ref(thing))
        raise ValueError

    errors = Recorder(running, events.EVENT_JOB_ERROR)
    running.add_job(fail)
    errors.wait_for(events.EVENT_JOB_ERROR)
    assert errors.events[0].exception is not None
    wait_until(lambda: gc.collect() is not None and seen[0]() is None)


def test_a_job_may_change_the_schedule(running, clock):
    def job():
        running.modify_job("x", name="changed")
        running.add_job(returns, "interval", hours=1, args=[1], id="y")
        running.remove_job("x")

    running.add_job(job, "interval", minutes=1, id="x")
    clock.advance(minutes=1)
    wait_until(lambda: [job.id for job in running.get_jobs()] == ["y"])


def test_current_run(running):
    seen = []
    job = running.add_job(lambda: seen.append(current_run()))
    wait_until(lambda: seen)
    assert (seen[0].job_id, seen[0].jobstore, seen[0].attempt) == (job.id, "default", 1)
    assert seen[0].scheduled_time == START
    assert current_run() is None


def test_history(running, clock):
    recorder = Recorder(running, events.EVENT_JOB_EXECUTED | events.EVENT_JOB_ERROR)
    running.add_job(returns, "interval", minutes=1, args=[1], id="good")
    running.add_job(raises, "interval", minutes=1, id="bad")
    for i in range(3):
        clock.advance(minutes=1)
        wait_until(lambda count=2 * (i + 1): len(recorder.events) >= count)
    wait_until(lambda: not running.get_runs(state="claimed"))
    runs = running.get_runs("good")
    assert [run.scheduled_time for run in runs] == [START + timedelta(minutes=m) for m in (3, 2, 1)]
    assert {run.state for run in runs} == {"succeeded"}
    assert all(run.started_at <= run.ended_at and len(run.node) == 32 for run in runs)
    assert {run.job_id for run in running.get_runs(state="failed")} == {"bad"}
    assert len(running.get_runs(limit=1)) == 1
    assert [run.scheduled_time for run in running.get_runs("good", since=START + timedelta(minutes=3))] == [
        START + timedelta(minutes=3)
    ]
    with pytest.raises(ValueError, match="nonsense"):
        running.get_runs(state="nonsense")
    with pytest.raises(LookupError, match="nope"):
        running.get_runs(jobstore="nope")


def test_what_a_run_says(running, clock):
    running.add_job(raises, "interval", minutes=1, id="x")
    clock.advance(minutes=1, seconds=0.5)
    wait_until(lambda: running.get_runs(state="failed"))
    (run,) = running.get_runs()
    assert (run.delay, run.duration) == (timedelta(seconds=0.5), timedelta(0))
    assert run.scheduled_time.tzinfo is running.timezone
    assert str(run).startswith("2026-11-23 09:01:00 UTC x: failed in 0.000 s (ValueError: ")
    out = StringIO()
    running.print_runs("x", out=out)
    running.print_runs("y", out=out)
    assert out.getvalue() == f"{run}\nNo runs\n"


def test_history_of_all_job_stores(running, clock):
    running.add_jobstore("memory", "other", history=1)
    running.add_jobstore(DictJobStore(), "python")
    running.add_job(returns, "interval", minutes=2, args=[1], id="x")
    running.add_job(returns, "interval", minutes=1, args=[1], id="y", jobstore="other")
    for count in (1, 3):
        clock.advance(minutes=1)
        wait_until(lambda: sum(store["ended"] for store in running.health()["stores"]) == count)  # noqa: B023
    assert [(run.job_id, run.jobstore) for run in running.get_runs()] == [("x", "default"), ("y", "other")]
    assert [run.job_id for run in running.get_runs(jobstore="other")] == ["y"]


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"history_max_age": -1}, "history_max_age must be a number of seconds from 0 to 3162240000, got -1"),
        ({"history_max_count": "-2"}, "history_max_count must not be negative, got '-2'"),
        ({"jobstores": {"default": {"type": "memory", "history": -1}}}, "history must not be negative, got -1"),
    ],
)
def test_history_options(options, text):
    with pytest.raises(ValueError) as caught:
        BackgroundScheduler(**options)
    assert str(caught.value) == text


def test_unknown_executor_parks_the_job(running):
    recorder = Recorder(running, events.EVENT_JOB_PARKED)
    ran = threading.Event()
    running.add_job(ran.set, id="x", executor="nope")
    (event,) = recorder.wait_for(events.EVENT_JOB_PARKED)
    assert (event.job_id, event.jobstore) == ("x", "default")
    assert "nope" in event.reason
    (parked,) = running.get_parked_jobs()
    assert (parked.id, parked.jobstore) == ("x", "default")
    assert "nope" in parked.reason
    running.add_executor("threadpool", "nope")
    assert ran.wait(60)
    assert running.get_parked_jobs() == []


def test_health(running):
    running.add_job(returns, "interval", hours=1, args=[1])
    report = running.health()
    assert report["state"] == "running"
    (store,) = report["stores"]
    assert (store["store"], store["alive"], store["error"], store["parked"]) == ("default", True, "", 0)


def test_jobs_run_at_the_same_time(running):
    barrier = threading.Barrier(5)
    recorder = Recorder(running, events.EVENT_JOB_EXECUTED)
    for _ in range(5):
        running.add_job(barrier.wait, kwargs={"timeout": 60})
    recorder.wait_for(events.EVENT_JOB_EXECUTED, 5)


def test_c_functions_let_other_threads_run(clock):
    # time.sleep(0) and the like never reach the interpreter's own switching point.
    scheduler = BackgroundScheduler(clock=clock, timezone="UTC")
    scheduler.start()
    for _ in range(2000):
        scheduler.add_job(time.time, misfire_grace_time=None)
    wait_until(lambda: not scheduler.get_jobs())
    scheduler.shutdown()


def test_the_time_that_a_test_patched(monkeypatch):
    """Tests of programs replace `datetime` in APScheduler's modules; next run times follow."""
    import datetime as real

    class Frozen(real.datetime):
        @classmethod
        def now(cls, tz=None):
            return real.datetime(2030, 1, 1, tzinfo=real.timezone.utc).astimezone(tz)

    monkeypatch.setattr("duetime.schedulers.base.datetime", Frozen)
    monkeypatch.setattr("duetime.triggers.interval.datetime", Frozen)
    scheduler = BackgroundScheduler(timezone="UTC")
    scheduler.start(paused=True)
    job = scheduler.add_job(returns, "interval", hours=1, args=[1])
    assert job.next_run_time == real.datetime(2030, 1, 1, 1, tzinfo=real.timezone.utc)
    scheduler.shutdown()
