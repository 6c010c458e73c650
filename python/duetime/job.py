"""Jobs as programs see them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timezone, tzinfo
from types import MethodType
from typing import TYPE_CHECKING, Any

from duetime import _native
from duetime._callables import callable_info
from duetime.triggers._engine import trigger_from_engine, trigger_zone
from duetime.triggers.base import BaseTrigger
from duetime.util import convert_to_datetime, datetime_repr, is_later, obj_to_ref, ref_to_obj, undefined

if TYPE_CHECKING:
    from duetime._guard import PayloadGuard
    from duetime.executors._bridge import RunningExecution
    from duetime.jobstores.base import NativeJobStore
    from duetime.schedulers.base import BaseScheduler

__all__ = ("Job",)

UTC = timezone.utc

# Attributes that a job from a store makes when they are first read.
_FROM_SNAPSHOT = frozenset({"args", "func", "func_ref", "kwargs", "trigger"})


class Job:
    """A callable, its arguments, and when it is to be run. Made by ``add_job()``, never by the user.

    :ivar id: unique in its job store
    :ivar name: for people
    :ivar func: the callable, ``func_ref`` its textual reference, ``None`` if it has none
    :ivar args: positional arguments of it, ``kwargs`` keyword arguments
    :ivar coalesce: whether several due times become one run
    :ivar trigger: says when
    :ivar executor: alias of the executor that runs it
    :ivar misfire_grace_time: seconds by which a run may be late; ``None``: any
    :ivar max_instances: how many runs of it may go on at the same time
    :ivar next_run_time: ``None`` while paused; not there while the job is pending
    :ivar recover: (ours) whether a run that its process did not survive is run again

    A handle of a job in memory shows its present ``next_run_time``, others that of when they were got.
    """

    __slots__ = (
        "__weakref__",
        "_execution",
        "_guard",
        "_jobstore_alias",
        "_next_run_time",
        "_run_id",
        "_scheduler",
        "_snapshot",
        "_store",
        "args",
        "coalesce",
        "executor",
        "func",
        "func_ref",
        "id",
        "kwargs",
        "max_instances",
        "misfire_grace_time",
        "name",
        "recover",
        "trigger",
    )

    id: str
    name: str
    func: Callable[..., Any]
    func_ref: str | None
    args: Iterable[Any]
    kwargs: Mapping[str, Any]
    coalesce: bool
    trigger: BaseTrigger
    executor: str
    misfire_grace_time: int | None
    max_instances: int
    recover: bool

    # undefined: pending; microseconds: not yet asked for.
    _next_run_time: Any
    _scheduler: BaseScheduler
    _jobstore_alias: str | None
    # What the store said.
    _snapshot: _native.Job
    # The engine's claim on a job that it handed to an executor written in Python; there only then.
    _execution: RunningExecution
    # Of the job store that it came from.
    _guard: PayloadGuard | None
    # Of the run that somebody asked for, of a job store written in Python; there only then.
    _run_id: str
    # Where to ask for the present next_run_time.
    _store: NativeJobStore | None

    def __init__(self, scheduler: BaseScheduler, id: str | None = None, **kwargs: Any) -> None:
        super().__init__()
        self._scheduler = scheduler
        self._jobstore_alias = None
        self._next_run_time = undefined
        self._store = None
        self.recover = False
        if "name" in kwargs and kwargs["name"] is None:
            del kwargs["name"]
        self._modify(id=id or _native.new_id(), **kwargs)

    @classmethod
    def _create(
        cls,
        scheduler: BaseScheduler,
        id: str | None,
        func: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        trigger: BaseTrigger,
        executor: str,
        name: str | None,
    ) -> Job:
        """What the constructor does, in the way of ``add_job()``: a fifth of the time."""
        job = cls.__new__(cls)
        job._scheduler = scheduler
        job._jobstore_alias = None
        job._next_run_time = undefined
        job._store = None
        job.recover = False
        job.id = _approve_id(job, id) if id else _native.new_id()
        func_ref = None
        if isinstance(func, str):
            func_ref, func = func, ref_to_obj(func)
        elif not callable(func):
            raise TypeError("func must be a callable or a textual reference to one")
        info = callable_info(func)
        info.check_call(func, args, kwargs)
        job.func = func
        job.func_ref = func_ref or info.ref
        job.args = args
        job.kwargs = kwargs
        job.trigger = trigger
        job.name = info.name if name is None else _approve_name(job, name)
        job.executor = _approve_executor(job, executor)
        return job

    @classmethod
    def _from_snapshot(cls, scheduler: BaseScheduler, store: NativeJobStore, snapshot: _native.Job) -> Job:
        job = cls.__new__(cls)
        job._scheduler = scheduler
        job._store = store if store.living else None
        job._guard = store._guard
        job._show(snapshot)
        return job

    def _refresh(self, snapshot: _native.Job) -> None:
        """Makes this the job that the store now has."""
        for name in _FROM_SNAPSHOT:
            with suppress(AttributeError):  # not read yet
                delattr(self, name)
        self._show(snapshot)

    def _show(self, snapshot: _native.Job) -> None:
        self._snapshot = snapshot
        (
            self.id,
            self.name,
            self._jobstore_alias,
            self.executor,
            self.coalesce,
            self.max_instances,
            self.recover,
            grace,
            self._next_run_time,
        ) = snapshot.attributes
        self.misfire_grace_time = None if grace is None else _seconds(grace)

    def __getattr__(self, name: str) -> Any:
        if name not in _FROM_SNAPSHOT or not hasattr(self, "_snapshot"):
            raise AttributeError(f"{self.__class__.__name__!r} object has no attribute {name!r}")
        if name == "trigger":
            self.trigger = trigger_from_engine(self._snapshot.trigger)
        else:
            self._read_payload()
        return getattr(self, name)

    def _read_payload(self) -> None:
        from duetime._payload import read_payload

        guard = getattr(self, "_guard", None)
        self.func, self.args, self.kwargs, self.func_ref = read_payload(self._snapshot, guard)

    # --- what users do ------------------------------------------------------------------------------

    def modify(self, **changes: Any) -> Job:
        """Changes attributes and stores them; see :meth:`.BaseScheduler.modify_job`. Returns this job."""
        self._follow(self._scheduler.modify_job(self.id, self._jobstore_alias, **changes))
        return self

    def reschedule(self, trigger: BaseTrigger | str | None, **trigger_args: Any) -> Job:
        """Gives the job another trigger; see :meth:`.BaseScheduler.reschedule_job`. Returns this job."""
        self._follow(self._scheduler.reschedule_job(self.id, self._jobstore_alias, trigger, **trigger_args))
        return self

    def run_now(self) -> str:
        """(ours) Runs this job once; see :meth:`~duetime.schedulers.base.BaseScheduler.run_job_now`.

        :return: the id of the run
        """
        return self._scheduler.run_job_now(self.id, self._jobstore_alias)

    def pause(self) -> Job:
        """Stops running the job until :meth:`resume`. Returns this job."""
        self._follow(self._scheduler.pause_job(self.id, self._jobstore_alias))
        return self

    def resume(self) -> Job:
        """Runs the job again, or removes it if its trigger is spent. Returns this job."""
        self._follow(self._scheduler.resume_job(self.id, self._jobstore_alias))
        return self

    def remove(self) -> None:
        """Removes the job from its job store."""
        self._scheduler.remove_job(self.id, self._jobstore_alias)

    @property
    def pending(self) -> bool:
        """Whether the job waits for the scheduler's start to enter its job store."""
        return self._jobstore_alias is None

    @property
    def next_run_time(self) -> datetime | None:
        """When the job runs next; ``None`` while it is paused.

        :raises AttributeError: while it is pending
        """
        value = self._next_run_time
        if self._store is not None:
            value = self._next_run_time = self._store._present_run_time(self.id, value)
        if type(value) is int:
            self._next_run_time = value = _native.to_datetime(value, self._zone())
        if value is undefined:
            raise AttributeError(f"{self.__class__.__name__!r} object has no attribute 'next_run_time'")
        found: datetime | None = value
        return found

    @next_run_time.setter
    def next_run_time(self, value: datetime | None) -> None:
        self._next_run_time = value

    @next_run_time.deleter
    def next_run_time(self) -> None:
        self._next_run_time = undefined

    # --- inside -------------------------------------------------------------------------------------

    def _follow(self, changed: Any) -> None:
        """Shows what the scheduler stored; schedulers of others may answer anything."""
        if isinstance(changed, Job) and changed is not self and hasattr(changed, "_snapshot"):
            self._refresh(changed._snapshot)

    def _zone(self) -> tzinfo:
        return trigger_zone(self.trigger) or getattr(self._scheduler, "timezone", None) or UTC

    def _get_run_times(self, now: datetime) -> list[datetime]:
        """The times from ``next_run_time`` up to ``now``."""
        run_times = []
        next_run_time = self.next_run_time
        while next_run_time and not is_later(next_run_time, now):
            run_times.append(next_run_time)
            next_run_time = self.trigger.get_next_fire_time(next_run_time, now)
        return run_times

    def _modify(self, **changes: Any) -> None:
        """Makes all of the changes, or none if one of them is wrong."""
        approved: dict[str, Any] = {}
        if "func" in changes or "args" in changes or "kwargs" in changes:
            self._approve_call(changes, approved)
        for name, value in changes.items():
            approve = _APPROVERS.get(name)
            if approve is not None:
                approved[name] = approve(self, value)
        unknown = [name for name in changes if name not in _APPROVERS]
        if unknown:
            raise AttributeError(f"The following are not modifiable attributes of Job: {', '.join(unknown)}")
        for name, value in approved.items():
            setattr(self, name, value)

    def _approve_call(self, changes: dict[str, Any], approved: dict[str, Any]) -> None:
        func = changes.pop("func") if "func" in changes else self.func
        args = changes.pop("args") if "args" in changes else self.args
        kwargs = changes.pop("kwargs") if "kwargs" in changes else self.kwargs

        func_ref = func if isinstance(func, str) else None
        if func_ref is not None:
            func = ref_to_obj(func_ref)
        elif not callable(func):
            raise TypeError("func must be a callable or a textual reference to one")
        info = callable_info(func)
        if "name" not in changes and not hasattr(self, "name"):
            approved["name"] = info.name
        if isinstance(args, str) or not isinstance(args, Iterable):
            raise TypeError("args must be a non-string iterable")
        if isinstance(kwargs, str) or not isinstance(kwargs, Mapping):
            raise TypeError("kwargs must be a dict-like object")
        info.check_call(func, args, kwargs)

        approved["func"] = func
        approved["func_ref"] = info.ref if func_ref is None else func_ref
        approved["args"] = args
        approved["kwargs"] = kwargs

    def _stored_args(self) -> Iterable[Any]:
        """The arguments as they are stored: a bound method is stored as its function, with ``self`` before them."""
        func = self.func
        if isinstance(func, MethodType) and not isinstance(func.__self__, type) and obj_to_ref(func) == self.func_ref:
            return (func.__self__, *self.args)
        return self.args

    def _check_serializable(self) -> str:
        """The reference of the callable.

        :raises ValueError: if it has none
        """
        if not self.func_ref:
            raise ValueError(
                f"This Job cannot be serialized since the reference to its callable ({self.func!r}) could not be "
                "determined. Consider giving a textual reference (module:function name) instead."
            )
        return self.func_ref

    def __getstate__(self) -> dict[str, Any]:
        func_ref = self._check_serializable()
        return {
            "version": 1,
            "id": self.id,
            "func": func_ref,
            "trigger": self.trigger,
            "executor": self.executor,
            "args": self._stored_args(),
            "kwargs": self.kwargs,
            "name": self.name,
            "misfire_grace_time": self.misfire_grace_time,
            "coalesce": self.coalesce,
            "max_instances": self.max_instances,
            "next_run_time": self.next_run_time,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        if state.get("version", 1) > 1:
            raise ValueError(f"Job has version {state['version']}, but only version 1 can be handled")
        self._store = None
        self.recover = False
        self.id = state["id"]
        self.func_ref = state["func"]
        self.func = ref_to_obj(self.func_ref)
        self.trigger = state["trigger"]
        self.executor = state["executor"]
        self.args = state["args"]
        self.kwargs = state["kwargs"]
        self.name = state["name"]
        self.misfire_grace_time = state["misfire_grace_time"]
        self.coalesce = state["coalesce"]
        self.max_instances = state["max_instances"]
        self._next_run_time = state["next_run_time"]

    def __eq__(self, other: object) -> bool:
        return self.id == other.id if isinstance(other, Job) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<Job (id={self.id} name={self.name})>"

    def __str__(self) -> str:
        if not hasattr(self, "next_run_time"):
            status = "pending"
        else:
            next_run_time = self.next_run_time
            status = f"next run at: {datetime_repr(next_run_time)}" if next_run_time else "paused"
        return f"{self.name} (trigger: {self.trigger}, {status})"


def _seconds(microseconds: int) -> Any:
    """An integer wherever APScheduler could have set it; other languages may ask for less than a second."""
    seconds, rest = divmod(microseconds, 1_000_000)
    return microseconds / 1_000_000 if rest else seconds


# --- what attributes may be set to ------------------------------------------------------------------


def _approve_id(job: Job, value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("id must be a nonempty string")
    if hasattr(job, "id"):
        raise ValueError("The job ID may not be changed")
    return value


def _approve_name(job: Job, value: Any) -> str:
    if not value or not isinstance(value, str):
        raise TypeError("name must be a nonempty string")
    return value


def _approve_misfire_grace_time(job: Job, value: Any) -> int | None:
    if value is not None and (not isinstance(value, int) or value <= 0):
        raise TypeError("misfire_grace_time must be either None or a positive integer")
    return value


def _approve_max_instances(job: Job, value: Any) -> int:
    if not isinstance(value, int) or value <= 0:
        raise TypeError("max_instances must be a positive integer")
    return value


def _approve_trigger(job: Job, value: Any) -> BaseTrigger:
    if not isinstance(value, BaseTrigger):
        raise TypeError(f"Expected a trigger instance, got {value.__class__.__name__} instead")
    return value


def _approve_executor(job: Job, value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("executor must be a string")
    return value


def _approve_next_run_time(job: Job, value: Any) -> datetime | None:
    return convert_to_datetime(value, job._scheduler.timezone, "next_run_time")


_APPROVERS: dict[str, Callable[[Job, Any], Any]] = {
    "id": _approve_id,
    "name": _approve_name,
    "misfire_grace_time": _approve_misfire_grace_time,
    "coalesce": lambda job, value: bool(value),
    "max_instances": _approve_max_instances,
    "trigger": _approve_trigger,
    "executor": _approve_executor,
    "next_run_time": _approve_next_run_time,
    "recover": lambda job, value: bool(value),
}
