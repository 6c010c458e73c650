"""Jobs from the states that APScheduler 3 pickled into its job stores."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from duetime._json_values import to_json
from duetime._legacy.records import Record, UnreadableError, name_of, read_pickle
from duetime._legacy.times import to_datetime
from duetime._legacy.triggers import members_of, to_trigger
from duetime._payload import STATE_ENCODING, state_within
from duetime.triggers.base import BaseTrigger

__all__ = ("OldJob", "OldRow", "is_plain", "job_from_members", "old_payload", "read_row")

_MOST_PAYLOAD_BYTES: Final = 1024 * 1024
_MOST_ID_BYTES: Final = 191
_MOST_TEXT_BYTES: Final = 4096


class OldRow(NamedTuple):
    """A job as APScheduler's store kept it.

    :ivar scheduled: it is not paused, unless its state says so: the store has a next run time for it
    :ivar state: the pickle, of the state alone or with what the store has around it
    """

    id: str
    scheduled: bool
    state: bytes


class OldJob(NamedTuple):
    """A job that was read, but for its arguments."""

    id: str
    task: str
    trigger: BaseTrigger
    executor: str
    name: str
    misfire_grace_time: float | None
    coalesce: bool
    max_instances: int
    next_run_time: datetime | None
    args: Any
    kwargs: Any

    @property
    def has_plain_arguments(self) -> bool:
        """Whether they are all there: none is an object of some class."""
        return is_plain((self.args, self.kwargs))


_PLAIN: Final = frozenset({type(None), bool, int, float, str, bytes, bytearray})


def is_plain(value: Any) -> bool:
    """Whether there are no records in it. Takes what refers to itself, and what is deep or much the same."""
    seen = set()
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if type(item) in _PLAIN or id(item) in seen:
            continue
        seen.add(id(item))
        if isinstance(item, dict):
            waiting += item
            waiting += item.values()
        elif isinstance(item, (list, tuple, set, frozenset)):
            waiting += item
        else:
            return False
    return True


def _member(members: Mapping[str, Any], name: str, kinds: type | tuple[type, ...], expected: str) -> Any:
    if name not in members:
        raise UnreadableError(f"it has no {name}")
    value = members[name]
    if not isinstance(value, kinds):
        raise UnreadableError(f"{name}: expected {expected}, got {name_of(value)}")
    return value


def _text(members: Mapping[str, Any], name: str, most_bytes: int = _MOST_TEXT_BYTES) -> str:
    text: str = _member(members, name, str, "a text")
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise UnreadableError(f"{name}: {text[:50]!r} is no valid Unicode") from None
    if not 0 < size <= most_bytes or "\0" in text:
        raise UnreadableError(f"{name}: expected 1 to {most_bytes} bytes without NUL, got {text[:50]!r}")
    return text


def _positive(members: Mapping[str, Any], name: str, kinds: tuple[type, ...]) -> Any:
    number = _member(members, name, kinds, "a positive number")
    if not 0 < number < 2**63 // 1_000_000:
        raise UnreadableError(f"{name}: expected a positive number, got {number!r}")
    return number


def _reference(members: Mapping[str, Any]) -> str:
    reference = _text(members, "func")
    if ":" not in reference:
        raise UnreadableError(f"func: expected module:name, got {reference[:100]!r}")
    return reference


def job_from_members(state: Any) -> OldJob:
    """A job from the members of its state, in which there may be records.

    :raises UnreadableError: naming the member at fault
    """
    members = members_of("Job", state, 1)
    grace = members.get("misfire_grace_time")
    next_run_time = members.get("next_run_time")
    return OldJob(
        id=_text(members, "id", _MOST_ID_BYTES),
        task=_reference(members),
        trigger=to_trigger(_member(members, "trigger", object, "a trigger")),
        executor=_text(members, "executor"),
        name=_text(members, "name"),
        misfire_grace_time=None if grace is None else _positive(members, "misfire_grace_time", (int, float)),
        coalesce=bool(_member(members, "coalesce", (bool, int), "true or false")),
        max_instances=_positive(members, "max_instances", (int,)),
        next_run_time=None if next_run_time is None else to_datetime(next_run_time),
        args=_member(members, "args", (list, tuple, set, frozenset, Record), "positional arguments"),
        kwargs=_member(members, "kwargs", (dict, Record), "keyword arguments"),
    )


def read_row(row: OldRow) -> OldJob:
    """The job of a row, as it is to be scheduled.

    :raises UnreadableError: saying why it cannot be read
    """
    job = job_from_members(state_within(read_pickle(row.state)))
    if job.id != row.id:
        raise UnreadableError(f"its id is {row.id!r} in the store and {job.id!r} in its state")
    return job if row.scheduled else job._replace(next_run_time=None)


def old_payload(row: OldRow, job: OldJob, serializer: str, protocol: int) -> tuple[str, bytes]:
    """Encoding and bytes of a job's arguments: as of any job of the store if they are plain, else its state as it was.

    :raises UnreadableError: if a store of that serializer cannot have them
    """
    encoding, data = _as_json(job) if serializer == "json" else _as_pickle(row, job, protocol)
    if len(data) > _MOST_PAYLOAD_BYTES:
        raise UnreadableError(f"its arguments are {len(data)} bytes, expected at most {_MOST_PAYLOAD_BYTES}")
    return encoding, data


def _as_json(job: OldJob) -> tuple[str, bytes]:
    if not job.has_plain_arguments:
        raise UnreadableError("its arguments cannot be stored as JSON: they hold objects of some class")
    try:
        return "json", to_json(tuple(job.args), job.kwargs)
    except (TypeError, RecursionError) as exc:
        raise UnreadableError(f"its arguments: {exc}") from None


def _as_pickle(row: OldRow, job: OldJob, protocol: int) -> tuple[str, bytes]:
    if job.has_plain_arguments:
        try:
            return "pickle", pickle.dumps((tuple(job.args), job.kwargs), protocol)
        except RecursionError:
            pass  # too deep to be pickled anew
    return STATE_ENCODING, row.state
