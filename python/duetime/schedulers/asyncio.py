"""For programs that run on asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import Context, copy_context
from functools import partial, wraps
from types import TracebackType
from typing import Any, TypeVar

from duetime.executors.base import BaseExecutor
from duetime.schedulers import SchedulerNotRunningError
from duetime.schedulers._event_loop import EventLoopScheduler
from duetime.schedulers.base import STATE_STOPPED
from duetime.util import maybe_ref

__all__ = ("AsyncIOScheduler", "run_in_event_loop")

SelfT = TypeVar("SelfT", bound="AsyncIOScheduler")


def run_in_event_loop(func: Callable[..., object]) -> Callable[..., None]:
    """For methods of schedulers: has the scheduler's event loop call them, and returns at once."""

    @wraps(func)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> None:
        if self._eventloop is None:
            raise SchedulerNotRunningError
        self._eventloop.call_soon_threadsafe(partial(func, self, *args, **kwargs))

    return wrapper


class AsyncIOScheduler(EventLoopScheduler):
    """A scheduler for an asyncio event loop. Coroutine functions are run in the loop, other jobs in its thread pool.

    Job stores are served by threads of the scheduler, so that a slow one does not hold up the loop.

    Extra option ``event_loop``: the loop, or a reference to one; by default the one in which it is started.

    It can be used as an asynchronous context manager, which waits for the end of :meth:`shutdown`::

        async with AsyncIOScheduler() as scheduler:
            scheduler.add_job(fetch, "interval", minutes=5)
            await serve()
    """

    _driven_by_clock = True

    _known_options = (*EventLoopScheduler._known_options, "event_loop")

    _eventloop: asyncio.AbstractEventLoop | None = None
    _timeout: asyncio.TimerHandle | None = None
    # That of the last start, where late events are told.
    _home: asyncio.AbstractEventLoop | None = None
    _context: Context | None = None

    def _configure(self, config: dict[str, Any]) -> None:
        self._eventloop = maybe_ref(config.pop("event_loop", None))
        super()._configure(config)

    def start(self, paused: bool = False) -> None:
        """See :meth:`.BaseScheduler.start`.

        Jobs run in the context (of :mod:`contextvars`) in which this is called. If the loop of a former start was
        closed while the scheduler ran, it is shut down first.

        :raises RuntimeError: if no event loop runs and none was given
        """
        if self.state != STATE_STOPPED and self._home is not None and self._home.is_closed():
            self.shutdown(wait=False)
        if not self._eventloop or self._eventloop.is_closed():
            self._eventloop = asyncio.get_running_loop()
        if self.state == STATE_STOPPED:
            self._home = self._eventloop
            self._context = copy_context()
        super().start(paused)

    async def wait_closed(self) -> None:
        """(ours) Returns when a :meth:`shutdown` that was called before is over."""
        await asyncio.sleep(0)  # it begins in the loop
        if self._closing is not None:
            await asyncio.wrap_future(self._closing.over)

    async def __aenter__(self: SelfT) -> SelfT:
        self.start()
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self.state != STATE_STOPPED:
            self.shutdown()
        await self.wait_closed()

    def _leave_loop(self) -> None:
        self._eventloop = None

    # --- the loop -----------------------------------------------------------------------------------

    def _post(self, call: Callable[..., object], *args: Any) -> bool:
        loop = self._home
        if loop is None:
            return False
        # A copy for each call, as none may be entered twice.
        context = None if self._context is None else self._context.copy()
        try:
            loop.call_soon_threadsafe(partial(call, *args), context=context)
        except RuntimeError:
            if loop.is_closed():
                return False
            raise
        return True

    def _is_in_loop(self) -> bool:
        return asyncio._get_running_loop() is self._home

    def _is_loop_running(self) -> bool:
        return self._home is not None and self._home.is_running()

    def _start_timer(self, wait_seconds: float | None) -> None:
        self._stop_timer()
        if wait_seconds is not None and self._eventloop is not None:
            self._timeout = self._eventloop.call_later(wait_seconds, self.wakeup)

    def _stop_timer(self) -> None:
        timeout, self._timeout = self._timeout, None
        if timeout is not None:
            timeout.cancel()

    def _create_default_executor(self) -> BaseExecutor:
        from duetime.executors.asyncio import AsyncIOExecutor

        return AsyncIOExecutor()
