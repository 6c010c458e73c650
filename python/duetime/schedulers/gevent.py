"""For programs that run on gevent."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from duetime.executors.base import BaseExecutor
from duetime.schedulers import SchedulerNotRunningError
from duetime.schedulers._gevent_watch import HubWatch
from duetime.schedulers.base import STATE_STOPPED, BaseScheduler
from duetime.schedulers.blocking import BlockingScheduler

try:
    import gevent
    from gevent.event import Event
    from gevent.hub import Hub
    from gevent.lock import RLock
    from gevent.monkey import get_original
except ImportError as exc:  # pragma: no cover
    raise ImportError("GeventScheduler requires gevent installed") from exc

__all__ = ("GeventScheduler",)

# The system's, also where the program is monkey-patched.
_thread_id = get_original("_thread", "get_ident")
_allocate_lock = get_original("_thread", "allocate_lock")


class GeventScheduler(BlockingScheduler):
    """A scheduler that is a greenlet; jobs are greenlets too.

    The program may be monkey-patched or not. All is done in the thread in which the scheduler was started; others may
    call it.
    """

    _driven_by_program = True
    _driven_by_clock = False  # who waits for greenlets in advance() would keep them from running
    _event: Any = None
    _greenlet: Any = None
    _hub: Any = None

    def start(self, *args: Any, **kwargs: Any) -> Any:
        """See :meth:`.BaseScheduler.start`. Returns the greenlet, which ends when the scheduler is shut down."""
        if self.state == STATE_STOPPED:
            self._hub = gevent.get_hub()
            self._event = Event()
        BaseScheduler.start(self, *args, **kwargs)
        self._greenlet = gevent.spawn(self._main_loop)
        return self._greenlet

    def shutdown(self, *args: Any, **kwargs: Any) -> None:
        if self.state == STATE_STOPPED:
            raise SchedulerNotRunningError
        if self._is_in_hub_thread():
            self._shutdown(*args, **kwargs)
        else:
            self._call_in_hub_thread(partial(self._shutdown, *args, **kwargs))

    def _shutdown(self, *args: Any, **kwargs: Any) -> None:
        super().shutdown(*args, **kwargs)
        greenlet, self._greenlet = self._greenlet, None
        if greenlet is not None and _may_wait_for(greenlet):
            greenlet.join()

    def wakeup(self) -> None:
        event, hub = self._event, self._hub
        if event is None:
            return
        if self._is_in_hub_thread():
            event.set()
        else:
            hub.loop.run_callback_threadsafe(event.set)

    def _after_fork_in_child(self) -> None:
        if self._watch is not None:
            self._watch.stop()
        super()._after_fork_in_child()
        self._greenlet = None

    # --- inside -------------------------------------------------------------------------------------

    def _is_in_hub_thread(self) -> bool:
        return self._hub is None or bool(_thread_id() == self._hub.thread_ident)

    def _call_in_hub_thread(self, call: Callable[[], object]) -> None:
        """From another thread, which waits; with a lock of the system, as it may have no hub."""
        over = _allocate_lock()
        over.acquire()
        errors: list[BaseException] = []

        def make_call() -> None:
            try:
                call()
            except BaseException as exc:
                errors.append(exc)
            over.release()

        self._hub.loop.run_callback_threadsafe(gevent.spawn, make_call)
        over.acquire()
        if errors:
            raise errors[0]

    def _make_watch(self, descriptor: int) -> Any:
        return HubWatch(self._hub, descriptor, self.wakeup)

    def _create_lock(self) -> Any:
        return RLock()

    def _create_default_executor(self) -> BaseExecutor:
        from duetime.executors.gevent import GeventExecutor

        return GeventExecutor()


def _may_wait_for(greenlet: Any) -> bool:
    current = gevent.getcurrent()
    return current is not greenlet and not isinstance(current, Hub)
