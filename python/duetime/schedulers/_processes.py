"""The ends of processes and their children: every scheduler of this process stops in good order."""

from __future__ import annotations

import atexit
import os
from typing import TYPE_CHECKING
from weakref import WeakSet

from duetime import _native
from duetime.schedulers._reloaders import watch_for_reloader

if TYPE_CHECKING:
    from duetime.schedulers.base import BaseScheduler

__all__ = ("watch",)

_schedulers: WeakSet[BaseScheduler] = WeakSet()


def watch(scheduler: BaseScheduler) -> None:
    """Stops the scheduler when the interpreter exits, and makes it a stopped one in forked children; where this process
    turns out to be the parent of a reloader, it stands by."""
    _schedulers.add(scheduler)
    watch_for_reloader(_stand_by_for_child)


def _stand_by_for_child() -> None:
    for scheduler in list(_schedulers):
        scheduler._standby.retire()


def _stop_all() -> None:
    """Waits for running jobs, as ``concurrent.futures`` does; then no thread of the engine is left."""
    for scheduler in list(_schedulers):
        scheduler._stop_at_exit()
    _native.wait_for_workers()
    _native.set_closing(True)


def _after_fork_in_child() -> None:
    _native.after_fork_in_child()
    for scheduler in list(_schedulers):
        scheduler._after_fork_in_child()


atexit.register(_stop_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
