"""For programs that do other things too."""

from __future__ import annotations

from threading import Event, Thread, current_thread
from typing import Any

from duetime.schedulers.base import BaseScheduler
from duetime.schedulers.blocking import BlockingScheduler
from duetime.util import asbool

__all__ = ("BackgroundScheduler",)


class BackgroundScheduler(BlockingScheduler):
    """A scheduler whose :meth:`start` returns at once.

    Extra option ``daemon`` (default true): whether the program may end while the scheduler runs.
    """

    _thread: Thread | None = None

    def _configure(self, config: dict[str, Any]) -> None:
        self._daemon = asbool(config.pop("daemon", True))
        super()._configure(config)

    def start(self, *args: Any, **kwargs: Any) -> None:
        if self._event is None or self._event.is_set():
            self._event = Event()
        BaseScheduler.start(self, *args, **kwargs)
        thread = Thread(target=self._main_loop, name="APScheduler", daemon=self._daemon)
        thread.start()
        self._thread = thread  # only now: where Ctrl-C strikes in between, shutdown() finds nothing that it cannot join

    def shutdown(self, *args: Any, **kwargs: Any) -> None:
        super().shutdown(*args, **kwargs)
        thread, self._thread = self._thread, None
        if thread is not None and thread is not current_thread():
            thread.join()
