"""Events and their codes: APScheduler 3's, and ours from ``2**17`` on.

``EVENT_ALL`` stands for APScheduler's events only, so that listeners written for it see no surprises;
``EVENT_ALL_DUETIME`` stands for all.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

__all__ = (
    "EVENT_ALL",
    "EVENT_ALL_DUETIME",
    "EVENT_ALL_JOBS_REMOVED",
    "EVENT_CLOCK_CHANGED",
    "EVENT_EXECUTOR_ADDED",
    "EVENT_EXECUTOR_REMOVED",
    "EVENT_JOBSTORE_ADDED",
    "EVENT_JOBSTORE_REMOVED",
    "EVENT_JOB_ABANDONED",
    "EVENT_JOB_ADDED",
    "EVENT_JOB_ERROR",
    "EVENT_JOB_EXECUTED",
    "EVENT_JOB_MAX_INSTANCES",
    "EVENT_JOB_MISSED",
    "EVENT_JOB_MODIFIED",
    "EVENT_JOB_PARKED",
    "EVENT_JOB_RECOVERED",
    "EVENT_JOB_REMOVED",
    "EVENT_JOB_SUBMITTED",
    "EVENT_JOB_SUBMIT_ERROR",
    "EVENT_JOB_TRIGGER_ERROR",
    "EVENT_RUN_LOST",
    "EVENT_SCHEDULER_PAUSED",
    "EVENT_SCHEDULER_RESUMED",
    "EVENT_SCHEDULER_SHUTDOWN",
    "EVENT_SCHEDULER_START",
    "EVENT_SCHEDULER_STARTED",
    "EVENT_STORE_ERROR",
    "EVENT_STORE_RECOVERED",
    "JobEvent",
    "JobExecutionEvent",
    "JobProblemEvent",
    "JobSubmissionEvent",
    "SchedulerEvent",
    "StoreEvent",
)

EVENT_SCHEDULER_STARTED = EVENT_SCHEDULER_START = 2**0
EVENT_SCHEDULER_SHUTDOWN = 2**1
EVENT_SCHEDULER_PAUSED = 2**2
EVENT_SCHEDULER_RESUMED = 2**3
EVENT_EXECUTOR_ADDED = 2**4
EVENT_EXECUTOR_REMOVED = 2**5
EVENT_JOBSTORE_ADDED = 2**6
EVENT_JOBSTORE_REMOVED = 2**7
EVENT_ALL_JOBS_REMOVED = 2**8
EVENT_JOB_ADDED = 2**9
EVENT_JOB_REMOVED = 2**10
EVENT_JOB_MODIFIED = 2**11
EVENT_JOB_EXECUTED = 2**12
EVENT_JOB_ERROR = 2**13
EVENT_JOB_MISSED = 2**14
EVENT_JOB_SUBMITTED = 2**15
EVENT_JOB_MAX_INSTANCES = 2**16
EVENT_ALL = 2**17 - 1

EVENT_JOB_ABANDONED = 2**17  #: its node died, and the job does not ask to run again
EVENT_JOB_RECOVERED = 2**18  #: its node died; this node runs it again
EVENT_JOB_PARKED = 2**19  #: it cannot be read or run here; left in its store
EVENT_JOB_TRIGGER_ERROR = 2**20  #: its trigger failed; the job is paused
EVENT_STORE_ERROR = 2**21  #: a job store failed; it is tried again
EVENT_STORE_RECOVERED = 2**22
EVENT_CLOCK_CHANGED = 2**23
EVENT_RUN_LOST = 2**24  #: a run ended here after its lease had passed to another node
EVENT_JOB_SUBMIT_ERROR = 2**25  #: its executor could not take it; it stays due and is tried again
EVENT_ALL_DUETIME = 2**26 - 1


class SchedulerEvent:
    """An event of the scheduler itself.

    :ivar code: one of the ``EVENT_`` constants
    :ivar alias: of the job store or executor that it is about, if any
    """

    def __init__(self, code: int, alias: str | None = None) -> None:
        super().__init__()
        self.code = code
        self.alias = alias

    def __repr__(self) -> str:
        return f"<{self.__class__.__name__} (code={self.code})>"


class StoreEvent(SchedulerEvent):
    """A job store failed or works again.

    :ivar error: what it said
    """

    def __init__(self, code: int, alias: str, error: str) -> None:
        super().__init__(code, alias)
        self.error = error


class JobEvent(SchedulerEvent):
    """An event of a job.

    :ivar job_id: of the job
    :ivar jobstore: alias of the job store that has it
    """

    def __init__(self, code: int, job_id: str, jobstore: str | None) -> None:
        super().__init__(code)
        self.job_id = job_id
        self.jobstore = jobstore


class JobSubmissionEvent(JobEvent):
    """A job was handed to its executor, or could not be.

    :ivar scheduled_run_times: when it was meant to run
    """

    def __init__(self, code: int, job_id: str, jobstore: str | None, scheduled_run_times: list[datetime]) -> None:
        super().__init__(code, job_id, jobstore)
        self.scheduled_run_times = scheduled_run_times


class JobExecutionEvent(JobEvent):
    """A run of a job ended, or came too late to start.

    :ivar scheduled_run_time: when it was meant to run
    :ivar retval: what the callable returned
    :ivar exception: what it raised
    :ivar traceback: of that exception, as text
    """

    def __init__(
        self,
        code: int,
        job_id: str,
        jobstore: str | None,
        scheduled_run_time: datetime,
        retval: Any = None,
        exception: BaseException | None = None,
        traceback: str | None = None,
    ) -> None:
        super().__init__(code, job_id, jobstore)
        self.scheduled_run_time = scheduled_run_time
        self.retval = retval
        self.exception = exception
        self.traceback = traceback


class JobProblemEvent(JobEvent):
    """One of our events about a job that could not run as planned.

    :ivar reason: why
    :ivar run_id: of the run it is about, if any
    :ivar attempt: of that run
    """

    def __init__(
        self, code: int, job_id: str, jobstore: str | None, reason: str, run_id: str | None, attempt: int
    ) -> None:
        super().__init__(code, job_id, jobstore)
        self.reason = reason
        self.run_id = run_id
        self.attempt = attempt
