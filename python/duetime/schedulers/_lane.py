"""The lane of a job store written in Python: what is due is submitted, and the job moved on in its store.

The engine has no part in it, as such a store knows no claims: two processes that share one run each job twice, and
a run that the process does not survive is lost. What is otherwise promised holds: nothing the store, a trigger or an
executor does ends the lane, nothing is removed that was not understood or not accepted by its executor.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Any

from duetime._errors import PayloadRefusedError
from duetime.events import (
    EVENT_JOB_MAX_INSTANCES,
    EVENT_JOB_PARKED,
    EVENT_JOB_SUBMIT_ERROR,
    EVENT_JOB_SUBMITTED,
    EVENT_JOB_TRIGGER_ERROR,
    EVENT_STORE_ERROR,
    EVENT_STORE_RECOVERED,
    JobProblemEvent,
    JobSubmissionEvent,
    SchedulerEvent,
    StoreEvent,
)
from duetime.executors.base import MaxInstancesReachedError

if TYPE_CHECKING:
    from duetime.job import Job
    from duetime.jobstores.base import BaseJobStore
    from duetime.schedulers.base import BaseScheduler

__all__ = ("HostCall", "LaneThread", "StoreLane")

_LONGEST_SLEEP = 60.0  # seconds; the clock may be set meanwhile
_RESUBMIT_AFTER = timedelta(seconds=1)
_MOST_RUN_TIMES = 1_000  # of one job in one pass


class StoreLane:
    """What the scheduler does again and again with one job store.

    :ivar parked: why jobs cannot be run here, by id
    """

    def __init__(self, scheduler: BaseScheduler, alias: str, store: BaseJobStore) -> None:
        self._scheduler = scheduler
        self._alias = alias
        self.store = store
        self.parked: dict[Any, str] = {}
        self._owed: dict[Any, Callable[[], None]] = {}  # moves that the store did not take, by id
        self._failing = False

    def run(self, now: datetime, events: list[SchedulerEvent]) -> datetime | None:
        """Submits what is due.

        :param events: those for listeners are added to it
        :return: when to be called again, ``None``: when something has changed
        """
        try:
            self._settle()
            for job in self.store.get_due_jobs(now):
                if job.id not in self.parked and job.id not in self._owed:
                    self._run_job(job, now, events)
            self._settle()
            wakeup = self._next_run_time()
        except Exception as exc:
            return self._note_failure(exc, now, events)
        self._note_success(events)
        return wakeup

    def release_executor(self, alias: str) -> None:
        """There is one by that alias now."""
        for job_id, reason in list(self.parked.items()):
            if reason == _no_executor(alias):
                del self.parked[job_id]

    # --- one job ------------------------------------------------------------------------------------

    def _run_job(self, job: Job, now: datetime, events: list[SchedulerEvent]) -> None:
        try:
            executor = self._scheduler._lookup_executor(job.executor)
        except LookupError:
            self._park(job, _no_executor(job.executor), events)
            return
        try:
            job.func  # noqa: B018 -- reads callable and arguments
        except PayloadRefusedError as exc:
            self._park(job, str(exc), events)
            return
        except Exception:
            self._scheduler._logger.debug('Job "%s" cannot be read; its run will say so', job, exc_info=True)
        try:
            run_times = self._due_times(job, now)
            next_run_time = job.trigger.get_next_fire_time(run_times[-1], now) if run_times else None
        except Exception as exc:
            self._pause(job, exc, events)
            return
        if run_times:
            accepted = self._submit(job, executor, run_times, events)
            self._move_on(job, next_run_time, now, accepted)

    def _due_times(self, job: Job, now: datetime) -> list[datetime]:
        run_times = job._get_run_times(now)
        return run_times[-1:] if run_times and job.coalesce else run_times[-_MOST_RUN_TIMES:]

    def _submit(self, job: Job, executor: Any, run_times: list[datetime], events: list[SchedulerEvent]) -> bool:
        logger = self._scheduler._logger
        try:
            self._scheduler._submit(executor, job, run_times)
        except MaxInstancesReachedError:
            logger.warning(
                'Execution of job "%s" skipped: maximum number of running instances reached (%d)',
                job,
                job.max_instances,
            )
            events.append(JobSubmissionEvent(EVENT_JOB_MAX_INSTANCES, job.id, self._alias, run_times))
            return False
        except Exception as exc:
            logger.exception('Error submitting job "%s" to executor "%s"', job, job.executor)
            events.append(JobProblemEvent(EVENT_JOB_SUBMIT_ERROR, job.id, self._alias, str(exc), None, 0))
            return False
        events.append(JobSubmissionEvent(EVENT_JOB_SUBMITTED, job.id, self._alias, run_times))
        return True

    def _move_on(self, job: Job, next_run_time: datetime | None, now: datetime, accepted: bool) -> None:
        """To its next run; one that has none is removed when its last run was accepted, and until then tried again."""
        if next_run_time is None and not accepted:
            next_run_time = now + _RESUBMIT_AFTER
        if next_run_time is None:
            self._owed[job.id] = lambda: self._scheduler.remove_job(job.id, self._alias)
        else:
            job._modify(next_run_time=next_run_time)
            self._owed[job.id] = lambda: self.store.update_job(job)
        self._pay(job.id)

    def _pause(self, job: Job, exc: Exception, events: list[SchedulerEvent]) -> None:
        self._scheduler._logger.exception('Job "%s" is paused, its trigger failed', job)
        events.append(JobProblemEvent(EVENT_JOB_TRIGGER_ERROR, job.id, self._alias, str(exc), None, 0))
        job._modify(next_run_time=None)
        self._owed[job.id] = lambda: self.store.update_job(job)
        self._pay(job.id)

    def _park(self, job: Job, reason: str, events: list[SchedulerEvent]) -> None:
        self.parked[job.id] = reason
        self._scheduler._logger.error('Job "%s" is parked on this node: %s', job, reason)
        events.append(JobProblemEvent(EVENT_JOB_PARKED, job.id, self._alias, reason, None, 0))

    # --- what the store owes ------------------------------------------------------------------------

    def _settle(self) -> None:
        for job_id in list(self._owed):
            self._pay(job_id)

    def _pay(self, job_id: Any) -> None:
        """Moves a job on; while the store does not take that, the job is not run again."""
        with suppress(LookupError):  # somebody has removed the job meanwhile
            self._owed[job_id]()
        del self._owed[job_id]

    def _next_run_time(self) -> datetime | None:
        if not self.parked:
            return self.store.get_next_run_time()
        times = [job.next_run_time for job in self.store.get_all_jobs() if job.id not in self.parked]
        return min((time for time in times if time is not None), default=None)

    # --- the store's failures -----------------------------------------------------------------------

    def _note_failure(self, exc: Exception, now: datetime, events: list[SchedulerEvent]) -> datetime:
        self._scheduler._logger.warning("Error getting due jobs from job store %r: %s", self._alias, exc)
        if not self._failing:
            events.append(StoreEvent(EVENT_STORE_ERROR, self._alias, str(exc)))
        self._failing = True
        return now + timedelta(seconds=self._scheduler.jobstore_retry_interval)

    def _note_success(self, events: list[SchedulerEvent]) -> None:
        if self._failing:
            events.append(StoreEvent(EVENT_STORE_RECOVERED, self._alias, ""))
        self._failing = False


def _no_executor(alias: str) -> str:
    return f'no executor by the alias of "{alias}"'


class HostCall:
    """A call in the scheduler's event loop that a lane waits for."""

    def __init__(self, call: Callable[[], object]) -> None:
        self._call = call
        self._lock = Lock()
        self._begun = False
        self._abandoned = False
        self._over = Event()
        self._error: BaseException | None = None

    def __call__(self) -> None:
        with self._lock:
            if self._abandoned:
                return
            self._begun = True
        try:
            self._call()
        except BaseException as exc:
            self._error = exc
        self._over.set()

    def abandon(self) -> None:
        """Nobody waits for it any more; it will not begin if it has not yet."""
        with self._lock:
            self._abandoned = True
        self._over.set()

    def wait(self) -> None:
        """Until it is over; raises what it has raised.

        :raises RuntimeError: if it was abandoned before it began
        """
        self._over.wait()
        if self._error is not None:
            raise self._error
        if not self._begun:
            raise RuntimeError("the scheduler is being shut down")


class LaneThread(Thread):
    """Runs one lane, so that a slow store delays no other."""

    def __init__(self, lane: StoreLane, scheduler: BaseScheduler) -> None:
        super().__init__(name=f"APScheduler-{lane._alias}", daemon=True)
        self._lane = lane
        self._scheduler = scheduler
        self._wakeup = Event()
        self._stopped = False
        self._host_call: HostCall | None = None

    def wait_for(self, call: HostCall) -> None:
        """For its own thread: waits until the scheduler's event loop has made the call."""
        self._host_call = call
        try:
            if self._stopped:
                call.abandon()
            call.wait()
        finally:
            self._host_call = None

    def wake(self) -> None:
        self._wakeup.set()

    def stop(self) -> None:
        self._stopped = True
        self._wakeup.set()
        call = self._host_call
        if call is not None:
            call.abandon()

    def run(self) -> None:
        while not self._stopped:
            wait = self._pass()
            self._wakeup.wait(wait)
            self._wakeup.clear()

    def _pass(self) -> float | None:
        scheduler = self._scheduler
        if not scheduler._runs_jobs():
            return None
        events: list[SchedulerEvent] = []
        wakeup = self._lane.run(scheduler._now(), events)
        for event in events:
            scheduler._deliver_event(event)
        if wakeup is None:
            return None
        return min(max((wakeup - scheduler._now()).total_seconds(), 0.0), _LONGEST_SLEEP)
