"""Time that waits, and runs that a program asks for, looks at and cancels."""

from __future__ import annotations

import asyncio
import threading
from datetime import datetime, timedelta, timezone

import pytest
from conftest import wait_until
from duetime import events
from duetime.executors.base import BaseExecutor, MaxInstancesReachedError, run_job
from duetime.jobstores.base import BaseJobStore, JobLookupError
from duetime.jobstores.sqlite import SQLiteJobStore
from duetime.runs import CurrentRun, RunCancelledError, current_run, entering
from duetime.schedulers import SchedulerNotRunningError
from duetime.schedulers.asyncio import AsyncIOScheduler
from duetime.schedulers.background import BackgroundScheduler
from duetime.schedulers.blocking import BlockingScheduler
from duetime.testing import ManualClock

START = datetime(2026, 11, 23, 9, tzinfo=timezone.utc)


@pytest.fixture
def time():
    """A clock that drives its schedulers."""
    return ManualClock(START)


@pytest.fixture
def make(time):
    """Makes schedulers on the clock, and starts them."""
    made = []

    def make_one(**options):
        scheduler = BackgroundScheduler(clock=time, timezone="UTC", **options)
        made.append(scheduler)
        scheduler.start()
        return scheduler

    yield make_one
    for scheduler in made:
        if scheduler.running:
            scheduler.shutdown()


seen: list[str] = []


def note(text):
    seen.append(text)


class TestAdvance:
    def test_a_month_of_hours(self, make, time):
        times = []
        make().add_job(lambda: times.append(time.now()), "interval", hours=1)
        time.advance(days=30)
        assert times == [START + timedelta(hours=i) for i in range(1, 721)]
        assert time.now() == START + timedelta(days=30)

    def test_idle_stretches_cost_nothing(self, make, time):
        ran = []
        make().add_job(lambda: ran.append(time.now()), "date", run_date="2926-11-23")
        time.advance(weeks=52 * 1000)
        assert len(ran) == 1

    def test_in_order_and_told_before_time_goes_on(self, make, time):
        told = []
        scheduler = make()
        scheduler.add_listener(
            lambda event: told.append((event.job_id, time.now() == event.scheduled_run_time)), events.EVENT_JOB_EXECUTED
        )
        scheduler.add_job(note, "interval", minutes=3, args=["a"], id="a")
        scheduler.add_job(note, "interval", minutes=2, args=["b"], id="b")
        time.advance(minutes=5, milliseconds=1)
        assert told == [("b", True), ("a", True), ("b", True)]

    def test_nothing_happens_without_it(self, make, time):
        ran = []
        make().add_job(ran.append, args=[1])
        assert ran == []
        time.run_until_idle()
        assert ran == [1]
        assert time.now() == START

    def test_jobs_that_fail_do_not_stop_it(self, make, time):
        errors = []
        scheduler = make()
        scheduler.add_listener(errors.append, events.EVENT_JOB_ERROR)
        scheduler.add_job(lambda: 1 / 0, "interval", hours=1)
        time.advance(hours=3)
        assert len(errors) == 3

    def test_a_job_may_take_its_time(self, make, time):
        times = []

        def slow():
            times.append(time.now())
            time.advance(minutes=3)

        make().add_job(slow, "interval", minutes=1, misfire_grace_time=None)
        time.advance(minutes=6)
        assert times == [START + timedelta(minutes=1), START + timedelta(minutes=4)]
        assert time.now() == START + timedelta(minutes=7)

    def test_a_listener_may_move_it(self, make, time):
        scheduler = make()
        scheduler.add_listener(lambda event: time.advance(seconds=1), events.EVENT_JOB_EXECUTED)
        scheduler.add_job(note, "date", run_date=START + timedelta(minutes=1), args=["x"])
        time.advance(minutes=2)
        assert time.now() == START + timedelta(minutes=2)

    def test_without_waiting(self, make, time):
        begun, go_on = threading.Event(), threading.Event()
        scheduler = make()
        scheduler.add_job(lambda: (begun.set(), go_on.wait()), "date", run_date=START + timedelta(minutes=1), id="x")
        time.advance(minutes=2, wait=False)
        assert begun.wait(60)
        assert time.now() == START + timedelta(minutes=2)
        assert [run.job_id for run in scheduler.get_running()] == ["x"]
        go_on.set()
        time.run_until_idle()
        assert scheduler.get_running() == []
        assert [run.state for run in scheduler.get_runs()] == ["succeeded"]

    def test_several_processes_share_a_store(self, make, time, tmp_path):
        seen.clear()
        one, two = (make(jobstores={"default": SQLiteJobStore(tmp_path / "jobs.db")}) for _ in range(2))
        one.add_job(note, "interval", minutes=1, args=["x"], id="x")
        time.advance(minutes=30)
        assert seen == ["x"] * 30
        two.remove_job("x")
        time.advance(minutes=30)
        assert len(seen) == 30

    def test_without_schedulers(self, time):
        time.advance(timedelta(hours=1), seconds=1)
        assert time.now() == START + timedelta(hours=1, seconds=1)

    def test_stopped_and_forgotten_schedulers(self, make, time):
        scheduler = make()
        scheduler.add_job(scheduler.shutdown, "interval", minutes=1)
        time.advance(minutes=5)
        assert not scheduler.running
        del scheduler
        time.advance(minutes=5)
        assert time.now() == START + timedelta(minutes=10)

    def test_not_backwards(self, time):
        with pytest.raises(ValueError, match="cannot pass backwards"):
            time.advance(seconds=-1)

    def test_a_blocking_scheduler(self, time):
        ran = []
        scheduler = BlockingScheduler(clock=time, timezone="UTC")
        scheduler.add_job(ran.append, "interval", minutes=1, args=[1])
        thread = threading.Thread(target=scheduler.start)
        thread.start()
        wait_until(lambda: scheduler.running and time._schedulers())
        time.advance(minutes=3)
        assert ran == [1, 1, 1]
        scheduler.shutdown()
        thread.join(60)
        assert not thread.is_alive()

    def test_job_stores_and_executors_written_in_python(self, make, time):
        class Direct(BaseExecutor):
            def _do_submit_job(self, job, run_times):
                self._run_job_success(job.id, run_job(job, job._jobstore_alias, run_times, self._logger.name))

        ran = []
        scheduler = make(jobstores={"default": ListStore()}, executors={"default": Direct()})
        scheduler.add_job(lambda: ran.append(time.now()), "interval", hours=1)
        time.advance(hours=3)
        assert ran == [START + timedelta(hours=i) for i in (1, 2, 3)]

    def test_coroutines(self, time):
        async def main():
            ran = []

            async def job():
                run = current_run()
                await asyncio.sleep(0)
                ran.append((time.now(), current_run() is run, run.job_id))

            scheduler = AsyncIOScheduler(clock=time, timezone="UTC")
            scheduler.start()
            scheduler.add_job(job, "interval", hours=1, id="x")
            await time.advance_async(hours=3)
            scheduler.shutdown()
            await scheduler.wait_closed()
            return ran

        assert asyncio.run(main()) == [(START + timedelta(hours=i), True, "x") for i in (1, 2, 3)]


class ListStore(BaseJobStore):
    def __init__(self):
        super().__init__()
        self.jobs = {}

    def lookup_job(self, job_id):
        return self.jobs.get(job_id)

    def get_due_jobs(self, now):
        return [job for job in self.get_all_jobs() if job.next_run_time and job.next_run_time <= now]

    def get_next_run_time(self):
        return min((job.next_run_time for job in self.jobs.values() if job.next_run_time), default=None)

    def get_all_jobs(self):
        return list(self.jobs.values())

    def add_job(self, job):
        self.jobs[job.id] = job

    def update_job(self, job):
        self.jobs[job.id] = job

    def remove_job(self, job_id):
        if self.jobs.pop(job_id, None) is None:
            raise JobLookupError(job_id)

    def remove_all_jobs(self):
        self.jobs.clear()


class TestRunNow:
    def test_beside_the_schedule(self, make, time):
        seen.clear()
        scheduler = make()
        job = scheduler.add_job(note, "interval", hours=1, args=["x"], id="x")
        run_id = scheduler.run_job_now("x")
        time.run_until_idle()
        assert seen == ["x"]
        assert scheduler.get_runs()[0].id == run_id
        assert scheduler.get_job("x").next_run_time == START + timedelta(hours=1)
        job.pause()
        assert len(job.run_now()) == 32
        time.run_until_idle()
        assert seen == ["x", "x"]
        assert job.next_run_time is None

    def test_no_room(self, running):
        go_on = threading.Event()
        running.add_job(go_on.wait, "interval", hours=1, id="x")
        running.run_job_now("x")
        with pytest.raises(MaxInstancesReachedError, match=r'Job "x" has already .* instances \(1\)$'):
            running.run_job_now("x")
        go_on.set()

    def test_no_job(self, make):
        scheduler = make()
        with pytest.raises(JobLookupError, match="nope"):
            scheduler.run_job_now("nope")
        with pytest.raises(JobLookupError):
            scheduler.run_job_now("nope", "elsewhere")

    def test_not_running(self, time):
        scheduler = BackgroundScheduler(clock=time, timezone="UTC")
        job = scheduler.add_job(note, "interval", hours=1, args=["x"], id="x")
        for call in (job.run_now, lambda: scheduler.run_job_now("x"), scheduler.get_running):
            with pytest.raises(SchedulerNotRunningError):
                call()
        with pytest.raises(SchedulerNotRunningError):
            scheduler.cancel_run("0" * 32)

    def test_of_a_job_store_written_in_python(self, make, time):
        runs = []
        scheduler = make(jobstores={"default": ListStore()})
        scheduler.add_job(lambda: runs.append(current_run()), "interval", hours=1, id="x")
        run_id = scheduler.run_job_now("x")
        time.run_until_idle()
        assert [(run.id, run.job_id) for run in runs] == [(run_id, "x")]


class TestRunning:
    def test_where_it_runs(self, running):
        begun, go_on = threading.Event(), threading.Event()
        running.add_job(lambda: (begun.set(), go_on.wait()), "interval", hours=1, id="x")
        run_id = running.run_job_now("x")
        assert begun.wait(60)
        (run,) = running.get_running("default")
        assert (run.id, run.job_id, run.jobstore, run.state) == (run_id, "x", "default", "claimed")
        assert run.node == running.health()["node"]
        assert run.started_at is not None
        go_on.set()
        wait_until(lambda: running.get_running() == [])

    def test_of_other_processes(self, make, tmp_path):
        one, two = (make(jobstores={"default": SQLiteJobStore(tmp_path / "jobs.db")}) for _ in range(2))
        one.add_job(wait_for_release, "interval", hours=1, id="x")
        released.clear()
        run_id = one.run_job_now("x")
        (run,) = two.get_running()
        assert (run.id, run.node, run.started_at) == (run_id, one.health()["node"], None)
        released.set()


released = threading.Event()


def wait_for_release():
    released.wait()


class TestCancel:
    def test_a_job_sees_it(self, running):
        begun = threading.Event()

        def loop():
            run = current_run()
            begun.set()
            while True:
                run.raise_if_cancelled()

        running.add_job(loop, "interval", hours=1, id="x")
        run_id = running.run_job_now("x")
        assert begun.wait(60)
        assert running.cancel_run(run_id) is True
        wait_until(lambda: running.get_runs(state="failed"))
        assert "RunCancelledError" in running.get_runs()[0].error
        assert running.cancel_run(run_id) is False
        with pytest.raises(ValueError, match="nonsense"):
            running.cancel_run("nonsense")

    def test_so_do_its_threads(self, running):
        begun, ended = threading.Event(), threading.Event()

        def watch(run):
            begun.set()
            while not run.cancelled:
                pass
            ended.set()

        def job():
            thread = threading.Thread(target=watch, args=[current_run()])
            thread.start()
            thread.join()

        running.add_job(job, "interval", hours=1, id="x")
        run_id = running.run_job_now("x")
        assert begun.wait(60)
        running.cancel_run(run_id)
        assert ended.wait(60)

    @pytest.mark.parametrize("wait", [True, False])
    def test_shutdown_cancels(self, running, wait):
        begun, ended = threading.Event(), threading.Event()

        def loop():
            run = current_run()
            begun.set()
            while not run.cancelled:
                pass
            ended.set()

        running.add_job(loop)
        assert begun.wait(60)
        running.shutdown(wait)
        assert ended.wait(60)

    def test_a_run_that_waits_does_not_start(self, make, time):
        ran = []
        scheduler = make(executors={"default": {"type": "threadpool", "max_workers": 1}})
        begun, go_on = threading.Event(), threading.Event()
        scheduler.add_job(lambda: (begun.set(), go_on.wait()), "interval", hours=1, id="first")
        scheduler.add_job(ran.append, "interval", hours=1, args=[1], id="second")
        scheduler.run_job_now("first")
        assert begun.wait(60)
        assert scheduler.cancel_run(scheduler.run_job_now("second"))
        go_on.set()
        time.run_until_idle()
        assert ran == []
        (run,) = scheduler.get_runs("second")
        assert (run.state, run.started_at) == ("failed", None)
        assert "cancelled before it started" in run.error


class TestCurrentRun:
    def test_entering(self):
        run = CurrentRun("1", "job", "default", START, 1, 5)
        assert current_run() is None
        with entering(run):
            assert current_run() is run
            assert not run.cancelled
            run.raise_if_cancelled()
        assert current_run() is None

    def test_the_innermost_counts(self, running):
        seen_runs = []
        inner = CurrentRun("1", "inner", "default", START, 1, 5)

        def job():
            outer = current_run()
            with entering(inner):
                seen_runs.append(current_run())
            seen_runs.append(current_run() == outer)

        running.add_job(job)
        wait_until(lambda: len(seen_runs) == 2)
        assert seen_runs == [inner, True]

    def test_cancelled(self):
        run = CurrentRun("1", "job", "default", START, 1, 5, lambda: True)
        with pytest.raises(RunCancelledError, match="^The run was cancelled$"):
            run.raise_if_cancelled()


class TestInterruptedStart:
    @pytest.mark.parametrize("kind", [BackgroundScheduler, BlockingScheduler])
    def test_shutdown_afterwards_does_nothing(self, kind):
        class Interrupted(BaseExecutor):
            def start(self, scheduler, alias):
                raise KeyboardInterrupt

            def _do_submit_job(self, job, run_times): ...

        scheduler = kind(timezone="UTC", executors={"default": Interrupted()})
        with pytest.raises(KeyboardInterrupt):
            scheduler.start()
        scheduler.shutdown()
        with pytest.raises(SchedulerNotRunningError):
            scheduler.shutdown()

    def test_the_first_job_may_shut_down(self):
        for _ in range(20):
            ended = []
            scheduler = BackgroundScheduler(timezone="UTC")

            def stop(scheduler=scheduler, ended=ended):
                scheduler.shutdown()
                ended.append(True)

            scheduler.add_job(stop, misfire_grace_time=None)
            scheduler.start()
            wait_until(lambda ended=ended: ended)
            assert not scheduler.running
