"""For conditions, and never for time."""

from __future__ import annotations

import time
from collections.abc import Callable

DEADLINE = 60.0  # seconds; only ever waited for when something is broken


def wait_until(condition: Callable[[], object]) -> None:
    give_up = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < give_up, "the condition did not come true"
        time.sleep(0.005)
