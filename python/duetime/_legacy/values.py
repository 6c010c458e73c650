"""Values in arguments: what is plain, and objects of a closed table of classes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from duetime._legacy.records import Record, UnreadableError, name_of
from duetime._legacy.times import to_date, to_datetime, to_time, to_timedelta, to_zone

__all__ = ("Values",)


def _to_datetime(record: Record) -> datetime:
    return to_datetime(record) if len(record.args) > 1 else datetime(*record.args)


def _to_uuid(record: Record) -> UUID:
    return UUID(int=record.state["int"])


_SIMPLE: Final[dict[tuple[str, str], Callable[[Record], Any]]] = {
    ("builtins", "complex"): lambda record: complex(*record.args),
    ("datetime", "date"): to_date,
    ("datetime", "datetime"): _to_datetime,
    ("datetime", "time"): to_time,
    ("datetime", "timedelta"): to_timedelta,
    ("decimal", "Decimal"): lambda record: Decimal(*record.args),
    ("uuid", "UUID"): _to_uuid,
}
_CONTAINERS: Final[dict[tuple[str, str], type[Any]]] = {
    ("builtins", "frozenset"): frozenset,
    ("builtins", "set"): set,
}


class Values:
    """Makes values of what :func:`~duetime._legacy.records.read_pickle` answers.

    What is there twice is made once.
    """

    def __init__(self) -> None:
        self._made: dict[int, Any] = {}

    def make(self, value: Any) -> Any:
        """:raises UnreadableError: for an object of another class"""
        try:
            return self._make(value)
        except RecursionError:
            raise UnreadableError("values within values, too deep to be read") from None

    def _make(self, value: Any) -> Any:
        if not isinstance(value, (dict, list, tuple, set, frozenset, Record)):
            return value
        if id(value) not in self._made:
            made = self._make_record(value) if isinstance(value, Record) else self._make_container(value)
            self._made[id(value)] = made
        return self._made[id(value)]

    def _make_container(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {self._make(key): self._make(item) for key, item in value.items()}
        return type(value)(self._make(item) for item in value)

    def _make_record(self, record: Record) -> Any:
        where = (record.module, record.name)
        try:
            if where in _SIMPLE:
                return _SIMPLE[where](record)
            if where in _CONTAINERS:
                return _CONTAINERS[where](*map(self._make, record.args))
            return _zone(record)
        except UnreadableError:
            raise
        except Exception as exc:
            raise UnreadableError(f"{name_of(record)}: {exc}") from None


def _zone(record: Record) -> tzinfo:
    try:
        return to_zone(record)
    except UnreadableError:
        raise UnreadableError(f"an object of {name_of(record)}") from None
