"""Run a job once."""

from __future__ import annotations

from datetime import date, datetime, tzinfo
from typing import Any

from duetime import _native
from duetime._errors import translate
from duetime._zones import zone_name
from duetime.triggers.base import NativeTrigger
from duetime.util import UTC, astimezone, convert_to_datetime, datetime_repr, get_localzone

__all__ = ("DateTrigger",)


class DateTrigger(NativeTrigger):
    """Fires once, at ``run_date``; without one, now.

    :param run_date: a datetime, a date (midnight) or a string such as ``"2026-11-23 09:30:00"``
    :param timezone: of a ``run_date`` that has none itself
    """

    __slots__ = ("run_date",)

    run_date: datetime

    def __init__(self, run_date: datetime | date | str | None = None, timezone: tzinfo | str | None = None) -> None:
        zone = astimezone(timezone) or get_localzone()
        if run_date is None:
            self.run_date = datetime.now(zone)
        else:
            converted = convert_to_datetime(run_date, zone, "run_date")
            assert converted is not None
            self.run_date = converted

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime | None:
        return self.run_date if previous_fire_time is None else None

    def _make_native(self) -> _native.Trigger:
        zone = astimezone(self.run_date.tzinfo)
        try:
            return _native.Trigger.date(self.run_date, zone_name(zone or UTC))
        except _native.Error as exc:
            raise translate(exc) from None

    def __getstate__(self) -> dict[str, Any]:
        return {"version": 1, "run_date": self.run_date}

    def __setstate__(self, state: Any) -> None:
        self.run_date = self._check_version(state, 1)["run_date"]

    def __str__(self) -> str:
        return f"date[{datetime_repr(self.run_date)}]"

    def __repr__(self) -> str:
        return f"<{self.__class__.__name__} (run_date='{datetime_repr(self.run_date)}')>"
