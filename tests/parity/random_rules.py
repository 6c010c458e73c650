"""Random rules of each dialect, and random instants near the changes of the clock."""

from __future__ import annotations

from functools import cache
from random import Random
from zoneinfo import ZoneInfo, available_timezones

from slow_evaluator import DAY, Change, offset_at
from slow_grammar import MONTHS, WEEKDAYS

_POSITIONS = ("1st", "2nd", "3rd", "4th", "5th", "last")
_1970, _2038 = 0, 24_837 * DAY
_WEEK = 7 * DAY  # offsets are compared so far apart; a zone that changes and changes back in between is missed


@cache
def changes_of(zone: str) -> tuple[Change, ...]:
    """The changes of a zone's offset from 1970 to 2037."""
    info = ZoneInfo(zone)
    weeks = range(_1970, _2038, _WEEK)
    offsets = [offset_at(info, week) for week in weeks]
    return tuple(
        _change_between(info, week, week + _WEEK)
        for week, before, after in zip(weeks, offsets, offsets[1:], strict=False)
        if before != after
    )


def _change_between(zone: ZoneInfo, low: int, high: int) -> Change:
    before, after = offset_at(zone, low), offset_at(zone, high)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if offset_at(zone, middle) == before else (low, middle)
    return Change(high, before, after)


@cache
def zones_with_changes() -> tuple[str, ...]:
    return tuple(zone for zone in sorted(available_timezones()) if changes_of(zone))


def pick_change(random: Random, zone: str) -> Change:
    return random.choice(changes_of(zone))


def pick_start(random: Random, change: Change) -> float:
    """An instant minutes, hours, days or weeks before the change, seldom after; seldom with a fraction."""
    lead = random.choice((600, 7_200, DAY, 3 * DAY, 45 * DAY))
    start = change.at - random.randint(-lead // 4, lead)
    return start + random.choice((0, 0, 0, 0.5, 0.000001, 0.999999))


# --- parts of expressions -----------------------------------------------------------------------------------


def _range(random: Random, low: int, high: int, wraps: bool = False) -> str:
    first, last = random.randint(low, high), random.randint(low, high)
    return f"{first}-{last}" if wraps else f"{min(first, last)}-{max(first, last)}"


def _stepped_range(random: Random, low: int, high: int, wraps: bool = False) -> str:
    first, last = sorted(random.sample(range(low, high + 1), 2))
    step = random.randint(1, min(last - first, 12))
    if wraps and random.random() < 0.3:
        return f"{last}-{first}/{random.randint(1, 4)}"
    return f"{first}-{last}/{step}"


def _open_step(random: Random, low: int, high: int) -> str:
    first = random.randint(low, high - 1)
    return f"{first}/{random.randint(1, min(high - first, 20))}"


def _part(random: Random, low: int, high: int, wraps: bool = False) -> str:
    kind = random.randrange(10)
    if kind < 5:
        return str(random.randint(low, high))
    if kind < 7:
        return _range(random, low, high, wraps)
    if kind < 9:
        return _stepped_range(random, low, high, wraps)
    return _open_step(random, low, high)


def _number_field(random: Random, low: int, high: int, wraps: bool = False) -> str:
    kind = random.randrange(10)
    if kind < 1:
        return "*"
    if kind < 3:
        return f"*/{random.randint(1, high - low)}"
    return ",".join(_part(random, low, high, wraps) for _ in range(random.choice((1, 1, 1, 1, 2, 3))))


def _case(random: Random, name: str) -> str:
    return random.choice((name, name.upper(), name.capitalize()))


def _name_range(random: Random, names: tuple[str, ...], wraps: bool = False) -> str:
    first, last = random.choice(names), random.choice(names)
    if not wraps:
        first, last = sorted((first, last), key=names.index)
    return f"{_case(random, first)}-{_case(random, last)}"


def _name_field(random: Random, names: tuple[str, ...], wraps: bool = False) -> str:
    if random.random() < 0.4:
        return _name_range(random, names, wraps)
    return ",".join(_case(random, random.choice(names)) for _ in range(random.choice((1, 1, 2))))


def _near(random: Random, wall: int) -> dict[str, str]:
    """An hour and a minute at or around the wall time of a change, which random ones would seldom hit."""
    hour = (wall // 3600 + random.randint(-1, 3)) % 24
    hours = random.choice((str(hour), str(hour), f"{max(hour - 1, 0)}-{hour}", f"*/{random.choice((2, 3, 4))}", "*"))
    minutes = random.choice(("0", "30", "15", "59", "*/15", "*/20", "5-50/15", "0,30", "*"))
    return {"hour": hours, "minute": minutes}


# --- APScheduler's fields -----------------------------------------------------------------------------------


def apscheduler_fields(random: Random, wall: int) -> dict[str, str | int]:
    """Fields of CronTrigger that often match near the wall time `wall`; numbers are sometimes given as int."""
    fields: dict[str, str] = _near(random, wall) if random.random() < 0.6 else _random_time(random)
    if random.random() < 0.4:
        fields |= _random_dates(random)
    return {name: int(text) if text.isdigit() and random.random() < 0.3 else text for name, text in fields.items()}


def _random_time(random: Random) -> dict[str, str]:
    limits = {"hour": 23, "minute": 59, "second": 59}
    return {name: _number_field(random, 0, high) for name, high in limits.items() if random.random() < 0.5}


def _random_dates(random: Random) -> dict[str, str]:
    makers = {
        "day": lambda: _apscheduler_day(random),
        "day_of_week": lambda: _either(random, _number_field(random, 0, 6), _name_field(random, WEEKDAYS)),
        "month": lambda: _either(random, _number_field(random, 1, 12), _name_field(random, MONTHS)),
        "week": lambda: _number_field(random, 1, 53),
        "year": lambda: _number_field(random, 1970, 2040),
    }
    names = random.choices(tuple(makers), weights=(6, 6, 3, 2, 1), k=random.choice((1, 1, 1, 2)))
    return {name: makers[name]() for name in sorted(set(names))}


def _either(random: Random, *texts: str) -> str:
    return random.choice(texts)


def _apscheduler_day(random: Random) -> str:
    kind = random.randrange(6)
    if kind < 3:
        return _number_field(random, 1, 31)
    if kind < 4:
        return "last"
    position = f"{_case(random, random.choice(_POSITIONS))} {_case(random, random.choice(WEEKDAYS))}"
    return position if kind < 5 else random.choice((", ", ",", " , ")).join((position, str(random.randint(1, 31))))


# --- crontab and Quartz -------------------------------------------------------------------------------------

_MACROS = ("@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@yearly", "@annually")


def crontab_line(random: Random, wall: int) -> str:
    if random.random() < 0.08:
        return random.choice(_MACROS)
    second = [_number_field(random, 0, 59, wraps=True)] if random.random() < 0.2 else []
    return " ".join([*second, *_clock_fields(random, wall), *_crontab_dates(random)])


def _clock_fields(random: Random, wall: int) -> list[str]:
    """Minute and hour."""
    if random.random() < 0.6:
        near = _near(random, wall)
        return [near["minute"], near["hour"]]
    return [_number_field(random, 0, 59, wraps=True), _number_field(random, 0, 23, wraps=True)]


def _crontab_dates(random: Random) -> list[str]:
    day = month = weekday = "*"
    if random.random() < 0.35:
        day = _number_field(random, 1, 31, wraps=True)
    if random.random() < 0.15:
        month = _either(random, _number_field(random, 1, 12, wraps=True), _name_field(random, MONTHS, wraps=True))
    if random.random() < 0.35:
        weekday = _crontab_weekday(random)
    return [day, month, weekday]


def _crontab_weekday(random: Random) -> str:
    names = ("sun", *WEEKDAYS[:6])
    numbers = (
        str(random.randint(0, 7)),
        _range(random, 0, 7),
        f"*/{random.randint(1, 6)}",
        "0-7",
        "5-7",
        "6-1",
        "5-2/2",
    )
    return _either(random, _name_field(random, names, wraps=True), random.choice(numbers))


def quartz_line(random: Random, wall: int) -> str:
    second = "0" if random.random() < 0.7 else _number_field(random, 0, 59, wraps=True)
    minute, hour = _clock_fields(random, wall)
    day, weekday = random.choice((("*", "?"), ("?", "*"), (_quartz_day(random), "?"), ("?", _quartz_weekday(random))))
    month = "*" if random.random() < 0.85 else _name_field(random, tuple(map(str.upper, MONTHS)), wraps=True)
    year = [random.choice(("*", "2000-2030", "1975/3", "2010,2020,2026"))] if random.random() < 0.1 else []
    return " ".join([second, minute, hour, day, month, weekday, *year])


def _quartz_day(random: Random) -> str:
    special = ("L", "LW", f"L-{random.randint(1, 30)}", f"L-{random.randint(1, 28)}W", f"{random.randint(1, 31)}W")
    plain = _number_field(random, 1, 31, wraps=True)
    return _either(
        random, random.choice(special), f"{random.randint(1, 31)}W", plain, f"{random.choice(special)},{plain}"
    )


def _quartz_weekday(random: Random) -> str:
    day = _either(random, str(random.randint(1, 7)), *("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"))
    special = (f"{day}L", f"{day}#{random.randint(1, 5)}", "L")
    plain = (day, "2-6", "MON-FRI", "FRI-MON", "6-2", "1,3,5", "SAT,SUN", "2/2", "7-3/2")
    both = f"{random.choice(special)},{random.choice(plain)}"
    return _either(random, random.choice(special), random.choice(special), random.choice(plain), both)
