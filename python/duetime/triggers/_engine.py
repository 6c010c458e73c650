"""Triggers on their way to the engine and back."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from typing import Any

from duetime import _native
from duetime._zones import zone_from_name
from duetime.triggers._python import PYTHON_TRIGGER_TYPE, make_python_trigger, python_trigger_from_document
from duetime.triggers.base import BaseTrigger, NativeTrigger
from duetime.triggers.cron import CronTrigger
from duetime.triggers.date import DateTrigger
from duetime.triggers.interval import IntervalTrigger

__all__ = ("to_engine", "trigger_from_engine", "trigger_zone")

_NATIVE_METHODS = {
    trigger_class: trigger_class.get_next_fire_time for trigger_class in (CronTrigger, DateTrigger, IntervalTrigger)
}


def _is_native(trigger: BaseTrigger) -> bool:
    """Whether the engine's own rule says the same: not for a subclass that computes times itself."""
    if type(trigger) in _NATIVE_METHODS:
        return True
    return isinstance(trigger, NativeTrigger) and type(trigger).get_next_fire_time in _NATIVE_METHODS.values()


def to_engine(trigger: BaseTrigger, zone: tzinfo, *, living: bool) -> _native.Trigger:
    """The engine's handle of any trigger.

    :param zone: the scheduler's, for triggers written in Python
    :param living: the job store keeps nothing beyond this process
    """
    if _is_native(trigger):
        assert isinstance(trigger, NativeTrigger)
        return trigger._get_native()
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


_READERS: dict[str, Callable[[dict[str, Any], _native.Trigger], BaseTrigger]] = {
    "date": _read_date,
    "interval": _read_interval,
    "cron": _read_cron,
    PYTHON_TRIGGER_TYPE: lambda document, _: python_trigger_from_document(document),
}
