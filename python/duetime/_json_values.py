"""Arguments as JSON that all languages can read. What JSON has no word for is an object with a ``$type`` out of a
closed list (docs/job_document.md); nothing in it is imported, or told to restore a state."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from pathlib import Path, PosixPath, WindowsPath
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

__all__ = ("from_json", "to_json")

_DEEPEST = 64
_TYPE, _VALUE, _ZONE = "$type", "value", "zone"
_MICROSECOND = timedelta(microseconds=1)


def to_json(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bytes:
    """Arguments that all languages can read.

    :raises TypeError: naming the argument that would not come back as it is
    """
    document = {
        "args": [_written(value, f"args[{place}]") for place, value in enumerate(args)],
        "kwargs": {name: _written(value, f"kwargs[{name!r}]") for name, value in kwargs.items()},
    }
    return json.dumps(document).encode()


def from_json(data: bytes) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Positional and keyword arguments.

    :raises ValueError: for what is not JSON, JSON of another shape, or a ``$type`` that is not in the list
    """
    try:
        document = json.loads(data)
    except RecursionError:
        raise ValueError("its JSON is nested too deeply") from None
    args, kwargs = (
        (document.get("args", []), document.get("kwargs", {})) if isinstance(document, dict) else (None, None)
    )
    if not isinstance(args, list) or not isinstance(kwargs, dict):
        shown = str(document)[:200]
        raise ValueError(f'Expected arguments as {{"args": [...], "kwargs": {{...}}}}, got {shown}')
    return tuple([_read(value, 1) for value in args]), {name: _read(value, 1) for name, value in kwargs.items()}


# --- writing ------------------------------------------------------------------------------------------------


def _written(value: Any, place: str) -> Any:
    try:
        return _document(value, 1)
    except (TypeError, ValueError) as exc:
        raise TypeError(f"{place} cannot be stored as JSON: {value!r} ({exc})") from None


def _document(value: Any, depth: int) -> Any:
    if depth > _DEEPEST:
        raise ValueError(f"nested deeper than {_DEEPEST}")
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return _finite(value)
    if isinstance(value, list):
        return [_document(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return _written_dict(value, depth)
    writer = _WRITERS.get(type(value))
    if writer is None:
        raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")
    return writer(value, depth)


def _finite(value: float) -> float:
    if value - value != 0:
        raise ValueError(f"{value} is no JSON number")
    return value


def _written_dict(value: dict[Any, Any], depth: int) -> dict[str, Any]:
    """A dict whose keys are not text, or that would be taken for one of ours, becomes a list of pairs."""
    if _TYPE not in value and all(isinstance(key, str) for key in value):
        return {key: _document(item, depth + 1) for key, item in value.items()}
    pairs = [[_document(key, depth + 2), _document(item, depth + 2)] for key, item in value.items()]
    return {_TYPE: "dict", _VALUE: pairs}


def _as_list(name: str) -> Callable[[Any, int], Any]:
    return lambda value, depth: {_TYPE: name, _VALUE: [_document(item, depth + 1) for item in value]}


def _as_text(name: str, write: Callable[[Any], Any]) -> Callable[[Any, int], Any]:
    return lambda value, _: {_TYPE: name, _VALUE: write(value)}


def _written_datetime(value: datetime, _: int) -> dict[str, Any]:
    document = {_TYPE: "datetime", _VALUE: value.isoformat()}
    zone = value.tzinfo
    if isinstance(zone, ZoneInfo) and zone.key:
        document[_ZONE] = zone.key
    elif zone is not None and type(zone) is not timezone:
        raise TypeError(f"its time zone {zone!r} has no name that others know")
    return document


def _written_time(value: time, _: int) -> dict[str, Any]:
    if value.tzinfo is not None and type(value.tzinfo) is not timezone:
        raise TypeError(f"its time zone {value.tzinfo!r} has no fixed offset")
    return {_TYPE: "time", _VALUE: value.isoformat()}


_WRITERS: dict[type, Callable[[Any, int], Any]] = {
    bytes: _as_text("bytes", lambda value: b64encode(value).decode()),
    date: _as_text("date", date.isoformat),
    datetime: _written_datetime,
    Decimal: _as_text("decimal", str),
    frozenset: _as_list("frozenset"),
    PosixPath: _as_text("path", str),
    set: _as_list("set"),
    time: _written_time,
    timedelta: _as_text("timedelta", lambda value: value // _MICROSECOND),
    tuple: _as_list("tuple"),
    UUID: _as_text("uuid", str),
    WindowsPath: _as_text("path", str),
}


# --- reading ------------------------------------------------------------------------------------------------


def _read(value: Any, depth: int) -> Any:
    if depth > _DEEPEST:
        raise ValueError(f"its JSON is nested deeper than {_DEEPEST}")
    if isinstance(value, list):
        return [_read(item, depth + 1) for item in value]
    if not isinstance(value, dict):
        return value
    if _TYPE in value:
        return _read_typed(value, depth)
    return {key: _read(item, depth + 1) for key, item in value.items()}


def _read_typed(document: dict[str, Any], depth: int) -> Any:
    name = document[_TYPE]
    reader = _READERS.get(name) if isinstance(name, str) else None
    if reader is None:
        raise ValueError(f"Unknown $type {str(name)[:100]!r}; expected one of {', '.join(sorted(_READERS))}")
    if document.keys() - {_TYPE, _VALUE} - ({_ZONE} if name == "datetime" else set()) or _VALUE not in document:
        raise ValueError(f"Unexpected members of a {name}: {', '.join(sorted(document))[:200]}")
    try:
        return reader(document, depth)
    except (ArithmeticError, AttributeError, TypeError, LookupError) as exc:
        raise ValueError(f"Not a {name}: {str(document[_VALUE])[:100]!r} ({exc})") from None


def _items(document: Mapping[str, Any], depth: int) -> list[Any]:
    value = document[_VALUE]
    if not isinstance(value, list):
        raise TypeError("expected an array")
    return [_read(item, depth + 1) for item in value]


def _text(document: Mapping[str, Any]) -> str:
    value = document[_VALUE]
    if not isinstance(value, str):
        raise TypeError("expected text")
    return value


def _read_timedelta(document: Mapping[str, Any], _: int) -> timedelta:
    count = document[_VALUE]
    if type(count) is not int:
        raise TypeError("expected a number of microseconds")
    return count * _MICROSECOND


def _read_datetime(document: Mapping[str, Any], _: int) -> datetime:
    told = datetime.fromisoformat(_text(document))
    name = document.get(_ZONE)
    if name is None:
        return told
    zone: tzinfo = ZoneInfo(name)
    wall_time = told.replace(tzinfo=zone)
    if wall_time.utcoffset() == told.utcoffset():
        return wall_time
    later = wall_time.replace(fold=1)  # the second of two
    return later if later.utcoffset() == told.utcoffset() else told.astimezone(zone)


_READERS: dict[str, Callable[[dict[str, Any], int], Any]] = {
    "bytes": lambda document, _: b64decode(_text(document), validate=True),
    "date": lambda document, _: date.fromisoformat(_text(document)),
    "datetime": _read_datetime,
    "decimal": lambda document, _: Decimal(_text(document)),
    "dict": lambda document, depth: dict(_items(document, depth)),
    "frozenset": lambda document, depth: frozenset(_items(document, depth)),
    "path": lambda document, _: Path(_text(document)),
    "set": lambda document, depth: set(_items(document, depth)),
    "time": lambda document, _: time.fromisoformat(_text(document)),
    "timedelta": _read_timedelta,
    "tuple": lambda document, depth: tuple(_items(document, depth)),
    "uuid": lambda document, _: UUID(_text(document)),
}
