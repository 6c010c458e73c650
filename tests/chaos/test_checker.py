"""The checker, on logs that are made up: it finds what it is there for, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.chaos.checker import overtaken_starts, started_after_stop, violations
from tests.chaos.observations import Line, Log, Observation, PlannedJob, Run, Word

LEASE = 1_000_000
WELL, DEAD = "aa", "bb"

JOB = PlannedJob("often", (1_000_000, 2_000_000))
RECOVERS = PlannedJob("recovers", (1_000_000,), recover=True)


def run(job: str, scheduled: int, **changes: object) -> Run:
    return replace(
        Run(f"{job}-{scheduled}", job, scheduled, 1, "succeeded", WELL, 7, scheduled, scheduled + 50), **changes
    )


def executed(of: Run, start: int = 10, end: int | None = 20, **changes: object) -> list[Line]:
    line = Line("start", of.id, of.job, of.scheduled, of.attempt, of.owner, of.fence, start - 1, start)
    line = replace(line, **changes)
    return [line] if end is None else [line, replace(line, what="end", at=end)]


FIRST, SECOND = run("often", 1_000_000), run("often", 2_000_000)
LINES = executed(FIRST) + executed(SECOND, 30, 40)


def seen(**changes: object) -> Observation:
    return replace(Observation([JOB], [FIRST, SECOND], LINES, [], LEASE), **changes)


def recovered(after: int = LEASE, first_end: int | None = None) -> Observation:
    """A run that was begun by one node and done by another, `after` the first one claimed it."""
    again = run("recovers", 1_000_000, attempt=2, fence=8)
    first = executed(again, 10, first_end, attempt=1, fence=7, node=DEAD)
    return Observation([RECOVERS], [again], first + executed(again, 10 + after, 10 + after + 10), [], LEASE)


@pytest.mark.parametrize(
    "well",
    [
        seen(),
        recovered(),
        # The first was stopped, and went on when it had lost its lease.
        recovered(first_end=LEASE + 15),
        replace(recovered(after=100), leases_are_exact=False),
        seen(runs=[replace(FIRST, state="abandoned"), SECOND], lines=LINES[2:]),
        # The last fire was put off, as the first was still running.
        seen(runs=[FIRST, run("often", 2_700_000)], lines=executed(FIRST) + executed(run("often", 2_700_000), 30, 40)),
        # Refused while the first still ran.
        seen(runs=[replace(FIRST, ended_at=2_100_000), replace(SECOND, state="refused")], lines=LINES[:2]),
    ],
)
def test_nothing_is_found_where_all_is_well(well: Observation):
    assert violations(well) == []


@pytest.mark.parametrize(
    ("what", "wrong"),
    [
        ("lost fire", seen(runs=[FIRST], lines=LINES[:2])),
        ("double claim", seen(runs=[FIRST, SECOND, replace(FIRST, id="other", state="abandoned")])),
        ("unknown fire", seen(runs=[FIRST, SECOND, run("often", 1_500_000, state="abandoned")])),
        ("unknown job", seen(runs=[FIRST, SECOND, run("stranger", 1, state="abandoned")])),
        ("never ended", seen(runs=[FIRST, replace(SECOND, state="claimed", ended_at=None)])),
        ("wrong end", seen(runs=[FIRST, replace(SECOND, state="missed")])),
        ("job left", seen(jobs_left=["often"])),
        ("unknown run", seen(lines=[*LINES, *executed(run("often", 3_000_000), 50, 60)])),
        ("double execution", seen(lines=[*LINES, *executed(FIRST, 50, 60)])),
        ("double execution", replace(recovered(), jobs=[replace(RECOVERS, recover=False)])),
        ("executed although refused", seen(runs=[FIRST, replace(SECOND, state="refused")])),
        ("success without execution", seen(lines=LINES[:2])),
        ("success without execution", seen(lines=LINES[:3])),
        ("success without execution", seen(runs=[FIRST, replace(SECOND, fence=9)])),
        ("taken over too early", recovered(after=LEASE // 2)),
        ("max_instances", seen(lines=executed(FIRST, 10, 35) + executed(SECOND, 30, 40))),
        ("max_instances", recovered(after=LEASE // 2, first_end=LEASE)),
        ("refused without cause", seen(runs=[replace(FIRST, ended_at=900_000), replace(SECOND, state="refused")])),
    ],
)  # fmt: skip
def test_it_finds(what: str, wrong: Observation):
    assert what in {found.split(":")[0] for found in violations(wrong)}


def test_the_log_is_read():
    log = Log.parse(["up aa 12", "start r1 often 1000000 2 aa 7 98 99"])
    assert log.pids == {12: "aa"}
    assert log.lines == (Line("start", "r1", "often", 1_000_000, 2, "aa", 7, 98, 99),)


def test_what_starts_after_a_stop_is_found():
    words = Word("going", "often", 1), Word("stopped", "often", 20), Word("going", "often", 40)
    for claimed, found in ((10, 0), (30, 1), (50, 0)):
        assert len(started_after_stop(Log(tuple(executed(FIRST, claimed + 1)), {}, words))) == found


def test_what_starts_after_its_takeover_is_counted():
    first = run("recovers", 1_000_000, fence=7, owner=DEAD)
    again = replace(first, attempt=2, fence=8, owner=WELL)
    for start, found in ((10, {}), (50, {DEAD: 1})):
        log = Log((*executed(again, 30), *executed(first, start)), {})
        assert overtaken_starts(log) == found
