"""Waiting for conditions, with a deadline that is only met when something is broken."""

from __future__ import annotations

import time
from collections.abc import Callable

DEADLINE = 120.0  # seconds


def wait_until(condition: Callable[[], object], what: str, deadline: float = DEADLINE) -> None:
    give_up = time.monotonic() + deadline
    while not condition():
        if time.monotonic() > give_up:
            raise TimeoutError(f"not so after {deadline:.0f} s: {what}")
        time.sleep(0.02)
