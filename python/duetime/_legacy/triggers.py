"""Triggers from the states that APScheduler 3.0 to 3.11 pickled."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, Final

from duetime import _native
from duetime._legacy.names import apscheduler_module
from duetime._legacy.records import Record, UnreadableError, name_of
from duetime._legacy.times import optional, to_date, to_datetime, to_timedelta, to_zone
from duetime.triggers._engine import trigger_from_engine
from duetime.triggers.base import BaseTrigger, NativeTrigger
from duetime.triggers.cron import CronTrigger
from duetime.triggers.cron import expressions as ours
from duetime.triggers.date import DateTrigger
from duetime.triggers.interval import IntervalTrigger

__all__ = ("to_trigger", "trigger_from_document")

_DEEPEST = 20  # of triggers within triggers


def members_of(what: str, state: Any, newest: int) -> dict[str, Any]:
    """The members of a state; 3.0 pickled the pair ``(None, members)``.

    :raises UnreadableError: if it is of another shape, or of a version later than ``newest``
    """
    members = state[1] if isinstance(state, tuple) and len(state) == 2 else state
    if not isinstance(members, dict):
        raise UnreadableError(f"{what}: expected its members, got {name_of(members)}")
    version = members.get("version", 1)
    if not isinstance(version, int) or version > newest:
        raise UnreadableError(f"{what}: its state has version {version!r}, only versions up to {newest} are known")
    return members


def _required(what: str, members: dict[str, Any], name: str) -> Any:
    try:
        return members[name]
    except KeyError:
        raise UnreadableError(f"{what}: it has no {name}") from None


def _jitter(members: dict[str, Any]) -> float | None:
    jitter = members.get("jitter")
    if jitter is None or (isinstance(jitter, (int, float)) and 0 <= jitter < float("inf")):
        return jitter
    raise UnreadableError(f"jitter: expected a number of seconds, got {jitter!r}")


# --- date, interval, calendar interval -------------------------------------------------------------


def _date(state: Any, depth: int) -> BaseTrigger:
    members = members_of("DateTrigger", state, 1)
    return DateTrigger(to_datetime(_required("DateTrigger", members, "run_date")))


def _period(what: str, members: dict[str, Any]) -> dict[str, Any]:
    """What interval and cron triggers share."""
    return {
        "timezone": to_zone(_required(what, members, "timezone")),
        "start_date": optional(to_datetime, members.get("start_date")),
        "end_date": optional(to_datetime, members.get("end_date")),
        "jitter": _jitter(members),
    }


def _interval(state: Any, depth: int) -> BaseTrigger:
    members = members_of("IntervalTrigger", state, 2)
    interval = to_timedelta(_required("IntervalTrigger", members, "interval"))
    if interval <= timedelta(0):
        raise UnreadableError(f"IntervalTrigger: the interval is {interval}, expected more than nothing")
    period = _period("IntervalTrigger", members)
    if period["start_date"] is None:
        raise UnreadableError("IntervalTrigger: it has no start_date")
    trigger = IntervalTrigger.__new__(IntervalTrigger)
    trigger.__setstate__({**period, "interval": interval})
    return trigger


def _calendar_interval(state: Any, depth: int) -> BaseTrigger:
    from duetime.triggers.calendarinterval import CalendarIntervalTrigger

    what = "CalendarIntervalTrigger"
    members = members_of(what, state, 1)
    years, months, weeks, days = _integers(what, members, "interval", 4)
    hour, minute, second = _integers(what, members, "time", 3)
    return CalendarIntervalTrigger(
        years=years,
        months=months,
        weeks=weeks,
        days=days,
        hour=hour,
        minute=minute,
        second=second,
        start_date=to_date(_required(what, members, "start_date")),
        end_date=optional(to_date, members.get("end_date")),
        timezone=to_zone(_required(what, members, "timezone")),
        jitter=_jitter(members),
    )


def _integers(what: str, members: dict[str, Any], name: str, count: int) -> Sequence[int]:
    numbers = _required(what, members, name)
    if isinstance(numbers, (list, tuple)) and len(numbers) == count and all(type(n) is int for n in numbers):
        return numbers
    raise UnreadableError(f"{what}: {name}: expected {count} integers, got {str(numbers)[:50]!r}")


# --- cron ------------------------------------------------------------------------------------------


def _cron(state: Any, depth: int) -> BaseTrigger:
    members = members_of("CronTrigger", state, 2)
    fields = _required("CronTrigger", members, "fields")
    if not isinstance(fields, list):
        raise UnreadableError(f"CronTrigger: fields: expected a list, got {name_of(fields)}")
    texts: dict[str, Any] = {}
    given: dict[str, Any] = {}
    for field in fields:
        name, is_default, text = _field(field)
        texts[name] = text
        if not is_default:
            given[name] = text
    options: dict[str, Any] = _period("CronTrigger", members)
    dst = members.get("dst", "apscheduler")  # of exports of ours
    trigger = CronTrigger(**given, **options, dst=dst)
    if any(str(field) != texts.get(field.name, str(field)) for field in trigger.fields):
        trigger = CronTrigger(**texts, **options, dst=dst)  # its defaults were others
    return trigger


_FIELDS = frozenset({"BaseField", "DayOfMonthField", "DayOfWeekField", "MonthField", "WeekField"})


def _field(field: Any) -> tuple[str, bool, str]:
    """Name, whether the user did not give it, and text."""
    if not _is_of(field, "apscheduler.triggers.cron.fields", _FIELDS):
        raise UnreadableError(f"CronTrigger: expected a field, got {name_of(field)}")
    members = members_of(field.name, field.state, 1)
    name = _required(field.name, members, "name")
    if name not in CronTrigger.FIELD_NAMES:
        raise UnreadableError(f"CronTrigger: there is no field {str(name)[:50]!r}")
    expressions = _required(name, members, "expressions")
    if not isinstance(expressions, list) or not expressions:
        raise UnreadableError(f"CronTrigger: {name}: expected a list of expressions, got {name_of(expressions)}")
    texts = [_expression_text(expression, name) for expression in expressions]
    return name, bool(members.get("is_default")), ",".join(texts)


_EXPRESSIONS: Final[dict[str, tuple[type[ours.AllExpression], tuple[str, ...]]]] = {
    "AllExpression": (ours.AllExpression, ("step",)),
    "RangeExpression": (ours.RangeExpression, ("first", "last", "step")),
    "MonthRangeExpression": (ours.MonthRangeExpression, ("first", "last", "step")),
    "WeekdayRangeExpression": (ours.WeekdayRangeExpression, ("first", "last", "step")),
    "WeekdayPositionExpression": (ours.WeekdayPositionExpression, ("option_num", "weekday")),
    "LastDayOfMonthExpression": (ours.LastDayOfMonthExpression, ()),
}


def _is_of(value: Any, module: str, names: Any) -> bool:
    return isinstance(value, Record) and apscheduler_module(value.module) == module and value.name in names


def _expression_text(record: Any, field_name: str) -> str:
    """What the user could have written."""
    if not _is_of(record, "apscheduler.triggers.cron.expressions", _EXPRESSIONS):
        raise UnreadableError(f"CronTrigger: expected an expression, got {name_of(record)}")
    expression_class, attributes = _EXPRESSIONS[record.name]
    members = members_of(record.name, record.state, 1)
    expression = expression_class.__new__(expression_class)
    expression.step = None
    for name in attributes:
        setattr(expression, name, _number(record.name, name, members.get(name)))
    expression.validate_range(field_name)
    return str(expression)


def _number(what: str, name: str, value: Any) -> int | None:
    if value is None or (type(value) is int and 0 <= value <= 9999):
        return value
    raise UnreadableError(f"{what}: {name}: expected a number, got {str(value)[:50]!r}")


# --- combinations ----------------------------------------------------------------------------------


def _combining(name: str) -> Callable[[Any, int], BaseTrigger]:
    def read(state: Any, depth: int) -> BaseTrigger:
        from duetime.triggers import combining

        members = members_of(name, state, 1)
        parts = _required(name, members, "triggers")
        if not isinstance(parts, list) or not parts:
            raise UnreadableError(f"{name}: expected a list of triggers, got {name_of(parts)}")
        combine: Callable[..., BaseTrigger] = getattr(combining, name)
        return combine([_part(part, depth + 1) for part in parts], _jitter(members))

    return read


def _part(part: Any, depth: int) -> BaseTrigger:
    """A trigger from the pair of its class and its state."""
    if not isinstance(part, (list, tuple)) or len(part) != 2 or not isinstance(part[0], str):
        raise UnreadableError(f"expected a trigger and its state, got {name_of(part)}")
    module, _, name = part[0].partition(":")
    return _read(module, name, part[1], depth)


_TRIGGERS: Final[dict[tuple[str, str], Callable[[Any, int], BaseTrigger]]] = {
    ("apscheduler.triggers.date", "DateTrigger"): _date,
    ("apscheduler.triggers.interval", "IntervalTrigger"): _interval,
    ("apscheduler.triggers.cron", "CronTrigger"): _cron,
    ("apscheduler.triggers.calendarinterval", "CalendarIntervalTrigger"): _calendar_interval,
    ("apscheduler.triggers.combining", "AndTrigger"): _combining("AndTrigger"),
    ("apscheduler.triggers.combining", "OrTrigger"): _combining("OrTrigger"),
}


# Not "python", whose documents hold pickles.
_DOCUMENT_TYPES: Final = frozenset({"date", "interval", "cron", "calendar_interval", "rrule", "and", "or", "not"})


def trigger_from_document(document: Any) -> BaseTrigger:
    """A trigger from the engine's document of it, in exports of ours.

    :raises UnreadableError: if it is none, or would run something while it is read
    """
    _check_document(document, 0)
    trigger: BaseTrigger = _check(lambda: trigger_from_engine(_native.Trigger.from_document(json.dumps(document))))
    return trigger


def _check_document(document: Any, depth: int) -> None:
    if depth > _DEEPEST:
        raise UnreadableError(f"triggers within triggers, more than {_DEEPEST} deep")
    if not isinstance(document, dict) or document.get("type") not in _DOCUMENT_TYPES:
        raise UnreadableError("trigger document: its type is none that is read here")
    parts = document.get("triggers", [])
    if not isinstance(parts, list):
        raise UnreadableError("trigger document: triggers: expected a list")
    if "trigger" in document:
        parts = [document["trigger"], *parts]
    for part in parts:
        _check_document(part, depth + 1)


def to_trigger(value: Any) -> BaseTrigger:
    """A trigger from its record, checked by the engine; one that was made already as it is.

    :raises UnreadableError: if it is none that is known here, or its members say nothing
    """
    if isinstance(value, BaseTrigger):
        return value
    if not isinstance(value, Record):
        raise UnreadableError(f"trigger: expected a trigger, got {name_of(value)}")
    trigger = _read(value.module, value.name, value.state, 0)
    if isinstance(trigger, NativeTrigger):
        _check(lambda: trigger._get_native())
    return trigger


def _read(module: str, name: str, state: Any, depth: int) -> BaseTrigger:
    if depth > _DEEPEST:
        raise UnreadableError(f"triggers within triggers, more than {_DEEPEST} deep")
    read = _TRIGGERS.get((apscheduler_module(module), name))
    if read is None:
        raise UnreadableError(f"trigger: {str(module)[:100]}.{str(name)[:100]} is none that is read here")
    made: BaseTrigger = _check(lambda: read(state, depth))
    return made


def _check(make: Callable[[], Any]) -> Any:
    """What our classes refuse is unreadable too."""
    try:
        return make()
    except UnreadableError:
        raise
    except Exception as exc:
        raise UnreadableError(f"trigger: {exc}") from None
