"""What the engine asks of Python while it runs jobs."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterable
from datetime import datetime
from logging import Logger
from types import TracebackType
from typing import TYPE_CHECKING, Any
from weakref import ref

from duetime import _native, events
from duetime._failures import error_kind, error_text
from duetime._payload import decode_arguments
from duetime.util import UTC, ref_to_obj

if TYPE_CHECKING:
    from duetime.schedulers.base import BaseScheduler

__all__ = ("Callbacks",)


class Callbacks:
    """Does not keep its scheduler alive: the engine, which holds this, belongs to it."""

    def __init__(self, scheduler: BaseScheduler) -> None:
        self._scheduler = ref(scheduler)

    # --- tasks --------------------------------------------------------------------------------------

    def resolve(self, name: str) -> Callable[..., Any] | None:
        """The callable of a textual reference; ``None`` parks its jobs."""
        scheduler = self._scheduler()
        if scheduler is not None and scheduler._looks_at_jobs:
            return _found_by_job  # which of its jobs may have it is seen when each is handed over
        try:
            func = ref_to_obj(name)
            if not callable(func):
                raise LookupError(f"{name} is not callable")
        except BaseException as exc:
            logging.getLogger("apscheduler.scheduler").error('Callable "%s" cannot be run here: %s', name, exc)
            return None
        else:
            found: Callable[..., Any] = func
            return found

    def decode(self, encoding: str, data: bytes) -> tuple[tuple[Any, ...], dict[str, Any] | None]:
        scheduler, run = self._scheduler(), _native.current_run()
        guard = None if scheduler is None or run is None else scheduler._guards.get(run[2])
        return decode_arguments(encoding, data) if guard is None else guard.decode(encoding, data)

    def is_cancelled(self, run_id: str) -> bool:
        """Of a run that goes on. A scheduler that is gone wants all of its runs to end."""
        scheduler = self._scheduler()
        engine = None if scheduler is None else scheduler._engine
        return True if engine is None else engine.is_run_cancelled(run_id)

    def running(self, logger: Logger | None, store: str, job_id: str, name: str, scheduled: int) -> None:
        self._logger(logger).info(
            'Running job "%s" (scheduled at %s)', self._shown(store, job_id, name), self._time(scheduled)
        )

    def succeeded(self, logger: Logger | None, store: str, job_id: str, name: str, scheduled: int) -> None:
        self._logger(logger).info('Job "%s" executed successfully', self._shown(store, job_id, name))

    def failed(
        self, logger: Logger | None, store: str, job_id: str, name: str, scheduled: int, exception: BaseException
    ) -> tuple[str, str, str]:
        """Kind, message and traceback for the run's record."""
        trace = exception.__traceback__
        text = "".join(traceback.format_tb(trace))
        self._logger(logger).error('Job "%s" raised an exception', self._shown(store, job_id, name), exc_info=exception)
        _clear_frames(trace)
        return error_kind(exception), error_text(exception), text

    def failed_in_worker(
        self, logger: Logger | None, store: str, job_id: str, name: str, scheduled: int, exception: BaseException
    ) -> None:
        """In another process, where its traceback is."""
        self._logger(logger).error('Job "%s" raised an exception', self._shown(store, job_id, name), exc_info=exception)

    @staticmethod
    def _logger(logger: Logger | None) -> Logger:
        return logger or logging.getLogger("apscheduler.executors")

    def _time(self, microseconds: int) -> datetime:
        scheduler = self._scheduler()
        return _native.to_datetime(microseconds, UTC if scheduler is None else scheduler.timezone)

    def _shown(self, store: str, job_id: str, name: str) -> Any:
        """As the job is written in log lines; its name where it has left its store."""
        scheduler = self._scheduler()
        try:
            jobstore = None if scheduler is None else scheduler._jobstores.get(store)
            job = None if jobstore is None else jobstore.lookup_job(job_id)
            return name if job is None else str(job)
        except Exception:
            return name

    # --- events -------------------------------------------------------------------------------------

    def deliver(
        self,
        code: int,
        alias: str,
        job_id: str,
        store: str,
        times: Iterable[int],
        count: int,
        run_id: str,
        attempt: int,
        kind: str,
        error: str,
        traceback: str,
        result: Any,
    ) -> None:
        """Turns the engine's event into ours and dispatches it."""
        scheduler = self._scheduler()
        if scheduler is None:
            return
        run_times = [self._time(time) for time in times]
        event: events.SchedulerEvent
        if code in _SUBMISSION:
            event = events.JobSubmissionEvent(code, job_id, store, run_times)
        elif code == events.EVENT_JOB_EXECUTED:
            event = events.JobExecutionEvent(code, job_id, store, run_times[0], retval=result)
        elif code == events.EVENT_JOB_MISSED:
            event = events.JobExecutionEvent(code, job_id, store, run_times[0])
        elif code == events.EVENT_JOB_ERROR:
            exception = result if isinstance(result, BaseException) else RuntimeError(error)
            event = events.JobExecutionEvent(
                code, job_id, store, run_times[0], exception=exception, traceback=traceback
            )
        elif code in _PROBLEM:
            event = events.JobProblemEvent(code, job_id, store, error, run_id or None, attempt)
        elif code in _STORE:
            event = events.StoreEvent(code, alias, error)
        elif job_id:
            event = events.JobEvent(code, job_id, store)
        else:
            event = events.SchedulerEvent(code, alias or None)
        if code in _OF_CALLS:
            if code == events.EVENT_JOB_ADDED:  # listeners get the very object that the job has
                event.job_id = scheduler._ids_being_added.get(job_id, job_id)  # type: ignore[attr-defined]
            scheduler._dispatch_event(event)
        else:
            scheduler._deliver_event(event)

    # --- log ----------------------------------------------------------------------------------------

    def log(self, level: int, logger: str, message: str) -> None:
        scheduler = self._scheduler()
        if logger == "scheduler" and scheduler is not None:
            scheduler._logger.log(level, "%s", message)
        else:
            logging.getLogger(f"apscheduler.{logger}").log(level, "%s", message)


# Told in the thread of the call that they are about.
_OF_CALLS = frozenset({events.EVENT_JOB_ADDED, events.EVENT_JOB_MODIFIED})
_SUBMISSION = frozenset({events.EVENT_JOB_SUBMITTED, events.EVENT_JOB_MAX_INSTANCES})
_PROBLEM = frozenset(
    {
        events.EVENT_JOB_ABANDONED,
        events.EVENT_JOB_RECOVERED,
        events.EVENT_JOB_PARKED,
        events.EVENT_JOB_SUBMIT_ERROR,
        events.EVENT_JOB_TRIGGER_ERROR,
        events.EVENT_RUN_LOST,
    }
)
_STORE = frozenset({events.EVENT_STORE_ERROR, events.EVENT_STORE_RECOVERED})


def _found_by_job(*args: Any, **kwargs: Any) -> None:
    """What stands for every callable where executors get whole jobs."""
    raise RuntimeError("the executor did not ask the job for its callable")


def _clear_frames(trace: TracebackType | None) -> None:
    """Lets go of what the frames hold, which would live as long as the exception does."""
    if trace is not None:
        traceback.clear_frames(trace)
