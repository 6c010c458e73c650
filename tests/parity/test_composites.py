"""Triggers made of others against their definition: sets of instants, merged, intersected and taken away."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from duetime.triggers.base import BaseTrigger
from duetime.triggers.combining import AndTrigger, OrTrigger
from duetime.triggers.cron import CronTrigger
from duetime.triggers.date import DateTrigger
from duetime.triggers.exclusion import ExclusionCalendar, NotTrigger
from duetime.triggers.interval import IntervalTrigger

UTC = timezone.utc
ZONES = ["UTC", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia"]
SECOND = timedelta(seconds=1)
WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def fires(trigger: BaseTrigger, start: datetime, end: datetime) -> list[datetime]:
    """All of [start, end), each found from the one before. A search that gives up has left these days behind."""
    result: list[datetime] = []
    while True:
        try:
            fire = trigger.get_next_fire_time(result[-1] if result else None, result[-1] if result else start)
        except NotImplementedError:
            return result
        if fire is None or fire >= end:
            return result
        result.append(fire.astimezone(UTC))


def part(rng: random.Random, start: datetime, zone: str) -> BaseTrigger:
    kind = rng.choice(["cron", "cron", "interval", "date"])
    if kind == "interval":
        minutes = rng.choice([5, 7, 20, 45, 60, 90])
        return IntervalTrigger(minutes=minutes, start_date=start + rng.randrange(90) * 60 * SECOND, timezone=UTC)
    if kind == "date":
        return DateTrigger(start + rng.randrange(3000) * 60 * SECOND, UTC)
    minute = rng.choice(["0", "*/5", "*/15", "30", "10-40/10"])
    hour = rng.choice(["*", "*/2", "1-3", "9-17"])
    return CronTrigger(hour=hour, minute=minute, day_of_week=rng.choice(["*", "mon-fri"]), timezone=zone)


def beginnings(rng: random.Random, count: int) -> Iterator[tuple[datetime, datetime, str]]:
    """Three days each, half of them around a change of the clock."""
    changes = [
        datetime(2026, 3, 7),
        datetime(2026, 10, 31),
        datetime(2026, 4, 3),
        datetime(2026, 10, 3),
        datetime(2011, 12, 29),
    ]
    for _ in range(count):
        day = rng.choice(changes) if rng.random() < 0.5 else datetime(2026, 1, 1) + timedelta(days=rng.randrange(300))
        start = day.replace(tzinfo=UTC) + rng.randrange(1440) * 60 * SECOND
        yield start, start + timedelta(days=3), rng.choice(ZONES)


@pytest.mark.parametrize("seed", range(40))
def test_or_is_the_union(seed: int) -> None:
    rng = random.Random(seed)
    for start, end, zone in beginnings(rng, 5):
        parts = [part(rng, start, zone) for _ in range(rng.randint(1, 3))]
        assert fires(OrTrigger(parts), start, end) == sorted({t for p in parts for t in fires(p, start, end)})


@pytest.mark.parametrize("seed", range(40))
def test_and_is_the_intersection(seed: int) -> None:
    rng = random.Random(1000 + seed)
    for start, end, zone in beginnings(rng, 5):
        parts = [part(rng, start, zone) for _ in range(rng.randint(1, 3))]
        expected = set(fires(parts[0], start, end))
        for other in parts[1:]:
            expected &= set(fires(other, start, end))
        assert fires(AndTrigger(parts), start, end) == sorted(expected)


def calendar(
    rng: random.Random, start: datetime
) -> tuple[ExclusionCalendar, set[date], set[int], list[tuple[time, time]]]:
    days = {start.date() + timedelta(days=rng.randrange(-1, 4)) for _ in range(rng.randrange(3))}
    weekdays = set(rng.sample(range(7), rng.randrange(3)))
    windows = []
    for _ in range(rng.randrange(0 if days or weekdays else 1, 3)):
        begin, end = rng.sample(range(96), 2)
        windows.append((time(begin // 4, begin % 4 * 15), time(end // 4, end % 4 * 15)))
    made = ExclusionCalendar(dates=days, weekdays=[WEEKDAYS[d] for d in weekdays], windows=windows)
    return made, days, weekdays, windows


def excludes(wall: datetime, days: set[date], weekdays: set[int], windows: list[tuple[time, time]]) -> bool:
    def has(day: date) -> bool:
        return (not days and not weekdays) or day in days or day.weekday() in weekdays

    if not windows:
        return has(wall.date())
    for begin, end in windows:
        for day in (wall.date(), wall.date() - timedelta(days=1)):
            first = datetime.combine(day, begin)
            last = datetime.combine(day, end) + timedelta(days=1 if end <= begin else 0)
            if has(day) and first <= wall < last:
                return True
    return False


@pytest.mark.parametrize("seed", range(60))
def test_not_takes_away_what_calendars_and_triggers_have(seed: int) -> None:
    rng = random.Random(2000 + seed)
    for start, end, zone in beginnings(rng, 5):
        base = part(rng, start, zone)
        taken = [part(rng, start, zone) for _ in range(rng.randrange(2))]
        calendars = [calendar(rng, start) for _ in range(rng.randint(1, 2))]
        excluded = {t for p in taken for t in fires(p, start, end)}
        expected = [
            fire
            for fire in fires(base, start, end)
            if fire not in excluded
            and not any(excludes(fire.astimezone(ZoneInfo(zone)).replace(tzinfo=None), *rest) for _, *rest in calendars)
        ]
        trigger = NotTrigger(base, [*(made for made, *_ in calendars), *taken], zone)
        assert fires(trigger, start, end) == expected, repr(trigger)
