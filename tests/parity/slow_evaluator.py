"""When a cron rule fires, found by asking every minute, and every second of a minute that matches: does it fire now?

The answer is the definition of the policy, word by word. Nothing here knows the engine, APScheduler or any other cron;
zones are zoneinfo's. The only shortcuts: days, minutes and seconds that match on no clock of the day are passed over.

Instants are whole seconds since 1970 in UTC. A wall time is written the same way, as if its clock were UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

DAY = 86_400
_DAY_OF_1970 = date(1970, 1, 1).toordinal()
_QUARTER = 900  # no zone changes twice within a quarter of an hour

POLICIES = ("apscheduler", "vixie", "skip", "rfc5545")


@dataclass(frozen=True)
class Rule:
    """Which dates and which times of the day match. It knows no zone."""

    has_date: Callable[[date], bool]
    hours: frozenset[int]
    minutes: frozenset[int]
    seconds: frozenset[int]
    follows_the_clock: bool  # `*` or `*/n` is among the hours or the minutes

    def has_minute(self, wall: int) -> bool:
        return wall % DAY // 3600 in self.hours and wall // 60 % 60 in self.minutes

    def has_second(self, wall: int) -> bool:
        return wall % 60 in self.seconds

    def matches(self, wall: int) -> bool:
        return self.has_minute(wall) and self.has_second(wall) and self.has_date(date_of(wall))


class Change(NamedTuple):
    """The offset of a zone changes at this instant, from `before` to `after`."""

    at: int
    before: int
    after: int


def date_of(wall: int) -> date:
    return date.fromordinal(wall // DAY + _DAY_OF_1970)


def offset_at(zone: ZoneInfo, instant: int) -> int:
    offset = datetime.fromtimestamp(instant, zone).utcoffset()
    assert offset is not None
    return offset // timedelta(seconds=1)


def first_shown(zone: ZoneInfo, wall: int) -> int | None:
    """The first instant at which a clock of the zone shows this wall time; None if it was skipped."""
    offsets = {offset_at(zone, wall + days * DAY) for days in (-2, -1, 0, 1, 2)}
    return min((wall - offset for offset in offsets if offset_at(zone, wall - offset) == offset), default=None)


@lru_cache(maxsize=100_000)
def changes_on(zone: ZoneInfo, day: int) -> tuple[Change, ...]:
    """The changes after the first instant of this day of UTC, up to the first of the next."""
    found = []
    for begin in range(day * DAY, (day + 1) * DAY, _QUARTER):
        before, after = offset_at(zone, begin), offset_at(zone, begin + _QUARTER)
        if before != after:
            at = next(t for t in range(begin + 1, begin + _QUARTER + 1) if offset_at(zone, t) != before)
            found.append(Change(at, before, after))
    return tuple(found)


class SlowTrigger:
    """A rule, in a zone, with a policy for the wall times that the zone skips or repeats."""

    def __init__(self, rule: Rule, zone: str, policy: str = "apscheduler") -> None:
        if policy not in POLICIES:
            raise ValueError(f"policy must be one of {POLICIES}, got {policy!r}")
        self.rule = rule
        self.zone = ZoneInfo(zone)
        # "vixie" is two policies: schedules at fixed times run once, the others follow the clock.
        self.policy = "clock" if policy == "vixie" and rule.follows_the_clock else policy

    def fires_at(self, instant: int) -> bool:
        return self.fires_as_shown(instant) or self.fires_for_skipped(instant)

    def fires_as_shown(self, instant: int) -> bool:
        """The wall clock shows a matching time, and not for the second time if that is to fire once."""
        if not self.rule.matches(instant + offset_at(self.zone, instant)):
            return False
        return self.policy in ("apscheduler", "clock") or not self.is_repeated(instant)

    def fires_for_skipped(self, instant: int) -> bool:
        """A matching wall time was skipped, and this is when it runs instead."""
        if self.policy in ("skip", "clock"):
            return False
        for change in self._changes_before(instant):
            if self.policy == "vixie":
                skipped = range(change.at + change.before, change.at + change.after)
                if instant == change.at and any(map(self.rule.matches, skipped)):
                    return True
            elif instant < change.at + change.after - change.before and self.rule.matches(instant + change.before):
                return True
        return False

    def is_repeated(self, instant: int) -> bool:
        """The clock was put back over this wall time: it is shown for the second time."""
        return any(instant < change.at + change.before - change.after for change in self._changes_before(instant))

    def first_fire(self, first: int, limit: int) -> int | None:
        """The first fire in [first, limit]."""
        return next(self.fires(first, limit), None)

    def fires(self, first: int, limit: int) -> Iterator[int]:
        """All fires in [first, limit], in order."""
        day = first // DAY
        while day * DAY <= limit:
            if self._may_have_fires_on(day):
                yield from (t for t in self._candidates(day) if first <= t <= limit and self.fires_at(t))
            day += 1

    def _may_have_fires_on(self, day: int) -> bool:
        return any(self.rule.has_date(date_of((day + shift) * DAY)) for shift in (-1, 0, 1))

    def _candidates(self, day: int) -> Iterator[int]:
        """The instants of a day of UTC whose time of day matches on some clock of the day; no others can fire."""
        changes = (*self._changes_before(day * DAY), *changes_on(self.zone, day))
        offsets = {offset_at(self.zone, day * DAY)}.union(*((change.before, change.after) for change in changes))
        starts = {change.at for change in changes}  # a "vixie" schedule may run there, whatever the clock shows
        step = 60 if all(number % 60 == 0 for number in offsets | starts) else 1
        for minute in range(day * DAY, (day + 1) * DAY, step):
            if minute in starts or any(self.rule.has_minute(minute + offset) for offset in offsets):
                seconds = range(minute, minute + step)
                yield from (t for t in seconds if t in starts or any(self.rule.has_second(t + o) for o in offsets))

    def _changes_before(self, instant: int) -> list[Change]:
        """The changes up to `instant` that may have skipped or repeated the time it shows: of a day and more."""
        days = range(instant // DAY - 2, instant // DAY + 1)
        return [change for day in days for change in changes_on(self.zone, day) if change.at <= instant]
