"""Schedulers whose program drives them: ``_process_jobs()`` does what there is to do, in the caller's thread."""

from __future__ import annotations

import os
import select
from datetime import datetime, timedelta, timezone
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from duetime import _native

if TYPE_CHECKING:
    from duetime.schedulers.base import BaseScheduler

__all__ = ("EngineWatch", "PatchedClock", "is_time_patched")

_REAL_DATETIME = datetime
_TOLERANCE = timedelta(seconds=5)  # between two readings, on a machine that is busy


def is_time_patched(patched: Any) -> bool:
    """Whether a test has put another time in force.

    :param patched: what the scheduler's module takes for ``datetime``
    """
    if patched is not _REAL_DATETIME:
        return True
    real = _native.to_datetime(_native.system_time(), timezone.utc)
    return abs(_REAL_DATETIME.now(timezone.utc) - real) > _TOLERANCE


class PatchedClock:
    """The engine's clock while a test has patched Python's: it shows what that was read to be."""

    def __init__(self, now: datetime) -> None:
        self._native = _native.ManualClock(now)
        self._now = now

    def show(self, now: datetime) -> None:
        if now > self._now:
            self._native.advance((now - self._now) // timedelta(microseconds=1))
        elif now < self._now:
            self._native.set(now)
        self._now = now


class EngineWatch(Thread):
    """Calls the scheduler's ``wakeup()`` when the engine has something to do: a run has ended, another process has
    changed a job store. Once, until ``_process_jobs()`` was called."""

    def __init__(self, scheduler: BaseScheduler, descriptor: int) -> None:
        super().__init__(name="APScheduler-watch", daemon=True)
        self._scheduler = scheduler
        self._descriptor = descriptor
        self._processed = Event()
        self._stop_reader, self._stop_writer = os.pipe()

    def processed(self) -> None:
        """``_process_jobs()`` was called, also by a program that was not asked to."""
        self._processed.set()

    def stop(self) -> None:
        os.write(self._stop_writer, b"x")
        self._processed.set()

    def run(self) -> None:
        while self._processed.wait():
            self._processed.clear()
            poll = select.poll()
            poll.register(self._descriptor, select.POLLIN)
            poll.register(self._stop_reader, select.POLLIN)
            if any(descriptor == self._stop_reader for descriptor, _ in poll.poll()):
                break
            self._scheduler.wakeup()
        os.close(self._stop_reader)
        os.close(self._stop_writer)
