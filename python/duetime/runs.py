"""Runs: the one that a job is part of, the history that job stores keep, and jobs that cannot run here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any, NamedTuple

from duetime import _native
from duetime.util import datetime_repr

__all__ = (
    "CurrentRun",
    "ParkedJob",
    "Run",
    "RunCancelledError",
    "current_run",
    "entering",
    "is_in_run",
    "read_parked",
    "read_runs",
)

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


class RunCancelledError(Exception):
    """A job ends early because its run was cancelled."""

    def __str__(self) -> str:
        return "The run was cancelled"


def _never() -> bool:
    return False


class CurrentRun:
    """What a job can know about its own run.

    It may be handed to threads that the job starts: there :func:`current_run` knows nothing.

    :ivar id: as in :class:`Run`
    :ivar jobstore: the alias of the job store that has the job
    :ivar scheduled_time: the time that this run is for, in UTC; the job may have started later
    :ivar attempt: 1, and one more each time the run was taken over from a process that died
    :ivar fence: grows with every claim of the job: hand it to what the job writes to, and a predecessor that was cut
        off and comes back can be told from its successor
    """

    __slots__ = ("_is_cancelled", "attempt", "fence", "id", "job_id", "jobstore", "scheduled_time")

    def __init__(
        self,
        id: str,
        job_id: str,
        jobstore: str,
        scheduled_time: datetime,
        attempt: int,
        fence: int,
        is_cancelled: Callable[[], bool] = _never,
    ) -> None:
        self.id = id
        self.job_id = job_id
        self.jobstore = jobstore
        self.scheduled_time = scheduled_time
        self.attempt = attempt
        self.fence = fence
        self._is_cancelled = is_cancelled

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, CurrentRun):
            return NotImplemented
        return (self.id, self.attempt, self.fence) == (other.id, other.attempt, other.fence)

    def __hash__(self) -> int:
        return hash(self.id)

    def __repr__(self) -> str:
        return f"<{self.__class__.__name__} (id={self.id} job_id={self.job_id} attempt={self.attempt})>"

    @property
    def cancelled(self) -> bool:
        """Whether somebody wants the run to end early: :meth:`~duetime.schedulers.base.BaseScheduler.cancel_run`, or
        the scheduler's shutdown. What to make of it, and when to look, is the job's affair."""
        return self._is_cancelled()

    def raise_if_cancelled(self) -> None:
        """For loops that simply end.

        :raises RunCancelledError: if :attr:`cancelled`; the run fails with it unless the job catches it
        """
        if self.cancelled:
            raise RunCancelledError


# The run, and what the engine was running in this thread when it was entered.
_entered: ContextVar[tuple[CurrentRun, str | None] | None] = ContextVar("duetime_run", default=None)


@contextmanager
def entering(run: CurrentRun) -> Iterator[None]:
    """(for executors) Makes :func:`current_run` answer ``run`` inside the block, also across its awaits."""
    described = _native.current_run()
    token = _entered.set((run, None if described is None else described[0]))
    try:
        yield
    finally:
        with suppress(ValueError):  # a coroutine that is thrown away unfinished ends in another context
            _entered.reset(token)


def is_in_run() -> bool:
    """Whether the caller is inside of :func:`entering`."""
    return _entered.get() is not None


def current_run() -> CurrentRun | None:
    """The run that the caller is a part of; ``None`` outside of jobs and in threads that a job started."""
    described = _native.current_run()
    entered = _entered.get()
    if entered is not None and entered[1] == (None if described is None else described[0]):
        return entered[0]
    if described is None:
        return None
    id, job_id, jobstore, scheduled_us, attempt, fence, callbacks = described

    def is_cancelled() -> bool:
        answer = _native.is_cancelled(id)
        return callbacks.is_cancelled(id) if answer is None else answer

    return CurrentRun(id, job_id, jobstore, _EPOCH + timedelta(microseconds=scheduled_us), attempt, fence, is_cancelled)


class Run(NamedTuple):
    """One execution of a job for one scheduled time.

    :ivar state: ``claimed``, ``succeeded``, ``failed``, ``missed``, ``refused`` or ``abandoned``
    :ivar attempt: 1, and one more each time the run was taken over from a process that died
    :ivar node: the scheduler that had it
    :ivar started_at: ``None`` before it has started, and for runs of other processes that go on
    :ivar error: what the callable raised, or why it was not run
    :ivar jobstore: the alias of the job store that has it

    Times are in the scheduler's time zone. ``str()`` of it is a line for people.
    """

    id: str
    job_id: str
    task: str
    scheduled_time: datetime
    attempt: int
    state: str
    node: str
    fence: int
    claimed_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    error: str
    jobstore: str

    @property
    def duration(self) -> timedelta | None:
        """From start to end; ``None`` if it has not both."""
        if self.started_at is None or self.ended_at is None:
            return None
        return self.ended_at - self.started_at

    @property
    def delay(self) -> timedelta | None:
        """How long after its scheduled time it started."""
        return None if self.started_at is None else self.started_at - self.scheduled_time

    def __str__(self) -> str:
        attempt = f", attempt {self.attempt}" if self.attempt > 1 else ""
        duration = "" if self.duration is None else f" in {self.duration.total_seconds():.3f} s"
        error = self.error.partition("\n")[0]
        shown = f"{datetime_repr(self.scheduled_time)} {self.job_id}: {self.state}{duration}{attempt}"
        return f"{shown} ({error})" if error else shown


class ParkedJob(NamedTuple):
    """A job that this process cannot read or run; it stays in its store as it is."""

    id: str
    jobstore: str
    reason: str


def read_runs(rows: Iterable[tuple[Any, ...]], zone: tzinfo) -> list[Run]:
    """From the engine's report, whose times are in UTC."""

    def localised(value: Any) -> Any:
        return value.astimezone(zone) if isinstance(value, datetime) else value

    return [Run(*map(localised, row)) for row in rows]


def read_parked(rows: Iterable[tuple[str, str, str]]) -> list[ParkedJob]:
    """From the engine's report."""
    return [ParkedJob(*row) for row in rows]
