"""Executors with workers of their own."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from duetime.executors.base import BaseExecutor

if TYPE_CHECKING:
    from duetime.schedulers.base import BaseScheduler

__all__ = ("ThreadPoolExecutor",)

_POOL_OPTIONS = frozenset({"initargs", "initializer", "thread_name_prefix"})


class ThreadPoolExecutor(BaseExecutor):
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
        self._initializer: Callable[..., object] | None = options.get("initializer")
        self._initargs: tuple[Any, ...] = tuple(options.get("initargs", ()))
        self._thread_name_prefix: str = options.get("thread_name_prefix", "")
        self._numbers = itertools.count()

    def start(self, scheduler: BaseScheduler, alias: str) -> None:
        super().start(scheduler, alias)
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

    def shutdown(self, wait: bool = True) -> None:
        if self._scheduler is not None:
            self._scheduler._close_executor(self._alias, wait)
