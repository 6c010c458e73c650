"""One question put to duetime and to APScheduler 3.11.3, and what the difference between their answers is called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone, tzinfo
from enum import Enum
from importlib import import_module
from typing import Any

CHAIN = 20
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
MICROSECOND = timedelta(microseconds=1)

Fire = datetime | None


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


def maybe_micros(time: Fire) -> int | None:
    return None if time is None else micros(time)


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
    previous_of_ours: Fire = None
    previous_of_theirs: Fire = None
    for _ in range(CHAIN):
        ours = pair.ours.get_next_fire_time(previous_of_ours, now)
        theirs, endless = answer(pair.theirs, previous_of_theirs, now)
        question = Question(
            maybe_micros(previous_of_ours), micros(now), maybe_micros(ours), maybe_micros(theirs), endless
        )
        case = f"{context} {pair.what} previous={previous_of_ours} now={now}: ours {ours}, 3.11.3 {theirs}"
        try:
            kind = compare(question, ours, theirs, judge)
        except Unexplained as difference:
            tally.unexplained.append(f"{case}: {difference}")
            return
        tally.count(kind, case)
        previous_of_ours, previous_of_theirs = next_previous(question, ours, theirs)
        if previous_of_ours is None or endless:
            return
        now = max(now, previous_of_ours, key=micros)
        if first_fires_only:
            now = (now + timedelta(seconds=1)).astimezone(timezone.utc)
            previous_of_ours = previous_of_theirs = None


def answer(theirs: Any, previous: Fire, now: datetime) -> tuple[Fire, bool]:
    """The fire that 3.11.3 gives, and whether it would go on searching for ever."""
    try:
        return theirs.get_next_fire_time(previous, now), False
    except Endless:
        return None, True


def next_previous(question: Question, ours: Fire, theirs: Fire) -> tuple[Fire, Fire]:
    """Each its own where they agree (theirs may name a time that does not exist); else the earlier one for both."""
    if question.ours == question.theirs:
        return ours, theirs
    later = [fire for fire in (ours, theirs) if fire and micros(fire) >= question.first]
    earlier = min(later, key=micros, default=None)
    return earlier, earlier
