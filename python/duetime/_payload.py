"""The arguments of jobs on their way to a job store and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from duetime import _native
from duetime._callables import callable_info
from duetime.util import ref_to_obj

if TYPE_CHECKING:
    from collections.abc import Callable

    from duetime._guard import PayloadGuard
    from duetime.job import Job

__all__ = (
    "PICKLES",
    "STATE_ENCODING",
    "Payload",
    "decode_arguments",
    "living_payload",
    "read_payload",
    "state_within",
    "stored_payload",
)


#: of payloads that are the whole pickled state of a job of APScheduler 3 (docs/job_document.md)
STATE_ENCODING = "apscheduler3-state"

#: Encodings that are unpickled.
PICKLES = frozenset({"pickle", STATE_ENCODING})

#: What the engine keeps for a job: the task's name, and bytes with an encoding or, with ``None``, an object.
Payload = tuple[str, str | None, Any]


def living_payload(job: Job) -> Payload:
    """For stores that keep nothing beyond this process: the callable and its arguments themselves.

    Without arguments, which is frequent, the callable alone saves a tuple for each job. A reference that the user gave
    comes after them if the callable itself would be known by another.
    """
    func, args, kwargs = job.func, job.args, job.kwargs
    renamed = job.func_ref != callable_info(func).ref
    if not args and not kwargs and not renamed:
        return _native.LIVE_TASK, None, func
    call = (func, args if type(args) is list else tuple(args), dict(kwargs) if kwargs else None)
    return _native.LIVE_TASK, None, (*call, job.func_ref) if renamed else call


def stored_payload(job: Job, serializer: str, pickle_protocol: int) -> Payload:
    """For stores that outlive this process.

    :param serializer: ``"pickle"`` or ``"json"``
    :raises ValueError: if the callable has no reference
    """
    task = job._check_serializable()
    args, kwargs = tuple(job._stored_args()), dict(job.kwargs)
    if serializer == "json":
        from duetime._json_values import to_json

        return task, "json", to_json(args, kwargs)
    import pickle

    return task, "pickle", pickle.dumps((args, kwargs), pickle_protocol)


def decode_arguments(
    encoding: str, data: bytes, loads: Callable[[bytes], Any] | None = None
) -> tuple[tuple[Any, ...], dict[str, Any] | None]:
    """Positional and keyword arguments from the bytes that a store kept.

    :param loads: unpickles
    :raises ValueError: for an encoding that Python does not read, or JSON of another shape
    """
    if encoding == "none":
        return (), None
    if encoding == "json":
        from duetime._json_values import from_json

        return from_json(data)
    if encoding == "pickle":
        import pickle

        args, kwargs = (loads or pickle.loads)(data)
        return tuple(args), kwargs
    if encoding == STATE_ENCODING:
        from duetime._legacy.names import unpickle

        state = state_within((loads or unpickle)(data))
        return tuple(state["args"]), dict(state["kwargs"])
    raise ValueError(f"Arguments in encoding {encoding!r} cannot be read by Python; expected 'json' or 'pickle'")


def state_within(value: Any) -> Any:
    """The state of a job of APScheduler 3, which its stores in etcd and ZooKeeper pickle beside the next run time."""
    return value["job_state"] if isinstance(value, dict) and "job_state" in value else value


def read_payload(
    snapshot: _native.Job, guard: PayloadGuard | None
) -> tuple[Callable[..., Any], Iterable[Any], Mapping[str, Any], str | None]:
    """Callable, positional and keyword arguments and reference of a stored job.

    :raises LookupError: if there is no such callable in this program
    :raises PayloadRefusedError: if the guard of its job store refuses it
    """
    living = snapshot.live_payload
    if living is not None:
        return _read_living(living)
    if guard is not None:
        stored = (snapshot.store, snapshot.id, snapshot.task, snapshot.payload_encoding, snapshot.payload)
        return *guard.open(*stored), snapshot.task
    args, kwargs = decode_arguments(snapshot.payload_encoding, snapshot.payload)
    return ref_to_obj(snapshot.task), args, kwargs or {}, snapshot.task


def _read_living(payload: Any) -> tuple[Callable[..., Any], Iterable[Any], Mapping[str, Any], str | None]:
    if type(payload) is not tuple:
        return payload, (), {}, callable_info(payload).ref
    func, args, kwargs, *reference = payload
    return func, args, kwargs or {}, reference[0] if reference else callable_info(func).ref
