"""A persistent job scheduler with the programming interface of APScheduler 3 and an engine in C++."""

from __future__ import annotations

import os.path

from duetime import _native

__all__ = (
    "__version__",
    "apscheduler_version",
    "get_include",
    "get_library",
    "install_as_apscheduler",
    "release",
    "reload_time_zones",
    "version",
    "version_info",
)

__version__: str = _native.__version__
version = release = __version__
version_info: tuple[int, ...] = tuple(int(part) for part in version.split("."))

#: the release of APScheduler whose interface this package has; ``apscheduler.version`` where it is ``apscheduler``
apscheduler_version = "3.11.3"


def install_as_apscheduler(*, replace: bool = False, children: bool = True) -> None:
    """Makes ``import apscheduler`` mean this package, whether or not APScheduler is installed.

    To be called before anything imports ``apscheduler``. A second call changes nothing.

    :param replace: where APScheduler is imported already, forget it. Modules that took names from it keep them, so
        this is for test suites and consoles
    :param children: also in Python processes that this one starts (``multiprocessing``, ``subprocess``): sets the
        environment variable ``PYTHONPATH`` for them
    :raises RuntimeError: if APScheduler is imported already
    """
    from duetime import _alias

    _alias.install_as_apscheduler(replace=replace, children=children)


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
