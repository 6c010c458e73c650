"""The guards of the job stores that are open in this process: for triggers written in Python, which the engine reads
without telling of which job store they are."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakSet

if TYPE_CHECKING:
    from duetime._guard import PayloadGuard

__all__ = ("open_guards",)

open_guards: WeakSet[PayloadGuard] = WeakSet()
