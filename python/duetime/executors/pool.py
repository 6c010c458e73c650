"""Executors with workers of their own."""

from __future__ import annotations

import itertools
import sys
import threading
from abc import abstractmethod
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from duetime.executors.base import BaseExecutor, in_job, run_job

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

    from duetime.job import Job
    from duetime.schedulers.base import BaseScheduler

__all__ = ("BasePoolExecutor", "FuturesExecutor", "ProcessPoolExecutor", "ThreadPoolExecutor")

_POOL_OPTIONS = frozenset({"initargs", "initializer", "thread_name_prefix"})
_PROCESS_POOL_OPTIONS = frozenset({"initargs", "initializer", "max_tasks_per_child", "mp_context"})


class BasePoolExecutor(BaseExecutor):
    """Runs jobs in a pool of :mod:`concurrent.futures`."""

    _shutdown_blocks = True

    @abstractmethod
    def __init__(self, pool: Executor) -> None:
        super().__init__()
        self._pool = pool

    def _do_submit_job(self, job: Job, run_times: list[datetime]) -> None:
        def done(future: Future[Any]) -> None:
            exc = _exception_of(future)
            if exc is not None:
                self._run_job_error(job.id, exc, exc.__traceback__)
            else:
                self._run_job_success(job.id, future.result())

        future = self._pool.submit(run_job, job, job._jobstore_alias, run_times, self._logger.name)
        future.add_done_callback(done)

    def shutdown(self, wait: bool = True) -> None:
        self._pool.shutdown(wait and not in_job())  # a job that waited for its pool would wait for itself


def _exception_of(future: Future[Any]) -> BaseException | None:
    from concurrent.futures import CancelledError

    try:
        return future.exception()
    except CancelledError as exc:
        return exc


class FuturesExecutor(BasePoolExecutor):
    """(ours) Runs jobs in any pool that has the interface of :class:`concurrent.futures.Executor`, such as
    ``dask.distributed.Client(...).get_executor()``: a way to many machines.

    :param pool: belongs to the executor, which shuts it down
    :param capacity: how many jobs to hand to it at the same time, more wait in their stores; 0: any number
    """

    def __init__(self, pool: Executor, capacity: int = 0) -> None:
        super().__init__(pool)
        self.capacity = int(capacity)
        if self.capacity < 0:
            raise ValueError(f"capacity must not be negative, got {capacity}")


class EnginePool(BasePoolExecutor):
    """A pool of the engine, where nobody has changed how it takes jobs; otherwise one of :mod:`concurrent.futures`,
    which also serves job stores written in Python."""

    #: Whether a job store of the scheduler has to know more of a job than its arguments, before it runs.
    _looks_at_jobs = False

    def __init__(self) -> None:
        BaseExecutor.__init__(self)
        self._own_pool: Executor | None = None

    @property
    def _pool(self) -> Executor:
        if self._own_pool is None:
            self._own_pool = self._make_pool()
        return self._own_pool

    @_pool.setter
    def _pool(self, pool: Executor) -> None:
        self._own_pool = pool

    @abstractmethod
    def _make_pool(self) -> Executor:
        """One of :mod:`concurrent.futures`."""

    @abstractmethod
    def _open(self, scheduler: BaseScheduler, alias: str) -> None:
        """Opens the engine's pool."""

    def _runs_in_engine(self) -> bool:
        """Whether no subclass or program has its own ways of handing over jobs, or of making threads."""
        if threads_are_greenlets():
            return False
        own = {*self.__dict__, *(name for kind in type(self).__mro__ for name in vars(kind) if not _is_ours(kind))}
        return own.isdisjoint({"_do_submit_job", "_run_job_error", "_run_job_success", "submit_job"})

    def start(self, scheduler: BaseScheduler, alias: str) -> None:
        super().start(scheduler, alias)
        if self._runs_in_engine():
            self._open(scheduler, alias)

    def shutdown(self, wait: bool = True) -> None:
        if self._scheduler is not None and self._runs_in_engine():
            self._scheduler._close_executor(self._alias, wait)
        pool, self._own_pool = self._own_pool, None
        if pool is not None:
            pool.shutdown(wait and not in_job())


def threads_are_greenlets() -> bool:
    """Whether the program was monkey-patched by gevent: threads of the engine would get in the way of its hub."""
    monkey = sys.modules.get("gevent.monkey")
    return monkey is not None and bool(monkey.is_module_patched("threading"))


def _is_ours(kind: type) -> bool:
    return kind.__module__.partition(".")[0] in ("abc", "builtins", "duetime")


class ThreadPoolExecutor(EnginePool):
    """Runs jobs in threads of the engine. They start when they are needed.

    :param max_workers: how many at most
    :param pool_kwargs: ``thread_name_prefix``, ``initializer`` and ``initargs``, as
        :class:`concurrent.futures.ThreadPoolExecutor` takes them
    """

    def __init__(self, max_workers: int | str = 10, pool_kwargs: dict[str, Any] | None = None) -> None:
        super().__init__()
        self.max_workers = int(max_workers)
        if self.max_workers <= 0:
            raise ValueError("max_workers must be greater than 0")
        options = dict(pool_kwargs or {})
        unknown = options.keys() - _POOL_OPTIONS
        if unknown:
            raise TypeError(f"ThreadPoolExecutor got an unexpected keyword argument {sorted(unknown)[0]!r}")
        self._pool_options = options
        self._initializer: Callable[..., object] | None = options.get("initializer")
        self._initargs: tuple[Any, ...] = tuple(options.get("initargs", ()))
        self._thread_name_prefix: str = options.get("thread_name_prefix", "")
        self._numbers = itertools.count()

    def _runs_in_engine(self) -> bool:
        """The engine's threads do not tell of which job the arguments are that they ask for."""
        return not self._looks_at_jobs and super()._runs_in_engine()

    def _make_pool(self) -> Executor:
        from concurrent.futures import ThreadPoolExecutor as Pool

        return Pool(self.max_workers, **self._pool_options)

    def _open(self, scheduler: BaseScheduler, alias: str) -> None:
        scheduler._open_thread_pool(alias, self.max_workers, self._logger, self._worker_started)

    def _worker_started(self) -> None:
        prefix = self._thread_name_prefix or f"ThreadPoolExecutor-{self._alias}"
        threading.current_thread().name = f"{prefix}_{next(self._numbers)}"
        if self._initializer is None:
            return
        try:
            self._initializer(*self._initargs)
        except BaseException:
            self._logger.critical("Exception in initializer:", exc_info=True)


class ProcessPoolExecutor(EnginePool):
    """Runs jobs in processes of their own, fresh interpreters that import the program's main module. They start when
    they are needed. One that dies fails the job that it was running, and is replaced.

    :param max_workers: how many processes at most
    :param pool_kwargs: ``initializer``, ``initargs``, ``max_tasks_per_child`` and ``mp_context``, as
        :class:`concurrent.futures.ProcessPoolExecutor` takes them. Of the context only the interpreter counts that it
        sets: the processes are always spawned, never forked.
    :param timeout: (ours) seconds after which a job's process is killed and the job fails; ``None``: never
    """

    def __init__(
        self, max_workers: int | str = 10, pool_kwargs: dict[str, Any] | None = None, timeout: float | str | None = None
    ) -> None:
        super().__init__()
        self.max_workers = int(max_workers)
        if self.max_workers <= 0:
            raise ValueError("max_workers must be greater than 0")
        self.timeout = None if timeout is None else float(timeout)
        if self.timeout is not None and not self.timeout > 0:
            raise ValueError(f"timeout must be greater than 0, got {timeout}")
        self.pool_kwargs = dict(pool_kwargs or {})
        _check_process_pool_options(self.pool_kwargs)

    def _make_pool(self) -> Executor:
        import multiprocessing
        from concurrent.futures import ProcessPoolExecutor as Pool

        options = {"mp_context": multiprocessing.get_context("spawn"), **self.pool_kwargs}
        return Pool(self.max_workers, **options)

    def _do_submit_job(self, job: Job, run_times: list[datetime]) -> None:
        from concurrent.futures.process import BrokenProcessPool

        try:
            super()._do_submit_job(job, run_times)
        except BrokenProcessPool:
            self._logger.warning("Process pool is broken; replacing pool with a fresh instance")
            self._own_pool = None
            super()._do_submit_job(job, run_times)

    def _open(self, scheduler: BaseScheduler, alias: str) -> None:
        from duetime.executors._processes import Codec, worker_program, worker_setup

        scheduler._open_process_pool(
            alias,
            worker_program(),
            partial(worker_setup, self.pool_kwargs.get("initializer"), tuple(self.pool_kwargs.get("initargs", ()))),
            self.max_workers,
            self.pool_kwargs.get("max_tasks_per_child") or 0,
            0 if self.timeout is None else max(1, round(self.timeout * 1_000_000)),
            Codec(),
            self._logger,
            self._foreman_started,
        )

    def _foreman_started(self) -> None:
        threading.current_thread().name = f"ProcessPoolExecutor-{self._alias}"


def _check_process_pool_options(options: dict[str, Any]) -> None:
    unknown = options.keys() - _PROCESS_POOL_OPTIONS
    if unknown:
        raise TypeError(f"ProcessPoolExecutor got an unexpected keyword argument {sorted(unknown)[0]!r}")
    initializer, most = options.get("initializer"), options.get("max_tasks_per_child")
    if initializer is not None and not callable(initializer):
        raise TypeError("initializer must be a callable")
    if most is not None and not isinstance(most, int):
        raise TypeError("max_tasks_per_child must be an integer")
    if most is not None and most <= 0:
        raise ValueError("max_tasks_per_child must be >= 1")
