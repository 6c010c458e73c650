"""For tests of programs that schedule jobs: time that waits."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from duetime import _native

__all__ = ("ManualClock",)


class ManualClock:
    """A clock that moves only when told to. Give it to a scheduler as ``BackgroundScheduler(clock=clock)``.

    >>> clock = ManualClock(datetime(2026, 11, 23, 9, tzinfo=timezone.utc))
    >>> clock.advance(hours=2)
    >>> clock.now().hour
    11
    """

    def __init__(self, now: datetime) -> None:
        self._native = _native.ManualClock(now)

    def now(self) -> datetime:
        """In UTC."""
        return _native.to_datetime(self._native.microseconds, timezone.utc)

    def advance(
        self, by: timedelta = timedelta(0), *, hours: float = 0, minutes: float = 0, seconds: float = 0
    ) -> None:
        """Time passes.

        :raises ValueError: if it would pass backwards
        """
        total = by + timedelta(hours=hours, minutes=minutes, seconds=seconds)
        if total < timedelta(0):
            raise ValueError(f"Time cannot pass backwards, got {total}; set() sets the clock")
        self._native.advance(total // timedelta(microseconds=1))

    def set(self, now: datetime) -> None:
        """The wall clock is set, forward or back, while no time passes."""
        self._native.set(now)
