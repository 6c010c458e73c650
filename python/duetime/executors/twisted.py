"""For schedulers that run on Twisted."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from duetime.executors.base import BaseExecutor, run_job

if TYPE_CHECKING:
    from duetime.job import Job

__all__ = ("TwistedExecutor",)


class TwistedExecutor(BaseExecutor):
    """Runs jobs in the reactor's thread pool."""

    def start(self, scheduler: Any, alias: str) -> None:
        super().start(scheduler, alias)
        self._reactor: Any = scheduler._reactor

    def _do_submit_job(self, job: Job, run_times: list[datetime]) -> None:
        def ended(success: bool, result: Any) -> None:
            self._reactor.callFromThread(self._ended, job, success, result)

        self._reactor.getThreadPool().callInThreadWithCallback(
            ended, run_job, job, job._jobstore_alias, run_times, self._logger.name
        )

    def _ended(self, job: Job, success: bool, result: Any) -> None:
        if success:
            self._run_job_success(job.id, result)
        else:
            self._run_job_error(job.id, result.value, result.getTracebackObject())
