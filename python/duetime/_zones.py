"""Time zones on their way to the engine and back: it knows them by name."""

from __future__ import annotations

import zoneinfo
from datetime import timedelta, timezone, tzinfo

from duetime import _native
from duetime.util import UTC, astimezone

__all__ = ("forget_time_zones", "reload_time_zones", "share_search_path", "zone_from_name", "zone_name")

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
    """The name that the engine knows the zone by: ``"UTC"``, ``"Europe/Berlin"``, ``"+05:30"`` or, for a zone that is
    only known here, ``"custom/..."``, under which the engine then knows it too.
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
    key = getattr(zone, "key", None) or getattr(zone, "zone", None) or _key_of_file(zone)
    if key:
        return str(key)
    offset = zone.utcoffset(None)
    return _register(zone) if offset is None else _offset_name(offset)


def _key_of_file(zone: tzinfo) -> str | None:
    """Of a zone that ``dateutil.tz.gettz()`` read from the tz database."""
    path = getattr(zone, "_filename", None)
    if not isinstance(path, str):
        return None
    directory = next((directory for directory in zoneinfo.TZPATH if path.startswith(f"{directory}/")), None)
    key = path.removeprefix(f"{directory}/") if directory else path
    try:
        return zoneinfo.ZoneInfo(key).key
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        return None


def _offset_name(offset: timedelta) -> str:
    seconds, rest = divmod(abs(offset), timedelta(seconds=1))
    if rest:
        raise ValueError(f"UTC offset {offset} is not a whole number of seconds")
    if seconds == 0:
        return "UTC"
    sign = "-" if offset < timedelta(0) else "+"
    name = f"{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}"
    return f"{name}:{seconds % 60:02}" if seconds % 60 else name


_custom: dict[str, tzinfo] = {}


def _register(zone: tzinfo) -> str:
    """Teaches the engine a zone that has no name of the tz database. Equal zones get equal names in all processes, so
    that a job store which two of them share keeps working.
    """
    import hashlib
    import pickle

    try:
        definition = pickle.dumps(zone)
    except Exception:
        definition = repr(zone).encode()
    name = f"custom/{type(zone).__name__}-{hashlib.sha256(definition).hexdigest()[:16]}"

    def offset_at(microseconds: int) -> int:
        offset = _native.to_datetime(microseconds, zone).utcoffset()
        if offset is None:
            raise ValueError(f"Time zone {zone!r} answers no UTC offset")
        return round(offset.total_seconds())

    _native.register_time_zone(name, offset_at)
    _custom[name] = zone
    return name


def reload_time_zones() -> None:
    """As :func:`duetime.reload_time_zones`."""
    forget_time_zones()
    _native.reload_time_zones()


def forget_time_zones() -> None:
    """Makes Python read the tz database again; the engine is told where it is now."""
    global _path_shared
    zoneinfo.ZoneInfo.clear_cache()
    _names.clear()
    _path_shared = False
    share_search_path()


def zone_from_name(name: str) -> tzinfo:
    """The zone of a name that :func:`zone_name` gave."""
    if name[:1] in "+-":
        hours, minutes, *seconds = (int(part) for part in name[1:].split(":"))
        offset = timedelta(hours=hours, minutes=minutes, seconds=sum(seconds))
        return timezone(-offset if name[0] == "-" else offset)
    if name in _custom:
        return _custom[name]
    zone = astimezone(name)
    assert zone is not None
    return zone
