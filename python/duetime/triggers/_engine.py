"""Triggers on their way to the engine and back."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

from duetime import _native
from duetime._zones import zone_from_name
from duetime.triggers._python import PYTHON_TRIGGER_TYPE, make_python_trigger, python_trigger_from_document
from duetime.triggers.base import BaseTrigger, NativeTrigger, ZonedTrigger
from duetime.triggers.cron import CronTrigger
from duetime.triggers.date import DateTrigger
from duetime.triggers.interval import IntervalTrigger

__all__ = ("follow", "to_engine", "trigger_from_engine", "trigger_zone")

_NATIVE_METHODS = {
    trigger_class: trigger_class.get_next_fire_time for trigger_class in (CronTrigger, DateTrigger, IntervalTrigger)
}


def _is_native(trigger: BaseTrigger) -> bool:
    """Whether the engine's own rule says the same: not for a subclass that computes times itself."""
    if type(trigger) in _NATIVE_METHODS:
        return True
    method: Any = type(trigger).get_next_fire_time
    return isinstance(trigger, NativeTrigger) and (
        method is ZonedTrigger.get_next_fire_time or method in _NATIVE_METHODS.values()
    )


def to_engine(trigger: BaseTrigger, zone: tzinfo, *, living: bool) -> _native.Trigger:
    """The engine's handle of any trigger.

    :param zone: the scheduler's, for triggers written in Python
    :param living: the job store keeps nothing beyond this process
    """
    if _is_native(trigger):
        assert isinstance(trigger, NativeTrigger)
        return trigger._handle_for(zone, living=living)
    return make_python_trigger(trigger, zone, living=living)


def trigger_zone(trigger: BaseTrigger) -> tzinfo | None:
    """The zone in which a trigger's times are shown, if it has one."""
    if isinstance(trigger, DateTrigger):
        return trigger.run_date.tzinfo
    zone = getattr(trigger, "timezone", None)
    return zone if isinstance(zone, tzinfo) else None


def trigger_from_engine(handle: _native.Trigger) -> BaseTrigger:
    """The Python trigger of an engine's handle.

    :raises LookupError: if there is no such trigger in Python
    """
    document = json.loads(handle.document)
    read = _READERS.get(document["type"])
    if read is None:
        raise LookupError(f'No trigger by the name "{document["type"]}" was found')
    return read(document, handle)


# Where the start of a kind of trigger stands: in its document, and in Python.
_STARTS = {
    "calendar_interval": ("start_date", "start_date"),
    "interval": ("start", "start_date"),
    "rrule": ("dtstart", "dtstart"),
}


def follow(trigger: BaseTrigger, stored: _native.Trigger) -> None:
    """Gives a trigger that was given no start that of a stored one, if the two are the same otherwise."""
    document = json.loads(stored.document)
    start = _STARTS.get(document["type"])
    if start is None or not _is_native(trigger):
        return
    assert isinstance(trigger, NativeTrigger)
    member, attribute = start
    if {**json.loads(trigger._get_native().document), member: document.get(member)} == document:
        setattr(trigger, attribute, getattr(trigger_from_engine(stored), attribute))
        trigger._handle = stored


def _instant(document: dict[str, Any], member: str, zone: tzinfo) -> datetime | None:
    text = document.get(member)
    return None if text is None else datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(zone)


def _jitter(document: dict[str, Any]) -> float | None:
    microseconds = document.get("jitter_us")
    if not microseconds:
        return None
    seconds: float = microseconds / 1_000_000
    return int(seconds) if seconds.is_integer() else seconds


def _zone(document: dict[str, Any]) -> tzinfo:
    return zone_from_name(document.get("timezone", "UTC"))


def _read_date(document: dict[str, Any], handle: _native.Trigger) -> BaseTrigger:
    trigger = DateTrigger.__new__(DateTrigger)
    run_date = _instant(document, "run_time", _zone(document))
    assert run_date is not None
    trigger.run_date = run_date
    trigger._handle = handle
    return trigger


def _read_interval(document: dict[str, Any], handle: _native.Trigger) -> BaseTrigger:
    zone = _zone(document)
    interval = timedelta(microseconds=document["interval_us"])
    trigger = IntervalTrigger.__new__(IntervalTrigger)
    trigger.__setstate__(
        {
            "timezone": zone,
            "start_date": _instant(document, "start", zone) or datetime.now(zone) + interval,
            "end_date": _instant(document, "end", zone),
            "interval": interval,
            "jitter": _jitter(document),
        }
    )
    trigger._handle = handle
    return trigger


def _read_cron(document: dict[str, Any], handle: _native.Trigger) -> BaseTrigger:
    if "dialect" in document and document["dialect"] != "apscheduler":
        return _read_line(document, handle)
    zone = _zone(document)
    trigger = CronTrigger.__new__(CronTrigger)
    trigger.timezone = zone
    trigger.start_date = _instant(document, "start", zone)
    trigger.end_date = _instant(document, "end", zone)
    trigger.jitter = _jitter(document)
    trigger._dst = document.get("dst", "apscheduler")
    fields = document["fields"]
    trigger._values = tuple([fields.get(name) for name in CronTrigger.FIELD_NAMES])
    trigger._handle = handle
    return trigger


def _read_line(document: dict[str, Any], handle: _native.Trigger) -> BaseTrigger:
    from duetime.triggers.crontab import CrontabTrigger, QuartzTrigger

    trigger_class = QuartzTrigger if document["dialect"] == "quartz" else CrontabTrigger
    zone = _zone(document)
    trigger = trigger_class.__new__(trigger_class)
    trigger.__setstate__(
        {
            "expression": document["expression"],
            "timezone": zone,
            "start_date": _instant(document, "start", zone),
            "end_date": _instant(document, "end", zone),
            "jitter": _jitter(document),
            "dst": document.get("dst", "vixie"),
        }
    )
    trigger._handle = handle
    return trigger


def _read_calendar_interval(document: dict[str, Any], handle: _native.Trigger) -> BaseTrigger:
    from duetime.triggers.calendarinterval import CalendarIntervalTrigger

    end_date = document.get("end_date")
    zone = _zone(document)
    start_date = document.get("start_date")
    trigger = CalendarIntervalTrigger.__new__(CalendarIntervalTrigger)
    trigger.__setstate__(
        {
            "interval": [document.get(unit, 0) for unit in ("years", "months", "weeks", "days")],
            "time": [int(part) for part in document["time"].split(":")],
            "start_date": date.fromisoformat(start_date) if start_date else datetime.now(zone).date(),
            "end_date": date.fromisoformat(end_date) if end_date else None,
            "timezone": zone,
            "jitter": _jitter(document),
        }
    )
    trigger._handle = handle
    return trigger


def _read_rrule(document: dict[str, Any], handle: _native.Trigger) -> BaseTrigger:
    from duetime.triggers.rrule import RRuleTrigger

    zone = _zone(document)
    trigger = RRuleTrigger.__new__(RRuleTrigger)
    trigger.__setstate__(
        {
            "version": 1,
            "rrule": document["rrule"],
            "dtstart": document["dtstart"],
            "timezone": zone,
            "exdates": document.get("exdates", []),
            "rdates": document.get("rdates", []),
            "start_date": _instant(document, "start", zone),
            "end_date": _instant(document, "end", zone),
            "jitter": _jitter(document),
        }
    )
    trigger._handle = handle
    return trigger


def _part(document: dict[str, Any]) -> BaseTrigger:
    return trigger_from_engine(_native.Trigger.from_document(json.dumps(document)))


def _read_combining(document: dict[str, Any], handle: _native.Trigger) -> BaseTrigger:
    from duetime.triggers.combining import AndTrigger, OrTrigger

    parts = [_part(part) for part in document["triggers"]]
    return (AndTrigger if document["type"] == "and" else OrTrigger)(parts, _jitter(document))


def _read_not(document: dict[str, Any], handle: _native.Trigger) -> BaseTrigger:
    from duetime.triggers.exclusion import ExclusionCalendar, NotTrigger

    exclude: list[ExclusionCalendar | BaseTrigger] = []
    exclude += [ExclusionCalendar.from_document(calendar) for calendar in document.get("calendars", ())]
    exclude += [_part(part) for part in document.get("triggers", ())]
    zone = zone_from_name(document["timezone"]) if "timezone" in document else None
    return NotTrigger(_part(document["trigger"]), exclude, zone)


_READERS: dict[str, Callable[[dict[str, Any], _native.Trigger], BaseTrigger]] = {
    "date": _read_date,
    "interval": _read_interval,
    "cron": _read_cron,
    "calendar_interval": _read_calendar_interval,
    "rrule": _read_rrule,
    "and": _read_combining,
    "or": _read_combining,
    "not": _read_not,
    PYTHON_TRIGGER_TYPE: lambda document, _: python_trigger_from_document(document),
}
