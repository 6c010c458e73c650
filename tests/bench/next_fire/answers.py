"""The right answers, found slowly: day by day, every minute that the fields name, converted with zoneinfo.

Independent of the engine: it shares neither code nor method with it. Where the clock changes there is more than one
right answer, so there is a set of them: what each policy of docs/ARCHITECTURE.md's cron trigger says.
"""

from __future__ import annotations

import bisect
import calendar
from datetime import date, datetime, time, timedelta, timezone
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HORIZON = date(2032, 12, 31)


def numbers(text: str, first: int, last: int, names: tuple[str, ...] = ()) -> set[int]:
    """What `*`, `*/5`, `9-17`, `30` or `mon-fri` stands for; the expression set has nothing else."""
    text, _, step = text.partition("/")
    if text == "*":
        return set(range(first, last + 1, int(step or 1)))
    ends = [names.index(end) if end in names else int(end) for end in text.split("-")]
    return set(range(ends[0], ends[-1] + 1))


class Rule:
    """An expression of expressions.json, as days and times of day on the wall clock."""

    def __init__(self, spellings: dict[str, Any]) -> None:
        fields = spellings.get("fields") or dict(
            zip(("minute", "hour", "day", "month", "day_of_week"), spellings["crontab"].split(), strict=True)
        )
        self.either = "fields" not in spellings
        self.day = fields["day"]
        self.months = numbers(fields["month"], 1, 12)
        self.weekdays = numbers(fields["day_of_week"], 0, 6, WEEKDAYS)
        self.times = [
            time(hour, minute)
            for hour in sorted(numbers(fields["hour"], 0, 23))
            for minute in sorted(numbers(fields["minute"], 0, 59))
        ]
        self.follows_the_clock = fields["hour"].startswith("*") or fields["minute"].startswith("*")

    def has(self, day: date) -> bool:
        if day.month not in self.months:
            return False
        by_day, by_weekday = self._has_day(day), day.weekday() in self.weekdays
        return by_day or by_weekday if self.either else by_day and by_weekday

    def _has_day(self, day: date) -> bool:
        if self.day == "last":
            return day.day == calendar.monthrange(day.year, day.month)[1]
        if " " in self.day:
            nth, weekday = self.day.split()
            return day.weekday() == WEEKDAYS.index(weekday) and (day.day - 1) // 7 + 1 == int(nth[0])
        return day.day in numbers(self.day, 1, 31)


def instant(wall: datetime, zone: ZoneInfo, fold: int) -> int:
    return int(wall.replace(tzinfo=zone, fold=fold).timestamp())


def shows(second: int, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(second, zone).replace(tzinfo=None)


@cache
def end_of_gap(day: date, zone: ZoneInfo) -> int:
    """The first second after the change of the clock on a day whose clock goes forward."""
    second = int(datetime.combine(day, time(), zone).timestamp())
    offset = datetime.fromtimestamp(second, zone).utcoffset()
    while datetime.fromtimestamp(second, zone).utcoffset() == offset:
        second += 60
    return second


def fires_of(rule: Rule, zone: ZoneInfo, wall: datetime) -> dict[str, list[int]]:
    """The instants of one wall time, by policy."""
    early, late = instant(wall, zone, 0), instant(wall, zone, 1)
    if early == late:
        return {"apscheduler": [early], "vixie": [early], "skip": [early]}
    if shows(early, zone) != wall:  # in a gap: `early` is what the offset before it gives
        vixie = [] if rule.follows_the_clock else [end_of_gap(wall.date(), zone)]
        return {"apscheduler": [early], "vixie": vixie, "skip": []}
    return {
        "apscheduler": [early, late],
        "vixie": [early, late] if rule.follows_the_clock else [early],
        "skip": [early],
    }


def fires_on(rule: Rule, zone: ZoneInfo, day: date) -> dict[str, list[int]]:
    fires: dict[str, set[int]] = {"apscheduler": set(), "vixie": set(), "skip": set()}
    if rule.has(day):
        for time_of_day in rule.times:
            for policy, found in fires_of(rule, zone, datetime.combine(day, time_of_day)).items():
                fires[policy].update(found)
    return {policy: sorted(found) for policy, found in fires.items()}


def right_answers(spellings: dict[str, Any], zone_name: str, starts: list[int]) -> list[dict[str, int]]:
    """For each start, the first fire after it under each policy."""
    rule, zone = Rule(spellings), ZoneInfo(zone_name)
    on = cache(lambda day: fires_on(rule, zone, day))
    return [{policy: _after(on, policy, start) for policy in ("apscheduler", "vixie", "skip")} for start in starts]


def _after(on: Any, policy: str, start: int) -> int:
    day = datetime.fromtimestamp(start, timezone.utc).date() - timedelta(days=1)
    while day <= HORIZON:
        fires = on(day)[policy]
        after = bisect.bisect_right(fires, start)
        if after < len(fires):
            return fires[after]
        day += timedelta(days=1)
    raise AssertionError(f"nothing fires after {start}; the expression set has no such rule")
