"""Cron rules read by what the specification of each dialect says, for the slow evaluator.

Only what is right and clear is understood; what a dialect refuses or leaves open is a matter of the parsers' tests.
"""

from __future__ import annotations

import calendar
from collections.abc import Callable, Mapping
from datetime import date, timedelta

from slow_evaluator import Rule

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")  # APScheduler's order and date.weekday()'s

HasDate = Callable[[date], bool]


def values(text: str, low: int, high: int, names: tuple[str, ...] = (), cycle: int = 0) -> frozenset[int]:
    """The numbers of a list of `*`, `*/n`, `/n`, `a`, `a/n`, `a-b` and `a-b/n`; `low` is the number of the first name.

    `cycle`: how many values there are before they begin again, for ranges such as `22-2`.
    """
    return frozenset(value for part in text.split(",") for value in _part(part, low, high, names, cycle))


def _part(part: str, low: int, high: int, names: tuple[str, ...], cycle: int) -> list[int]:
    def number(word: str) -> int:
        return low + names.index(word.lower()) if word.lower() in names else int(word)

    span, _, step = part.partition("/")
    span = span or "*"
    first, _, last = span.partition("-")
    if first == "*":
        begin, end = low, high
    else:
        begin = number(first)
        end = number(last) if last else high if step else begin
    if end < begin:
        end += cycle
    return [(value - low) % cycle + low if cycle else value for value in range(begin, end + 1, int(step or 1))]


def month_length(day: date) -> int:
    return calendar.monthrange(day.year, day.month)[1]


def is_nth_weekday(day: date, nth: int, weekday: int) -> bool:
    return day.weekday() == weekday and (day.day - 1) // 7 == nth - 1


def is_last_weekday(day: date, weekday: int) -> bool:
    return day.weekday() == weekday and day.day + 7 > month_length(day)


def follows_the_clock(hour: str, minute: str) -> bool:
    return any(part.strip().startswith("*") for part in f"{hour},{minute}".split(","))


# --- APScheduler's fields -----------------------------------------------------------------------------------

FIELDS = ("year", "month", "day", "week", "day_of_week", "hour", "minute", "second")
_MINIMA = {"month": "1", "day": "1", "hour": "0", "minute": "0", "second": "0"}
_POSITIONS = ("1st", "2nd", "3rd", "4th", "5th")


def apscheduler(given: Mapping[str, str | int]) -> Rule:
    """The fields of CronTrigger; all must match."""
    text = _with_defaults({name: str(value).strip() for name, value in given.items()})
    years = values(text["year"], 1970, 9999)
    months = values(text["month"], 1, 12, MONTHS)
    weeks = values(text["week"], 1, 53)
    weekdays = values(text["day_of_week"], 0, 6, WEEKDAYS)
    days = [_day_of_month(part.strip()) for part in text["day"].split(",")]

    def has_date(day: date) -> bool:
        return (
            day.year in years
            and day.month in months
            and day.isocalendar()[1] in weeks
            and day.weekday() in weekdays
            and any(matches(day) for matches in days)
        )

    return _rule(has_date, text["hour"], text["minute"], text["second"])


def _with_defaults(given: dict[str, str]) -> dict[str, str]:
    """Fields below the least significant one given take their minimum, all others `*`."""
    least = max((FIELDS.index(name) for name in given), default=len(FIELDS))
    defaults = {name: _MINIMA.get(name, "*") if i > least else "*" for i, name in enumerate(FIELDS)}
    return {**defaults, **given}


def _day_of_month(part: str) -> HasDate:
    if part.lower() == "last":
        return lambda day: day.day == month_length(day)
    if " " not in part:
        days = values(part, 1, 31)
        return lambda day: day.day in days
    position, name = part.lower().split()
    weekday = WEEKDAYS.index(name)
    if position == "last":
        return lambda day: is_last_weekday(day, weekday)
    nth = _POSITIONS.index(position) + 1
    return lambda day: is_nth_weekday(day, nth, weekday)


def _rule(has_date: HasDate, hour: str, minute: str, second: str, cycles: bool = False) -> Rule:
    return Rule(
        has_date,
        values(hour, 0, 23, cycle=24 if cycles else 0),
        values(minute, 0, 59, cycle=60 if cycles else 0),
        values(second, 0, 59, cycle=60 if cycles else 0),
        follows_the_clock(hour, minute),
    )


# --- crontab, crontab(5) of Vixie cron, with optional seconds in front and ranges that wrap around ----------

_CRONTAB_NAMES = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_MACROS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}


def crontab(line: str) -> Rule:
    """[second] minute hour day-of-month month day-of-week; 0 and 7 are Sunday. Years begin with 1970, as everywhere."""
    fields = _MACROS.get(line, line).split()
    second, minute, hour, day, month, weekday = fields if len(fields) == 6 else ["0", *fields]
    days = values(day, 1, 31, cycle=31)
    months = values(month, 1, 12, MONTHS, cycle=12)
    weekdays = values(weekday, 0, 6, _CRONTAB_NAMES, cycle=7)
    both = day.startswith("*") or weekday.startswith("*")  # else one of the two is enough

    def has_date(on: date) -> bool:
        has_day, has_weekday = on.day in days, on.isoweekday() % 7 in weekdays
        days_match = has_day and has_weekday if both else has_day or has_weekday
        return on.year >= 1970 and on.month in months and days_match

    return _rule(has_date, hour, minute, second, cycles=True)


# --- Quartz, CronExpression of version 2 --------------------------------------------------------------------


def quartz(line: str) -> Rule:
    """second minute hour day-of-month month day-of-week [year]; 1 is Sunday; one of the days is `?`."""
    second, minute, hour, day, month, weekday, *rest = line.split()
    years = values(rest[0] if rest else "*", 1970, 9999)
    months = values(month, 1, 12, MONTHS, cycle=12)
    parts = [_quartz_day(part) for part in day.split(",") if part != "?"]
    parts += [_quartz_weekday(part) for part in weekday.split(",") if part != "?"]

    def has_date(on: date) -> bool:
        return on.year in years and on.month in months and any(matches(on) for matches in parts)

    return _rule(has_date, hour, minute, second, cycles=True)


def _quartz_day(text: str) -> HasDate:
    """`L`, `L-3`, `LW`, `L-3W`, `15W`, or plain numbers."""
    number, workday = text.removesuffix("W"), text.endswith("W")
    if not text.startswith("L") and not workday:
        days = values(text, 1, 31, cycle=31)
        return lambda on: on.day in days

    def has_date(on: date) -> bool:
        day = month_length(on) - int(number[2:] or 0) if number.startswith("L") else int(number)
        if not 1 <= day <= month_length(on):
            return False
        return on == (_nearest_workday(on.replace(day=day)) if workday else on.replace(day=day))

    return has_date


def _nearest_workday(day: date) -> date:
    """The day of Monday to Friday that is nearest to `day` within its month."""
    in_month = [day + timedelta(days) for days in range(-2, 3) if (day + timedelta(days)).month == day.month]
    return min((on for on in in_month if on.weekday() < 5), key=lambda on: abs(on - day))


def _quartz_weekday(text: str) -> HasDate:
    """`L`, `6L`, `friL`, `6#3`, `fri#3`, or plain numbers and names; 1 is Sunday."""

    def weekday(word: str) -> int:
        """As date.weekday() counts."""
        number = int(word) if word.isdigit() else _CRONTAB_NAMES.index(word.lower()) + 1
        return (number + 5) % 7

    if text.endswith("L") and text != "L":
        return lambda on: is_last_weekday(on, weekday(text[:-1]))
    if "#" in text:
        word, nth = text.split("#")
        return lambda on: is_nth_weekday(on, int(nth), weekday(word))
    weekdays = values("7" if text == "L" else text, 1, 7, _CRONTAB_NAMES, cycle=7)
    return lambda on: on.isoweekday() % 7 + 1 in weekdays
