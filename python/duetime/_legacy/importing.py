"""Copies what APScheduler 3 left into a job store of ours, once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from duetime._errors import engine_errors
from duetime._legacy.records import UnreadableError
from duetime._legacy.states import OldJob, OldRow, old_payload, read_row
from duetime.runs import ParkedJob
from duetime.triggers._engine import to_engine

if TYPE_CHECKING:
    from duetime.jobstores.base import NativeJobStore

__all__ = ("copy_in",)

_MOST_INSTANCES = 2**31 - 1
_LONGEST_REASON = 500


class _Reading(NamedTuple):
    """Old data, read: what the engine takes, and what is left where it is."""

    rows: list[tuple[Any, ...]]
    unreadable: list[ParkedJob]


def copy_in(
    store: NativeJobStore,
    source: str,
    read: Callable[[], Iterable[OldRow] | None],
    protocol: int,
    serializer: str = "pickle",
) -> list[ParkedJob]:
    """Adds the jobs of APScheduler to the store, unless that was done before, by this process or another.

    The old data is only read, so a program can go back to APScheduler. What cannot be read stays there: each such job
    is logged.

    :param store: started, and open
    :param source: what the store notes, so that it is not done again: ``"apscheduler:apscheduler_jobs"``
    :param read: answers the old jobs, or ``None`` if there are none, of which no note is made: they may come later. It
        is not called if it was done before
    :param protocol: of arguments that are pickled anew
    :param serializer: of the store
    :return: the jobs that cannot be read, with the reasons
    """
    alias = store._alias
    assert alias is not None
    with engine_errors():
        if store._engine.imported(alias, source):
            return []
    rows = read()
    if rows is None:
        return []
    reading = _read(store, rows, serializer, protocol)
    with engine_errors():
        if not store._engine.import_jobs(alias, source, reading.rows):
            return []  # another process was faster
    _report(store._logger, alias, source, reading)
    return reading.unreadable


def _read(store: NativeJobStore, rows: Iterable[OldRow], serializer: str, protocol: int) -> _Reading:
    reading = _Reading([], [])
    for row in rows:
        try:
            job = read_row(row)
            reading.rows.append(_engine_row(store, job, old_payload(row, job, serializer, protocol)))
        except UnreadableError as exc:
            reading.unreadable.append(ParkedJob(row.id, store._alias or "", str(exc)[:_LONGEST_REASON]))
    return reading


def _engine_row(store: NativeJobStore, job: OldJob, payload: tuple[str, bytes]) -> tuple[Any, ...]:
    """What ``_native.Scheduler.import_jobs()`` takes for a job."""
    grace = job.misfire_grace_time
    return (
        to_engine(job.trigger, store._default_zone(), living=False),
        store._alias,
        job.id,
        job.name,
        job.task,
        job.executor,
        job.coalesce,
        min(job.max_instances, _MOST_INSTANCES),
        False,  # recover
        False,  # replace
        None if grace is None else int(grace * 1_000_000),
        job.next_run_time,
        *payload,
    )


def _report(logger: logging.Logger, alias: str, source: str, reading: _Reading) -> None:
    for job in reading.unreadable:
        logger.error("Job %r of %s cannot be read and was left there: %s", job.id, source, job.reason)
    logger.info('Copied %d jobs of %s into job store "%s"', len(reading.rows), source, alias)
