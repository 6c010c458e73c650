"""Runs: the one that a job is part of, the history that job stores keep, and jobs that cannot run here."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone, tzinfo
from threading import local
from typing import Any, NamedTuple

from duetime import _native

__all__ = ("CurrentRun", "ParkedJob", "Run", "current_run", "parse_parked", "parse_runs", "set_run_of_worker")

_Described = tuple[str, str, str, int, int, int]  # as _native.current_run() answers

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


class CurrentRun(NamedTuple):
    """What a job can know about its own run.

    :ivar scheduled_time: the time that this run is for, in UTC; the job may have started later
    :ivar attempt: 1, and one more each time the run was taken over from a process that died
    :ivar fence: grows with every claim of the job: hand it to what the job writes to, and a predecessor that was cut
        off and comes back can be told from its successor
    """

    id: str
    job_id: str
    jobstore: str
    scheduled_time: datetime
    attempt: int
    fence: int


class _RunOfWorker(local):
    """In a worker process: the run of this thread, which the engine in the other process knows."""

    described: _Described | None = None


_run_of_worker = _RunOfWorker()


def set_run_of_worker(described: _Described | None) -> None:
    _run_of_worker.described = described


def current_run() -> CurrentRun | None:
    """The run that the calling thread executes; ``None`` outside of jobs and in threads that a job started."""
    described = _native.current_run() or _run_of_worker.described
    if described is None:
        return None
    id, job_id, jobstore, scheduled_us, attempt, fence = described
    scheduled_time = _EPOCH + timedelta(microseconds=scheduled_us)
    return CurrentRun(id, job_id, jobstore, scheduled_time, attempt, fence)


class Run(NamedTuple):
    """One execution of a job for one scheduled time.

    :ivar state: ``claimed``, ``succeeded``, ``failed``, ``missed``, ``refused`` or ``abandoned``
    :ivar attempt: 1, and one more each time the run was taken over from a process that died
    :ivar node: the scheduler that had it
    :ivar error: what the callable raised, or why it was not run
    """

    id: str
    job_id: str
    task: str
    scheduled_time: datetime
    attempt: int
    state: str
    node: str
    fence: int
    claimed_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    error: str


class ParkedJob(NamedTuple):
    """A job that this process cannot read or run; it stays in its store as it is."""

    id: str
    jobstore: str
    reason: str


def _time(text: str, zone: tzinfo) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(zone)


def _run(row: dict[str, Any], zone: tzinfo) -> Run:
    def optional_time(member: str) -> datetime | None:
        return None if row[member] is None else _time(row[member], zone)

    return Run(
        id=row["id"],
        job_id=row["job_id"],
        task=row["task"],
        scheduled_time=_time(row["scheduled_time"], zone),
        attempt=row["attempt"],
        state=row["state"],
        node=row["owner"],
        fence=row["fence"],
        claimed_at=_time(row["claimed_at"], zone),
        started_at=optional_time("started_at"),
        ended_at=optional_time("ended_at"),
        error=row["error"],
    )


def parse_runs(text: str, zone: tzinfo) -> list[Run]:
    """From the engine's report."""
    return [_run(row, zone) for row in json.loads(text)]


def parse_parked(text: str) -> list[ParkedJob]:
    """From the engine's report."""
    return [ParkedJob(id=row["id"], jobstore=row["store"], reason=row["reason"]) for row in json.loads(text)]
