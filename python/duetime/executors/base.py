"""What all executors are, and how they run a job."""

from __future__ import annotations

import logging
import sys
import traceback
from abc import ABCMeta, abstractmethod
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from types import TracebackType
from typing import TYPE_CHECKING, Any

from duetime import _native
from duetime.events import EVENT_JOB_ERROR, EVENT_JOB_EXECUTED, EVENT_JOB_MISSED, JobExecutionEvent
from duetime.executors._bridge import EngineBridge, execution_of
from duetime.runs import CurrentRun, entering, is_in_run
from duetime.testing import ManualClock
from duetime.util import iscoroutinefunction_partial

if TYPE_CHECKING:
    from duetime.job import Job
    from duetime.schedulers.base import BaseScheduler

__all__ = ("BaseExecutor", "MaxInstancesReachedError", "in_job", "returns_coroutine", "run_coroutine_job", "run_job")


def in_job() -> bool:
    """Whether the caller is a job that :func:`run_job` or :func:`run_coroutine_job` runs."""
    return is_in_run()


class MaxInstancesReachedError(Exception):
    """As many runs of the job go on as it allows."""

    def __init__(self, job: Job | str) -> None:
        job_id, limit = (job, "") if isinstance(job, str) else (job.id, f" ({job.max_instances})")
        super().__init__(f'Job "{job_id}" has already reached its maximum number of instances{limit}')


class BaseExecutor(metaclass=ABCMeta):
    """What the scheduler asks of an executor.

    A subclass implements :meth:`_do_submit_job`, and calls :meth:`_run_job_success` or :meth:`_run_job_error` when
    the job has been run.

    :cvar capacity: how many jobs it welcomes at the same time, more wait in their stores; 0: any number
    """

    capacity: int = 0

    # Whether shutdown() may wait, so that schedulers of event loops call it in another thread.
    _shutdown_blocks = False

    _scheduler: Any = None
    _alias: str | None = None
    _lock: Any = None
    _logger = logging.getLogger("apscheduler.executors")
    _bridge: EngineBridge | None = None

    def __init__(self) -> None:
        super().__init__()
        self._instances: defaultdict[str, int] = defaultdict(int)

    def start(self, scheduler: BaseScheduler, alias: str) -> None:
        """The scheduler starts, or the executor was added to a running one."""
        self._scheduler = scheduler
        self._alias = alias
        self._lock = scheduler._create_lock()
        self._logger = logging.getLogger(f"apscheduler.executors.{alias}")

    def shutdown(self, wait: bool = True) -> None:  # noqa: B027 -- some have nothing to stop
        """The scheduler no longer needs the executor.

        :param wait: return only when all runs have ended
        """

    def submit_job(self, job: Job, run_times: list[datetime]) -> None:
        """Runs the job once for each of the times, one after the other.

        :raises MaxInstancesReachedError: if as many runs of it go on as it allows
        """
        assert self._lock is not None, "This executor has not been started yet"
        counted_by_engine = execution_of(job) is not None
        with self._lock:
            if not counted_by_engine and self._instances[job.id] >= job.max_instances:
                raise MaxInstancesReachedError(job)
            self._instances[job.id] += 1
        try:
            self._do_submit_job(job, run_times)
        except BaseException:
            self._count_out(job.id)
            raise

    @abstractmethod
    def _do_submit_job(self, job: Job, run_times: list[datetime]) -> None:
        """Arranges for :func:`run_job` to be called, and must not wait for it."""

    def _run_job_success(self, job_id: str, events: list[JobExecutionEvent]) -> None:
        """The job has been run.

        :param events: what :func:`run_job` returned
        """
        self._count_out(job_id)
        if self._bridge is not None and self._bridge.ended(job_id, events):
            return  # the engine tells the listeners
        for event in events:
            self._scheduler._dispatch_event(event)

    def _run_job_error(self, job_id: str, exc: BaseException, traceback: TracebackType | None = None) -> None:
        """It could not be run: :func:`run_job` itself failed, or was never called."""
        self._count_out(job_id)
        self._logger.error("Error running job %s", job_id, exc_info=(exc.__class__, exc, traceback))
        if self._bridge is not None:
            self._bridge.failed(job_id, exc)

    def _run_job_dropped(self, job: Job, exc: BaseException) -> None:
        """It was cancelled before it began, or its end will be told elsewhere."""
        if self._bridge is not None and self._bridge.dropped(job):
            self._count_out(job.id)
        else:
            self._run_job_error(job.id, exc, exc.__traceback__)

    def _count_out(self, job_id: str) -> None:
        with self._lock:
            self._instances[job_id] -= 1
            if self._instances[job_id] <= 0:
                del self._instances[job_id]


def _is_running(scheduler: Any) -> bool:
    """Where that can be said: a job in another process has no scheduler."""
    return scheduler is None or bool(scheduler.running)


class _Runs:
    """The runs of one submission: says which may start, and notes how they end."""

    def __init__(self, job: Job, jobstore_alias: str | None, run_times: list[datetime], logger_name: str) -> None:
        self.events: list[JobExecutionEvent] = []
        self._job = job
        self._jobstore_alias = jobstore_alias
        self._run_times = run_times
        self._logger = logging.getLogger(logger_name)
        self._execution = execution_of(job)

    def __iter__(self) -> Iterator[None]:
        for index, run_time in enumerate(self._run_times):
            self._index, self._run_time = index, run_time
            if not self._may_start():
                continue
            self._logger.info('Running job "%s" (scheduled at %s)', self._job, self._run_time)
            with entering(self._current_run()):
                yield

    def _current_run(self) -> CurrentRun:
        alias = self._jobstore_alias or ""
        if self._execution is not None:
            return self._execution.current_run(self._index, self._job.id, alias)
        scheduler = getattr(self._job, "_scheduler", None)
        scheduled_time = self._run_time.astimezone(timezone.utc)
        run_id = getattr(self._job, "_run_id", None) or _native.new_id()
        return CurrentRun(run_id, self._job.id, alias, scheduled_time, 1, 0, lambda: not _is_running(scheduler))

    def _may_start(self) -> bool:
        """False: it was missed, or its lease has run out. The engine judges its own executions."""
        if self._execution is not None:
            return self._execution.may_start(self._index)
        grace = self._job.misfire_grace_time
        if grace is None:
            return True
        difference = self._now() - self._run_time
        if difference <= timedelta(seconds=grace):
            return True
        self._end(EVENT_JOB_MISSED)
        self._logger.warning('Run time of job "%s" was missed by %s', self._job, difference)
        return False

    def _now(self) -> datetime:
        clock = getattr(getattr(self._job, "_scheduler", None), "_clock", None)
        return clock.now() if isinstance(clock, ManualClock) else datetime.now(timezone.utc)

    def succeeded(self, retval: Any) -> None:
        self._end(EVENT_JOB_EXECUTED, retval=retval)
        self._logger.info('Job "%s" executed successfully', self._job)

    def failed(self) -> None:
        """Called where the exception is handled."""
        exc, tb = sys.exc_info()[1:]
        self._end(EVENT_JOB_ERROR, exception=exc, traceback="".join(traceback.format_tb(tb)))
        self._logger.exception('Job "%s" raised an exception', self._job)
        traceback.clear_frames(tb)  # what they hold would live as long as the event

    def _end(self, code: int, **details: Any) -> None:
        event = JobExecutionEvent(code, self._job.id, self._jobstore_alias, self._run_time, **details)
        self.events.append(event)
        if self._execution is not None:
            self._execution.finish(self._index, event)


def run_job(
    job: Job, jobstore_alias: str | None, run_times: list[datetime], logger_name: str
) -> list[JobExecutionEvent]:
    """Calls the job's callable once for each of the times, unless it is too late for one.

    :return: an event for each, for :meth:`BaseExecutor._run_job_success`
    """
    runs = _Runs(job, jobstore_alias, run_times, logger_name)
    for _ in runs:
        try:
            retval = job.func(*job.args, **job.kwargs)
        except BaseException:
            runs.failed()
        else:
            runs.succeeded(retval)
    return runs.events


def returns_coroutine(func: Any) -> bool:
    """Whether ``func`` is a coroutine function, a :func:`~functools.partial` of one, or an object that is called like
    one."""
    return iscoroutinefunction_partial(func) or iscoroutinefunction_partial(type(func).__call__)


async def run_coroutine_job(
    job: Job, jobstore_alias: str | None, run_times: list[datetime], logger_name: str
) -> list[JobExecutionEvent]:
    """:func:`run_job` for a callable that is a coroutine function."""
    runs = _Runs(job, jobstore_alias, run_times, logger_name)
    for _ in runs:
        try:
            retval = await job.func(*job.args, **job.kwargs)
        except GeneratorExit:  # its loop is gone
            raise
        except BaseException:
            runs.failed()
        else:
            runs.succeeded(retval)
    return runs.events
