"""Quartz expressions fire as in Quartz, or as the slow evaluator says where Quartz is known to be wrong."""

from __future__ import annotations

import json
import os
from collections import Counter
from datetime import datetime, timezone
from enum import Enum
from random import Random
from zoneinfo import ZoneInfo

import pytest
from duetime import _native
from quartz.oracle import Question, Refused, Unavailable, ask
from random_rules import pick_change, quartz_line
from slow_evaluator import DAY, SlowTrigger, offset_at
from slow_grammar import quartz

SEED = 20261123
EXPRESSIONS = 8_000
FIRES = 6
CHANGING_ZONES = ("America/New_York", "Europe/Berlin", "Australia/Lord_Howe")
ZONES = ("UTC", "UTC", "Asia/Kolkata", *CHANGING_ZONES)
FIRST, LAST = 946_684_800, 1_893_456_000  # 2000 and 2030

UTC = timezone.utc


class Kind(Enum):
    EQUAL = "Quartz and duetime agree"
    REFUSED = "Quartz refuses the expression"
    # Quartz is wrong; the slow evaluator says what is right.
    CLOCK = "near a change of the clock"
    WORKDAY = "Quartz loses the rest of a day that W moved"
    END = "Quartz finds the month's end too late where L stands in a list"
    LIST = "Quartz takes # or L for the whole list"


def our_fires(expression: str, zone: str, start: int) -> list[int | None]:
    document = {"type": "cron", "dialect": "quartz", "expression": expression, "timezone": zone}
    trigger = _native.Trigger.from_document(json.dumps(document))
    fires: list[int | None] = []
    previous, now = None, datetime.fromtimestamp(start + 1, UTC)
    while len(fires) < FIRES:
        previous = trigger.next_fire_time(previous, now, UTC)
        fires.append(None if previous is None else round(previous.timestamp()))
        if previous is None:
            break
        now = previous
    return fires


def is_near_a_change(zone: str, *instants: int | None) -> bool:
    info = ZoneInfo(zone)
    known = [t for t in instants if t is not None]
    return any(offset_at(info, t - 3 * DAY) != offset_at(info, t + 3 * DAY) for t in known)


def known_fault(expression: str, zone: str, after: int, ours: int | None, theirs: int | None) -> Kind | None:
    day, _, weekday = expression.split()[3:6]
    if "W" in day:
        return Kind.WORKDAY
    if "L" in day and "," in day:
        return Kind.END
    if "," in weekday and ("#" in weekday or "L" in weekday):
        return Kind.LIST
    if is_near_a_change(zone, after, ours, theirs):
        return Kind.CLOCK
    return None


def judge(question: Question, after: int, ours: int | None, theirs: int | None) -> Kind:
    """The kind of a difference that is Quartz's fault. Fails if it is ours, or of no known kind."""
    if ours == theirs:
        return Kind.EQUAL
    kind = known_fault(question.expression, question.zone, after, ours, theirs)
    context = f"{question.expression!r} in {question.zone} after {after}: {ours}, Quartz {theirs}"
    assert kind is not None, context
    limit = max(t for t in (ours, theirs) if t is not None)
    slow = SlowTrigger(quartz(question.expression), question.zone, "vixie")
    assert slow.first_fire(after + 1, limit) == ours, context
    return kind


def pick_zone_and_start(random: Random) -> tuple[str, int]:
    """Any time, or one shortly before a change of the clock."""
    if random.random() < 0.7:
        return random.choice(ZONES), random.randrange(FIRST, LAST)
    zone = random.choice(CHANGING_ZONES)
    return zone, pick_change(random, zone).at - random.randrange(2 * DAY)


def questions() -> list[tuple[Question, list[int | None]]]:
    random = Random(SEED)
    asked = []
    for _ in range(EXPRESSIONS):
        zone, start = pick_zone_and_start(random)
        expression = quartz_line(random, start + offset_at(ZoneInfo(zone), start))
        fires = our_fires(expression, zone, start)
        asked.append((Question(expression, zone, (start, *filter(None, fires[:-1]))), fires))
    return asked


def quartz_answers(asked: list[Question]):
    try:
        return ask(asked)
    except Unavailable as reason:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"Quartz cannot be asked: {reason}")


def test_random_expressions():
    asked = questions()
    tally: Counter[Kind] = Counter()
    for (question, fires), answer in zip(asked, quartz_answers([q for q, _ in asked]), strict=True):
        if isinstance(answer, Refused):
            assert answer.why.endswith("is not implemented"), question  # lists with L or more than one #
            tally[Kind.REFUSED] += 1
            continue
        for after, ours, theirs in zip(question.instants, fires, answer, strict=True):
            tally[judge(question, after, ours, theirs)] += 1
    print("".join(f"\n{count:7} {kind.value}" for kind, count in tally.most_common()))
    assert tally[Kind.EQUAL] >= 0.8 * tally.total()
    assert set(tally) == set(Kind)  # each was met


# What the comparison itself must notice.


@pytest.mark.parametrize(
    ("expression", "after", "ours", "theirs"),
    [
        ("0 0 12 * * ?", 1_767_225_600, 1_767_268_801, 1_767_268_800),  # no known fault of Quartz
        ("0 0 12 15W * ?", 1_767_225_600, 1_768_478_401, 1_768_478_400),  # one, but Quartz is right
        ("0 0 12 15W * ?", 1_767_225_600, None, 1_768_478_400),
    ],
)
def test_a_wrong_answer_of_ours_is_reported(expression, after, ours, theirs):
    with pytest.raises(AssertionError):
        judge(Question(expression, "UTC", (after,)), after, ours, theirs)
