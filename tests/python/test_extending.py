"""Schedulers, executors and job stores that a program writes itself, as APScheduler's documentation describes them."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor as FuturesPool
from datetime import datetime, timedelta, timezone

import pytest
from conftest import START, wait_until
from duetime import events
from duetime.executors.base import BaseExecutor, MaxInstancesReachedError, run_job
from duetime.executors.debug import DebugExecutor
from duetime.executors.pool import BasePoolExecutor, FuturesExecutor, ThreadPoolExecutor
from duetime.jobstores.base import BaseJobStore, ConflictingIdError, JobLookupError
from duetime.jobstores.sqlite import SQLiteJobStore
from duetime.schedulers.background import BackgroundScheduler
from duetime.schedulers.base import BaseScheduler
from duetime.schedulers.blocking import BlockingScheduler

SECOND = timedelta(seconds=1)
ran = []


@pytest.fixture(autouse=True)
def nothing_ran():
    ran.clear()


def note(*args):
    ran.append(args)


def fail():
    raise ValueError("no luck")


class DictJobStore(BaseJobStore):
    """The least that a job store can be."""

    def __init__(self):
        super().__init__()
        self.jobs = {}
        self.fails = {}
        self.calls = []

    def _call(self, name):
        self.calls.append(name)
        if self.fails.get(name, 0):
            self.fails[name] -= 1
            raise OSError(f"{name} failed")

    def lookup_job(self, job_id):
        self._call("lookup_job")
        return self.jobs.get(job_id)

    def get_due_jobs(self, now):
        self._call("get_due_jobs")
        return [job for job in self.get_all_jobs() if job.next_run_time and job.next_run_time <= now]

    def get_next_run_time(self):
        self._call("get_next_run_time")
        return min((job.next_run_time for job in self.jobs.values() if job.next_run_time), default=None)

    def get_all_jobs(self):
        jobs = sorted(self.jobs.values(), key=lambda job: job.next_run_time or START)
        self._fix_paused_jobs_sorting(jobs)
        return jobs

    def add_job(self, job):
        if job.id in self.jobs:
            raise ConflictingIdError(job.id)
        self.jobs[job.id] = job

    def update_job(self, job):
        self._call("update_job")
        if job.id not in self.jobs:
            raise JobLookupError(job.id)
        self.jobs[job.id] = job

    def remove_job(self, job_id):
        self._call("remove_job")
        if job_id not in self.jobs:
            raise JobLookupError(job_id)
        del self.jobs[job_id]

    def remove_all_jobs(self):
        self.jobs.clear()


class LoopScheduler(BaseScheduler):
    """A scheduler for a program's own loop, which calls turn()."""

    def __init__(self, **options):
        self.woken = 0
        self.next_turn = None
        super().__init__(**options)

    def shutdown(self, wait=True):
        super().shutdown(wait)

    def wakeup(self):
        self.woken += 1

    def turn(self):
        self.next_turn = self._process_jobs()
        return self.next_turn


class ListExecutor(BaseExecutor):
    """Runs jobs when the test says so."""

    def __init__(self):
        super().__init__()
        self.submitted = []
        self.refuses = None
        self.stopped = []

    def _do_submit_job(self, job, run_times):
        if self.refuses is not None:
            raise self.refuses
        self.submitted.append((job, run_times))

    def run_all(self):
        submitted, self.submitted = self.submitted, []
        for job, run_times in submitted:
            try:
                ended = run_job(job, job._jobstore_alias, run_times, self._logger.name)
            except BaseException as exc:
                self._run_job_error(job.id, exc)
            else:
                self._run_job_success(job.id, ended)

    def shutdown(self, wait=True):
        self.stopped.append(wait)


@pytest.fixture(params=["dict", "memory", "sqlite"])
def store(request, tmp_path):
    """One written in Python, and two of the engine."""
    if request.param == "dict":
        return DictJobStore()
    if request.param == "sqlite":
        return SQLiteJobStore(tmp_path / "jobs.db")
    return "memory"


@pytest.fixture
def heard():
    return []


@pytest.fixture
def loop(store, clock, heard):
    """Driven by the test, with executors that do what it says."""
    scheduler = LoopScheduler(
        timezone="UTC",
        clock=clock,
        jobstores={"default": {"type": store} if isinstance(store, str) else store},
        executors={"default": ListExecutor(), "debug": DebugExecutor()},
    )
    scheduler.add_listener(heard.append, events.EVENT_ALL_DUETIME & ~events.EVENT_JOB_ADDED)
    scheduler.start()
    heard.clear()
    yield scheduler
    if scheduler.running:
        scheduler.shutdown()


def codes(heard):
    return [event.code for event in heard]


class TestOwnLoop:
    def test_it_runs_jobs_when_it_is_called(self, loop, clock):
        loop.add_job(note, "interval", seconds=10, args=[1], executor="debug")
        assert loop.turn() == 10
        clock.advance(seconds=10)
        assert loop.turn() == 10
        assert ran == [(1,)]

    def test_it_is_woken_when_a_job_is_added(self, loop):
        loop.turn()
        before = loop.woken
        loop.add_job(note, "interval", seconds=10)
        assert loop.woken > before

    def test_paused_it_does_nothing(self, loop, clock):
        loop.add_job(note, "interval", seconds=10, executor="debug")
        loop.pause()
        clock.advance(seconds=10)
        assert loop.turn() is None
        assert ran == []
        loop.resume()
        loop.turn()
        assert ran == [()]

    def test_it_starts_again(self, loop, clock):
        loop.shutdown()
        loop.start()
        loop.add_job(note, "date", executor="debug")
        loop.turn()
        assert ran == [()]

    def test_listeners_hear_in_the_order_of_apscheduler(self, loop, heard):
        loop.add_job(note, "date", id="once", executor="debug")
        loop.turn()
        assert codes(heard) == [events.EVENT_JOB_EXECUTED, events.EVENT_JOB_REMOVED, events.EVENT_JOB_SUBMITTED]


class TestOwnExecutor:
    def test_success_and_error_are_told(self, loop, heard):
        loop.add_job(note, "date", id="good")
        loop.add_job(fail, "date", id="bad")
        loop.turn()
        loop._executors["default"].run_all()
        loop.turn()
        ended = {event.job_id: event for event in heard if isinstance(event, events.JobExecutionEvent)}
        assert ended["good"].code == events.EVENT_JOB_EXECUTED
        assert ended["bad"].code == events.EVENT_JOB_ERROR
        assert isinstance(ended["bad"].exception, ValueError)
        assert "no luck" in str(ended["bad"].exception)
        assert "in fail" in ended["bad"].traceback

    def test_max_instances_hold(self, loop, clock, heard):
        loop.add_job(note, "interval", seconds=10, id="job", misfire_grace_time=None)
        clock.advance(seconds=10)
        loop.turn()
        clock.advance(seconds=10)
        loop.turn()
        assert len(loop._executors["default"].submitted) == 1
        assert events.EVENT_JOB_MAX_INSTANCES in codes(heard)

    def test_what_it_refuses_for_too_many_instances_is_told(self, loop, heard):
        job = loop.add_job(note, "interval", seconds=10, id="job", next_run_time=START)
        loop._executors["default"].refuses = MaxInstancesReachedError(job)
        loop.turn()
        assert events.EVENT_JOB_MAX_INSTANCES in codes(heard)

    def test_what_it_cannot_take_is_tried_again(self, loop, clock, heard, caplog):
        executor = loop._executors["default"]
        executor.refuses = OSError("no room")
        loop.add_job(note, "date", id="once", misfire_grace_time=None)
        loop.turn()
        assert events.EVENT_JOB_SUBMIT_ERROR in codes(heard)
        assert 'Error submitting job "' in caplog.text
        executor.refuses = None
        for _ in range(60):
            clock.advance(seconds=1)
            loop.turn()
        executor.run_all()
        loop.turn()
        assert ran == [()]
        assert loop.get_job("once") is None

    def test_a_backlog_comes_as_one_list(self, loop, clock):
        loop.add_job(note, "interval", seconds=10, coalesce=False, misfire_grace_time=None)
        clock.advance(seconds=30)
        loop.turn()
        ((_, run_times),) = loop._executors["default"].submitted
        assert run_times == [START + n * 10 * SECOND for n in (1, 2, 3)]
        loop._executors["default"].run_all()
        assert ran == [(), (), ()]

    def test_what_comes_too_late_is_missed(self, loop, clock, heard):
        loop.add_job(note, "date", id="once", misfire_grace_time=5)
        loop.turn()
        clock.advance(seconds=6)
        loop._executors["default"].run_all()
        loop.turn()
        assert ran == []
        assert events.EVENT_JOB_MISSED in codes(heard)

    def test_it_is_shut_down_once(self, loop):
        executor = loop._executors["default"]
        loop.shutdown(wait=False)
        assert executor.stopped == [False]

    def test_removed_it_is_shut_down_and_its_jobs_are_parked(self, loop, clock, heard):
        executor = loop._executors["default"]
        loop.add_job(note, "date", id="once", misfire_grace_time=None)
        loop.remove_executor("default")
        assert executor.stopped == [True]
        loop.turn()
        assert [(job.id, "default" in job.reason) for job in loop.get_parked_jobs()] == [("once", True)]
        assert events.EVENT_JOB_PARKED in codes(heard)
        loop.add_executor(DebugExecutor(), "default")
        if loop.get_parked_jobs():
            loop.release_job("once")
        for _ in range(3):
            clock.advance(seconds=1)
            loop.turn()
        assert ran == [()]


class TestOwnJobStore:
    @pytest.fixture
    def store(self):
        return DictJobStore()

    @pytest.mark.parametrize("call", ["get_due_jobs", "update_job", "get_next_run_time"])
    def test_its_failures_run_nothing_twice_and_lose_nothing(self, loop, store, clock, heard, call):
        loop.add_job(note, "interval", seconds=10, executor="debug", misfire_grace_time=None)
        store.fails[call] = 1
        clock.advance(seconds=10)
        assert loop.turn() == loop.jobstore_retry_interval
        assert events.EVENT_STORE_ERROR in codes(heard)
        clock.advance(seconds=1)
        loop.turn()
        assert ran == [()]
        assert events.EVENT_STORE_RECOVERED in codes(heard)
        assert next(iter(store.jobs.values())).next_run_time == START + 20 * SECOND

    def test_a_failing_removal_is_made_up_for(self, loop, store, clock):
        loop.add_job(note, "date", executor="debug")
        store.fails["remove_job"] = 1
        loop.turn()
        clock.advance(seconds=10)
        loop.turn()
        assert ran == [()]
        assert store.jobs == {}

    def test_replacing_a_job(self, loop, store):
        loop.add_job(note, "interval", seconds=10, id="job")
        with pytest.raises(ConflictingIdError):
            loop.add_job(note, "interval", seconds=20, id="job")
        loop.add_job(note, "interval", seconds=20, id="job", replace_existing=True)
        assert store.jobs["job"].trigger.interval == 20 * SECOND

    def test_the_usual_calls(self, loop, heard):
        job = loop.add_job(note, "interval", seconds=10, id="job")
        job.pause()
        assert loop.get_job("job").next_run_time is None
        job.resume()
        assert loop.get_job("job").next_run_time == START + 10 * SECOND
        job.reschedule("interval", seconds=30)
        assert loop.get_job("job").next_run_time == START + 30 * SECOND
        job.modify(name="other")
        assert loop.get_job("job").name == "other"
        job.remove()
        assert loop.get_jobs() == []
        assert codes(heard)[-1] == events.EVENT_JOB_REMOVED


class TestThreads:
    """The same parts in a scheduler whose work is done by threads."""

    def test_a_job_store_of_its_own(self):
        scheduler = BackgroundScheduler(jobstores={"default": DictJobStore()}, timezone="UTC")
        scheduler.start()
        scheduler.add_job(note, "interval", seconds=0.05)
        wait_until(lambda: len(ran) >= 3)
        scheduler.shutdown()
        assert not any(thread.name.startswith("APScheduler") for thread in threading.enumerate())

    def test_a_slow_job_store_delays_no_other(self):
        slow, blocked = DictJobStore(), threading.Event()
        slow.get_due_jobs = lambda now: (blocked.wait(), [])[1]
        scheduler = BackgroundScheduler(jobstores={"slow": slow, "mine": DictJobStore()}, timezone="UTC")
        scheduler.start()
        scheduler.add_job(note, args=["engine"])
        scheduler.add_job(note, args=["mine"], jobstore="mine")
        wait_until(lambda: len(ran) == 2)
        blocked.set()
        scheduler.shutdown()

    def test_a_job_store_added_to_a_running_scheduler(self):
        scheduler = BackgroundScheduler(timezone="UTC")
        scheduler.start()
        scheduler.add_jobstore(DictJobStore(), "mine")
        scheduler.add_job(note, jobstore="mine")
        wait_until(lambda: ran == [()])
        scheduler.remove_jobstore("mine")
        scheduler.shutdown()

    @pytest.mark.parametrize("jobstore", ["mine", "default"])
    def test_an_executor_over_futures(self, jobstore):
        heard = []
        scheduler = BackgroundScheduler(
            jobstores={"mine": DictJobStore()},
            executors={"default": FuturesExecutor(FuturesPool(2), capacity=2)},
            timezone="UTC",
        )
        scheduler.add_listener(heard.append, events.EVENT_JOB_EXECUTED | events.EVENT_JOB_ERROR)
        scheduler.start()
        scheduler.add_job(note, args=[1], jobstore=jobstore)
        scheduler.add_job(fail, jobstore=jobstore)
        wait_until(lambda: len(heard) == 2)
        assert sorted(codes(heard)) == [events.EVENT_JOB_EXECUTED, events.EVENT_JOB_ERROR]
        scheduler.shutdown()

    def test_a_job_shuts_its_scheduler_down(self):
        scheduler = BackgroundScheduler(executors={"default": FuturesExecutor(FuturesPool(1))}, timezone="UTC")
        scheduler.start()
        scheduler.add_job(lambda: scheduler.shutdown(wait=True))
        wait_until(lambda: not scheduler.running)

    def test_a_thread_pool_with_its_own_way_of_taking_jobs(self):
        class Counting(ThreadPoolExecutor):
            taken = 0

            def _do_submit_job(self, job, run_times):
                self.taken += 1
                super()._do_submit_job(job, run_times)

        executor = Counting(2)
        scheduler = BackgroundScheduler(executors={"default": executor}, timezone="UTC")
        scheduler.start()
        scheduler.add_job(note, args=[1])
        wait_until(lambda: ran == [(1,)])
        assert executor.taken == 1
        scheduler.shutdown()

    def test_pool_executors_must_say_what_their_pool_is(self):
        with pytest.raises(TypeError):
            BasePoolExecutor(FuturesPool(1))

    def test_process_jobs_of_a_subclass_is_called(self):
        class Capped(BackgroundScheduler):
            waits = []

            def _process_jobs(self):
                wait = super()._process_jobs()
                self.waits.append(wait)
                return 0.01 if wait is None else min(wait, 0.01)

        scheduler = Capped(timezone="UTC")
        scheduler.start()
        scheduler.add_job(note, "interval", seconds=0.05)
        wait_until(lambda: len(ran) >= 3)
        scheduler.shutdown()
        assert len(Capped.waits) > 3


class TestPatchedTime:
    """A test that puts another time in force sees its jobs run by it."""

    @pytest.fixture
    def frozen(self, monkeypatch):
        class Frozen(datetime):
            current = START

            @classmethod
            def now(cls, tz=None):
                return cls.current.astimezone(tz) if tz else cls.current.replace(tzinfo=None)

        for module in ("schedulers.base", "executors.base", "triggers.date", "triggers.interval"):
            monkeypatch.setattr(f"duetime.{module}.datetime", Frozen)
        return Frozen

    @pytest.mark.parametrize("kind", [BackgroundScheduler, BlockingScheduler])
    def test_jobs_run_when_the_patched_time_comes(self, frozen, kind):
        scheduler = kind(timezone="UTC")
        scheduler.add_job(note, "interval", hours=1, id="hourly")
        threading.Thread(target=scheduler.start).start()
        wait_until(lambda: scheduler.running and scheduler.get_job("hourly"))
        assert scheduler.get_job("hourly").next_run_time == START + 3600 * SECOND
        assert ran == []
        frozen.current = START + 3600 * SECOND
        scheduler.wakeup()
        wait_until(lambda: ran == [()])
        scheduler.shutdown()

    def test_log_lines_are_those_of_apscheduler(self, frozen, caplog):
        caplog.set_level(logging.DEBUG, "apscheduler.scheduler")
        scheduler = LoopScheduler(timezone="UTC")
        scheduler.start()
        scheduler.add_job(note, "date", run_date=datetime(2030, 1, 1, tzinfo=timezone.utc))
        scheduler.turn()
        scheduler.shutdown()
        assert "Looking for jobs to run" in caplog.messages
        assert any(line.startswith("Next wakeup is due at 2030-01-01 00:00:00+00:00 (in ") for line in caplog.messages)
