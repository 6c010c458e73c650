"""What triggers with a start, an end, a zone and jitter share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, tzinfo
from typing import Any

from duetime.util import UTC, astimezone, datetime_repr

__all__ = ("instant_text", "jitter_microseconds", "period_options", "period_zone")


def period_zone(timezone: Any, start_date: Any, end_date: Any, get_localzone: Callable[[], tzinfo]) -> tzinfo:
    """The zone given, else that of the start, else that of the end, else the local one."""
    if timezone:
        return astimezone(timezone) or get_localzone()
    for value in (start_date, end_date):
        if isinstance(value, datetime) and value.tzinfo:
            return astimezone(value.tzinfo) or value.tzinfo
    return get_localzone()


def jitter_microseconds(jitter: float | None) -> int:
    """Of ``jitter`` seconds; 0 for ``None``."""
    return round(jitter * 1_000_000) if jitter else 0


def instant_text(time: datetime | None) -> str | None:
    """As trigger documents have it: ``2026-11-23T09:00:00.000000Z``."""
    return None if time is None else time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def period_options(start_date: datetime | None, end_date: datetime | None, jitter: float | None) -> list[str]:
    """What a trigger's ``repr()`` says of those that are set."""
    options = []
    if start_date:
        options.append(f"start_date={datetime_repr(start_date)!r}")
    if end_date:
        options.append(f"end_date={datetime_repr(end_date)!r}")
    if jitter:
        options.append(f"jitter={jitter}")
    return options
