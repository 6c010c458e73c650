"""Chains of cron triggers, alone and combined with `or` and `and`; the slow evaluator is the judge."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timezone
from importlib import import_module
from math import ceil
from random import Random
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from comparison import Endless, Fire, Kind, Pair, Question, Tally, Unexplained, aware, micros, pair, run_chain
from random_rules import apscheduler_fields, pick_change, pick_start
from slow_evaluator import DAY, Change, SlowTrigger, changes_on
from slow_grammar import apscheduler as apscheduler_rule


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
        changes = changes_in(self.slow.zone, first - DAY, ceil(self.end.timestamp()) + DAY)
        if any(change.after < change.before for change in changes):
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


# --- combined --------------------------------------------------------------------------------------------------


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


class Bounded:
    """A combining trigger of 3.11.3 that gives up where it would go round in circles."""

    MOST_CALLS = 10_000  # of the parts; enough for two days in which they agree on no minute

    def __init__(self, make: Callable[[list[Any]], Any], parts: list[Any]) -> None:
        self._trigger = make([self._counted(part) for part in parts])
        self._calls = 0

    def get_next_fire_time(self, previous: Fire, now: datetime) -> Fire:
        self._calls = 0
        fire: Fire = self._trigger.get_next_fire_time(previous, now)
        return fire

    def _counted(self, part: Any) -> SimpleNamespace:
        def get_next_fire_time(previous: Fire, now: datetime) -> Fire:
            self._calls += 1
            if self._calls > self.MOST_CALLS:
                raise Endless
            fire: Fire = part.get_next_fire_time(previous, now)
            return fire

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
