"""The tables of crontab lines and Quartz expressions that all languages read, asked of the slow evaluator."""

from __future__ import annotations

import json
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from slow_evaluator import DAY, SlowTrigger
from slow_grammar import crontab, quartz

DATA = Path(__file__).parents[1] / "data"
GRAMMARS = {"crontab": crontab, "quartz": quartz}
ROWS = [
    pytest.param(row["document"], row["now"], row["fires"], id=f"{row['document']['expression']} {row['now']}")
    for name in GRAMMARS
    for row in json.loads((DATA / f"{name}_fires.json").read_text(encoding="utf-8"))["rules"]
]
LAST = 253_402_128_000  # 9999-12-30; the day after is not to be looked at


def second(text: str | None) -> int | None:
    """Rounded up."""
    if text is None:
        return None
    return -int(-datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() // 1)


@pytest.mark.parametrize(("document", "now", "fires"), ROWS)
def test_slow_evaluator(document: dict[str, Any], now: str, fires: list[str | None]) -> None:
    right = [second(fire) for fire in fires]
    first = second(now)
    assert first is not None
    slow = SlowTrigger(
        GRAMMARS[document["dialect"]](document["expression"]), document["timezone"], document.get("dst", "vixie")
    )
    known = [fire for fire in right if fire is not None and fire < LAST]
    limit = min(LAST, max(known, default=first) + 30 * 366 * DAY)
    found: list[int | None] = [*islice(slow.fires(first, limit), len(known) + 1)]
    assert found[: len(known)] == known
    if right[-1] is None:
        assert found == known
