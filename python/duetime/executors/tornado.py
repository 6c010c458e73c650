"""For schedulers that run on Tornado."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import TYPE_CHECKING, Any

from duetime.executors.base import BaseExecutor, in_job, returns_coroutine, run_coroutine_job, run_job

if TYPE_CHECKING:
    from duetime.job import Job

__all__ = ("TornadoExecutor",)


class TornadoExecutor(BaseExecutor):
    """Runs coroutine functions in the scheduler's loop, and all else in a thread pool.

    :param max_workers: how many threads at most
    """

    _shutdown_blocks = True

    def __init__(self, max_workers: int | str = 10) -> None:
        super().__init__()
        self._max_workers = int(max_workers)
        self.executor: ThreadPoolExecutor | None = ThreadPoolExecutor(self._max_workers)

    def start(self, scheduler: Any, alias: str) -> None:
        super().start(scheduler, alias)
        self._ioloop: Any = scheduler._ioloop
        if self.executor is None:
            self.executor = ThreadPoolExecutor(self._max_workers)

    def shutdown(self, wait: bool = True) -> None:
        executor, self.executor = self.executor, None
        if executor is not None:
            executor.shutdown(wait and not in_job())

    def _do_submit_job(self, job: Job, run_times: list[datetime]) -> None:
        arguments = (job, job._jobstore_alias, run_times, self._logger.name)
        if not returns_coroutine(job.func):
            if self.executor is None:
                raise RuntimeError("cannot run jobs after shutdown")
            future = self.executor.submit(run_job, *arguments)
            future.add_done_callback(lambda future: self._ioloop.add_callback(self._ended, job, future))
        elif asyncio._get_running_loop() is not None:
            self._start_coroutine(job, arguments)
        else:
            self._ioloop.add_callback(self._start_coroutine, job, arguments)

    def _start_coroutine(self, job: Job, arguments: Any) -> None:
        task = asyncio.ensure_future(run_coroutine_job(*arguments))
        task.add_done_callback(lambda task: self._ended(job, task))

    def _ended(self, job: Job, future: Any) -> None:
        if future.cancelled():
            self._run_job_dropped(job, asyncio.CancelledError())
            return
        exc = future.exception()
        if exc is not None:
            self._run_job_error(job.id, exc, exc.__traceback__)
        else:
            self._run_job_success(job.id, future.result())
