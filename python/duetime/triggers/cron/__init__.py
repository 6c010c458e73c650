"""Run a job when the wall clock matches."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Any, ClassVar

from duetime import _native
from duetime._zones import zone_name
from duetime.triggers._period import jitter_microseconds, period_options, period_zone
from duetime.triggers.base import NativeTrigger
from duetime.triggers.cron.fields import (
    DEFAULT_VALUES,
    BaseField,
    DayOfMonthField,
    DayOfWeekField,
    MonthField,
    WeekField,
)
from duetime.util import astimezone, convert_to_datetime, get_localzone, is_later

__all__ = ("CronTrigger",)

FieldValue = int | str | None

_DST_POLICIES = {
    "apscheduler": _native.DST_APSCHEDULER,
    "vixie": _native.DST_VIXIE,
    "skip": _native.DST_SKIP,
    "rfc5545": _native.DST_RFC5545,
}


# Rules that were made lately, shared by all triggers that say the same: thousands of jobs often have few rules.
_handles: dict[tuple[Any, ...], _native.Trigger] = {}
_MAX_HANDLES = 256


class CronTrigger(NativeTrigger):
    """Fires when the wall clock of a zone matches all given fields.

    Fields are numbers or expressions: ``*``, ``*/5``, ``1-5``, ``1-30/2``, ``mon-fri``, ``jan``, ``2nd fri``,
    ``last``, and lists of these. Monday is 0. Fields below the least significant one given take their minimum,
    others ``*``.

    :param start_date: the earliest time to fire at
    :param end_date: the latest
    :param timezone: of the wall clock; that of the dates or the local one by default
    :param jitter: delays each run by up to this many seconds
    :param dst: what becomes of wall times that a change of the clock skips or repeats: ``"apscheduler"`` (run at
        the instant that the old offset gives; twice), ``"rfc5545"`` (the same; once), ``"vixie"`` (run once, right
        after the change; once) or ``"skip"`` (not at all; once)
    :raises ValueError: naming the expression at fault
    """

    FIELD_NAMES: ClassVar[tuple[str, ...]] = (
        "year",
        "month",
        "day",
        "week",
        "day_of_week",
        "hour",
        "minute",
        "second",
    )
    FIELDS_MAP: ClassVar[dict[str, type[BaseField]]] = {
        "year": BaseField,
        "month": MonthField,
        "week": WeekField,
        "day": DayOfMonthField,
        "day_of_week": DayOfWeekField,
        "hour": BaseField,
        "minute": BaseField,
        "second": BaseField,
    }

    # `fields` is made when it is first read: making eight objects takes longer than all the rest.
    __slots__ = ("_dst", "_values", "end_date", "fields", "jitter", "start_date", "timezone")

    fields: list[BaseField]
    timezone: tzinfo
    start_date: datetime | None
    end_date: datetime | None
    jitter: float | None
    _values: tuple[str | None, ...]

    def __init__(
        self,
        year: FieldValue = None,
        month: FieldValue = None,
        day: FieldValue = None,
        week: FieldValue = None,
        day_of_week: FieldValue = None,
        hour: FieldValue = None,
        minute: FieldValue = None,
        second: FieldValue = None,
        start_date: datetime | str | None = None,
        end_date: datetime | str | None = None,
        timezone: tzinfo | str | None = None,
        jitter: float | None = None,
        *,
        dst: str = "apscheduler",
    ) -> None:
        self.timezone = zone = period_zone(timezone, start_date, end_date, get_localzone)
        self.start_date = convert_to_datetime(start_date, zone, "start_date") if start_date is not None else None
        self.end_date = convert_to_datetime(end_date, zone, "end_date") if end_date is not None else None
        self.jitter = jitter
        self._dst = dst
        values = (year, month, day, week, day_of_week, hour, minute, second)
        self._values = tuple([None if value is None else str(value).strip() for value in values])
        self._handle = self._make_native()

    @classmethod
    def from_crontab(cls, expr: str, timezone: tzinfo | str | None = None) -> CronTrigger:
        """From the five fields of a crontab line: minute, hour, day of month, month, day of week.

        As in APScheduler 3, 0 is Monday (crontab: Sunday) and day of month and day of week must both match
        (crontab: either).
        """
        values = expr.split()
        if len(values) != 5:
            raise ValueError(f"Wrong number of fields; got {len(values)}, expected 5")
        minute, hour, day, month, day_of_week = values
        return cls(minute=minute, hour=hour, day=day, month=month, day_of_week=day_of_week, timezone=timezone)

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime | None:
        try:
            handle = self._handle
        except AttributeError:
            handle = self._get_native()
        fire_time = handle.next_fire_time(previous_fire_time, now, self.timezone)
        if fire_time is None or not self.jitter:
            return fire_time
        delayed = self._apply_jitter(fire_time, self.jitter, now)
        return self.end_date if delayed and self.end_date and is_later(delayed, self.end_date) else delayed

    def __getattr__(self, name: str) -> Any:
        if name != "fields":
            raise AttributeError(f"{self.__class__.__name__!r} object has no attribute {name!r}")
        self.fields = fields = self._make_fields()
        return fields

    def _make_fields(self) -> list[BaseField]:
        least_significant = max((i for i, value in enumerate(self._values) if value is not None), default=-1)
        fields = []
        for i, (name, value) in enumerate(zip(self.FIELD_NAMES, self._values, strict=True)):
            below = 0 <= least_significant < i
            default = DEFAULT_VALUES[name] if below else "*"
            fields.append(self.FIELDS_MAP[name](name, default if value is None else value, value is None))
        return fields

    def _make_native(self) -> _native.Trigger:
        if self._dst not in _DST_POLICIES:
            raise ValueError(f"dst must be one of {', '.join(map(repr, _DST_POLICIES))}, got {self._dst!r}")
        rule = (
            self._values,
            self.start_date,
            self.end_date,
            jitter_microseconds(self.jitter),
            zone_name(self.timezone),
            _DST_POLICIES[self._dst],
        )
        handle = _handles.get(rule)
        if handle is None:
            handle = self._make_handle(rule)
        return handle

    def _make_handle(self, rule: tuple[Any, ...]) -> _native.Trigger:
        try:
            handle = _native.Trigger.cron(*rule)
        except _native.Error as exc:
            self._make_fields()  # says what is wrong in the words of APScheduler, where it has any
            raise ValueError(str(exc)) from None
        if len(_handles) >= _MAX_HANDLES:
            _handles.clear()
        _handles[rule] = handle
        return handle

    def __getstate__(self) -> dict[str, Any]:
        state = {
            "version": 2,
            "timezone": self.timezone,
            "start_date": self.start_date,
            "end_date": self.end_date,
            "fields": self.fields,
            "jitter": self.jitter,
        }
        if self._dst != "apscheduler":
            state["dst"] = self._dst
        return state

    def __setstate__(self, state: Any) -> None:
        members = self._check_version(state, 2)
        self.timezone = astimezone(members["timezone"]) or get_localzone()
        self.start_date = members["start_date"]
        self.end_date = members["end_date"]
        self.fields = members["fields"]
        self.jitter = members.get("jitter")
        self._dst = members.get("dst", "apscheduler")
        self._values = tuple([None if field.is_default else str(field) for field in self.fields])

    def _given_fields(self) -> list[str]:
        return [f"{field.name}='{field}'" for field in self.fields if not field.is_default]

    def __str__(self) -> str:
        return f"cron[{', '.join(self._given_fields())}]"

    def __repr__(self) -> str:
        options = [*self._given_fields(), *period_options(self.start_date, self.end_date, self.jitter)]
        if self._dst != "apscheduler":
            options.append(f"dst={self._dst!r}")
        return f"<{self.__class__.__name__} ({', '.join(options)}, timezone='{self.timezone}')>"
