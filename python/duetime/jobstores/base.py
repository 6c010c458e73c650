"""What all job stores are, and what goes wrong with jobs in them."""

from __future__ import annotations

import json
import logging
from abc import ABCMeta, abstractmethod
from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Any, ClassVar, TypeGuard

from duetime import _native
from duetime._errors import PayloadRefusedError, engine_errors, translate
from duetime._open_guards import open_guards
from duetime._payload import Payload
from duetime._zones import share_search_path
from duetime.job import Job
from duetime.jobstores._enqueueing import execute_on
from duetime.runs import ParkedJob
from duetime.triggers._engine import follow, to_engine
from duetime.triggers._python import register_python_triggers
from duetime.util import UTC, is_later, undefined

if TYPE_CHECKING:
    from duetime._guard import PayloadGuard
    from duetime.schedulers.base import BaseScheduler

__all__ = (
    "BaseJobStore",
    "ConflictingIdError",
    "JobLookupError",
    "NativeJobStore",
    "PayloadRefusedError",
    "TransientJobError",
    "is_run_by_engine",
)


class JobLookupError(KeyError):
    """There is no job by that id."""

    def __init__(self, job_id: str) -> None:
        super().__init__(f"No job by the id of {job_id} was found")


class ConflictingIdError(KeyError):
    """There is a job by that id already."""

    def __init__(self, job_id: str) -> None:
        super().__init__(f"Job identifier ({job_id}) conflicts with an existing job")


class TransientJobError(ValueError):
    """A job whose callable has no reference cannot be kept by a persistent store."""

    def __init__(self, job_id: str) -> None:
        super().__init__(
            f"Job ({job_id}) cannot be added to this job store because a reference to the callable could not be "
            "determined."
        )


class BaseJobStore(metaclass=ABCMeta):
    """What the scheduler asks of a job store."""

    _scheduler: Any = None
    _alias: str | None = None
    _guard: PayloadGuard | None = None  # of stored jobs
    _logger = logging.getLogger("apscheduler.jobstores")

    def start(self, scheduler: BaseScheduler, alias: str) -> None:
        """The scheduler starts, or the store was added to a running one."""
        self._scheduler = scheduler
        self._alias = alias
        self._logger = logging.getLogger(f"apscheduler.jobstores.{alias}")

    def shutdown(self) -> None:  # noqa: B027 -- most have nothing to free
        """The scheduler no longer needs the store: frees what it holds."""

    def _fix_paused_jobs_sorting(self, jobs: list[Job]) -> None:
        """Moves the paused jobs at the list's beginning to its end."""
        first = next((i for i, job in enumerate(jobs) if job.next_run_time is not None), 0)
        jobs[:] = jobs[first:] + jobs[:first]

    @abstractmethod
    def lookup_job(self, job_id: str) -> Job | None:
        """The job, or ``None``."""

    @abstractmethod
    def get_due_jobs(self, now: datetime) -> list[Job]:
        """The jobs whose next run time has come, earliest first."""

    @abstractmethod
    def get_next_run_time(self) -> datetime | None:
        """The earliest next run time of all jobs."""

    @abstractmethod
    def get_all_jobs(self) -> list[Job]:
        """All jobs by next run time, paused ones last."""

    @abstractmethod
    def add_job(self, job: Job) -> None:
        """:raises ConflictingIdError: if the id is taken"""

    @abstractmethod
    def update_job(self, job: Job) -> None:
        """:raises JobLookupError: if there is no such job"""

    @abstractmethod
    def remove_job(self, job_id: str) -> None:
        """:raises JobLookupError: if there is no such job"""

    @abstractmethod
    def remove_all_jobs(self) -> None:
        """Removes every job."""

    def __repr__(self) -> str:
        return f"<{self.__class__.__name__}>"


_MOST_INSTANCES = 2**31 - 1  # for the engine; more is as good
_HIDDEN = frozenset({_native.JOB_UNREADABLE, _native.JOB_FINISHING})

# What to tell the engine when an attribute of a job has changed.
_FIELDS = {
    "name": _native.JOB_NAME,
    "func": _native.JOB_TASK | _native.JOB_PAYLOAD,
    "args": _native.JOB_TASK | _native.JOB_PAYLOAD,
    "kwargs": _native.JOB_TASK | _native.JOB_PAYLOAD,
    "executor": _native.JOB_EXECUTOR,
    "coalesce": _native.JOB_COALESCE,
    "max_instances": _native.JOB_MAX_INSTANCES,
    "recover": _native.JOB_RECOVER,
    "misfire_grace_time": _native.JOB_MISFIRE_GRACE,
    "next_run_time": _native.JOB_NEXT_RUN_TIME,
    "trigger": 0,
}
_ALL_FIELDS = tuple(_FIELDS)


def _first_run(job: Job) -> Any:
    value = job._next_run_time
    return _native.FROM_TRIGGER if value is undefined else value


def _grace(job: Job) -> int | None:
    seconds = job.misfire_grace_time
    return None if seconds is None else int(seconds * 1_000_000)


def _conflicting_id(message: str, jobs: list[Job]) -> str:
    """The id that the engine's text names."""
    return next((job.id for job in jobs if f"'{job.id}'" in message), message)


# Lease, longest pause between tries, age and number of runs remembered: an engine that never starts needs none of them.
_ALONE = (30_000_000, 10_000_000, 7 * 86_400_000_000, 10_000)


def _log(level: int, logger: str, message: str) -> None:
    logging.getLogger(f"apscheduler.{logger}").log(level, "%s", message)


# What the engine does itself, without asking the Python object.
_DONE_BY_ENGINE = ("add_job", "get_due_jobs", "get_next_run_time", "remove_job", "update_job")


def is_run_by_engine(store: BaseJobStore) -> TypeGuard[NativeJobStore]:
    """Whether the engine claims and moves on the store's jobs; others are run in Python."""
    return isinstance(store, NativeJobStore) and store._in_engine


class NativeJobStore(BaseJobStore):
    """A job store of the engine: a name and a configuration here, the work there.

    A subclass outside this package that overrides ``get_due_jobs()``, ``get_next_run_time()``, ``add_job()``,
    ``update_job()`` or ``remove_job()`` is asked for each step, as by APScheduler. It is then run like a job store
    written in Python: without claims, so processes that share it run its jobs several times.

    :cvar living: it keeps nothing beyond this process, so jobs may be any objects
    """

    living: ClassVar[bool] = False
    _in_engine = True

    def _is_unchanged(self) -> bool:
        """Whether what the engine does is what the object's methods would do."""
        methods = (getattr(self, name) for name in _DONE_BY_ENGINE)
        return all(method.__module__.partition(".")[0] == "duetime" for method in methods)

    def _configuration(self) -> dict[str, Any]:
        """What the engine opens the store from."""
        raise NotImplementedError

    def _add_to(self, engine: _native.Scheduler, alias: str) -> None:
        engine.add_store(alias, json.dumps(self._configuration()))

    @abstractmethod
    def _payload(self, job: Job) -> Payload:
        """How this store keeps the job's callable and arguments."""

    # Those of APScheduler that this process could not read, and left where they are.
    _unread_jobs: Sequence[ParkedJob] = ()

    # Of a store that no scheduler's engine runs: it is used without one, or not unchanged.
    _own_engine: _native.Scheduler | None = None

    @property
    def _engine(self) -> _native.Scheduler:
        engine = self._present_engine()
        if engine is None:
            engine = self._own_engine = self._open_alone()
        return engine

    def _present_engine(self) -> _native.Scheduler | None:
        engine = getattr(self._scheduler, "_engine", None) if self._in_engine else None
        return engine if isinstance(engine, _native.Scheduler) else self._own_engine

    def _open_alone(self) -> _native.Scheduler:
        """An engine that has this store only and is never started."""
        if self._guard is not None:
            open_guards.add(self._guard)
        share_search_path()
        register_python_triggers()
        with engine_errors():
            engine = _native.Scheduler(object(), _log, logging.INFO, None, *_ALONE)
            self._add_to(engine, self._alias or "default")
        return engine

    def _default_zone(self) -> tzinfo:
        """For triggers that have none."""
        zone = getattr(self._scheduler, "timezone", None)
        return zone if isinstance(zone, tzinfo) else UTC

    def start(self, scheduler: BaseScheduler, alias: str) -> None:
        super().start(scheduler, alias)
        self._own_engine = None
        self._in_engine = self._is_unchanged()
        self._put_guard_up()
        if scheduler is not None and self._in_engine:
            scheduler._open_store(alias, self)
        else:
            self.lookup_job("-")  # a store that cannot be opened is to say so now

    def _put_guard_up(self) -> None:
        """Nothing of the store is read before."""
        if self._guard is not None:
            open_guards.add(self._guard)
        if isinstance(getattr(self._scheduler, "_guards", None), dict):
            self._scheduler._set_guard(self._alias, self._guard)

    def shutdown(self) -> None:
        self._own_engine = None
        if self._guard is not None:
            open_guards.discard(self._guard)

    def lookup_job(self, job_id: str) -> Job | None:
        try:
            snapshot = self._engine.get_job(self._alias, job_id)
        except _native.Error as exc:
            raise translate(exc) from None
        if snapshot is None or snapshot.status in _HIDDEN:
            return None
        return Job._from_snapshot(self._scheduler, self, snapshot)

    def get_all_jobs(self) -> list[Job]:
        with engine_errors():
            snapshots = self._engine.list_jobs(self._alias)
        # A finished job whose last run still goes on is not shown: APScheduler has removed it by then.
        return [
            Job._from_snapshot(self._scheduler, self, snapshot)
            for snapshot in snapshots
            if snapshot.status not in _HIDDEN
        ]

    def get_due_jobs(self, now: datetime) -> list[Job]:
        jobs = []
        for job in self.get_all_jobs():
            next_run_time = job.next_run_time
            if next_run_time is None or is_later(next_run_time, now):
                break
            jobs.append(job)
        return jobs

    def get_next_run_time(self) -> datetime | None:
        jobs = self.get_all_jobs()
        return jobs[0].next_run_time if jobs else None

    def add_job(self, job: Job) -> None:
        self._add(job, replace=False)

    def _add(self, job: Job, *, replace: bool) -> None:
        """Adds the job; with ``replace``, in place of another of its id."""
        if replace and not self.living and getattr(job.trigger, "_starts_now", False):
            self._follow_stored(job)
        row = self._row(job, replace)
        try:
            next_run_time = self._engine.add_job(*row)
            if next_run_time == _native.FROM_TRIGGER:  # it never fires: kept, as by APScheduler, like a paused one
                job._next_run_time = None
                next_run_time = self._engine.add_job(*self._row(job, replace))
        except _native.Error as exc:
            if exc.code == _native.ERROR_CONFLICT:
                raise ConflictingIdError(job.id) from None
            raise translate(exc) from None
        job._next_run_time = next_run_time
        job._store = self if self.living else None

    def _add_on(self, connection: Any, job: Job, *, replace: bool) -> None:
        """Adds the job, whose next run time is known, within the transaction of ``connection``."""
        with engine_errors():
            statements = self._engine.sql_to_add_jobs([self._row(job, replace)])
        if not execute_on(connection, statements):
            raise ConflictingIdError(job.id)

    def _follow_stored(self, job: Job) -> None:
        """A trigger that was given no start goes on with that of the stored job: by its own it would begin anew at
        every start of the program."""
        with engine_errors():
            stored = self._engine.get_job(self._alias, job.id)
        if stored is not None and stored.status not in _HIDDEN:
            follow(job.trigger, stored.trigger)

    def _add_many(self, jobs: list[Job]) -> None:
        """Adds all or none of them."""
        try:
            self._engine.add_jobs([self._row(job, False) for job in jobs])
        except _native.Error as exc:
            if exc.code == _native.ERROR_CONFLICT:
                raise ConflictingIdError(_conflicting_id(str(exc), jobs)) from None
            raise translate(exc) from None
        for job in jobs:
            job._jobstore_alias = self._alias
            job._store = self  # asks for the next run time when it is read

    def _row(self, job: Job, replace: bool) -> tuple[Any, ...]:
        """What ``_native.Scheduler.add_job()`` takes for a job."""
        task, encoding, data = self._payload(job)
        return (
            to_engine(job.trigger, self._default_zone(), living=self.living),
            self._alias,
            job.id,
            job.name,
            task,
            job.executor,
            job.coalesce,
            min(job.max_instances, _MOST_INSTANCES),
            job.recover,
            replace,
            _grace(job),
            _first_run(job),
            encoding,
            data,
        )

    def update_job(self, job: Job) -> None:
        self._update(job, _ALL_FIELDS)

    def _update(self, job: Job, changed: Iterable[str]) -> None:
        """Stores the attributes of those names, and no others: the engine may have moved the job on meanwhile."""
        fields = 0
        for name in changed:
            fields |= _FIELDS[name]
        has_payload = fields & _native.JOB_PAYLOAD
        task, encoding, data = self._payload(job) if has_payload else (_native.LIVE_TASK, "none", b"")
        trigger = to_engine(job.trigger, self._default_zone(), living=self.living) if "trigger" in changed else None
        next_run_time = job._next_run_time if fields & _native.JOB_NEXT_RUN_TIME else None
        try:
            snapshot = self._engine.modify_job(
                self._alias,
                job.id,
                fields,
                trigger,
                job.name,
                task,
                job.executor,
                job.coalesce,
                min(job.max_instances, _MOST_INSTANCES),
                job.recover,
                _grace(job),
                next_run_time,
                encoding,
                data,
            )
        except _native.Error as exc:
            if exc.code == _native.ERROR_NOT_FOUND:
                raise JobLookupError(job.id) from None
            raise translate(exc) from None
        job._store = self if self.living else None
        job._show(snapshot)  # what was changed is in the job already

    def remove_job(self, job_id: str) -> None:
        try:
            self._engine.remove_job(self._alias, job_id)
        except _native.Error as exc:
            if exc.code == _native.ERROR_NOT_FOUND:
                raise JobLookupError(job_id) from None
            raise translate(exc) from None

    def remove_all_jobs(self) -> None:
        with engine_errors():
            self._engine.remove_all_jobs(self._alias)

    def _present_run_time(self, job_id: str, last_known: Any) -> Any:
        """In microseconds, ``None`` while paused; what was last known if the job or the engine is gone."""
        engine = self._present_engine()
        if engine is None:
            return last_known
        try:
            return engine.next_run_time(self._alias, job_id, last_known)
        except _native.Error:
            return last_known
