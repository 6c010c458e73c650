"""What every scheduler of an event loop keeps, whatever the loop. The tests of each framework subclass it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from conftest import DEADLINE, wait_until
from duetime import events
from duetime.jobstores.base import BaseJobStore
from duetime.jobstores.memory import MemoryJobStore
from duetime.jobstores.sqlite import SQLiteJobStore
from duetime.schedulers import SchedulerAlreadyRunningError, SchedulerNotRunningError
from duetime.schedulers.base import STATE_PAUSED, STATE_RUNNING, STATE_STOPPED
from test_extending import DictJobStore

ran: list[Any] = []
gate: Any = None  # what held jobs wait for
chosen: dict[str, Any] = {}  # what jobs in a file cannot be given


def note(*args: Any) -> None:
    ran.append(args)


def fail() -> None:
    raise ValueError("no luck")


def hold(name: Any = None) -> None:
    ran.append(("begin", name))
    assert gate.wait(DEADLINE)
    ran.append(("end", name))


def stop_scheduler(wait: bool) -> None:
    chosen["scheduler"].shutdown(wait)
    ran.append("stopped")


class Host:
    """A loop that runs, for the tests. By default tests are in another thread."""

    def call(self, function: Callable[[], Any]) -> Any:
        """Calls in the loop; what it returns or raises."""
        over = threading.Event()
        outcome: list[Any] = [None, None]

        def make_call() -> None:
            try:
                outcome[0] = function()
            except BaseException as exc:
                outcome[1] = exc
            over.set()

        self.post(make_call)
        self.wait_until(over.is_set)
        if outcome[1] is not None:
            raise outcome[1]
        return outcome[0]

    def post(self, function: Callable[[], Any]) -> None:
        raise NotImplementedError

    def is_here(self) -> bool:
        """Whether the caller is where the loop's calls are made."""
        raise NotImplementedError

    def wait_until(self, condition: Callable[[], object]) -> None:
        wait_until(condition)

    def make_event(self) -> Any:
        """For jobs to wait on."""
        return threading.Event()

    def scheduler_class(self) -> Any:
        raise NotImplementedError

    def make(self, kind: Any = None, **options: Any) -> Any:
        return (kind or self.scheduler_class())(timezone="UTC", **options)


class Recorder:
    """A listener that remembers what it was told, and whether in the loop."""

    def __init__(self, scheduler: Any, host: Host, mask: int = events.EVENT_ALL) -> None:
        self.events: list[Any] = []
        self.elsewhere: list[Any] = []
        self._host = host
        scheduler.add_listener(self, mask)

    def __call__(self, event: Any) -> None:
        if not self._host.is_here():
            self.elsewhere.append(event)
        self.events.append(event)

    def codes(self) -> list[int]:
        return [event.code for event in self.events]

    def saw(self, code: int, count: int = 1) -> bool:
        return self.codes().count(code) >= count


class GatedStore(DictJobStore):
    """Each look for due jobs takes until it is let through."""

    def __init__(self) -> None:
        super().__init__()
        self.looking = threading.Event()
        self.let_through = threading.Event()

    def get_due_jobs(self, now: datetime) -> list[Any]:
        self.looking.set()
        assert self.let_through.wait(DEADLINE)
        found: list[Any] = super().get_due_jobs(now)
        return found


class EventLoopContract:
    #: Whether job stores are served outside of the loop.
    has_lanes = True

    @pytest.fixture(autouse=True)
    def _clean(self, host: Host) -> None:
        global gate
        ran.clear()
        chosen.clear()
        gate = host.make_event()

    @pytest.fixture(params=["memory", "sqlite", "python"])
    def store(self, request: Any, tmp_path: Any) -> BaseJobStore:
        makers = {
            "memory": MemoryJobStore,
            "sqlite": lambda: SQLiteJobStore(str(tmp_path / "jobs.db")),
            "python": DictJobStore,
        }
        made: BaseJobStore = makers[request.param]()
        return made

    @pytest.fixture
    def scheduler(self, host: Host) -> Any:
        made = host.call(host.make)
        yield made
        gate.set()
        if made.state != STATE_STOPPED:
            host.call(made.shutdown)
            host.wait_until(lambda: made.state == STATE_STOPPED)

    @pytest.fixture
    def seen(self, scheduler: Any, host: Host) -> Recorder:
        return Recorder(scheduler, host)

    @pytest.fixture
    def running(self, scheduler: Any, seen: Recorder, host: Host) -> Any:
        host.call(scheduler.start)
        return scheduler

    # --- running jobs -------------------------------------------------------------------------------

    def test_jobs_run_and_listeners_are_told_in_the_loop(self, host, scheduler, seen, store):
        scheduler.add_jobstore(store)
        scheduler.add_job(note, args=["pending"])
        host.call(scheduler.start)
        host.call(lambda: scheduler.add_job(note, "interval", seconds=0.01, args=["again"], id="again"))
        host.wait_until(lambda: ("pending",) in ran and ran.count(("again",)) >= 3)
        host.call(lambda: scheduler.remove_job("again"))
        host.wait_until(lambda: seen.saw(events.EVENT_JOB_REMOVED, 2) and seen.saw(events.EVENT_JOB_EXECUTED, 4))
        assert ran.count(("pending",)) == 1
        assert scheduler.get_jobs() == []
        of_runs = events.EVENT_JOB_EXECUTED | events.EVENT_JOB_SUBMITTED | events.EVENT_JOB_REMOVED
        assert not [event for event in seen.elsewhere if event.code & of_runs]

    def test_added_by_another_thread(self, host, running, seen):
        thread = threading.Thread(target=running.add_job, args=(note,), kwargs={"args": ["from afar"]})
        thread.start()
        host.wait_until(lambda: ran == [("from afar",)] and seen.saw(events.EVENT_JOB_EXECUTED))
        thread.join()

    def test_a_job_that_fails(self, host, running, seen):
        host.call(lambda: running.add_job(fail, "interval", seconds=0.01))
        host.wait_until(lambda: seen.saw(events.EVENT_JOB_ERROR, 2))
        event = next(event for event in seen.events if event.code == events.EVENT_JOB_ERROR)
        assert isinstance(event.exception, ValueError)
        assert "no luck" in event.traceback or "fail" in event.traceback
        assert running.running

    def test_missed(self, host, running, seen, store):
        host.call(lambda: running.add_jobstore(store, "other"))
        late = datetime.now(timezone.utc) - timedelta(minutes=1)
        host.call(lambda: running.add_job(note, "date", run_date=late, jobstore="other"))
        host.wait_until(lambda: seen.saw(events.EVENT_JOB_MISSED))
        assert ran == []

    def test_max_instances(self, host, running, seen, store):
        host.call(lambda: running.add_jobstore(store, "other"))
        host.call(lambda: running.add_job(hold, "interval", seconds=0.01, jobstore="other", id="held"))
        host.wait_until(lambda: seen.saw(events.EVENT_JOB_MAX_INSTANCES, 2))
        assert ran == [("begin", None)]
        host.call(gate.set)
        host.wait_until(lambda: seen.saw(events.EVENT_JOB_EXECUTED, 2))

    def test_many_jobs(self, host, running, seen):
        host.call(lambda: [running.add_job(note, args=[n], misfire_grace_time=None) for n in range(300)])
        host.wait_until(lambda: seen.saw(events.EVENT_JOB_EXECUTED, 300))
        assert sorted(ran) == [(n,) for n in range(300)]

    # --- life ---------------------------------------------------------------------------------------

    def test_not_running(self, host, scheduler):
        for call in (scheduler.shutdown, scheduler.pause, scheduler.resume):
            with pytest.raises(SchedulerNotRunningError):
                host.call(call)

    def test_started_twice(self, host, running):
        with pytest.raises(SchedulerAlreadyRunningError):
            host.call(running.start)

    def test_start_paused(self, host, scheduler, seen, store):
        scheduler.add_jobstore(store)
        host.call(lambda: scheduler.start(paused=True))
        host.call(lambda: scheduler.add_job(note, misfire_grace_time=None))
        assert scheduler.state == STATE_PAUSED
        host.call(scheduler.resume)
        host.wait_until(lambda: seen.saw(events.EVENT_JOB_EXECUTED))
        codes = seen.codes()
        assert codes.index(events.EVENT_SCHEDULER_RESUMED) < codes.index(events.EVENT_JOB_EXECUTED)

    def test_pause_and_resume(self, host, running, seen):
        host.call(lambda: running.add_job(hold))
        host.wait_until(lambda: ran)
        host.call(running.pause)
        host.call(lambda: running.add_job(note, misfire_grace_time=None))
        host.call(gate.set)
        host.wait_until(lambda: seen.saw(events.EVENT_JOB_EXECUTED))  # that of the job that was running
        assert () not in ran
        host.call(running.resume)
        host.wait_until(lambda: () in ran)

    @pytest.mark.parametrize("wait", [True, False])
    def test_shutdown_from_a_job(self, host, running, seen, wait):
        chosen["scheduler"] = running
        host.call(lambda: running.add_job(stop_scheduler, args=[wait]))
        host.wait_until(lambda: seen.saw(events.EVENT_SCHEDULER_SHUTDOWN))
        assert running.state == STATE_STOPPED
        host.wait_until(lambda: ran == ["stopped"])

    @pytest.mark.parametrize("wait", [True, False])
    def test_shutdown_from_a_listener(self, host, running, seen, wait):
        running.add_listener(lambda event: running.shutdown(wait), events.EVENT_JOB_EXECUTED)
        host.call(lambda: running.add_job(note))
        host.wait_until(lambda: seen.saw(events.EVENT_SCHEDULER_SHUTDOWN))
        assert running.state == STATE_STOPPED

    @pytest.mark.parametrize("wait", [True, False])
    def test_shutdown_from_another_thread(self, host, running, seen, wait):
        host.call(lambda: running.add_job(note, "interval", seconds=0.01))
        host.wait_until(lambda: ran)
        thread = threading.Thread(target=running.shutdown, args=(wait,))
        thread.start()
        host.wait_until(lambda: seen.saw(events.EVENT_SCHEDULER_SHUTDOWN))
        thread.join()
        assert running.state == STATE_STOPPED

    def test_start_again(self, host, running, seen, store):
        for round in range(1, 4):
            if round > 1:
                host.call(running.start)
            host.call(lambda: running.add_job(note, args=["again"]))
            host.wait_until(lambda n=round: seen.saw(events.EVENT_JOB_EXECUTED, n))
            host.call(running.shutdown)
            host.wait_until(lambda: running.state == STATE_STOPPED)
        host.wait_until(lambda: seen.saw(events.EVENT_SCHEDULER_SHUTDOWN, 3))
        assert ran == [("again",)] * 3

    def test_a_slow_store_does_not_hold_up_the_loop(self, host, scheduler, seen):
        if not self.has_lanes:
            pytest.skip("job stores are served in the loop")
        slow = GatedStore()
        scheduler.add_jobstore(slow, "slow")
        host.call(scheduler.start)
        host.wait_until(slow.looking.is_set)
        host.call(lambda: scheduler.add_job(note, args=["swift"]))
        host.wait_until(lambda: ran == [("swift",)])
        host.call(lambda: scheduler.add_job(note, args=["slow"], jobstore="slow", misfire_grace_time=None))
        slow.let_through.set()
        host.wait_until(lambda: ("slow",) in ran and seen.saw(events.EVENT_JOB_EXECUTED, 2))

    # --- programs that reach inside -----------------------------------------------------------------

    def test_own_process_jobs(self, host):
        """To wake up more often than APScheduler would."""
        passes = []

        class Restless(host.scheduler_class()):
            def _process_jobs(self):
                passes.append(host.is_here())
                wait_seconds = super()._process_jobs()
                return 0.01 if wait_seconds is None else min(wait_seconds, 0.01)

        scheduler = host.call(lambda: host.make(Restless))
        seen = Recorder(scheduler, host)
        host.call(scheduler.start)
        host.call(lambda: scheduler.add_job(note))
        host.wait_until(lambda: seen.saw(events.EVENT_JOB_EXECUTED) and len(passes) > 5)
        assert all(passes)
        host.call(scheduler.shutdown)
        host.wait_until(lambda: seen.saw(events.EVENT_SCHEDULER_SHUTDOWN))

    def test_own_start_timer(self, host):
        waits = []

        class Watched(host.scheduler_class()):
            def _start_timer(self, wait_seconds):
                waits.append(wait_seconds)
                super()._start_timer(wait_seconds)

        if not hasattr(host.scheduler_class(), "_start_timer"):
            pytest.skip("it has no timer")
        scheduler = host.call(lambda: host.make(Watched))
        seen = Recorder(scheduler, host)
        host.call(scheduler.start)
        later = datetime.now(timezone.utc) + timedelta(seconds=0.05)
        host.call(lambda: scheduler.add_job(note, "date", run_date=later))
        host.wait_until(lambda: seen.saw(events.EVENT_JOB_EXECUTED))
        assert any(waits)
        host.call(scheduler.shutdown)
        host.wait_until(lambda: seen.saw(events.EVENT_SCHEDULER_SHUTDOWN))

    def test_time_that_is_patched(self, host, monkeypatch):
        from duetime.executors import base as executors
        from duetime.schedulers import base as schedulers

        class Frozen(datetime):
            @classmethod
            def now(cls, tz=None):
                return datetime(2001, 2, 3, 4, 5, tzinfo=timezone.utc).astimezone(tz)

        monkeypatch.setattr(schedulers, "datetime", Frozen)
        monkeypatch.setattr(executors, "datetime", Frozen)
        scheduler = host.call(host.make)
        seen = Recorder(scheduler, host)
        host.call(scheduler.start)
        host.call(lambda: scheduler.add_job(note, "date", run_date="2001-02-03 04:05:00"))
        host.wait_until(lambda: seen.saw(events.EVENT_JOB_EXECUTED))
        host.call(scheduler.shutdown)
        host.wait_until(lambda: seen.saw(events.EVENT_SCHEDULER_SHUTDOWN))

    def test_state_is_that_of_apscheduler(self, running):
        assert running.state == STATE_RUNNING
        assert running.running
