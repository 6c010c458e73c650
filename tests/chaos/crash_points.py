"""Where a node is killed, and what must have become of its one run when another node has seen to it.

A point is FUNCTION:WHEN:CALL, as crashing_store.h tells. docs/run_states.md has the same table in words.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .observations import Observation

JOB = "now-1"


@dataclass(frozen=True)
class Outcome:
    state: str  # "" where there is no job
    attempt: int
    starts: int


ABSENT = Outcome("", 0, 0)
UNDISTURBED = Outcome("succeeded", 1, 1)  # as if nobody had died
NEVER_STARTED = Outcome("abandoned", 1, 0)
GIVEN_UP = Outcome("abandoned", 1, 1)
DONE_BY_THE_NEXT = Outcome("succeeded", 2, 1)
DONE_AGAIN = Outcome("succeeded", 2, 2)
DONE_BY_THE_THIRD = Outcome("succeeded", 3, 1)

_LONG_MS = 2500  # longer than a lease, so that it is renewed

# Points at which node after node dies, what then becomes of a run without and with recover, how long it works.
_TABLE: tuple[tuple[tuple[str, ...], Outcome | None, Outcome | None, int], ...] = (
    (("add:before:1",), ABSENT, ABSENT, 0),
    (("add:after:1",), UNDISTURBED, UNDISTURBED, 0),
    (("claim_due:before:1",), UNDISTURBED, UNDISTURBED, 0),
    (("claim_due:taken:1",), NEVER_STARTED, DONE_BY_THE_NEXT, 0),
    (("complete:before:1",), GIVEN_UP, DONE_AGAIN, 0),
    (("complete:after:1",), UNDISTURBED, UNDISTURBED, 0),
    (("renew:before:1",), GIVEN_UP, DONE_AGAIN, _LONG_MS),
    (("renew:after:2",), GIVEN_UP, DONE_AGAIN, _LONG_MS),
    (("release:before:1",), NEVER_STARTED, DONE_BY_THE_NEXT, 0),
    (("release:after:1",), UNDISTURBED, UNDISTURBED, 0),
    (("claim_due:taken:1", "reclaim_expired:before:2"), NEVER_STARTED, DONE_BY_THE_NEXT, 0),
    (("claim_due:taken:1", "reclaim_expired:taken:1"), None, DONE_BY_THE_THIRD, 0),
    (("release:after:1", "reclaim_expired:taken:1"), NEVER_STARTED, DONE_BY_THE_NEXT, 0),
)


@dataclass(frozen=True)
class Case:
    crashes: tuple[str, ...]
    recover: bool
    outcome: Outcome
    work_ms: int

    @property
    def name(self) -> str:
        return f"{', '.join(self.crashes)}{' with recover' if self.recover else ''}"

    @property
    def adding(self) -> bool:
        return self.crashes[0].startswith("add:")

    def refuses(self, crash: str) -> bool:
        """A node gives a run back that its task refuses."""
        return crash.startswith("release:")

    def compare(self, seen: Observation) -> Iterator[str]:
        starts = sum(line.what == "start" for line in seen.lines)
        became = [Outcome(run.state, run.attempt, starts) for run in seen.runs] or [ABSENT]
        if became != [self.outcome]:
            yield f"wrong outcome of {JOB}: {became}, expected {self.outcome}"


CASES = tuple(
    Case(crashes, recover, outcome, work_ms)
    for crashes, plain, recovering, work_ms in _TABLE
    for recover, outcome in ((False, plain), (True, recovering))
    if outcome is not None
)
