"""A persistent job scheduler with the programming interface of APScheduler 3 and an engine in C++."""

from __future__ import annotations

import os.path

from duetime import _native

__all__ = ("__version__", "get_include", "get_library", "release", "version", "version_info")

__version__: str = _native.__version__
version = release = __version__
version_info: tuple[int, ...] = tuple(int(part) for part in version.split("."))


def get_include() -> str:
    """The directory of the C headers: compile with ``-I`` and ``#include <duetime/duetime.h>``."""
    return os.path.join(os.path.dirname(__file__), "include")


def get_library() -> str:
    """The path of ``libduetime.so``, the engine that this package uses itself."""
    return os.path.join(os.path.dirname(__file__), "libduetime.so")
