"""The table of fires around changes of the clock, asked of the engine and of the slow evaluator."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from itertools import islice
from pathlib import Path

import pytest
from duetime.triggers.cron import CronTrigger
from slow_evaluator import DAY, SlowTrigger
from slow_grammar import apscheduler

TABLE = json.loads((Path(__file__).parents[1] / "data" / "cron_dst_fires.json").read_text(encoding="utf-8"))
ROWS = [
    pytest.param(row["fields"], row["timezone"], policy, row["now"], fires, id=f"{row['about']}, {policy}")
    for row in TABLE["rules"]
    for policy, fires in row["fires"].items()
]
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


@pytest.mark.parametrize(("fields", "zone", "policy", "now", "fires"), ROWS)
def test_engine(fields, zone, policy, now, fires):
    try:
        trigger = CronTrigger(**fields, timezone=zone, dst=policy)
    except ValueError as error:
        pytest.skip(str(error))
    found = [trigger.get_next_fire_time(None, datetime.fromisoformat(now))]
    while len(found) < len(fires):
        found.append(trigger.get_next_fire_time(found[-1], found[-1]))
    assert [fire.isoformat() for fire in found] == fires


@pytest.mark.parametrize(("fields", "zone", "policy", "now", "fires"), ROWS)
def test_slow_evaluator(fields, zone, policy, now, fires):
    first = -((EPOCH - datetime.fromisoformat(now)) // timedelta(seconds=1))
    found = islice(SlowTrigger(apscheduler(fields), zone, policy).fires(first, first + 10_000 * DAY), len(fires))
    assert list(found) == [round(datetime.fromisoformat(fire).timestamp()) for fire in fires]
