"""For programs that run on Twisted."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from duetime.executors.base import BaseExecutor
from duetime.schedulers._event_loop import EventLoopScheduler
from duetime.util import maybe_ref

try:
    from twisted.python import threadable
except ImportError as exc:  # pragma: no cover
    raise ImportError("TwistedScheduler requires Twisted installed") from exc

__all__ = ("TwistedScheduler", "run_in_reactor")

_LONGEST_TIMER = 86_400.0  # seconds; reactors that poll count milliseconds in 32 bits


def run_in_reactor(func: Callable[..., object]) -> Callable[..., None]:
    """For methods of schedulers: has the scheduler's reactor call them, and returns at once."""

    @wraps(func)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> None:
        self._reactor.callFromThread(func, self, *args, **kwargs)

    return wrapper


def _installed_reactor() -> Any:
    from twisted.internet import reactor  # late: it installs one where the program has not yet

    return reactor


class _ReactorEnd:
    """Whether the reactor has ended: it would still take calls. It does not keep the scheduler alive."""

    def __init__(self, reactor: Any) -> None:
        self.reactor = reactor
        self.came = False
        reactor.addSystemEventTrigger("after", "shutdown", self._note)

    def _note(self) -> None:
        self.came = True


class TwistedScheduler(EventLoopScheduler):
    """A scheduler for a Twisted reactor. Jobs are run in the reactor's thread pool.

    Job stores are served by threads of the scheduler, so that a slow one does not hold up the reactor.

    Extra option ``reactor``: the reactor, or a reference to one; by default the installed one.
    """

    _known_options = (*EventLoopScheduler._known_options, "reactor")

    _reactor: Any = None
    _reactor_end: _ReactorEnd | None = None
    _delayedcall: Any = None

    def _configure(self, config: dict[str, Any]) -> None:
        self._reactor = maybe_ref(config.pop("reactor", None)) or _installed_reactor()
        super()._configure(config)

    def start(self, paused: bool = False) -> None:
        if self._reactor_end is None or self._reactor_end.reactor is not self._reactor:
            self._reactor_end = _ReactorEnd(self._reactor)
        super().start(paused)

    # --- the loop -----------------------------------------------------------------------------------

    def _post(self, call: Callable[..., object], *args: Any) -> bool:
        if self._reactor_end is None or self._reactor_end.came:
            return False
        self._reactor.callFromThread(call, *args)
        return True

    def _is_in_loop(self) -> bool:
        return bool(self._reactor.running and threadable.isInIOThread())

    def _is_loop_running(self) -> bool:
        return bool(self._reactor.running)

    def _start_timer(self, wait_seconds: float | None) -> None:
        self._stop_timer()
        if wait_seconds is not None:
            self._delayedcall = self._reactor.callLater(min(wait_seconds, _LONGEST_TIMER), self.wakeup)

    def _stop_timer(self) -> None:
        delayed, self._delayedcall = self._delayedcall, None
        if delayed is not None and delayed.active():
            delayed.cancel()

    def _create_default_executor(self) -> BaseExecutor:
        from duetime.executors.twisted import TwistedExecutor

        return TwistedExecutor()
