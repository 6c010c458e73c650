"""What schedulers of event loops share.

The engine's threads claim jobs and write to job stores, so that none of that holds up the loop; jobs are handed over
and listeners told in the loop. Where a subclass has its own ``_process_jobs()`` or a test its own time, the loop calls
it, as APScheduler's does.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime
from functools import partial
from threading import Event, Thread, current_thread
from typing import TYPE_CHECKING, Any

from duetime.events import JobExecutionEvent, SchedulerEvent
from duetime.schedulers import SchedulerAlreadyRunningError, SchedulerNotRunningError
from duetime.schedulers._lane import HostCall, LaneThread
from duetime.schedulers.base import STATE_STOPPED, BaseScheduler

if TYPE_CHECKING:
    from duetime.executors.base import BaseExecutor
    from duetime.job import Job

__all__ = ("EventLoopScheduler",)

_GLANCE = 0.01  # seconds


class EventLoopScheduler(BaseScheduler):
    """A subclass says how its loop is reached, and how to set its timer."""

    _driven_by_program = False
    _closing: Closing | None = None

    @abstractmethod
    def _post(self, call: Callable[..., object], *args: Any) -> bool:
        """Has the loop make that call, from any thread. False: the loop is closed."""

    @abstractmethod
    def _is_in_loop(self) -> bool:
        """Whether the loop is what calls us."""

    def _is_loop_running(self) -> bool:
        """Whether what was posted will be called soon. Any thread."""
        return False

    @abstractmethod
    def _start_timer(self, wait_seconds: float | None) -> None:
        """Calls :meth:`wakeup` after that time, and no more at a time set before."""

    @abstractmethod
    def _stop_timer(self) -> None: ...

    def _leave_loop(self) -> None:
        """The scheduler has stopped."""

    # --- life ---------------------------------------------------------------------------------------

    def start(self, paused: bool = False) -> None:
        if self.state != STATE_STOPPED:
            raise SchedulerAlreadyRunningError
        closing, self._closing = self._closing, None
        if closing is not None:
            closing.hurry()
        super().start(paused)

    def shutdown(self, wait: bool = True) -> None:
        """Has the loop stop the scheduler: when this returns it still runs.

        What may take long (jobs in threads that ``wait`` waits for, job stores that are busy) holds up another thread,
        not the loop.

        :raises SchedulerNotRunningError: if it does not run
        """
        if self.state == STATE_STOPPED:
            raise SchedulerNotRunningError
        if not self._post(self._shutdown, wait):
            super().shutdown(wait)
            self._leave_loop()

    def _shutdown(self, wait: bool = True) -> None:
        """In the loop."""
        if self.state == STATE_STOPPED:
            return  # it was asked for twice
        self._stop_timer()
        self._begin_shutdown(wait)
        self._closing = Closing(self, wait)
        self._closing.start()
        self._leave_loop()

    def _await_runs(self) -> None:
        """Coroutines, and what runs in threads of the loop's, end while the loop runs."""
        closing = self._closing
        if closing is None:
            return
        executors = list(self._executors.values())
        while any(executor._instances for executor in executors) and self._is_loop_running():
            if closing.hurried.wait(_GLANCE):
                break

    def _wants_hosting(self) -> bool:
        return super()._wants_hosting() or self._is_overridden("_start_timer", "wakeup")

    def _after_fork_in_child(self) -> None:
        super()._after_fork_in_child()
        self._closing = None
        self._leave_loop()

    # --- the loop's part of the work ----------------------------------------------------------------

    def wakeup(self) -> None:
        if self._hosted:
            self._post(self._wake)
        else:
            self._wake_lanes()

    def _wake(self) -> None:
        if self.state == STATE_STOPPED:
            return
        self._stop_timer()
        wait_seconds = self._process_jobs()
        if self.state != STATE_STOPPED:  # a job or listener may have stopped it
            self._start_timer(wait_seconds)

    def _call_in_host(self, call: Callable[..., object], *args: Any) -> None:
        if self._is_in_loop():
            call(*args)
        elif not self._post(call, *args):
            raise RuntimeError("the event loop is closed")

    def _deliver_event(self, event: SchedulerEvent) -> None:
        try:
            super()._deliver_event(event)
        except RuntimeError:  # there is no loop any more: better here than never
            self._dispatch_event(event)

    def _dispatch_event(self, event: SchedulerEvent) -> None:
        # Executors with threads tell the end of jobs of Python's job stores there.
        told_elsewhere = isinstance(event, JobExecutionEvent) and not self._is_in_loop()
        if not told_elsewhere or not self._post(super()._dispatch_event, event):
            super()._dispatch_event(event)

    def _submit(self, executor: BaseExecutor, job: Job, run_times: list[datetime]) -> None:
        call = HostCall(partial(executor.submit_job, job, run_times))
        lane = current_thread()
        if self._is_in_loop() or not isinstance(lane, LaneThread):
            executor.submit_job(job, run_times)
        else:
            self._call_in_host(call)
            lane.wait_for(call)


class Closing(Thread):
    """The part of a shutdown that may block. The process does not end before it has ended."""

    def __init__(self, scheduler: EventLoopScheduler, wait: bool) -> None:
        super().__init__(name="APScheduler-shutdown", daemon=False)
        self.over: Future[None] = Future()
        self.hurried = Event()
        self._scheduler = scheduler
        self._wait_for_runs = wait

    def hurry(self) -> None:
        """Waits for the end in the loop, where coroutines cannot end meanwhile."""
        self.hurried.set()
        self.join()

    def run(self) -> None:
        try:
            self._scheduler._finish_shutdown(self._wait_for_runs)
        except BaseException as exc:
            self._scheduler._logger.exception("Error shutting down the scheduler")
            self.over.set_exception(exc)
        else:
            self.over.set_result(None)
