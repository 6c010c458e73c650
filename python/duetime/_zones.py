"""Time zones on their way to the engine and back: it knows them by name."""

from __future__ import annotations

import zoneinfo
from datetime import timedelta, timezone, tzinfo

from duetime import _native
from duetime.util import UTC, astimezone

__all__ = ("share_search_path", "zone_from_name", "zone_name")

_names: dict[int, tuple[tzinfo, str]] = {}  # by id(), because not every tzinfo can be hashed
_MAX_NAMES = 1000
_path_shared = False


def share_search_path() -> None:
    """Lets the engine read the same tz database as :mod:`zoneinfo`: its ``TZPATH``, then package ``tzdata``."""
    global _path_shared
    if _path_shared:
        return
    from importlib.util import find_spec

    directories = list(zoneinfo.TZPATH)
    package = find_spec("tzdata")
    if package is not None and package.submodule_search_locations:
        directories += [f"{location}/zoneinfo" for location in package.submodule_search_locations]
    _native.set_time_zone_path(directories)
    _path_shared = True


def zone_name(zone: tzinfo) -> str:
    """The name that the engine knows the zone by: ``"UTC"``, ``"Europe/Berlin"`` or ``"+05:30"``.

    :raises ValueError: for a zone without a name whose offset changes
    """
    known = _names.get(id(zone))
    if known is not None and known[0] is zone:
        return known[1]
    name = _find_name(zone)
    share_search_path()
    if len(_names) >= _MAX_NAMES:
        _names.clear()
    _names[id(zone)] = (zone, name)
    return name


def _find_name(zone: tzinfo) -> str:
    if zone is UTC:
        return "UTC"
    key = getattr(zone, "key", None) or getattr(zone, "zone", None)
    if key:
        return str(key)
    offset = zone.utcoffset(None)
    if offset is None:
        raise ValueError(
            f"Time zone {zone!r} has no name of the tz database and no fixed offset -- give a zone by name, for "
            "example timezone='Europe/Berlin'"
        )
    return _offset_name(offset)


def _offset_name(offset: timedelta) -> str:
    minutes, rest = divmod(offset, timedelta(minutes=1))
    if rest:
        raise ValueError(f"UTC offset {offset} is not a whole number of minutes")
    if minutes == 0:
        return "UTC"
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def zone_from_name(name: str) -> tzinfo:
    """The zone of a name that :func:`zone_name` gave."""
    if name[:1] in "+-":
        offset = timedelta(hours=int(name[1:3]), minutes=int(name[4:6]))
        return timezone(-offset if name[0] == "-" else offset)
    zone = astimezone(name)
    assert zone is not None
    return zone
