"""For programs that run on Tornado."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from duetime.executors.base import BaseExecutor
from duetime.schedulers import SchedulerNotRunningError
from duetime.schedulers._event_loop import EventLoopScheduler
from duetime.schedulers.base import STATE_STOPPED
from duetime.util import maybe_ref

try:
    from tornado.ioloop import IOLoop
except ImportError as exc:  # pragma: no cover
    raise ImportError("TornadoScheduler requires tornado installed") from exc

__all__ = ("TornadoScheduler", "run_in_ioloop")


def run_in_ioloop(func: Callable[..., object]) -> Callable[..., None]:
    """For methods of schedulers: has the scheduler's loop call them, and returns at once."""

    @wraps(func)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> None:
        if self._ioloop is None:
            raise SchedulerNotRunningError
        self._ioloop.add_callback(func, self, *args, **kwargs)

    return wrapper


class TornadoScheduler(EventLoopScheduler):
    """A scheduler for a Tornado loop. Coroutine functions are run in the loop, other jobs in a thread pool.

    Job stores are served by threads of the scheduler, so that a slow one does not hold up the loop.

    Extra option ``io_loop``: the :class:`~tornado.ioloop.IOLoop`, or a reference to one; by default the current one.
    """

    _known_options = (*EventLoopScheduler._known_options, "io_loop")

    _ioloop: Any = None
    _ioloop_given = False
    _timeout: object | None = None

    def _configure(self, config: dict[str, Any]) -> None:
        given = maybe_ref(config.pop("io_loop", None))
        self._ioloop = given or IOLoop.current()
        self._ioloop_given = given is not None
        super()._configure(config)

    def start(self, paused: bool = False) -> None:
        # Made before asyncio.run(), as a global, it has met another loop than the one that runs now.
        running = asyncio._get_running_loop() is not None
        if self.state == STATE_STOPPED and running and not self._ioloop_given:
            self._ioloop = IOLoop.current()
        super().start(paused)

    # --- the loop -----------------------------------------------------------------------------------

    def _post(self, call: Callable[..., object], *args: Any) -> bool:
        if self._ioloop.asyncio_loop.is_closed():
            return False  # add_callback() would not say so
        self._ioloop.add_callback(call, *args)
        return True

    def _is_in_loop(self) -> bool:
        return asyncio._get_running_loop() is self._ioloop.asyncio_loop

    def _is_loop_running(self) -> bool:
        return bool(self._ioloop.asyncio_loop.is_running())

    def _start_timer(self, wait_seconds: float | None) -> None:
        self._stop_timer()
        if wait_seconds is not None:
            self._timeout = self._ioloop.add_timeout(timedelta(seconds=wait_seconds), self.wakeup)

    def _stop_timer(self) -> None:
        timeout, self._timeout = self._timeout, None
        if timeout is not None:
            self._ioloop.remove_timeout(timeout)

    def _create_default_executor(self) -> BaseExecutor:
        from duetime.executors.tornado import TornadoExecutor

        return TornadoExecutor()
