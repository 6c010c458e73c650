"""The engine's descriptor, watched by gevent's hub."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ("HubWatch",)

_READ = 1


class HubWatch:
    """What :class:`.EngineWatch` is, without a thread: calls ``wakeup`` in the hub when the engine has something to do.
    Once, until ``processed()``."""

    def __init__(self, hub: Any, descriptor: int, wakeup: Callable[[], object]) -> None:
        self._watcher = hub.loop.io(descriptor, _READ)
        self._wakeup = wakeup
        self._stopped = False
        self.processed()

    def processed(self) -> None:
        if not self._stopped and not self._watcher.active:
            self._watcher.start(self._ready)

    def stop(self) -> None:
        self._stopped = True
        self._watcher.stop()
        self._watcher.close()

    def _ready(self) -> None:
        self._watcher.stop()
        self._wakeup()
