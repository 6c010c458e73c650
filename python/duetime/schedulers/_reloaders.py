"""Reloaders of development servers: their parent process imports the program too, but serves nothing.

The reloaders of werkzeug (Flask) and Django start the program a second time, as a child that is told so by a variable
of its environment. Nothing tells the parent beforehand what it is going to be, and guesses from debug flags go wrong
under other servers; so its schedulers stand by from the moment at which it starts such a child, and not before.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

__all__ = ("watch_for_reloader",)

_FRAMEWORKS = ("werkzeug", "django")
_MARKS = ("WERKZEUG_RUN_MAIN", "RUN_MAIN")

_watched = False


def watch_for_reloader(on_start: Callable[[], object]) -> None:
    """Calls ``on_start()`` whenever this process starts the child of a reloader.

    It costs every audited call of the interpreter a moment, so it is done only where there can be a reloader.
    """
    global _watched
    if _watched or _is_child(os.environ) or not any(name in sys.modules for name in _FRAMEWORKS):
        return
    _watched = True

    def hear(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "subprocess.Popen" and _is_child(arguments[3]):
            on_start()

    sys.addaudithook(hear)


def _is_child(environment: Any) -> bool:
    try:
        return any(environment.get(mark) == "true" for mark in _MARKS)
    except Exception:  # None for the same environment as ours, or whatever a program gives Popen
        return False
