"""Jobs to and from a JSON file, in the form that APScheduler 3.11 gives it.

Values that JSON does not have are written as ``{"__apscheduler_class__": "module:name", "__apscheduler_state__": {}}``
or ``{"__apscheduler_pickle__": "<base64>"}``. Whoever reads them as they are written calls whatever the file names.
Here they are read as :mod:`duetime._legacy` reads pickles: as names, of which closed tables make triggers, times and
plain values. Objects of other classes can only be arguments, and are read only from a file that the caller trusts.
"""

from __future__ import annotations

import json
import pickle
from base64 import b64decode, b64encode
from collections.abc import Mapping
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from duetime._legacy.names import apscheduler_module, our_module, unpickle
from duetime._legacy.records import UnreadableError, read_pickle, record_class
from duetime._legacy.states import job_from_members
from duetime._legacy.triggers import to_trigger, trigger_from_document
from duetime._legacy.values import Values
from duetime.job import Job
from duetime.jobstores.base import BaseJobStore, NativeJobStore
from duetime.triggers._engine import to_engine
from duetime.triggers.base import BaseTrigger
from duetime.util import obj_to_ref, ref_to_obj

if TYPE_CHECKING:
    from duetime.schedulers.base import BaseScheduler

__all__ = ("export_jobs", "import_jobs")

_CLASS: Final = "__apscheduler_class__"
_STATE: Final = "__apscheduler_state__"
_PICKLE: Final = "__apscheduler_pickle__"
_TRIGGER: Final = "__duetime_trigger__"  # the engine's document of a trigger that APScheduler does not have

# --- export ----------------------------------------------------------------------------------------


def export_jobs(scheduler: BaseScheduler, outfile: Any, jobstore: str | None) -> None:
    """As :meth:`.BaseScheduler.export_jobs`."""
    from duetime import apscheduler_version

    jobs = [job for alias, store in scheduler._stores() if jobstore in (None, alias) for job in store.get_all_jobs()]
    document = {
        "version": 1,
        "scheduler_version": apscheduler_version,
        "jobs": [_exported_state(job, scheduler) for job in jobs],
    }
    text = json.dumps(document, default=_exported_value)  # whole, before a file is touched
    if hasattr(outfile, "write"):
        outfile.write(text)
        return
    with open(outfile, "w") as file:
        file.write(text)


def _exported_state(job: Job, scheduler: BaseScheduler) -> dict[str, Any]:
    state = job.__getstate__()
    if not _has_counterpart(job.trigger):
        handle = to_engine(job.trigger, scheduler.timezone, living=False)
        state["trigger"] = {_TRIGGER: json.loads(handle.document)}
    if job.recover:
        state["recover"] = True
    return state


def _has_counterpart(trigger: BaseTrigger) -> bool:
    """Whether APScheduler has all of this trigger, or it is one that the program defines."""
    parts = getattr(trigger, "triggers", ())
    module = type(trigger).__module__
    return (not module.startswith("duetime.") or apscheduler_module(module) != module) and all(
        _has_counterpart(part) for part in parts
    )


def _exported_value(value: Any) -> dict[str, Any]:
    """What JSON does not have."""
    if hasattr(value, "__getstate__") and hasattr(value, "__setstate__"):
        state = value.__getstate__()
        if isinstance(state, Mapping):
            return {_CLASS: _exported_reference(obj_to_ref(type(value))), _STATE: _with_exported_parts(state)}
    data = BytesIO()
    _Pickler(data, pickle.HIGHEST_PROTOCOL).dump(value)
    return {_PICKLE: b64encode(data.getvalue()).decode("ascii")}


def _exported_reference(reference: str) -> str:
    module, _, name = reference.partition(":")
    return f"{apscheduler_module(module)}:{name}"


def _with_exported_parts(state: Mapping[str, Any]) -> Mapping[str, Any]:
    """A combining trigger's state has its parts as pairs of a class and a state."""
    parts = state.get("triggers")
    if not isinstance(parts, list) or not all(isinstance(part, tuple) and len(part) == 2 for part in parts):
        return state
    exported = [(_exported_reference(reference), _with_exported_parts(members)) for reference, members in parts]
    return {**state, "triggers": exported}


_PurePickler: Any = pickle._Pickler


class _Pickler(_PurePickler):  # type: ignore[misc]
    """Gives classes that APScheduler has too the names that it knows them by."""

    def save_global(self, obj: Any, name: str | None = None) -> None:
        module = getattr(obj, "__module__", None) or ""
        known_in = apscheduler_module(module)
        if known_in == module:
            super().save_global(obj, name)
            return
        self.write(pickle.GLOBAL + f"{known_in}\n{obj.__qualname__}\n".encode())
        self.memoize(obj)


# --- import ----------------------------------------------------------------------------------------


def import_jobs(scheduler: BaseScheduler, infile: Any, jobstore: str, trusted: bool) -> None:
    """As :meth:`.BaseScheduler.import_jobs`."""
    store = scheduler._lookup_jobstore(jobstore)
    jobs = [_imported_job(scheduler, state, trusted) for state in _states(_text_of(infile))]
    if scheduler.running or not all(scheduler._add_pending(job, jobstore, False) for job in jobs):
        _add(store, jobs, jobstore)


def _text_of(infile: Any) -> Any:
    if hasattr(infile, "read"):
        return infile.read()
    with open(infile) as file:
        return file.read()


def _states(text: Any) -> list[Any]:
    try:
        document = json.loads(text)
    except RecursionError:
        raise ValueError("the file is nested too deeply") from None
    if not isinstance(document, dict):
        raise ValueError(f"expected an object with jobs, got {type(document).__name__}")
    version = document.get("version")
    if version != 1:
        raise ValueError(f"unrecognized version: {version}")
    jobs = document.get("jobs")
    if not isinstance(jobs, list):
        raise ValueError("jobs: expected a list")
    return jobs


def _add(store: BaseJobStore, jobs: list[Job], alias: str) -> None:
    """All or none, where the store can."""
    for job in jobs:
        job._jobstore_alias = alias
    if isinstance(store, NativeJobStore):
        store._add_many(jobs)
        return
    for job in jobs:
        store.add_job(job)


def _imported_job(scheduler: BaseScheduler, state: Any, trusted: bool) -> Job:
    id = state.get("id") if isinstance(state, dict) else None
    try:
        return _job(scheduler, state, trusted)
    except RecursionError:
        raise ValueError(f"job {id!r}: nested too deeply") from None
    except UnreadableError as exc:
        raise ValueError(f"job {id!r}: {exc}") from None


def _job(scheduler: BaseScheduler, state: Any, trusted: bool) -> Job:
    if not isinstance(state, dict):
        raise UnreadableError(f"expected its members, got {type(state).__name__}")
    read = job_from_members(
        {
            **state,
            "trigger": _trigger(state.get("trigger"), trusted),
            "next_run_time": _described(state.get("next_run_time")),
            "args": _argument(state.get("args"), "args", trusted),
            "kwargs": _argument(state.get("kwargs"), "kwargs", trusted),
        }
    )
    job = Job.__new__(Job)
    job.__setstate__({**read._asdict(), "func": read.task})
    job._scheduler = scheduler
    job._jobstore_alias = None
    job.recover = state.get("recover") is True
    return job


def _described(value: Any) -> Any:
    """Plain values and records: what the file says, without doing it."""
    if isinstance(value, list):
        return [_described(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get(_PICKLE):
        return read_pickle(_pickled(value))
    if value.get(_CLASS):
        return _described_object(value)
    return {key: _described(item) for key, item in value.items()}


def _described_object(value: dict[str, Any]) -> Any:
    module, _, name = str(value[_CLASS]).partition(":")
    record = record_class(module, name)()
    record.state = _described(value.get(_STATE))
    return record


def _pickled(value: dict[str, Any]) -> bytes:
    try:
        return b64decode(value[_PICKLE], validate=True)
    except (TypeError, ValueError) as exc:
        raise UnreadableError(f"{_PICKLE}: {exc}") from None


def _trigger(value: Any, trusted: bool) -> BaseTrigger:
    if isinstance(value, dict) and _TRIGGER in value:
        return trigger_from_document(value[_TRIGGER])
    try:
        return to_trigger(_described(value))
    except UnreadableError:
        if not trusted or not isinstance(value, dict) or not value.get(_CLASS):
            raise
        made: BaseTrigger = _object(value, "trigger", trusted)
        return made


def _argument(value: Any, place: str, trusted: bool) -> Any:
    """The value of an argument, or of a part of one."""
    if isinstance(value, list):
        return [_argument(item, f"{place}[{i}]", trusted) for i, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    if value.get(_PICKLE) or value.get(_CLASS):
        return _object(value, place, trusted)
    return {key: _argument(item, f"{place}[{key!r}]", trusted) for key, item in value.items()}


def _object(value: dict[str, Any], place: str, trusted: bool) -> Any:
    try:
        if trusted:
            return _made(value, place)
        return Values().make(_described(value))
    except UnreadableError as exc:
        raise UnreadableError(
            f"{place}: {exc}; objects of classes that are not known here are made only with "
            "import_jobs(..., trusted=True), which runs whatever the file says"
        ) from None


def _made(value: dict[str, Any], place: str) -> Any:
    """By doing what the file says."""
    if value.get(_PICKLE):
        return unpickle(_pickled(value))
    module, _, name = str(value[_CLASS]).partition(":")
    made = object.__new__(ref_to_obj(f"{our_module(module)}:{name}"))
    made.__setstate__(_argument(value.get(_STATE), place, True))
    return made
