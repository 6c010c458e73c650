"""Run a job when a trigger says so, but not on holidays, at weekends or at night."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, tzinfo
from typing import Any

from duetime._zones import zone_name
from duetime.triggers.base import BaseTrigger
from duetime.triggers.combining import CompositeTrigger, state_of, trigger_from_state
from duetime.util import astimezone, get_localzone

__all__ = ("ExclusionCalendar", "NotTrigger")

Days = date | tuple[date, date] | str
Window = tuple[time | str, time | str] | str


class ExclusionCalendar:
    """Days and hours on which nothing shall run, by the wall clock.

    Excluded is what lies in one of the ``windows`` (the whole day, if there are none) of one of the days in ``dates``,
    ``yearly`` or ``weekdays`` (every day, if there are none).

    :param dates: dates, pairs of a first and a last date, or strings such as ``"2026-12-25"`` and
        ``"2026-12-27/2026-12-31"``; also a calendar of the package ``holidays``
    :param yearly: days of every year as ``"12-25"``
    :param weekdays: ``"mon"`` to ``"sun"``
    :param windows: pairs of times of day or strings such as ``"12:00/13:30"``; ``"22:00/06:00"`` ends on the next day
    """

    def __init__(
        self,
        *,
        dates: Iterable[Days] = (),
        yearly: Iterable[str] = (),
        weekdays: Iterable[str] = (),
        windows: Iterable[Window] = (),
    ) -> None:
        members: dict[str, list[str]] = {
            "dates": [_days_text(days) for days in dates],
            "yearly": list(yearly),
            "weekdays": list(weekdays),
            "windows": [_window_text(window) for window in windows],
        }
        self.document = {name: values for name, values in members.items() if values}

    @classmethod
    def from_document(cls, document: dict[str, list[str]]) -> ExclusionCalendar:
        """From the form in which job documents keep it."""
        return cls(**document)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ExclusionCalendar) and self.document == other.document

    def __hash__(self) -> int:
        return hash(repr(self))

    def __repr__(self) -> str:
        return f"ExclusionCalendar({', '.join(f'{name}={values!r}' for name, values in self.document.items())})"


def _days_text(days: Days) -> str:
    if isinstance(days, tuple):
        return "/".join(_days_text(day) for day in days)
    if isinstance(days, datetime):
        return days.date().isoformat()
    return days.isoformat() if isinstance(days, date) else days


def _window_text(window: Window) -> str:
    if isinstance(window, str):
        return window
    return "/".join(_time_text(value) if isinstance(value, time) else value for value in window)


def _time_text(value: time) -> str:
    return value.isoformat(timespec="seconds" if value.second else "minutes")


Excluded = ExclusionCalendar | BaseTrigger | Iterable[Days]


class NotTrigger(CompositeTrigger):
    """Fires as ``base`` does, except at times that are excluded. Those runs are dropped, not moved.

    :param exclude: a calendar, a trigger (its times are taken away), dates, or a list of calendars and triggers
    :param timezone: of the calendars; that of ``base`` by default
    :raises ValueError: if nothing, or everything, is excluded

    >>> from duetime.triggers.cron import CronTrigger
    >>> office_days = ExclusionCalendar(weekdays=["sat", "sun"])
    >>> trigger = NotTrigger(CronTrigger(hour=9, timezone="UTC"), [office_days, [date(2026, 12, 25)]])
    >>> print(trigger.get_next_fire_time(None, datetime.fromisoformat("2026-12-25T00:00:00+00:00")))
    2026-12-28 09:00:00+00:00
    """

    __slots__ = ("base", "calendar_timezone", "calendars", "triggers")

    def __init__(
        self, base: BaseTrigger, exclude: Excluded | Sequence[Excluded], timezone: tzinfo | str | None = None
    ) -> None:
        self.base = base
        self.calendars: list[ExclusionCalendar] = []
        self.triggers: list[BaseTrigger] = []
        self._exclude(exclude)
        self.calendar_timezone = astimezone(timezone)
        self._set_timezone()
        self._handle = self._make_native()

    def _exclude(self, excluded: Any) -> None:
        if isinstance(excluded, ExclusionCalendar):
            self.calendars.append(excluded)
        elif isinstance(excluded, BaseTrigger):
            self.triggers.append(excluded)
        elif isinstance(excluded, (date, str)) or not isinstance(excluded, Iterable):
            raise TypeError(f"Expected calendars, triggers or lists of dates to exclude, got {excluded!r}")
        else:
            self._exclude_each(list(excluded))

    def _exclude_each(self, items: list[Any]) -> None:
        days = [item for item in items if isinstance(item, (date, str, tuple))]
        if days:
            self.calendars.append(ExclusionCalendar(dates=days))
        for item in items:
            if not isinstance(item, (date, str, tuple)):
                self._exclude(item)

    def _set_timezone(self) -> None:
        from duetime.triggers._engine import trigger_zone

        self.timezone = trigger_zone(self.base) or get_localzone()
        self.jitter = getattr(self.base, "jitter", None)

    def _parts(self) -> Sequence[BaseTrigger]:
        return [self.base, *self.triggers]

    def _composed(self, parts: Sequence[dict[str, Any]]) -> dict[str, Any]:
        document: dict[str, Any] = {"type": "not", "trigger": parts[0]}
        if self.calendars:
            document["calendars"] = [calendar.document for calendar in self.calendars]
        if self.triggers:
            document["triggers"] = list(parts[1:])
        if self.calendar_timezone is not None:
            document["timezone"] = zone_name(self.calendar_timezone)
        return document

    def __getstate__(self) -> dict[str, Any]:
        return {
            "version": 1,
            "base": state_of(self.base),
            "calendars": [calendar.document for calendar in self.calendars],
            "triggers": [state_of(trigger) for trigger in self.triggers],
            "timezone": self.calendar_timezone,
        }

    def __setstate__(self, state: Any) -> None:
        members = self._check_version(state, 1)
        self.base = trigger_from_state(*members["base"])
        self.calendars = [ExclusionCalendar.from_document(document) for document in members["calendars"]]
        self.triggers = [trigger_from_state(*trigger) for trigger in members["triggers"]]
        self.calendar_timezone = members["timezone"]
        self._set_timezone()

    def _excluded(self) -> list[Any]:
        return [*self.calendars, *self.triggers]

    def __str__(self) -> str:
        return f"not[{self.base}, {', '.join(str(item) for item in self._excluded())}]"

    def __repr__(self) -> str:
        zone = f", timezone='{self.calendar_timezone}'" if self.calendar_timezone is not None else ""
        return f"<{self.__class__.__name__} ({self.base!r}, {self._excluded()!r}{zone})>"
