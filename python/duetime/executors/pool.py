"""Executors with workers of their own."""

from __future__ import annotations

import itertools
import sys
import threading
from abc import abstractmethod
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from duetime.executors.base import BaseExecutor, in_job, run_job

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

    from duetime.job import Job
    from duetime.schedulers.base import BaseScheduler

__all__ = ("BasePoolExecutor", "FuturesExecutor", "ThreadPoolExecutor")

_POOL_OPTIONS = frozenset({"initargs", "initializer", "thread_name_prefix"})


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
