"""Run a job every so often."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from typing import Any

from duetime import _native
from duetime._errors import translate
from duetime._zones import zone_name
from duetime.triggers._period import jitter_microseconds, period_options, period_zone
from duetime.triggers.base import NativeTrigger
from duetime.util import astimezone, convert_to_datetime, get_localzone, is_later

__all__ = ("IntervalTrigger",)

_MICROSECOND = timedelta(microseconds=1)
_ZERO = timedelta(0)


class IntervalTrigger(NativeTrigger):
    """Fires every ``weeks/days/hours/minutes/seconds`` from ``start_date`` on; without one, first after one interval.

    Intervals are lengths on the UTC time line: 24 hours are 24 hours, also across a change of the clock.

    :param end_date: the latest time to fire at
    :param timezone: of dates that have none themselves, and of the results
    :param jitter: delays each run by up to this many seconds; delays do not add up
    :raises ValueError: for a negative interval

    >>> IntervalTrigger(hours=2).interval
    datetime.timedelta(seconds=7200)
    """

    __slots__ = ("_starts_now", "end_date", "interval", "interval_length", "jitter", "start_date", "timezone")

    def __init__(
        self,
        weeks: float = 0,
        days: float = 0,
        hours: float = 0,
        minutes: float = 0,
        seconds: float = 0,
        start_date: datetime | str | None = None,
        end_date: datetime | str | None = None,
        timezone: tzinfo | str | None = None,
        jitter: float | None = None,
    ) -> None:
        interval = timedelta(days, seconds, 0, 0, minutes, hours, weeks)
        if interval <= _ZERO:
            interval = self._positive(interval)
        self.interval = interval
        self.interval_length = interval.total_seconds()
        self.timezone = zone = period_zone(timezone, start_date, end_date, get_localzone)
        self.start_date: datetime
        self._starts_now = not start_date
        if start_date:
            converted = convert_to_datetime(start_date, zone, "start_date")
            assert converted is not None
            self.start_date = converted
        else:
            self.start_date = datetime.now(zone) + interval
        self.end_date = convert_to_datetime(end_date, zone, "end_date") if end_date is not None else None
        self.jitter = jitter

    @staticmethod
    def _positive(interval: timedelta) -> timedelta:
        if interval < _ZERO:
            raise ValueError(f"The interval must be positive, got {interval}")
        return timedelta(seconds=1)  # as APScheduler: nothing given means every second

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime | None:
        try:
            handle = self._handle
        except AttributeError:
            handle = self._get_native()
        fire_time = handle.next_fire_time(previous_fire_time, now, self.timezone)
        if fire_time is None or not self.jitter:
            return fire_time
        delayed = self._apply_jitter(fire_time, self.jitter, now)
        return None if delayed and self.end_date and is_later(delayed, self.end_date) else delayed

    def _make_native(self) -> _native.Trigger:
        try:
            return _native.Trigger.interval(
                self.interval // _MICROSECOND,
                self.start_date,
                self.end_date,
                jitter_microseconds(self.jitter),
                zone_name(self.timezone),
            )
        except _native.Error as exc:
            raise translate(exc) from None

    def __getstate__(self) -> dict[str, Any]:
        return {
            "version": 2,
            "timezone": self.timezone,
            "start_date": self.start_date,
            "end_date": self.end_date,
            "interval": self.interval,
            "jitter": self.jitter,
        }

    def __setstate__(self, state: Any) -> None:
        members = self._check_version(state, 2)
        self._starts_now = False
        self.timezone = astimezone(members["timezone"]) or get_localzone()
        self.start_date = members["start_date"]
        self.end_date = members["end_date"]
        self.interval = members["interval"]
        self.interval_length = self.interval.total_seconds()
        self.jitter = members.get("jitter")

    def __str__(self) -> str:
        return f"interval[{self.interval!s}]"

    def __repr__(self) -> str:
        options = [f"interval={self.interval!r}", *period_options(self.start_date, self.end_date, self.jitter)]
        return f"<{self.__class__.__name__} ({', '.join(options)}, timezone='{self.timezone}')>"
