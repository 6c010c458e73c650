"""For tests of programs that schedule jobs: time that waits."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING
from weakref import ref

from duetime import _native
from duetime.runs import current_run

if TYPE_CHECKING:
    from duetime.schedulers.base import BaseScheduler

__all__ = ("ManualClock",)

_MICROSECOND = timedelta(microseconds=1)
_PATIENCE = 50_000  # microseconds that the engine waits for runs before Python looks for signals
_PAUSE = 0.001  # seconds, between looks at runs that the engine does not know


class ManualClock:
    """A clock that moves only when told to, and drives the schedulers that are made with it.

    >>> from duetime.schedulers.background import BackgroundScheduler
    >>> clock = ManualClock(datetime(2026, 11, 23, 9, tzinfo=timezone.utc))
    >>> scheduler = BackgroundScheduler(clock=clock, timezone="UTC")
    >>> job = scheduler.add_job(print, "interval", args=["tick"], minutes=45)
    >>> scheduler.start()
    >>> clock.advance(hours=2)
    tick
    tick
    >>> clock.now().hour
    11
    >>> scheduler.shutdown()

    Such a scheduler does nothing by itself: what is due runs in :meth:`advance`. Several schedulers may be made with
    one clock, and share a job store: a cluster in one test.

    :param drives: false: the clock only shows the time, and its schedulers do with their own threads what is due by
        it: for tests of what happens at the same time
    """

    def __init__(self, now: datetime, *, drives: bool = True) -> None:
        self._native = _native.ManualClock(now)
        self._drives = drives
        self._members: list[ref[BaseScheduler]] = []
        self._lock = threading.RLock()
        self._playing = False

    def now(self) -> datetime:
        """In UTC."""
        return _native.to_datetime(self._native.microseconds, timezone.utc)

    def advance(
        self,
        by: timedelta = timedelta(0),
        *,
        weeks: float = 0,
        days: float = 0,
        hours: float = 0,
        minutes: float = 0,
        seconds: float = 0,
        milliseconds: float = 0,
        wait: bool = True,
    ) -> None:
        """Time passes, and what falls due runs at its time.

        The clock stops at each instant at which a job is due. Its runs end, in threads too, and listeners have been
        told before time goes on. What jobs raise does not stop it. Idle stretches cost nothing.

        Within a job (or listener) the clock moves and nothing else happens: so a job takes its time. What became due
        meanwhile runs when the job has ended.

        Jobs that run in an event loop need that loop: see :meth:`advance_async`.

        :param wait: false: where runs do not end, leaves them going on and moves the clock to its end at once. That
            they have ended is recorded, and told to listeners, by the next call
        :raises ValueError: if it would pass backwards
        """
        spans = timedelta(
            weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds, milliseconds=milliseconds
        )
        until = self._end(by + spans)
        if self._is_within():
            self._move_to(until)
            return
        with self._lock:
            for _ in self._play(until, _PATIENCE):
                if not wait and self._all_have_begun():
                    self._move_to(until)
                    next(self._play(until, 0), None)
                    break

    def run_until_idle(self) -> None:
        """Runs what is due now, and waits for all runs to end, while time stands still."""
        self.advance()

    async def advance_async(
        self,
        by: timedelta = timedelta(0),
        *,
        weeks: float = 0,
        days: float = 0,
        hours: float = 0,
        minutes: float = 0,
        seconds: float = 0,
        milliseconds: float = 0,
    ) -> None:
        """:meth:`advance` for tests in an event loop, which goes on meanwhile: for coroutine jobs of an
        ``AsyncIOScheduler``."""
        spans = timedelta(
            weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds, milliseconds=milliseconds
        )
        import asyncio  # big, and few need it

        until = self._end(by + spans)
        if self._is_within():
            self._move_to(until)
            return
        for _ in self._play(until, 0):
            await asyncio.sleep(_PAUSE)

    def set(self, now: datetime) -> None:
        """The wall clock is set, forward or back, while no time passes. Nothing runs before the next
        :meth:`advance`."""
        self._native.set(now)

    # --- inside -------------------------------------------------------------------------------------

    def _join(self, scheduler: BaseScheduler) -> None:
        """The scheduler has been started."""
        self._members = [member for member in self._members if member() not in (None, scheduler)]
        self._members.append(ref(scheduler))

    def _schedulers(self) -> list[BaseScheduler]:
        """Those that run."""
        members = [member() for member in self._members]
        return [scheduler for scheduler in members if scheduler is not None and scheduler._engine is not None]

    def _end(self, by: timedelta) -> int:
        if by < timedelta(0):
            raise ValueError(f"Time cannot pass backwards, got {by}; set() sets the clock")
        return self._native.microseconds + by // _MICROSECOND

    def _is_within(self) -> bool:
        """Whether the caller is something that :meth:`_play` waits for, or is called by it."""
        if current_run() is not None:
            return True
        with self._lock:
            return self._playing

    def _move_to(self, until: int) -> None:
        self._native.advance(max(until - self._native.microseconds, 0))

    def _all_have_begun(self) -> bool:
        """Otherwise those that are still on their way to a worker would be late."""
        return all(run.started_at is not None for scheduler in self._schedulers() for run in scheduler.get_running())

    def _play(self, until: int, patience: int) -> Generator[None, None, None]:
        """Yields whenever what runs has not ended within ``patience`` microseconds."""
        self._playing = True
        try:
            due = yield from self._run_foreign_lanes()
            while True:
                stop = until if due is None else min(until, max(due, self._native.microseconds))
                yield from self._play_engines(stop, patience)
                due = yield from self._run_foreign_lanes()
                if stop == until and (due is None or due > until):
                    return
        finally:
            self._playing = False

    def _play_engines(self, until: int, patience: int) -> Generator[None, None, None]:
        while True:
            engines = [engine for scheduler in self._schedulers() if (engine := scheduler._engine) is not None]
            if not engines:
                self._move_to(until)
                return
            if _native.play(engines, until, patience):
                return
            yield

    def _run_foreign_lanes(self) -> Generator[None, None, int | None]:
        """Of job stores written in Python, which the engine knows nothing of. Answers when one has work next."""
        dues = []
        for scheduler in self._schedulers():
            due = scheduler._run_foreign_lanes(scheduler._now())
            if due is not None:
                dues.append(_native.to_microseconds(due))
            while scheduler._has_foreign_runs():
                yield
                time.sleep(_PAUSE)
        return min(dues, default=None)
