"""What all executors are."""

from __future__ import annotations

import logging
from abc import ABCMeta, abstractmethod
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from duetime.job import Job
    from duetime.schedulers.base import BaseScheduler

__all__ = ("BaseExecutor", "MaxInstancesReachedError")


class MaxInstancesReachedError(Exception):
    """As many runs of the job go on as it allows."""

    def __init__(self, job: Job) -> None:
        super().__init__(f'Job "{job.id}" has already reached its maximum number of instances ({job.max_instances})')


class BaseExecutor(metaclass=ABCMeta):
    """What the scheduler asks of an executor."""

    _scheduler: Any = None
    _alias: str | None = None
    _logger = logging.getLogger("apscheduler.executors")

    @abstractmethod
    def start(self, scheduler: BaseScheduler, alias: str) -> None:
        """The scheduler starts, or the executor was added to a running one."""
        self._scheduler = scheduler
        self._alias = alias
        self._logger = logging.getLogger(f"apscheduler.executors.{alias}")

    def shutdown(self, wait: bool = True) -> None:  # noqa: B027 -- some have nothing to stop
        """The scheduler no longer needs the executor.

        :param wait: return only when all runs have ended
        """
