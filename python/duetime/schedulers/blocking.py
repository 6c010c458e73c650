"""For programs that do nothing but run jobs."""

from __future__ import annotations

from threading import Event, current_thread, main_thread
from time import monotonic
from typing import Any

from duetime.schedulers.base import STATE_STOPPED, BaseScheduler

__all__ = ("BlockingScheduler",)

_GLANCE = 30.0  # seconds: an idle program wakes twice a minute


def _wait(event: Event, seconds: float | None) -> None:
    """As ``event.wait()``. The main thread looks up now and then: a signal that strikes after Python has last looked
    for signals, and before the wait has begun, is otherwise seen when the wait ends, which may be never."""
    if current_thread() is not main_thread():
        event.wait(seconds)
        return
    end = None if seconds is None else monotonic() + seconds
    while not event.wait(_GLANCE if end is None else max(min(end - monotonic(), _GLANCE), 0.0)):
        if end is not None and monotonic() >= end:
            return


class BlockingScheduler(BaseScheduler):
    """A scheduler whose :meth:`start` returns only when it is shut down."""

    _driven_by_program = False
    _driven_by_clock = True
    _event: Event | None = None

    def start(self, *args: Any, **kwargs: Any) -> None:
        if self._event is None or self._event.is_set():
            self._event = Event()
        super().start(*args, **kwargs)
        self._main_loop()

    def shutdown(self, wait: bool = True) -> None:
        super().shutdown(wait)
        self.wakeup()

    def _main_loop(self) -> None:
        """Waits for the end while the engine's threads do the work, or does it."""
        event = self._event
        assert event is not None
        wait_seconds = None
        while self._state != STATE_STOPPED and self._event is event:
            _wait(event, wait_seconds)
            if self._state == STATE_STOPPED:
                break
            event.clear()
            wait_seconds = self._process_jobs() if self._hosted else None

    def wakeup(self) -> None:
        if self._event is not None:
            self._event.set()
