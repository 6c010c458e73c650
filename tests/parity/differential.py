"""Random triggers of duetime beside those of the installed APScheduler, fire by fire, in all zones that change offset.

    build/venv/bin/python tests/parity/differential.py --comparisons 5000000 --seed 1 --zones all

One comparison is one next fire time of each of the two. Chains of them start near a change of the clock; every fire is
fed back as the previous one. Where the answers differ, a definition decides (for cron the slow evaluator): ours must be
the right one, and theirs must be wrong in one of the ways named in `Kind`. All else is reported with what reproduces it
(`--seed` and `--chain`), and the program fails.
"""

from __future__ import annotations

import argparse
import sys
import time
from calendar import monthrange
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone, tzinfo
from enum import Enum
from importlib import import_module
from importlib.util import find_spec
from itertools import takewhile
from math import ceil
from random import Random
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from random_rules import apscheduler_fields, pick_change, pick_start, zones_with_changes
from slow_evaluator import DAY, Change, SlowTrigger, changes_on, date_of, first_shown, offset_at
from slow_grammar import apscheduler as apscheduler_rule

CHAIN = 20
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
MICROSECOND = timedelta(microseconds=1)


class Kind(Enum):
    EQUAL = "equal"
    NORMALISED = "equal, but 3.11.3 names a wall time that does not exist"
    LOST_IN_GAP = "lost by 3.11.3 in a gap"
    LOST_AFTER_GAP = "lost by 3.11.3 after a gap"
    LOST_IN_FOLD = "lost by 3.11.3 where the clock is put back"
    WRONG_INSTANT = "3.11.3 fires where the wall clock does not match"
    GIVEN = "equal, the run_date that was given with a wall time that does not exist"
    AGAIN = "3.11.3 fires twice at one instant, for a skipped wall time and the one shown"
    TOO_EARLY = "3.11.3 fires before start_date or now: compares wall clocks"
    AFTER_END = "3.11.3 fires after end_date: compares wall clocks"
    LOST_TO_END = "lost by 3.11.3 to end_date: compares wall clocks"
    PAST_START = "3.11.3 fires at start_date although it is past"
    SHIFTED = "3.11.3 counts on from another date than the one that was skipped"
    COMBINED_LOST = "lost by 3.11.3, whose combining triggers compare wall clocks"
    ENDLESS = "3.11.3 searches for ever, between the two times of a repeated hour"
    ROUNDED = "3.11.3 is off by a microsecond: adds floats"


Fire = datetime | None


class Unexplained(Exception):
    """The two differ, and no kind of difference covers it."""


class Endless(Exception):
    """3.11.3 has asked the parts of a trigger so often that it is going round in circles."""


@dataclass
class Tally:
    kinds: Counter[Kind] = field(default_factory=Counter)
    chains: Counter[str] = field(default_factory=Counter)
    examples: dict[Kind, str] = field(default_factory=dict)
    unexplained: list[str] = field(default_factory=list)

    @property
    def comparisons(self) -> int:
        return self.kinds.total() + len(self.unexplained)

    def count(self, kind: Kind, example: str) -> None:
        self.kinds[kind] += 1
        self.examples.setdefault(kind, example)

    def __str__(self) -> str:
        counts = [f"{self.kinds[kind]:>10,}  {kind.value}" for kind in Kind if self.kinds[kind]]
        examples = [
            f"{kind.value}:\n    {example}" for kind, example in self.examples.items() if kind is not Kind.EQUAL
        ]
        chains = ", ".join(f"{count:,} {name}" for name, count in sorted(self.chains.items()))
        totals = f"{self.comparisons:>10,}  comparisons in chains of up to {CHAIN}: {chains}"
        return "\n".join([totals, *counts, "", *examples, "", *self.unexplained])


def micros(time: datetime) -> int:
    return (time - EPOCH) // MICROSECOND


def aware(instant: float, zone: tzinfo) -> datetime:
    return (EPOCH + timedelta(microseconds=round(instant * 1e6))).astimezone(zone)


def is_imaginary(time: datetime) -> bool:
    return time.astimezone(timezone.utc).astimezone(time.tzinfo).replace(tzinfo=None) != time.replace(tzinfo=None)


@dataclass
class Pair:
    """The same trigger twice."""

    ours: Any
    theirs: Any
    what: str


def pair(module: str, name: str, **arguments: Any) -> Pair:
    ours, theirs = (
        getattr(import_module(f"{package}.triggers.{module}"), name)(**arguments)
        for package in ("duetime", "apscheduler")
    )
    return Pair(ours, theirs, f"{name}({', '.join(f'{name}={value!r}' for name, value in arguments.items())})")


@dataclass(frozen=True)
class Question:
    """What was asked and what the two answered, in microseconds since 1970."""

    previous: int | None
    now: int
    ours: int | None
    theirs: int | None
    endless: bool = False  # 3.11.3 does not answer

    @property
    def first(self) -> int:
        """The earliest right answer."""
        return self.now if self.previous is None else self.previous + 1


Judge = Callable[[Question], Kind]  # why they differ; raises Unexplained


def compare(question: Question, ours: Fire, theirs: Fire, judge: Judge) -> Kind:
    if question.endless:
        return judge(question)
    if ours is None and theirs is None:
        return Kind.EQUAL
    if ours is None or theirs is None or question.ours != question.theirs:
        return judge(question)
    same_wall = ours.replace(tzinfo=None) == theirs.replace(tzinfo=None)
    if not same_wall and not is_imaginary(theirs):
        raise Unexplained("one instant, two wall times")
    if is_imaginary(ours):
        return judge(question)
    return Kind.EQUAL if same_wall else Kind.NORMALISED


def run_chain(
    pair: Pair, now: datetime, judge: Judge, tally: Tally, context: str, first_fires_only: bool = False
) -> None:
    """Feeds both their fires back, or after a difference the earlier one, until both end.

    `first_fires_only`: asks for a first fire again and again, each time a second after the last one.
    """
    previous_of_ours = previous_of_theirs = None
    for _ in range(CHAIN):
        ours = pair.ours.get_next_fire_time(previous_of_ours, now)
        endless = False
        try:
            theirs = pair.theirs.get_next_fire_time(previous_of_theirs, now)
        except Endless:
            theirs, endless = None, True
        times = (time and micros(time) for time in (previous_of_ours, now, ours, theirs))
        question = Question(*times, endless)
        case = f"{context} {pair.what} previous={previous_of_ours} now={now}: ours {ours}, 3.11.3 {theirs}"
        try:
            kind = compare(question, ours, theirs, judge)
        except Unexplained as difference:
            tally.unexplained.append(f"{case}: {difference}")
            return
        tally.count(kind, case)
        if kind is Kind.ENDLESS:
            return
        if kind in (Kind.EQUAL, Kind.NORMALISED, Kind.GIVEN):
            previous_of_ours, previous_of_theirs = ours, theirs
        else:
            later = [fire for fire in (ours, theirs) if fire and micros(fire) >= question.first]
            previous_of_ours = previous_of_theirs = min(later, key=micros) if later else None
        if previous_of_ours is None:
            return
        now = max(now, previous_of_ours, key=micros)
        if first_fires_only:
            now = (now + timedelta(seconds=1)).astimezone(timezone.utc)
            previous_of_ours = previous_of_theirs = None


# --- cron ---------------------------------------------------------------------------------------------------


@dataclass
class Combined:
    """Fires when any, or all, of some triggers in one zone do."""

    parts: list[SlowTrigger]
    how: Callable[[Iterable[bool]], bool]

    @property
    def zone(self) -> ZoneInfo:
        return self.parts[0].zone

    def fires_at(self, instant: int) -> bool:
        return self.how(part.fires_at(instant) for part in self.parts)

    def fires_as_shown(self, instant: int) -> bool:
        return self.how(part.fires_as_shown(instant) for part in self.parts)

    def fires_for_skipped(self, instant: int) -> bool:
        return self.fires_at(instant) and any(part.fires_for_skipped(instant) for part in self.parts)

    def is_repeated(self, instant: int) -> bool:
        return self.parts[0].is_repeated(instant)

    def first_fire(self, first: int, limit: int) -> int | None:
        if self.how is all:
            return next(filter(self.fires_at, self.parts[0].fires(first, limit)), None)
        fires = (part.first_fire(first, limit) for part in self.parts)
        return min((fire for fire in fires if fire is not None), default=None)


@dataclass
class CronJudge:
    slow: SlowTrigger | Combined
    start: datetime | None = None
    end: datetime | None = None

    def __call__(self, question: Question) -> Kind:
        ours, theirs = self._second(question.ours), self._second(question.theirs)
        if ours == theirs and not question.endless:
            raise Unexplained("our wall time does not exist")
        first_micros = max(question.first, micros(self.start)) if self.start else question.first
        first = -(-first_micros // 1_000_000)
        last = micros(self.end) // 1_000_000 if self.end else None
        limit = min(value for value in (max(ours or 0, theirs or 0) or last, last) if value is not None)
        right = self.slow.first_fire(first, limit)
        if right != ours:
            raise Unexplained(f"right is {right and aware(right, self.slow.zone)}")
        if question.endless:
            return self._why_endless(first)
        if theirs is None or (ours is not None and ours < theirs):
            assert ours is not None
            return self._why_lost(first, ours, theirs)
        return self._why_wrong(first, theirs, last, again=question.theirs == question.previous)

    @staticmethod
    def _second(instant: int | None) -> int | None:
        if instant is None:
            return None
        if instant % 1_000_000:
            raise Unexplained("not a whole second")
        return instant // 1_000_000

    def _why_lost(self, first: int, ours: int, theirs: int | None) -> Kind:
        slow = self.slow
        if slow.fires_for_skipped(ours):
            return Kind.LOST_IN_GAP
        if self.end and aware(ours, slow.zone).replace(tzinfo=None) > self._end_on_the_clock():
            return Kind.LOST_TO_END
        if isinstance(slow, Combined) and theirs and slow.is_repeated(theirs) and not slow.is_repeated(ours):
            return Kind.COMBINED_LOST
        changes = changes_in(slow.zone, first - DAY, ours)
        if slow.is_repeated(ours) or (changes and changes[-1].after < changes[-1].before):
            return Kind.LOST_IN_FOLD
        if changes:
            return Kind.LOST_AFTER_GAP
        raise Unexplained("3.11.3 loses a fire where no clock changes")

    def _why_endless(self, first: int) -> Kind:
        assert self.end
        if any(
            change.after < change.before
            for change in changes_in(self.slow.zone, first - DAY, ceil(self.end.timestamp()))
        ):
            return Kind.ENDLESS
        raise Unexplained("3.11.3 does not answer, though no hour is repeated")

    def _why_wrong(self, first: int, theirs: int, last: int | None, again: bool) -> Kind:
        if again and self.slow.fires_for_skipped(theirs) and self.slow.fires_as_shown(theirs):
            return Kind.AGAIN
        if theirs < first:
            return Kind.TOO_EARLY
        if not self.slow.fires_at(theirs):
            return Kind.WRONG_INSTANT
        if last is not None and theirs > last:
            return Kind.AFTER_END
        raise Unexplained("3.11.3 fires where we do not")

    def _end_on_the_clock(self) -> datetime:
        assert self.end
        return self.end.astimezone(self.slow.zone).replace(tzinfo=None)


def changes_in(zone: ZoneInfo, first: int, last: int) -> list[Change]:
    days = range(first // DAY, last // DAY + 1)
    return [change for day in days for change in changes_on(zone, day) if first <= change.at <= last]


def _is_rare(fields: dict[str, str | int]) -> bool:
    """So that 3.11.3, which goes day by day, would search for years."""
    return bool({"year", "week"} & fields.keys()) or len({"day", "month", "day_of_week"} & fields.keys()) > 1


def cron_chain(random: Random, zone: str, tally: Tally, context: str) -> None:
    change, info = pick_change(random, zone), ZoneInfo(zone)
    fields = apscheduler_fields(random, change.at + change.before)
    begin = pick_start(random, change)
    start = aware(begin + random.randint(-DAY, 2 * DAY), info) if random.random() < 0.2 else None
    end = None
    if _is_rare(fields):
        end = aware(begin + random.randint(DAY, 900 * DAY), info)
    elif random.random() < 0.2:
        end = aware(change.at + random.randint(-7200, 3 * DAY), info)
    both = pair("cron", "CronTrigger", **fields, timezone=zone, start_date=start, end_date=end)
    now = aware(begin, timezone.utc if random.random() < 0.3 else info)
    judge = CronJudge(SlowTrigger(apscheduler_rule(fields), zone), start, end)
    run_chain(both, now, judge, tally, context)


class Bounded:
    """A combining trigger of 3.11.3 that gives up where it would go round in circles."""

    MOST_CALLS = 10_000  # of the parts; enough for two days in which they agree on no minute

    def __init__(self, make: Callable[[list[Any]], Any], parts: list[Any]) -> None:
        self._trigger = make([self._counted(part) for part in parts])
        self._calls = 0

    def get_next_fire_time(self, previous: Fire, now: datetime) -> Fire:
        self._calls = 0
        return self._trigger.get_next_fire_time(previous, now)

    def _counted(self, part: Any) -> SimpleNamespace:
        def get_next_fire_time(previous: Fire, now: datetime) -> Fire:
            self._calls += 1
            if self._calls > self.MOST_CALLS:
                raise Endless
            return part.get_next_fire_time(previous, now)

        return SimpleNamespace(get_next_fire_time=get_next_fire_time)


def combined_chain(random: Random, zone: str, tally: Tally, context: str, how: Callable[..., bool], name: str) -> None:
    """`or` is fed its fires back. `and` is not: 3.11.3 then never returns."""
    change, info = pick_change(random, zone), ZoneInfo(zone)
    begin = pick_start(random, change)
    end = aware(begin + random.randint(DAY, 100 * DAY if how is any else 2 * DAY), info)
    rules = [apscheduler_fields(random, change.at + change.before) for _ in range(random.choice((2, 2, 3)))]
    if how is all:
        rules = [
            {name: value for name, value in fields.items() if name != "second"} or {"hour": "*"} for fields in rules
        ]
    crons = [pair("cron", "CronTrigger", **fields, timezone=zone, end_date=end) for fields in rules]
    ours, theirs = (import_module(f"{package}.triggers.combining") for package in ("duetime", "apscheduler"))
    both = Pair(
        getattr(ours, name)([cron.ours for cron in crons]),
        Bounded(getattr(theirs, name), [cron.theirs for cron in crons]),
        f"{name}([{', '.join(cron.what for cron in crons)}])",
    )
    slow = Combined([SlowTrigger(apscheduler_rule(fields), zone) for fields in rules], how)
    run_chain(both, aware(begin, info), CronJudge(slow, None, end), tally, context, first_fires_only=how is all)


def or_chain(random: Random, zone: str, tally: Tally, context: str) -> None:
    combined_chain(random, zone, tally, context, any, "OrTrigger")


def and_chain(random: Random, zone: str, tally: Tally, context: str) -> None:
    combined_chain(random, zone, tally, context, all, "AndTrigger")


# --- interval -----------------------------------------------------------------------------------------------


@dataclass
class IntervalJudge:
    interval: int  # microseconds, as are the others
    start: int
    end: int | None

    def __call__(self, question: Question) -> Kind:
        ours, theirs = question.ours, question.theirs
        first = max(question.first, self.start)
        right: int | None = first + (self.start - first) % self.interval
        if self.end is not None and right > self.end:
            right = None
        if ours != right or ours == theirs:
            raise Unexplained(f"right is {right}")
        if theirs is not None and theirs < first:
            return Kind.TOO_EARLY
        if theirs is not None and ours is not None and abs(theirs - ours) == 1:
            return Kind.ROUNDED
        raise Unexplained("intervals differ")


def interval_chain(random: Random, zone: str, tally: Tally, context: str) -> None:
    change, info = pick_change(random, zone), ZoneInfo(zone)
    begin = pick_start(random, change)
    units = random.sample(("weeks", "days", "hours", "minutes", "seconds"), k=random.choice((1, 1, 2)))
    arguments: dict[str, Any] = {unit: random.choice((1, 2, 5, 24, 30, 90, 0.5, 1.5)) for unit in units}
    start = aware(begin + random.randint(-3 * DAY, DAY) + random.choice((0, 0, 0.5, 0.123457)), info)
    end = aware(begin + random.randint(0, 30 * DAY), info) if random.random() < 0.3 else None
    both = pair("interval", "IntervalTrigger", **arguments, timezone=zone, start_date=start, end_date=end)
    judge = IntervalJudge(timedelta(**arguments) // MICROSECOND, micros(start), end and micros(end))
    run_chain(both, aware(begin, info), judge, tally, context)


# --- date ---------------------------------------------------------------------------------------------------


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


# --- calendar interval ----------------------------------------------------------------------------------------


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


# --- the run ------------------------------------------------------------------------------------------------

CHAINS = {"cron": (cron_chain, 80), "interval": (interval_chain, 8), "date": (date_chain, 2)}
if find_spec("duetime.triggers.calendarinterval"):
    CHAINS["calendarinterval"] = (calendar_chain, 6)
if find_spec("duetime.triggers.combining"):
    CHAINS |= {"or": (or_chain, 3), "and": (and_chain, 3)}


def run_numbered(seed: int, number: int, zones: tuple[str, ...], tally: Tally) -> None:
    """Chain `number` of a run; the same for the same seed and zones."""
    random = Random(f"{seed}:{number}")
    (name,) = random.choices(tuple(CHAINS), weights=[weight for _, weight in CHAINS.values()])
    tally.chains[name] += 1
    CHAINS[name][0](random, random.choice(zones), tally, f"--seed {seed} --chain {number}:")


def run(comparisons: int, seed: int, zones: tuple[str, ...]) -> Tally:
    tally = Tally()
    number = 0
    while tally.comparisons < comparisons:
        run_numbered(seed, number, zones, tally)
        number += 1
    return tally


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--comparisons", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--zones", default="all", help="all, or names with commas between them")
    parser.add_argument("--chain", type=int, help="only this one, as a report names it")
    arguments = parser.parse_args()
    zones = zones_with_changes() if arguments.zones == "all" else tuple(arguments.zones.split(","))
    began = time.monotonic()
    if arguments.chain is None:
        tally = run(arguments.comparisons, arguments.seed, zones)
    else:
        tally = Tally()
        run_numbered(arguments.seed, arguments.chain, zones, tally)
    print(tally)
    print(f"{time.monotonic() - began:10.0f}  seconds, {len(zones)} zones, seed {arguments.seed}")
    return 1 if tally.unexplained else 0


if __name__ == "__main__":
    sys.exit(main())
