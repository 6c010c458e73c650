"""Times and time zones from the shapes that pickles give them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from typing import Any, Final
from zoneinfo import ZoneInfo

from duetime._legacy.records import Record, UnreadableError, name_of
from duetime.util import UTC, get_localzone

__all__ = ("to_date", "to_datetime", "to_time", "to_timedelta", "to_zone")

_LONGEST_KEY: Final = 255


def _refuse(what: str, value: Any) -> UnreadableError:
    return UnreadableError(f"{what}: expected {_EXPECTED[what]}, got {name_of(value)}")


_EXPECTED: Final = {
    "timedelta": "a timedelta",
    "date": "a date",
    "time": "a time",
    "datetime": "a datetime with a time zone",
    "time zone": "a zone of datetime, zoneinfo, pytz or dateutil",
}


def is_record(value: Any, module: str, name: str) -> bool:
    """Whether that is what the pickle would have called."""
    return isinstance(value, Record) and value.module == module and value.name == name


def _make(make: Callable[..., Any], record: Record, count: int) -> Any:
    """What the first arguments of a record make."""
    try:
        return make(*record.args[:count])
    except (TypeError, ValueError, OverflowError) as exc:
        raise UnreadableError(f"{record.name}: {exc}") from None


def to_timedelta(value: Any) -> timedelta:
    if isinstance(value, timedelta):
        return value
    if not is_record(value, "datetime", "timedelta"):
        raise _refuse("timedelta", value)
    made: timedelta = _make(timedelta, value, 3)
    return made


def to_date(value: Any) -> date:
    """A date; a datetime counts as its day."""
    if isinstance(value, date):
        return value.date() if isinstance(value, datetime) else value
    if is_record(value, "datetime", "datetime"):
        return _naive(value).date()
    if not is_record(value, "datetime", "date"):
        raise _refuse("date", value)
    made: date = _make(date, value, 1)
    return made


def to_time(value: Any) -> time:
    if not is_record(value, "datetime", "time"):
        raise _refuse("time", value)
    made: time = _make(time, value, 1)
    return made.replace(tzinfo=to_zone(value.args[1])) if len(value.args) > 1 else made


def _naive(record: Record) -> datetime:
    made: datetime = _make(datetime, record, 1)
    return made


def to_datetime(value: Any) -> datetime:
    """An aware datetime.

    A zone of ``pytz`` says which of its offsets is meant: what is left is the instant, in the zone of that name.
    """
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value
    if not is_record(value, "datetime", "datetime") or len(value.args) != 2:
        raise _refuse("datetime", value)
    wall_time, zone_record = _naive(value), value.args[1]
    zone = to_zone(zone_record)
    offset = _pytz_offset(zone_record)
    if offset is None:
        return wall_time.replace(tzinfo=zone)
    return wall_time.replace(tzinfo=timezone(offset)).astimezone(zone)


def optional(convert: Callable[[Any], Any], value: Any) -> Any:
    """``None`` for ``None``."""
    return None if value is None else convert(value)


# --- zones -----------------------------------------------------------------------------------------


def _named(key: Any) -> tzinfo:
    """Of the tz database. Names of files are not looked for."""
    if not isinstance(key, str) or not 0 < len(key) <= _LONGEST_KEY:
        raise UnreadableError(f"time zone {str(key)[:50]!r}: expected a name")
    if key == "UTC":
        return UTC
    try:
        return ZoneInfo(key)
    except Exception as exc:  # ValueError for a path, ZoneInfoNotFoundError, and OSError for a directory
        raise UnreadableError(f"time zone {key!r} is not known: {exc}") from None


def _fixed(seconds: Any) -> tzinfo:
    try:
        offset = timedelta(seconds=seconds)
        return UTC if not offset else timezone(offset)
    except (TypeError, ValueError, OverflowError) as exc:
        raise UnreadableError(f"time zone with the offset {seconds!r}: {exc}") from None


def _from_timezone(record: Record) -> tzinfo:
    offset = to_timedelta(record.args[0]) if record.args else timedelta(0)
    return _fixed(offset.total_seconds())


def _first_argument(record: Record) -> Any:
    return record.args[0] if record.args else None


def _from_key(record: Record) -> tzinfo:
    return _named(_first_argument(record))


def _from_minutes(record: Record) -> tzinfo:
    minutes = _first_argument(record)
    return _fixed(minutes * 60 if isinstance(minutes, int) else minutes)


def _pytz_offset(zone: Any) -> timedelta | None:
    """The offset that a zone of ``pytz`` stands at: ``pytz._p(name, offset, dst, abbreviation)``."""
    if not is_record(zone, "pytz", "_p") or len(zone.args) < 2:
        return None
    seconds = zone.args[1]
    offset = _fixed(seconds).utcoffset(None)
    assert offset is not None
    return offset


def _from_shim(record: Record) -> tzinfo:
    """Of ``pytz_deprecation_shim``, in which tzlocal 3 and 4 wrapped zones: the zone and its name."""
    if len(record.args) > 1 and isinstance(record.args[1], str):
        return _named(record.args[1])
    return to_zone(_first_argument(record))


def _dateutil_state(record: Record) -> dict[str, Any]:
    return record.state if isinstance(record.state, dict) else {}


def _named_by_path(path: Any) -> tzinfo:
    """Of ``/usr/share/zoneinfo/Europe/Berlin``: the name is what follows the directory."""
    if not isinstance(path, str):
        raise UnreadableError("time zone of dateutil without a name")
    _, found, key = path.rpartition("zoneinfo/")
    return _named(key if found else path)


def _from_dateutil_file(record: Record) -> tzinfo:
    """Of dateutil 2: ``tzfile(None, path)``."""
    return _named_by_path(record.args[1] if len(record.args) > 1 else _dateutil_state(record).get("_filename"))


def _from_later_dateutil_file(record: Record) -> tzinfo:
    """Of dateutil 4: ``_unpickle(tzfile, name, path, ...)``."""
    names = [name for name in record.args[1:3] if isinstance(name, str)]
    return _named_by_path(names[0] if names else None)


def _from_dateutil_offset(record: Record) -> tzinfo:
    """``tzoffset(name, offset)``, or these as its state."""
    offset = record.args[1] if len(record.args) > 1 else _dateutil_state(record).get("_offset")
    return _fixed(offset if isinstance(offset, (int, float)) else to_timedelta(offset).total_seconds())


def _utc(record: Record) -> tzinfo:
    return UTC


def _local(record: Record) -> tzinfo:
    return get_localzone()


_ZONES: Final[dict[tuple[str, str], Callable[[Record], tzinfo]]] = {
    ("datetime", "timezone"): _from_timezone,
    ("zoneinfo", "ZoneInfo._unpickle"): _from_key,
    ("backports.zoneinfo", "ZoneInfo._unpickle"): _from_key,
    ("pytz", "_UTC"): _utc,
    ("pytz", "_p"): _from_key,
    ("pytz", "FixedOffset"): _from_minutes,
    ("pytz_deprecation_shim._impl", "wrap_zone"): _from_shim,
    ("dateutil.tz.tz", "tzutc"): _utc,
    ("dateutil.tz.tz", "tzlocal"): _local,
    ("dateutil.tz.tz", "tzoffset"): _from_dateutil_offset,
    ("dateutil.tz.tz", "tzfile"): _from_dateutil_file,
    ("dateutil.tz._tzfile", "_unpickle"): _from_later_dateutil_file,
    ("dateutil.zoneinfo", "tzfile"): _from_dateutil_file,
}


def to_zone(value: Any) -> tzinfo:
    if isinstance(value, tzinfo):
        return value
    read = _ZONES.get((value.module, value.name)) if isinstance(value, Record) else None
    if read is None:
        raise _refuse("time zone", value)
    return read(value)
