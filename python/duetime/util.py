"""Helpers for references, time zones, datetimes and callables; the names are APScheduler 3's."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from functools import partial
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from inspect import Parameter

__all__ = (
    "asbool",
    "asdate",
    "asint",
    "astimezone",
    "check_callable_args",
    "convert_to_datetime",
    "datetime_ceil",
    "datetime_repr",
    "datetime_to_utc_timestamp",
    "datetime_utc_add",
    "get_callable_name",
    "get_localzone",
    "is_later",
    "iscoroutinefunction_partial",
    "localize",
    "maybe_ref",
    "normalize",
    "obj_to_ref",
    "ref_to_obj",
    "timedelta_seconds",
    "timezone_repr",
    "undefined",
    "utc_timestamp_to_datetime",
)

UTC: Final = timezone.utc
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class _Undefined:
    """The type of :data:`undefined`: "no value was given", where ``None`` is a value."""

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "<undefined>"


undefined: Final = _Undefined()


# --- configuration values ---------------------------------------------------------------------------


def asint(text: Any) -> int | None:
    """``int(text)``, or ``None`` for ``None``."""
    return None if text is None else int(text)


_BOOLEAN_WORDS: Final = {
    **dict.fromkeys(("true", "yes", "on", "y", "t", "1"), True),
    **dict.fromkeys(("false", "no", "off", "n", "f", "0"), False),
}


def asbool(obj: Any) -> bool:
    """The boolean that a word such as ``"yes"`` or ``"off"`` means; other objects by their truth.

    :raises ValueError: for any other word
    """
    if not isinstance(obj, str):
        return bool(obj)
    word = obj.strip().lower()
    if word not in _BOOLEAN_WORDS:
        raise ValueError(f'Unable to interpret value "{word}" as boolean')
    return _BOOLEAN_WORDS[word]


# --- time zones and datetimes -----------------------------------------------------------------------


def get_localzone() -> tzinfo:
    """The zone of this machine, found by ``tzlocal`` when it is first needed."""
    from tzlocal import get_localzone as find_localzone

    return find_localzone()


def astimezone(obj: Any) -> tzinfo | None:
    """The time zone that ``obj`` names or is; ``None`` for ``None``.

    ``pytz`` zones become :class:`~zoneinfo.ZoneInfo`, so that results never depend on ``pytz``.

    :raises TypeError: if it is neither a zone nor a string
    """
    if obj is None:
        return None
    if isinstance(obj, str):
        return UTC if obj == "UTC" else ZoneInfo(obj)
    if not isinstance(obj, tzinfo):
        raise TypeError(f"Expected tzinfo, got {obj.__class__.__name__} instead")
    if isinstance(obj, ZoneInfo) or obj is UTC:
        return obj
    if obj.tzname(None) == "local":
        raise ValueError(
            "Unable to determine the name of the local timezone -- you must explicitly specify the name of the "
            "local timezone. Please refrain from using timezones like EST to prevent problems with daylight "
            "saving time. Instead, use a locale based timezone name (such as Europe/Helsinki)."
        )
    if hasattr(obj, "zone"):
        return _from_pytz(obj)
    return obj


def _from_pytz(zone: Any) -> tzinfo:
    if zone.zone:
        return ZoneInfo(zone.zone)
    # A pytz.FixedOffset has no name; utcoffset() is its only public face.
    return timezone(zone.utcoffset(None))


def asdate(obj: Any) -> Any:
    """A date from its ISO form; anything else as it is."""
    return date.fromisoformat(obj) if isinstance(obj, str) else obj


_DATE_REGEX: Final = re.compile(
    r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})"
    r"(?:[ T](?P<hour>\d{1,2}):(?P<minute>\d{1,2}):(?P<second>\d{1,2})"
    r"(?:\.(?P<microsecond>\d{1,6}))?"
    r"(?P<timezone>Z|[+-]\d\d:\d\d)?)?$"
)


def _offset_zone(text: str) -> tzinfo:
    if text == "Z":
        return UTC
    hours, minutes = text[1:].split(":")
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    return timezone(-offset if text[0] == "-" else offset)


def _parse_datetime(text: str) -> tuple[datetime, tzinfo | None]:
    match = _DATE_REGEX.match(text)
    if match is None:
        raise ValueError("Invalid date string")
    values = match.groupdict()
    zone = values.pop("timezone")
    numbers: dict[str, Any] = {name: int(value or 0) for name, value in values.items()}
    return datetime(**numbers), _offset_zone(zone) if zone else None


def convert_to_datetime(input: Any, tz: Any, arg_name: str) -> datetime | None:
    """An aware datetime from a datetime, a date (midnight) or a string.

    Strings are ``Y-m-d``, ``Y-m-d H:M:S`` or ``Y-m-d H:M:S.micro``, the longer ones with an optional ``Z``
    or ``+HH:MM``. What has no zone of its own gets ``tz``; ``None`` stays ``None``.

    :param arg_name: what error texts call the value
    """
    if input is None:
        return None
    if isinstance(input, datetime):
        result = input
    elif isinstance(input, date):
        result = datetime.combine(input, time())
    elif isinstance(input, str):
        result, own_zone = _parse_datetime(input)
        tz = own_zone or tz
    else:
        raise TypeError(f"Unsupported type for {arg_name}: {input.__class__.__name__}")

    if result.tzinfo is not None:
        return result
    if tz is None:
        raise ValueError(f'The "tz" argument must be specified if {arg_name} has no timezone information')
    return localize(result, astimezone(tz) if isinstance(tz, str) else tz)


def datetime_to_utc_timestamp(timeval: datetime | None) -> float | None:
    """Seconds since 1970 in UTC."""
    return None if timeval is None else (timeval - _EPOCH) / timedelta(seconds=1)


def utc_timestamp_to_datetime(timestamp: float | None) -> datetime | None:
    """The UTC datetime of seconds since 1970."""
    return None if timestamp is None else datetime.fromtimestamp(timestamp, UTC)


def timedelta_seconds(delta: timedelta) -> float:
    """``delta`` in seconds."""
    return delta.total_seconds()


def datetime_ceil(dateval: datetime) -> datetime:
    """``dateval`` rounded up to a whole second."""
    if not dateval.microsecond:
        return dateval
    return datetime_utc_add(dateval, timedelta(seconds=1, microseconds=-dateval.microsecond))


def datetime_utc_add(dateval: datetime, tdelta: timedelta) -> datetime:
    """The datetime ``tdelta`` later on the UTC time line, in the zone of ``dateval``."""
    if dateval.tzinfo is None:
        return dateval + tdelta
    return (dateval.astimezone(UTC) + tdelta).astimezone(dateval.tzinfo)


def is_later(time: datetime, limit: datetime) -> bool:
    """Whether ``time`` is after ``limit`` on the time line.

    Within one zone, ``>`` compares wall times, of which some come twice.
    """
    return time.astimezone(UTC) > limit.astimezone(UTC)


def datetime_repr(dateval: datetime | None) -> str:
    """As it is shown in texts about jobs and triggers: ``2026-11-23 09:00:00 UTC``."""
    return dateval.strftime("%Y-%m-%d %H:%M:%S %Z") if dateval else "None"


def timezone_repr(timezone: tzinfo) -> str:
    """The key of a :class:`~zoneinfo.ZoneInfo`, else the ``repr()``."""
    return timezone.key if isinstance(timezone, ZoneInfo) and timezone.key else repr(timezone)


def normalize(dt: datetime) -> datetime:
    """The same instant as a wall time that exists: 02:30 in a gap becomes 03:30."""
    return datetime.fromtimestamp(dt.timestamp(), dt.tzinfo)


def localize(dt: datetime, tzinfo: Any) -> datetime:
    """The naive ``dt`` as a wall time of the zone."""
    if hasattr(tzinfo, "localize"):
        localized: datetime = tzinfo.localize(dt)  # a pytz zone
        return localized
    return normalize(dt.replace(tzinfo=tzinfo))


# --- callables and references -----------------------------------------------------------------------


def get_callable_name(func: Any) -> str:
    """The name under which people know a callable.

    :raises TypeError: if it is not callable
    """
    if isinstance(func, MethodType):
        owner = func.__self__ if isinstance(func.__self__, type) else type(func.__self__)
        return f"{owner.__qualname__}.{func.__name__}"
    if isinstance(func, (type, FunctionType, BuiltinFunctionType)):
        return func.__qualname__
    if callable(func):
        return type(func).__qualname__
    raise TypeError(f"Unable to determine a name for {func!r} -- maybe it is not a callable?")


def obj_to_ref(obj: Any) -> str:
    """The textual reference ``module:qualified.name`` of a callable.

    :raises TypeError: if it is not callable
    :raises ValueError: for partials, lambdas and nested functions, which have none
    """
    if isinstance(obj, partial):
        raise ValueError("Cannot create a reference to a partial()")
    name = get_callable_name(obj)
    if "<lambda>" in name:
        raise ValueError("Cannot create a reference to a lambda")
    if "<locals>" in name:
        raise ValueError("Cannot create a reference to a nested function")
    module = obj.__self__.__module__ if isinstance(obj, MethodType) else obj.__module__
    return f"{module}:{name}"


def ref_to_obj(ref: Any) -> Any:
    """The object that ``module:qualified.name`` points to; imports the module.

    :raises TypeError: if ``ref`` is not a string
    :raises ValueError: if it lacks the colon
    :raises LookupError: if there is no such module or object
    """
    if not isinstance(ref, str):
        raise TypeError("References must be strings")
    module_name, colon, path = ref.partition(":")
    if not colon:
        raise ValueError("Invalid reference")
    try:
        obj = __import__(module_name, fromlist=[path])
    except ImportError as exc:
        raise LookupError(f"Error resolving reference {ref}: could not import module") from exc
    try:
        for name in path.split("."):
            obj = getattr(obj, name)
    except Exception:
        raise LookupError(f"Error resolving reference {ref}: error looking up object") from None
    return obj


def maybe_ref(ref: Any) -> Any:
    """What a textual reference points to; anything else as it is."""
    return ref_to_obj(ref) if isinstance(ref, str) else ref


class _Binding:
    """How given arguments meet a signature's parameters, one :meth:`take` for each parameter."""

    def __init__(self, args: Iterable[Any], kwargs: Mapping[str, Any]) -> None:
        self.given = len(list(args))
        self.positional = self.given
        self.keywords = list(kwargs)
        self.conflicts: list[str] = []
        self.positional_only: list[str] = []
        self.missing: list[str] = []
        self.missing_keywords: list[str] = []
        self.any_positional = False
        self.any_keyword = False

    def take(self, parameter: Parameter) -> None:
        if parameter.kind is parameter.VAR_POSITIONAL:
            self.any_positional = True
        elif parameter.kind is parameter.VAR_KEYWORD:
            self.any_keyword = True
        elif parameter.kind is parameter.KEYWORD_ONLY:
            self._take_keyword(parameter, self.missing_keywords)
        elif parameter.kind is parameter.POSITIONAL_ONLY:
            self._take_positional_only(parameter)
        else:
            self._take_positional_or_keyword(parameter)

    def _take_keyword(self, parameter: Parameter, missing: list[str]) -> None:
        if parameter.name in self.keywords:
            self.keywords.remove(parameter.name)
        elif parameter.default is parameter.empty:
            missing.append(parameter.name)

    def _take_positional_only(self, parameter: Parameter) -> None:
        if self.positional:
            self.positional -= 1
        elif parameter.name in self.keywords:
            self.keywords.remove(parameter.name)
            self.positional_only.append(parameter.name)
        elif parameter.default is parameter.empty:
            self.missing.append(parameter.name)

    def _take_positional_or_keyword(self, parameter: Parameter) -> None:
        if self.positional and parameter.name in self.keywords:
            self.conflicts.append(parameter.name)
        elif self.positional:
            self.positional -= 1
        else:
            self._take_keyword(parameter, self.missing)

    def problems(self) -> Iterable[str]:
        def names(values: list[str]) -> str:
            return ", ".join(values)

        if self.conflicts:
            yield f"The following arguments are supplied in both args and kwargs: {names(self.conflicts)}"
        if self.positional_only:
            yield f"The following arguments cannot be given as keyword arguments: {names(self.positional_only)}"
        if self.missing:
            yield f"The following arguments have not been supplied: {names(self.missing)}"
        if self.missing_keywords:
            yield (
                f"The following keyword-only arguments have not been supplied in kwargs: {names(self.missing_keywords)}"
            )
        if self.positional and not self.any_positional:
            yield (
                "The list of positional arguments is longer than the target callable can handle "
                f"(allowed: {self.given - self.positional}, given in args: {self.given})"
            )
        if self.keywords and not self.any_keyword:
            yield f"The target callable does not accept the following keyword arguments: {names(self.keywords)}"


def check_callable_args(func: Callable[..., Any], args: Iterable[Any], kwargs: Mapping[str, Any]) -> None:
    """Checks that ``func(*args, **kwargs)`` is a possible call; says nothing about built-ins without a signature.

    :raises ValueError: naming the arguments at fault
    """
    from inspect import signature  # big, and needed once per callable

    try:
        parameters = signature(func, follow_wrapped=False).parameters
    except ValueError:
        return
    binding = _Binding(args, kwargs)
    for parameter in parameters.values():
        binding.take(parameter)
    for problem in binding.problems():
        raise ValueError(problem)


def iscoroutinefunction_partial(f: Any) -> bool:
    """Whether ``f``, or what a :func:`~functools.partial` wraps, is a coroutine function."""
    while isinstance(f, partial):
        f = f.func
    if sys.version_info >= (3, 14):
        from inspect import iscoroutinefunction
    else:  # knows @asyncio.coroutine and Mock too; imported late because asyncio is big
        from asyncio import iscoroutinefunction
    return iscoroutinefunction(f)
