"""For debugging: jobs run where the scheduler hands them over."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from duetime.executors.base import BaseExecutor, run_job

if TYPE_CHECKING:
    from duetime.job import Job

__all__ = ("DebugExecutor",)


class DebugExecutor(BaseExecutor):
    """Runs jobs in the thread that hands them over; the scheduler waits for each."""

    def _do_submit_job(self, job: Job, run_times: list[datetime]) -> None:
        try:
            events = run_job(job, job._jobstore_alias, run_times, self._logger.name)
        except BaseException as exc:
            self._run_job_error(job.id, exc, exc.__traceback__)
        else:
            self._run_job_success(job.id, events)
