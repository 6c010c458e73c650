"""The engine fires when the slow evaluator says: each dialect, each policy, around the changes of awkward zones."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from functools import cache
from itertools import islice
from random import Random
from typing import Any

import pytest
from duetime import _native
from duetime._zones import share_search_path
from random_rules import apscheduler_fields, crontab_line, pick_change, pick_start, quartz_line
from slow_evaluator import DAY, POLICIES, Rule, SlowTrigger
from slow_grammar import apscheduler, crontab, quartz

RULES = 15  # of each dialect, policy and zone
FIRES = 25  # looked at of each rule, at most
ZONES = (
    "America/New_York",
    "Europe/Berlin",
    "Australia/Lord_Howe",  # half an hour
    "America/Santiago",  # at midnight
    "Africa/Cairo",  # at midnight
    "Pacific/Apia",  # skipped 2011-12-30
    "Asia/Gaza",
    "Africa/Casablanca",  # an hour less in Ramadan
    "Europe/Dublin",  # "summer time" is the standard, winter takes an hour off
    "Antarctica/Troll",  # two hours
    "Pacific/Chatham",  # +12:45
)
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def at(instant: float) -> datetime:
    return EPOCH + timedelta(microseconds=round(instant * 1e6))


def fields_document(random: Random, wall: int) -> tuple[dict[str, Any], Rule]:
    fields = apscheduler_fields(random, wall)
    return {"fields": {name: str(value) for name, value in fields.items()}}, apscheduler(fields)


def crontab_document(random: Random, wall: int) -> tuple[dict[str, Any], Rule]:
    line = crontab_line(random, wall)
    return {"dialect": "crontab", "expression": line}, crontab(line)


def quartz_document(random: Random, wall: int) -> tuple[dict[str, Any], Rule]:
    line = quartz_line(random, wall)
    return {"dialect": "quartz", "expression": line}, quartz(line)


DIALECTS: dict[str, Callable[[Random, int], tuple[dict[str, Any], Rule]]] = {
    "apscheduler": fields_document,
    "crontab": crontab_document,
    "quartz": quartz_document,
}
SAMPLES = {
    "apscheduler": {"fields": {"hour": "2"}},
    "crontab": {"dialect": "crontab", "expression": "0 2 * * *"},
    "quartz": {"dialect": "quartz", "expression": "0 0 2 * * ?"},
}


def engine_trigger(document: dict[str, Any], zone: str, policy: str) -> _native.Trigger:
    share_search_path()
    return _native.Trigger.from_document(json.dumps({"type": "cron", "timezone": zone, "dst": policy, **document}))


@cache
def refusal(dialect: str, policy: str) -> str:
    """Why the installed engine cannot be asked, if so; the empty text otherwise."""
    try:
        engine_trigger(SAMPLES[dialect], "UTC", policy)
    except _native.Error as error:
        return f"this engine has no {dialect} with dst={policy}: {error}"
    return ""


def engine_fires(trigger: _native.Trigger, start: datetime, limit: int, count: int) -> list[int]:
    fires: list[int] = []
    previous = None
    while len(fires) < count:
        previous = trigger.next_fire_time(previous, previous or start, timezone.utc)
        if previous is None or previous > at(limit):
            break
        fires.append((previous - EPOCH) // timedelta(seconds=1))
    return fires


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_random_rules(dialect, policy, zone):
    if refusal(dialect, policy):
        pytest.skip(refusal(dialect, policy))
    random = Random(f"{dialect} {policy} {zone}")
    for _ in range(RULES):
        change = pick_change(random, zone)
        document, rule = DIALECTS[dialect](random, change.at + change.before)
        start = pick_start(random, change)
        limit = int(start) + random.choice((2, 5, 60)) * DAY
        ours = engine_fires(engine_trigger(document, zone, policy), at(start), limit, FIRES)
        right = list(islice(SlowTrigger(rule, zone, policy).fires(-int(-start // 1), limit), FIRES))
        assert [*map(at, ours)] == [*map(at, right)], f"{document} {policy} in {zone} from {at(start)}"


# Rules that fire seldom or never; a calendar repeats after 400 years. The last member: do they fire at all?
RARE = [
    ({"month": "2", "day": "29", "day_of_week": "mon"}, True),
    ({"month": "2", "day": "29", "week": "9", "day_of_week": "sun"}, True),
    ({"day": "5th sun", "month": "2"}, True),
    ({"week": "53", "month": "1", "day": "3", "day_of_week": "sun"}, True),
    ({"year": "2380", "day": "last", "hour": "23", "minute": "59", "second": "59"}, True),
    ({"month": "2", "day": "30"}, False),
    ({"day": "31", "week": "8"}, False),
    ({"day": "1st mon", "day_of_week": "tue"}, False),
    ({"day": "last", "month": "4", "day_of_week": "mon", "week": "1-16"}, False),
    ({"year": "1999"}, False),
    ({"week": "53", "month": "12", "day": "26"}, False),
]


@pytest.mark.parametrize(("fields", "fires"), RARE, ids=lambda value: str(value))
def test_rules_that_fire_seldom_or_never(fields, fires):
    start = round(datetime(2026, 3, 1, tzinfo=timezone.utc).timestamp())
    limit = start + 146_097 * DAY
    right = SlowTrigger(apscheduler(fields), "Europe/Berlin").first_fire(start, limit)
    assert (right is not None) is fires
    trigger = engine_trigger({"fields": fields}, "Europe/Berlin", "apscheduler")
    assert trigger.next_fire_time(None, at(start), timezone.utc) == (None if right is None else at(right))


EDGES = [
    ({"second": "7"}, datetime(1970, 1, 1), 3),
    ({"second": "7"}, datetime(1969, 12, 31, 23, 58), 3),  # APScheduler's years begin with 1970
    ({"second": "7,8"}, datetime(2038, 1, 19, 3, 13), 5),
    ({"hour": "*/6"}, datetime(2105, 12, 31), 9),
    ({"day": "31", "hour": "12"}, datetime(9999, 11, 1), 2),
    ({"hour": "12", "day_of_week": "mon"}, datetime(9999, 12, 10), 9),
]


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Kolkata"])
@pytest.mark.parametrize(("fields", "begin", "count"), EDGES)
def test_edges_of_time(fields, begin, count, zone):
    start = (begin.replace(tzinfo=timezone.utc) - EPOCH) // timedelta(seconds=1)
    limit = min(start + 40 * DAY, (datetime(9999, 12, 29, tzinfo=timezone.utc) - EPOCH) // timedelta(seconds=1))
    right = list(islice(SlowTrigger(apscheduler(fields), zone).fires(start, limit), count))
    assert engine_fires(engine_trigger({"fields": fields}, zone, "apscheduler"), at(start), limit, count) == right
