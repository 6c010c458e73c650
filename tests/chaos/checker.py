"""Decides from the nodes' log and the store's runs whether the contract held. Pure: it touches neither.

What it finds is told as texts, one for each thing that went wrong; none means that all is well. Nothing of it depends
on how fast the machine is: a node that gets no processor may lose its leases, as one that was stopped.
"""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from .observations import ABANDONED, CLAIMED, REFUSED, SUCCEEDED, Line, Log, Observation, PlannedJob, Run, Word

_Item = TypeVar("_Item")
_NOT_EXECUTED = REFUSED, ABANDONED
_CLOCK_DRIFT_US = 20_000
_SLOW_NODE_US = 30_000_000


def violations(seen: Observation) -> list[str]:
    return [found for check in _CHECKS for found in check(seen)]


def started_after_stop(log: Log) -> list[str]:
    """Runs that were claimed after somebody had been told that their job was paused or removed."""
    words = _grouped(log.words, lambda word: word.job)
    return [
        f"started after stop: {line.job} at {line.scheduled}, claimed at {line.claimed}"
        for line in log.lines
        if line.what == "start" and _is_stopped(words.get(line.job, []), line.claimed)
    ]


def _is_stopped(words: list[Word], at: int) -> bool:
    before = [word for word in words if word.at < at]
    return bool(before) and max(before, key=lambda word: word.at).what == "stopped"


def overtaken_starts(log: Log) -> Counter[str]:
    """How many runs each node started when another had already started their next attempt."""
    started = {(line.run, line.attempt): line.at for line in log.lines if line.what == "start"}
    return Counter(
        line.node
        for line in log.lines
        if line.what == "start" and started.get((line.run, line.attempt + 1), line.at) < line.at
    )


# --- every due fire is claimed exactly once; no job is lost, none stays


def _fires(seen: Observation) -> Iterator[str]:
    by_job = _grouped(seen.runs, lambda run: run.job)
    for job in seen.jobs:
        yield from _fires_of(job, by_job.pop(job.id, []))
    for stranger in by_job:
        yield f"unknown job: {stranger} has runs"


def _fires_of(job: PlannedJob, runs: list[Run]) -> Iterator[str]:
    times = Counter(run.scheduled for run in runs)
    missing = [fire for fire in job.fires if fire not in times]
    strangers = sorted(times.keys() - set(job.fires))
    # A job that is at its max_instances when its last fire is due is put off with its oldest due fire, which then
    # has another time.
    if len(missing) == 1 and len(strangers) == 1 and strangers[0] > job.fires[-1]:
        missing, strangers = [], []
    for fire in missing:
        yield f"lost fire: {job.id} at {fire} has no run"
    for time in strangers:
        yield f"unknown fire: {job.id} has a run at {time}"
    for time, count in times.items():
        if count > 1:
            yield f"double claim: {job.id} at {time} has {count} runs"


def _ends(seen: Observation) -> Iterator[str]:
    for run in seen.runs:
        if run.state == CLAIMED:
            yield f"never ended: {_named(run)} is still claimed by {run.owner}"
        elif run.state not in (SUCCEEDED, *_NOT_EXECUTED):
            yield f"wrong end: {_named(run)} is {run.state}"
    for job in seen.jobs_left:
        yield f"job left: {job} is still in the store"


# --- what was executed


def _executions(seen: Observation) -> Iterator[str]:
    jobs = {job.id: job for job in seen.jobs}
    runs = {run.id: run for run in seen.runs}
    for id, starts in _grouped(_lines(seen, "start"), lambda line: line.run).items():
        run = runs.get(id)
        if run is None:
            yield f"unknown run: {starts[0].job} was started as {id}, which the store does not know"
            continue
        for attempt, count in Counter(line.attempt for line in starts).items():
            if count > 1:
                yield f"double execution: attempt {attempt} of {_named(run)} was started {count} times"
        if len(starts) > 1 and run.job in jobs and not jobs[run.job].recover:
            yield f"double execution: {_named(run)} was started {len(starts)} times without recover"
        if run.state == REFUSED:
            yield f"executed although refused: {_named(run)}"


def _successes(seen: Observation) -> Iterator[str]:
    started = {(line.run, line.node, line.fence) for line in _lines(seen, "start")}
    ended = {(line.run, line.node, line.fence) for line in _lines(seen, "end")}
    for run in seen.runs:
        if run.state == SUCCEEDED and (run.id, run.owner, run.fence) not in started & ended:
            yield f"success without execution: {_named(run)} by {run.owner} under fence {run.fence}"


def _takeovers(seen: Observation) -> Iterator[str]:
    """No lease is cut short: the next attempt begins when the claim before it is at least that old."""
    if not seen.leases_are_exact:
        return
    for starts in _grouped(_lines(seen, "start"), lambda line: line.run).values():
        starts.sort(key=lambda line: line.attempt)
        for earlier, later in itertools.pairwise(starts):
            if earlier.claimed and later.at < earlier.claimed + seen.lease_us - _CLOCK_DRIFT_US:
                age = (later.at - earlier.claimed) // 1000
                yield f"taken over too early: {later.job} at {later.scheduled}, {age} ms after it was claimed"


# --- limits


def _instances(seen: Observation) -> Iterator[str]:
    limits = {job.id: job.max_instances for job in seen.jobs}
    steps: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for start, end in _execution_times(seen):
        if start.job in limits and end > start.at:
            steps[start.job] += [(start.at, 1), (end, -1)]
    for job, changes in steps.items():
        most = _most(changes)
        if most > limits[job]:
            yield f"max_instances: {most} runs of {job} at a time, allowed are {limits[job]}"


def _execution_times(seen: Observation) -> Iterator[tuple[Line, int]]:
    """Starts, and until when each counts: to its end, or as long as its lease lasted if it was not the one that counts.

    A node that died wrote no end; one that lost its lease may go on, beside its successor.
    """
    ends = {(line.run, line.attempt): line.at for line in _lines(seen, "end")}
    counts = {(run.id, run.attempt, run.fence) for run in seen.runs if run.state == SUCCEEDED}
    for line in _lines(seen, "start"):
        end = ends.get((line.run, line.attempt), line.at)
        if (line.run, line.attempt, line.fence) not in counts:
            end = min(end, line.claimed + seen.lease_us * 3 // 4)
        yield line, end


def _most(changes: list[tuple[int, int]]) -> int:
    running = most = 0
    for _, change in sorted(changes):  # what ends at an instant makes room for what begins then
        running += change
        most = max(most, running)
    return most


def _refusals(seen: Observation) -> Iterator[str]:
    """A fire is refused only where as many runs of its job were under way, or just taken for it."""
    limits = {job.id: job.max_instances for job in seen.jobs}
    for job, runs in _grouped(seen.runs, lambda run: run.job).items():
        runs.sort(key=lambda run: run.scheduled)
        for place, run in enumerate(runs):
            if run.state != REFUSED:
                continue
            # Whoever held it stands nearby; on both sides, as of a backlog the latest may be under way.
            others = itertools.chain(reversed(runs[:place]), runs[place + 1 :])
            held = (other for other in others if _may_hold(other, run, seen.lease_us))
            limit = limits.get(job, 1)
            if len(list(itertools.islice(held, limit))) < limit:
                yield f"refused without cause: {_named(run)}"


def _may_hold(other: Run, refused: Run, lease_us: int) -> bool:
    if other.state == REFUSED:
        return False
    # What a node has ended, others learn when it has told the store, however long that takes it.
    slack = lease_us if other.owner == refused.owner and other.state == SUCCEEDED else _SLOW_NODE_US
    if other.ended_at is not None and other.ended_at + slack < refused.claimed_at:
        return False
    began = other.claimed_at if other.attempt == 1 else other.scheduled  # the claim of the last attempt is told only
    return began <= refused.claimed_at + _SLOW_NODE_US


_CHECKS: tuple[Callable[[Observation], Iterator[str]], ...] = (
    _fires,
    _ends,
    _executions,
    _successes,
    _takeovers,
    _instances,
    _refusals,
)


def _lines(seen: Observation, what: str) -> Iterator[Line]:
    return (line for line in seen.lines if line.what == what)


def _named(run: Run) -> str:
    return f"{run.job} at {run.scheduled} ({run.id})"


def _grouped(items: Iterable[_Item], key: Callable[[_Item], str]) -> dict[str, list[_Item]]:
    groups: dict[str, list[_Item]] = defaultdict(list)
    for item in items:
        groups[key(item)].append(item)
    return dict(groups)
