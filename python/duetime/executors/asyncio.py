"""For schedulers that run on asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from duetime.executors.base import BaseExecutor, returns_coroutine, run_coroutine_job, run_job

if TYPE_CHECKING:
    from duetime.job import Job

__all__ = ("AsyncIOExecutor",)


class AsyncIOExecutor(BaseExecutor):
    """Runs coroutine functions in the scheduler's event loop, and all else in the loop's default executor, which is
    a thread pool.

    :meth:`shutdown` cancels what has not ended.
    """

    def start(self, scheduler: Any, alias: str) -> None:
        super().start(scheduler, alias)
        self._eventloop: asyncio.AbstractEventLoop = scheduler._eventloop
        self._pending_futures: set[asyncio.Future[Any]] = set()

    def shutdown(self, wait: bool = True) -> None:
        self._in_loop(self._cancel_all)

    def _cancel_all(self) -> None:
        for future in list(self._pending_futures):
            if not future.done():
                future.cancel()
        self._pending_futures.clear()

    def _do_submit_job(self, job: Job, run_times: list[datetime]) -> None:
        self._in_loop(self._start_job, job, run_times)

    def _in_loop(self, call: Callable[..., object], *args: Any) -> None:
        if asyncio._get_running_loop() is self._eventloop:
            call(*args)
        elif not self._eventloop.is_closed():
            self._eventloop.call_soon_threadsafe(call, *args)

    def _start_job(self, job: Job, run_times: list[datetime]) -> None:
        future = self._future_of(job, run_times)
        self._pending_futures.add(future)
        future.add_done_callback(lambda future: self._ended(job, future))

    def _future_of(self, job: Job, run_times: list[datetime]) -> asyncio.Future[Any]:
        arguments = (job, job._jobstore_alias, run_times, self._logger.name)
        if returns_coroutine(job.func):
            return self._eventloop.create_task(run_coroutine_job(*arguments))
        return self._eventloop.run_in_executor(None, run_job, *arguments)

    def _ended(self, job: Job, future: asyncio.Future[Any]) -> None:
        self._pending_futures.discard(future)
        if future.cancelled():
            self._run_job_dropped(job, asyncio.CancelledError())
            return
        exc = future.exception()
        if exc is not None:
            self._run_job_error(job.id, exc, exc.__traceback__)
        else:
            self._run_job_success(job.id, future.result())
