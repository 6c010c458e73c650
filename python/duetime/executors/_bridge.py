"""From the engine's executions to executors written in Python, and back."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timezone
from threading import Lock
from typing import TYPE_CHECKING, Any

from duetime import _native
from duetime._errors import PayloadRefusedError
from duetime._failures import error_kind, error_text
from duetime.events import EVENT_JOB_ERROR, EVENT_JOB_EXECUTED, JobExecutionEvent
from duetime.runs import CurrentRun

if TYPE_CHECKING:
    from duetime.executors.base import BaseExecutor
    from duetime.job import Job
    from duetime.schedulers.base import BaseScheduler

__all__ = ("EngineBridge", "RunningExecution", "execution_of")


class RunningExecution:
    """The runs of one claim of the engine, on their way through an executor."""

    def __init__(self, execution: _native.Execution, run_times: list[datetime]) -> None:
        self._execution = execution
        self.run_times = run_times
        self._ended = 0

    @property
    def through(self) -> bool:
        return self._ended == len(self.run_times)

    def may_start(self, run: int) -> bool:
        """Whether the run's lease holds; if it does not, the engine has ended the run."""
        may = self._execution.may_start(run)
        if not may:
            self._ended = run + 1
        return may

    def current_run(self, run: int, job_id: str, jobstore: str) -> CurrentRun:
        id, scheduled, attempt, fence = self._execution.runs[run]
        scheduled_time = _native.to_datetime(scheduled, timezone.utc)
        return CurrentRun(
            id, job_id, jobstore, scheduled_time, attempt, fence, lambda: self._execution.is_cancelled(run)
        )

    def finish(self, run: int, event: JobExecutionEvent) -> None:
        """Ends a run as the event says, unless it has ended."""
        if run < self._ended:
            return
        self._ended = run + 1
        if event.code == EVENT_JOB_EXECUTED:
            self._execution.finish(run, _native.TASK_SUCCEEDED, result=event.retval)
        elif event.code == EVENT_JOB_ERROR and event.exception is not None:
            self._fail(run, event.exception, event.traceback)
        else:
            self._execution.finish(run, _native.TASK_MISSED)

    def finish_rest(self, exc: BaseException) -> None:
        """Ends what has not ended with an error."""
        for run in range(self._ended, len(self.run_times)):
            self._fail(run, exc, None)
        self._ended = len(self.run_times)

    def refuse(self) -> None:
        for run in range(len(self.run_times)):
            self._execution.finish(run, _native.TASK_REFUSED)

    def give_back(self, exc: BaseException) -> None:
        self._execution.give_back(f"{error_kind(exc)}: {error_text(exc)}")

    def cannot_run(self, exc: BaseException) -> None:
        """Parks the job: its callable or arguments cannot be read here."""
        refused = isinstance(exc, PayloadRefusedError)
        reason = error_text(exc) if refused else f"its arguments cannot be read here: {error_text(exc)}"
        self._execution.finish(0, _native.TASK_CANNOT_RUN, error_kind(exc), reason)
        for run in range(1, len(self.run_times)):
            self._execution.may_start(run)  # says no

    def _fail(self, run: int, exc: BaseException, traceback: str | None) -> None:
        self._execution.finish(run, _native.TASK_FAILED, error_kind(exc), error_text(exc), traceback, exc)


def execution_of(job: Any) -> RunningExecution | None:
    """The execution that the engine handed over with the job; ``None`` for a job of a store written in Python."""
    execution = getattr(job, "_execution", None)
    return execution if isinstance(execution, RunningExecution) else None


class EngineBridge:
    """Hands the engine's executions to one executor.

    The executor knows jobs by id, so that which execution has ended is told by its run times.
    """

    def __init__(self, scheduler: BaseScheduler, alias: str, executor: BaseExecutor) -> None:
        self._scheduler = scheduler
        self._alias = alias
        self.executor = executor
        self._running: defaultdict[str, list[RunningExecution]] = defaultdict(list)
        self._lock = Lock()
        self._owns_executor = True
        executor._bridge = self

    def stops(self, executor: BaseExecutor) -> bool:
        """Whether the engine's shutdown has also been that of this executor."""
        return self.executor is executor and not self._owns_executor

    @property
    def idle(self) -> bool:
        """Whether nothing that was handed over is still on its way through the executor."""
        return not self._running

    def let_go(self) -> None:
        """The process ends: what the executor has not begun goes back to its job store."""
        with self._lock:
            self._running.clear()

    def detach(self) -> None:
        """The engine's shutdown of the executor leaves it alone."""
        self._owns_executor = False

    # --- from the engine, in any thread -------------------------------------------------------------

    def submit(self, execution: _native.Execution) -> None:
        self._scheduler._call_in_host(self._hand_over, execution)

    def shutdown(self, wait: bool) -> None:
        if self._owns_executor:
            self._owns_executor = False
            self.executor.shutdown(wait)

    # --- where the scheduler lives ------------------------------------------------------------------

    def _hand_over(self, execution: _native.Execution) -> None:
        if not self._owns_executor:
            return  # it was stopped meanwhile: the execution, which nobody holds now, goes back to its job store
        job = self._scheduler._job_from_snapshot(execution.job)
        run_times = [_native.to_datetime(scheduled, self._scheduler.timezone) for _, scheduled, _, _ in execution.runs]
        running = RunningExecution(execution, run_times)
        try:
            job.func  # noqa: B018 -- reads callable and arguments
        except Exception as exc:
            running.cannot_run(exc)
            return
        job._execution = running
        with self._lock:
            self._running[job.id].append(running)
        self._submit(job, running)

    def _submit(self, job: Job, running: RunningExecution) -> None:
        from duetime.executors.base import MaxInstancesReachedError

        try:
            self.executor.submit_job(job, running.run_times)
        except MaxInstancesReachedError:
            self._forget(job.id, running)
            running.refuse()
        except Exception as exc:
            self.executor._logger.debug("submit_job() failed", exc_info=True)
            self._forget(job.id, running)
            running.give_back(exc)

    # --- from the executor --------------------------------------------------------------------------

    def ended(self, job_id: str, events: list[JobExecutionEvent]) -> bool:
        """False: it is no execution of the engine."""
        running = self._find(job_id, events)
        if running is None:
            return False
        self._forget(job_id, running)
        for event in events:
            if event.scheduled_run_time in running.run_times:
                running.finish(running.run_times.index(event.scheduled_run_time), event)
        return True

    def failed(self, job_id: str, exc: BaseException) -> None:
        running = self._find(job_id, [])
        if running is not None:
            self._forget(job_id, running)
            running.finish_rest(exc)

    def dropped(self, job: Any) -> bool:
        """The executor has let go of the job: if it was not begun it goes back to its job store, and what runs on in
        a thread will say how it ends. False: it is no execution of the engine."""
        running = execution_of(job)
        if running is None:
            return False
        self._forget(job.id, running)
        return True

    def _find(self, job_id: str, events: list[JobExecutionEvent]) -> RunningExecution | None:
        """Without events, the one that has been through all of its runs, or else the oldest."""
        with self._lock:
            candidates = list(self._running.get(job_id, ()))
        times = {event.scheduled_run_time for event in events}
        if times:
            return next((running for running in candidates if times.intersection(running.run_times)), None)
        return next((running for running in candidates if running.through), candidates[0] if candidates else None)

    def _forget(self, job_id: str, running: RunningExecution) -> None:
        with self._lock:
            waiting = self._running[job_id]
            if running in waiting:
                waiting.remove(running)
            if not waiting:
                del self._running[job_id]
