"""APScheduler's names of what is also here, and ours."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from io import BytesIO
from typing import Any

from duetime._legacy.records import Record
from duetime._legacy.times import to_zone

__all__ = ("apscheduler_module", "our_module", "unpickle")

# What APScheduler 3 has of ours, and finds in pickles and exports under its own name.
_SHARED = frozenset(
    f"triggers.{name}"
    for name in ("base", "calendarinterval", "combining", "cron", "cron.expressions", "cron.fields", "date", "interval")
)


def apscheduler_module(module: str) -> str:
    """The module of APScheduler 3 that has the classes of ours; any other module as it is."""
    package, _, rest = module.partition(".")
    return f"apscheduler.{rest}" if package == "duetime" and rest in _SHARED else module


def our_module(module: str) -> str:
    """Our module in the place of APScheduler's; any other module as it is."""
    package, dot, rest = module.partition(".")
    return f"duetime{dot}{rest}" if package == "apscheduler" else module


_ZONE_PACKAGES = frozenset({"pytz", "pytz_deprecation_shim"})


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        try:
            return super().find_class(our_module(module), name)
        except ImportError:
            if module.partition(".")[0] not in _ZONE_PACKAGES:
                raise
            return _zone_maker(module, name)


def _zone_maker(module: str, name: str) -> Callable[..., Any]:
    """Of a package that was uninstalled with APScheduler."""
    from duetime._legacy.records import record_class

    def make(*args: Any) -> Any:
        record: Record = record_class(module, name)(*args)
        return to_zone(record)

    return make


def unpickle(data: bytes) -> Any:
    """As :func:`pickle.loads`, with APScheduler's names mapped to ours: imports and calls what the pickle says."""
    return _Unpickler(BytesIO(data)).load()
