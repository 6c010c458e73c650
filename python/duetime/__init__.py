"""A persistent job scheduler with the programming interface of APScheduler 3 and an engine in C++."""

from __future__ import annotations

import os.path

from duetime import _native

__all__ = ("__version__", "get_include", "get_library", "release", "reload_time_zones", "version", "version_info")

__version__: str = _native.__version__
version = release = __version__
version_info: tuple[int, ...] = tuple(int(part) for part in version.split("."))


def get_include() -> str:
    """The directory of the C headers: compile with ``-I`` and ``#include <duetime/duetime.h>``."""
    return os.path.join(os.path.dirname(__file__), "include")


def get_library() -> str:
    """The path of ``libduetime.so``, the engine that this package uses itself."""
    return os.path.join(os.path.dirname(__file__), "libduetime.so")


def reload_time_zones() -> None:
    """Reads the tz database again, after an update of the operating system or of the package ``tzdata``.

    Triggers made from now on use the new data; existing ones keep what they have.
    :meth:`BaseScheduler.reload_time_zones() <duetime.schedulers.base.BaseScheduler.reload_time_zones>` renews those of
    a scheduler's jobs.
    """
    from duetime import _zones

    _zones.reload_time_zones()
