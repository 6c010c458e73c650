"""duetime and APScheduler 3.11.3 fire alike, or the difference is one of those that are known and meant."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

pytest.importorskip("apscheduler", minversion="3.11.3")

from comparison import Kind, Pair, Tally, micros, pair, run_chain
from cron_chains import CronJudge
from differential import run
from other_chains import IntervalJudge
from random_rules import zones_with_changes
from slow_evaluator import SlowTrigger
from slow_grammar import apscheduler

SEED = 20261123
COMPARISONS = 200_000


def test_random_triggers_in_all_zones():
    tally = run(COMPARISONS, SEED, zones_with_changes())
    print(f"\n{tally}")
    assert tally.unexplained == []
    assert tally.comparisons >= COMPARISONS
    common = {Kind.EQUAL, Kind.NORMALISED, Kind.LOST_IN_GAP, Kind.LOST_AFTER_GAP, Kind.LOST_IN_FOLD, Kind.AGAIN}
    assert common <= tally.kinds.keys()  # the changes of the clock were hit


# What the test itself must notice: ours and theirs are not the same trigger.

NEW_YORK = {"timezone": "America/New_York"}
JULY = datetime(2026, 7, 1, tzinfo=timezone.utc)


def cron(ours: dict[str, Any], theirs: dict[str, Any]) -> Pair:
    first, second = (pair("cron", "CronTrigger", **NEW_YORK, **fields) for fields in (ours, theirs))
    return Pair(first.ours, second.theirs, "two triggers")


@pytest.mark.parametrize(
    ("ours", "theirs", "rule"),
    [
        ({"hour": 2}, {"hour": "1,2"}, {"hour": "1,2"}),  # we lack a fire
        ({"hour": "1,2"}, {"hour": 2}, {"hour": 2}),  # we have one too many
        ({"hour": "1,2"}, {"hour": 2}, {"hour": "1,2"}),  # 3.11.3 loses one where no clock changes
        ({"year": 2020}, {"hour": 2}, {"hour": 2}),  # we end
    ],
)
def test_a_difference_in_summer_is_reported(ours, theirs, rule):
    tally = Tally()
    run_chain(cron(ours, theirs), JULY, CronJudge(SlowTrigger(apscheduler(rule), "America/New_York")), tally, "")
    assert len(tally.unexplained) == 1


def test_a_wrong_interval_is_reported():
    start = micros(JULY)
    hours, minutes = (
        pair("interval", "IntervalTrigger", timezone="UTC", start_date=JULY, **{unit: 2})
        for unit in ("hours", "minutes")
    )
    tally = Tally()
    wrong = Pair(minutes.ours, hours.theirs, "two triggers")
    run_chain(wrong, JULY, IntervalJudge(7_200_000_000, start, None), tally, "")
    assert tally.kinds == {Kind.EQUAL: 1}
    assert len(tally.unexplained) == 1
