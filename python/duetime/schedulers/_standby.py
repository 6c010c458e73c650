"""Standing by: a scheduler that was started, but leaves its jobs to another process.

With a lock file, one process of a group runs jobs, and another takes over when it ends. Without one, the parent process
of a reloader stands by: see ``_reloaders``.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from threading import RLock
from typing import TYPE_CHECKING, Any

from duetime.jobstores.base import NativeJobStore
from duetime.triggers.date import DateTrigger
from duetime.util import is_later

if TYPE_CHECKING:
    from duetime.job import Job
    from duetime.schedulers._lock_file import LockFile
    from duetime.schedulers.base import BaseScheduler

__all__ = ("Standby", "lock_path")

_STOPPED = 0  # STATE_STOPPED of the module that imports this one
_MOST_STEPS = 1_000  # through fires that were not ours


def lock_path(option: Any) -> str | None:
    """Of the option ``lock_file`` or, without one, the environment; ``None``: every process runs its jobs."""
    path = os.environ.get("DUETIME_LOCK_FILE", "") if option is None else os.fspath(option)
    return os.path.abspath(path) if path else None


class Standby:
    """Whether a scheduler has to leave its jobs to others.

    :ivar waiting: it has
    """

    def __init__(self, scheduler: BaseScheduler, path: str | None) -> None:
        self.waiting = False
        self._scheduler = scheduler
        self._path = path
        self._lock_file: LockFile | None = None
        self._lock = RLock()
        self._served_until: datetime | None = None
        self._warned = False

    def join(self) -> None:
        """The scheduler has started. It stands by unless the lock is to be had."""
        if self._path is None:
            return
        from duetime.schedulers._lock_file import lock_file_at

        self._lock_file = lock_file_at(self._path)
        with self._lock:  # a take-over waits for this
            self.waiting = not self._lock_file.join(self._take_over)
        if self.waiting:
            self._scheduler._logger.info("Standing by: another process has locked %s and runs the jobs", self._path)

    def stop_serving(self) -> None:
        """The scheduler takes on no more runs."""
        engine = self._scheduler._engine
        if self._lock_file is not None and engine is not None:
            self._scheduler._guarded(engine.pause)
            self._served_until = self._scheduler._now()

    def leave(self) -> None:
        """Another process may take over."""
        if self._lock_file is not None:
            self._lock_file.leave(self._take_over, self._served_until or self._scheduler._now())

    def retire(self) -> None:
        """Stands by for good."""
        with self._lock:
            if self._is_stopped() or (self.waiting and self._lock_file is None):
                return
            self.waiting = True
            self.align()
            self.leave()
            self._lock_file = None
        self._scheduler._logger.info("Standing by: this process is the parent of a reloader, its child runs the jobs")

    def align(self) -> None:
        """Lets the engine run jobs, or not; one that does not run yet is left alone."""
        with self._lock:
            engine = self._scheduler._engine
            if engine is None or self._is_stopped():
                return
            self._scheduler._guarded(engine.resume if self._scheduler._runs_jobs() else engine.pause)

    def _is_stopped(self) -> bool:
        return self._scheduler.state == _STOPPED

    def _take_over(self, served_until: datetime | None) -> None:
        """In a thread of the lock file. Without a word of the one that held the lock it was there until now."""
        scheduler = self._scheduler
        with self._lock:
            if self._lock_file is None or self._is_stopped():
                return
            try:
                _pass_over(scheduler, served_until or scheduler._now())
            except Exception:
                scheduler._logger.exception("Jobs could not be moved past what another process has run")
            self.waiting = False
            self.align()
        scheduler._logger.info("Running jobs from now on: this process has locked %s", self._path)
        if scheduler._runs_jobs():
            scheduler.wakeup()
            scheduler._wake_lanes()

    def report(self) -> dict[str, Any]:
        """For ``health()``."""
        report: dict[str, Any] = {"standby": self.waiting}
        if self._lock_file is not None:
            report["lock_file"] = {"path": self._path, "holder": self._lock_file.holder()}
        return report

    def warn_of(self, job: Job, store: Any) -> None:
        """Once, of a job that runs once and is added where it will not run."""
        if self._warned or not self.waiting or not getattr(store, "living", False):
            return
        if isinstance(job.trigger, DateTrigger):
            self._warned = True
            self._scheduler._logger.warning(
                'Job "%s" is in the memory of a process that stands by: unless this process takes over, it does not '
                "run. Processes that add jobs for each other need a job store that they share",
                job,
            )


def _pass_over(scheduler: BaseScheduler, until: datetime) -> None:
    """Moves the jobs of this process's memory past the fires that were the holder's to run. Other stores are shared:
    what is due there was not run."""
    for _, store in scheduler._stores():
        if isinstance(store, NativeJobStore) and store.living:
            for job in store.get_due_jobs(until):
                _move_past(store, job, until)


def _move_past(store: NativeJobStore, job: Job, until: datetime) -> None:
    due = job.next_run_time
    if due is None:  # paused meanwhile
        return
    next_run_time = _first_after(job.trigger.get_next_fire_time, due, until)
    if next_run_time is None:
        store.remove_job(job.id)
        return
    job._modify(next_run_time=next_run_time)
    store._update(job, ("next_run_time",))


def _first_after(
    next_fire_time: Callable[[datetime | None, datetime], datetime | None], fire: datetime, until: datetime
) -> datetime | None:
    """The first fire later than ``until``, of which ``fire`` is not later."""
    following = next_fire_time(fire, until)
    ahead = next_fire_time(None, until) if following is not None else None
    if ahead is not None and is_later(ahead, until):
        return ahead
    for _ in range(_MOST_STEPS):
        if following is None or is_later(following, until):
            break
        following = next_fire_time(following, until)
    return following
