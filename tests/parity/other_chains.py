"""Chains of interval, date and calendar interval triggers; plain arithmetic is the judge."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import takewhile
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from comparison import MICROSECOND, Kind, Question, Tally, Unexplained, aware, maybe_micros, micros, pair, run_chain
from random_rules import pick_change, pick_start
from slow_evaluator import DAY, date_of, first_shown, offset_at


@dataclass
class IntervalJudge:
    interval: int  # microseconds, as are the others
    start: int
    end: int | None

    def __call__(self, question: Question) -> Kind:
        ours, theirs = question.ours, question.theirs
        first = max(question.first, self.start)
        on_grid = first + (self.start - first) % self.interval
        right = on_grid if self.end is None or on_grid <= self.end else None
        if ours != right or ours == theirs:
            raise Unexplained(f"right is {right}")
        if theirs is not None and theirs < first:
            return Kind.TOO_EARLY
        raise Unexplained("intervals differ")


def interval_chain(random: Random, zone: str, tally: Tally, context: str) -> None:
    change, info = pick_change(random, zone), ZoneInfo(zone)
    begin = pick_start(random, change)
    units = random.sample(("weeks", "days", "hours", "minutes", "seconds"), k=random.choice((1, 1, 2)))
    arguments: dict[str, Any] = {unit: random.choice((1, 2, 5, 24, 30, 90, 0.5, 1.5, 0.1, 3.333333)) for unit in units}
    start = aware(begin + random.randint(-3 * DAY, DAY) + random.choice((0, 0, 0.5, 0.123457)), info)
    end = aware(begin + random.randint(0, 30 * DAY), info) if random.random() < 0.3 else None
    both = pair("interval", "IntervalTrigger", **arguments, timezone=zone, start_date=start, end_date=end)
    judge = IntervalJudge(timedelta(**arguments) // MICROSECOND, micros(start), maybe_micros(end))
    run_chain(both, aware(begin, info), judge, tally, context)


def judge_date(question: Question) -> Kind:
    if question.ours != question.theirs:
        raise Unexplained("dates differ")
    return Kind.GIVEN


def date_chain(random: Random, zone: str, tally: Tally, context: str) -> None:
    change, info = pick_change(random, zone), ZoneInfo(zone)
    wall = datetime(1970, 1, 1) + timedelta(seconds=round(pick_start(random, change)) + change.before)
    forms: tuple[Any, ...] = (
        wall,
        wall.replace(fold=1),
        wall.date(),
        str(wall),
        wall.replace(tzinfo=info),
        f"{wall}.5+02:00",
        f"{wall:%Y-%m-%dT%H:%M:%S}Z",
    )
    both = pair("date", "DateTrigger", run_date=random.choice(forms), timezone=zone)
    run_chain(both, aware(change.at - 3600, info), judge_date, tally, context)


@dataclass
class CalendarJudge:
    zone: ZoneInfo
    months: int
    days: int
    second: int  # of the day
    start: date
    end: date | None

    def __call__(self, question: Question) -> Kind:
        ours, theirs = question.ours, question.theirs
        right = self._right(question)
        if ours != right or ours == theirs:
            raise Unexplained(f"right is {right and aware(right / 1e6, self.zone)}")
        if theirs is not None and question.previous is None and theirs < question.first:
            return Kind.PAST_START
        if theirs is None or not self._is_in_sequence(question, theirs):
            return Kind.SHIFTED
        raise Unexplained("calendar intervals differ")

    def _right(self, question: Question) -> int | None:
        for day in self._dates(question):
            shown = first_shown(self.zone, (day - date(1970, 1, 1)).days * DAY + self.second)
            if shown is not None and shown * 1_000_000 >= question.first:
                return shown * 1_000_000
        return None

    def _is_in_sequence(self, question: Question, instant: int) -> bool:
        second = instant // 1_000_000
        day = date_of(second + offset_at(self.zone, second))
        return day in takewhile(lambda each: each <= day, self._dates(question))

    def _dates(self, question: Question) -> Iterator[date]:
        """From the start, or the date after the previous one, up to the end."""
        if question.previous is None:
            day = self.start
        else:
            second = question.previous // 1_000_000
            day = self._after(date_of(second + offset_at(self.zone, second)))
        while self.end is None or day <= self.end:
            yield day
            day = self._after(day)

    def _after(self, day: date) -> date:
        months = day.year * 12 + day.month - 1
        while True:
            months += self.months
            if day.day <= monthrange(months // 12, months % 12 + 1)[1]:
                return day.replace(year=months // 12, month=months % 12 + 1) + timedelta(days=self.days)


def calendar_chain(random: Random, zone: str, tally: Tally, context: str) -> None:
    change, info = pick_change(random, zone), ZoneInfo(zone)
    begin = pick_start(random, change)
    units = random.sample(("years", "months", "weeks", "days"), k=random.choice((1, 1, 1, 2)))
    counts = {unit: random.choice((1, 1, 2, 3, 7)) for unit in units}
    second = (change.at + change.before + random.choice((0, 0, 600, 1800, -600, -1800, 30_000))) % DAY
    clock = {"hour": second // 3600, "minute": second // 60 % 60, "second": second % 60}
    start = aware(begin + random.randint(-40 * DAY, 40 * DAY), info).date()
    end = start + timedelta(days=random.randint(0, 2000)) if random.random() < 0.3 else None
    both = pair(
        "calendarinterval", "CalendarIntervalTrigger", **counts, **clock, timezone=zone, start_date=start, end_date=end
    )
    months = counts.get("years", 0) * 12 + counts.get("months", 0)
    days = counts.get("weeks", 0) * 7 + counts.get("days", 0)
    judge = CalendarJudge(info, months, days, second, start, end)
    run_chain(both, aware(begin, info), judge, tally, context)
