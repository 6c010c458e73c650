"""For programs that run on Qt."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from functools import partial
from importlib import import_module
from logging import getLogger
from typing import Any

from duetime.schedulers._event_loop import EventLoopScheduler
from duetime.schedulers.base import BaseScheduler

__all__ = ("QtScheduler",)

_BINDINGS = ("PySide6", "PyQt6", "PySide5", "PyQt5", "PySide4", "PyQt4", "PySide3", "PyQt3", "PySide2", "PyQt2")
_LONGEST_TIMER = 2**31 - 1  # milliseconds


def _find_binding() -> Any:
    for name in _BINDINGS:
        try:
            return import_module(f"{name}.QtCore")
        except ImportError:
            continue
    raise ImportError("QtScheduler requires either PySide/PyQt (v6 to v2) installed")


qtcore: Any = _find_binding()
QTimer: Any = qtcore.QTimer
_Signal: Any = getattr(qtcore, "Signal", None) or qtcore.pyqtSignal


class _Mailbox(qtcore.QObject):  # type: ignore[misc]  # made of whichever binding is there
    """Calls for the thread in which Qt's application lives."""

    _posted = _Signal()

    def __init__(self) -> None:
        super().__init__()
        application = qtcore.QCoreApplication.instance()
        if application is not None:
            self.moveToThread(application.thread())
        self._calls: deque[Callable[[], object]] = deque()
        self._posted.connect(self._make_calls, qtcore.Qt.ConnectionType.QueuedConnection)

    def post(self, call: Callable[[], object]) -> None:
        self._calls.append(call)
        self._posted.emit()

    def is_here(self) -> bool:
        return bool(self.thread() == qtcore.QThread.currentThread())

    def _make_calls(self) -> None:
        """One for each signal, as a call may run an event loop of its own; PyQt ends the process if one raises."""
        try:
            self._calls.popleft()()
        except Exception:
            getLogger("apscheduler.scheduler").exception("Error in the event loop")


class QtScheduler(EventLoopScheduler):
    """A scheduler for a Qt application. Jobs are run in threads, listeners called in the application's thread.

    It takes PySide or PyQt, whichever is there.
    """

    _mailbox: _Mailbox | None = None
    _timer: Any = None

    def start(self, paused: bool = False) -> None:
        if self._mailbox is None:
            self._mailbox = _Mailbox()
        super().start(paused)

    def shutdown(self, wait: bool = True) -> None:
        BaseScheduler.shutdown(self, wait)
        self._call_in_host(self._stop_timer)

    # --- the loop -----------------------------------------------------------------------------------

    def _post(self, call: Callable[..., object], *args: Any) -> bool:
        if self._mailbox is None:
            return False
        self._mailbox.post(partial(call, *args))
        return True

    def _is_in_loop(self) -> bool:
        return self._mailbox is not None and self._mailbox.is_here()

    def wakeup(self) -> None:
        if self._hosted:
            self._call_in_host(self._start_timer, 0)
        else:
            self._wake_lanes()

    def _wake(self) -> None:
        wait_seconds = self._process_jobs()
        if wait_seconds is not None:  # ours sets the timer itself, but that of a subclass may answer something else
            self._start_timer(wait_seconds)

    def _process_jobs(self) -> float | None:
        wait_seconds = super()._process_jobs()
        if self._hosted:
            self._start_timer(wait_seconds)
        return wait_seconds

    def _start_timer(self, wait_seconds: float | None) -> None:
        self._stop_timer()
        if wait_seconds is None or not self.running:
            return
        self._timer = QTimer()
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._wake)
        self._timer.start(min(math.ceil(wait_seconds * 1000), _LONGEST_TIMER))

    def _stop_timer(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.stop()
