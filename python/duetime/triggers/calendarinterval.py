"""Run a job every so many days, weeks, months or years, at the same time of day."""

from __future__ import annotations

from datetime import date, datetime, time, tzinfo
from typing import Any

from duetime._zones import zone_name
from duetime.triggers._period import jitter_microseconds
from duetime.triggers.base import DocumentTrigger
from duetime.util import asdate, astimezone, get_localzone, timezone_repr

__all__ = ("CalendarIntervalTrigger",)


class CalendarIntervalTrigger(DocumentTrigger):
    """Fires on dates a calendar interval apart, always at the same time of the wall clock.

    From one date to the next, ``years`` and ``months`` are added first, again and again until the date exists (a
    month after 31 January is 31 March), then ``weeks`` and ``days``. A date on which the clock skips the time is
    passed over; of a time that comes twice, the first counts.

    The first time is the first one from ``now`` on, also where ``start_date`` is long past (APScheduler 3.11.3
    answers the past date).

    :param start_date: the first date; today by default
    :param end_date: the last date to fire on
    :param jitter: delays each run by up to this many seconds
    :raises ValueError: for an interval of less than a day, or an end before the start
    """

    __slots__ = ("_starts_now", "_time", "days", "end_date", "months", "start_date", "weeks", "years")

    def __init__(
        self,
        *,
        years: int = 0,
        months: int = 0,
        weeks: int = 0,
        days: int = 0,
        hour: int = 0,
        minute: int = 0,
        second: int = 0,
        start_date: date | str | None = None,
        end_date: date | str | None = None,
        timezone: str | tzinfo | None = None,
        jitter: float | None = None,
    ) -> None:
        self.timezone = (astimezone(timezone) if timezone else astimezone(get_localzone())) or get_localzone()
        self.years = years
        self.months = months
        self.weeks = weeks
        self.days = days
        self.start_date: date = asdate(start_date) or date.today()
        self._starts_now = not start_date
        self.end_date: date | None = asdate(end_date)
        self.jitter = jitter
        self._time = time(hour, minute, second, tzinfo=self.timezone)
        self._handle = self._make_native()

    def _document(self) -> dict[str, Any]:
        return {
            "type": "calendar_interval",
            "years": self.years,
            "months": self.months,
            "weeks": self.weeks,
            "days": self.days,
            "time": self._time.replace(tzinfo=None).isoformat(),
            "start_date": _day(self.start_date).isoformat(),
            "end_date": _day(self.end_date).isoformat() if self.end_date else None,
            "timezone": zone_name(self.timezone),
            "jitter_us": jitter_microseconds(self.jitter),
        }

    def __getstate__(self) -> dict[str, Any]:
        return {
            "version": 1,
            "interval": [self.years, self.months, self.weeks, self.days],
            "time": [self._time.hour, self._time.minute, self._time.second],
            "start_date": self.start_date,
            "end_date": self.end_date,
            "timezone": self.timezone,
            "jitter": self.jitter,
        }

    def __setstate__(self, state: Any) -> None:
        if state.get("version", 1) > 1:
            raise ValueError(
                f"Got serialized data for version {state['version']} of {self.__class__.__name__}, "
                "but only versions up to 1 can be handled"
            )
        self._starts_now = False
        self.years, self.months, self.weeks, self.days = state["interval"]
        self.start_date = state["start_date"]
        self.end_date = state["end_date"]
        self.timezone = astimezone(state["timezone"]) or get_localzone()
        self.jitter = state["jitter"]
        hour, minute, second = state["time"]
        self._time = time(hour, minute, second, tzinfo=self.timezone)

    def __repr__(self) -> str:
        fields = [
            f"{name}={value}" for name in ("years", "months", "weeks", "days") if (value := getattr(self, name)) > 0
        ]
        fields += [f"time={self._time.isoformat()!r}", f"start_date='{self.start_date}'"]
        if self.end_date:
            fields.append(f"end_date='{self.end_date}'")
        fields.append(f"timezone={timezone_repr(self.timezone)!r}")
        return f"{self.__class__.__name__}({', '.join(fields)})"


def _day(value: date) -> date:
    return value.date() if isinstance(value, datetime) else value
