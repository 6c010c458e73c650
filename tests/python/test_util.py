from __future__ import annotations

import functools
from datetime import date, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest
from duetime import util

BERLIN = ZoneInfo("Europe/Berlin")


class FakePytz(tzinfo):
    """What pytz zones look like: a name in `zone`, or an offset."""

    def __init__(self, zone, offset=None):
        self.zone = zone
        self.offset = offset

    def utcoffset(self, dt):
        return self.offset

    def tzname(self, dt):
        return None


class Something:
    def method(self, a, b=1, *, c=2):
        pass

    @classmethod
    def class_method(cls):
        pass

    def __call__(self):
        pass


@pytest.mark.parametrize("word", ["true", "YES", " on ", "y", "t", "1", 5, [0]])
def test_asbool_true(word):
    assert util.asbool(word) is True


@pytest.mark.parametrize("word", ["False", "no", " off", "n", "f", "0", 0, [], None])
def test_asbool_false(word):
    assert util.asbool(word) is False


def test_asbool_refuses_other_words():
    with pytest.raises(ValueError, match='^Unable to interpret value "perhaps" as boolean$'):
        util.asbool("Perhaps")


def test_asint():
    assert util.asint("20") == 20
    assert util.asint(None) is None


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, None),
        ("UTC", timezone.utc),
        ("Europe/Berlin", BERLIN),
        (BERLIN, BERLIN),
        (timezone(timedelta(hours=2)), timezone(timedelta(hours=2))),
        (FakePytz("Europe/Berlin"), BERLIN),
        (FakePytz(None, timedelta(hours=1)), timezone(timedelta(hours=1))),
    ],
)
def test_astimezone(given, expected):
    assert util.astimezone(given) == expected


def test_astimezone_refuses_other_types():
    with pytest.raises(TypeError, match="^Expected tzinfo, got int instead$"):
        util.astimezone(4)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("2026-11-23", datetime(2026, 11, 23, tzinfo=BERLIN)),
        ("2026-1-2 3:4:5", datetime(2026, 1, 2, 3, 4, 5, tzinfo=BERLIN)),
        ("2026-11-23T09:30:00.25", datetime(2026, 11, 23, 9, 30, 0, 25, tzinfo=BERLIN)),
        ("2026-11-23 09:30:00Z", datetime(2026, 11, 23, 9, 30, tzinfo=timezone.utc)),
        ("2026-11-23 09:30:00-02:30", datetime(2026, 11, 23, 12, 0, tzinfo=timezone.utc)),
        (date(2026, 11, 23), datetime(2026, 11, 23, tzinfo=BERLIN)),
        (datetime(2026, 11, 23, 9, tzinfo=timezone.utc), datetime(2026, 11, 23, 9, tzinfo=timezone.utc)),
        # 02:30 does not exist on that day.
        (datetime(2026, 3, 29, 2, 30), datetime(2026, 3, 29, 1, 30, tzinfo=timezone.utc)),
    ],
)
def test_convert_to_datetime(given, expected):
    assert util.convert_to_datetime(given, BERLIN, "run_date") == expected


@pytest.mark.parametrize(
    ("given", "error", "text"),
    [
        ("2026-11-23 09:30", ValueError, "Invalid date string"),
        (4, TypeError, "Unsupported type for run_date: int"),
        (
            datetime(2026, 1, 1),
            ValueError,
            'The "tz" argument must be specified if run_date has no timezone information',
        ),
    ],
)
def test_convert_to_datetime_refuses(given, error, text):
    with pytest.raises(error) as caught:
        util.convert_to_datetime(given, None, "run_date")
    assert str(caught.value) == text


def test_timestamps():
    moment = datetime(2026, 11, 23, 9, 30, 0, 250_000, tzinfo=BERLIN)
    assert util.datetime_to_utc_timestamp(moment) == moment.timestamp()
    assert util.utc_timestamp_to_datetime(moment.timestamp()) == moment
    assert util.datetime_to_utc_timestamp(None) is None
    assert util.utc_timestamp_to_datetime(None) is None
    assert util.timedelta_seconds(timedelta(minutes=1, milliseconds=500)) == 60.5


def test_datetime_ceil():
    moment = datetime(2026, 11, 23, 9, 30, 0, tzinfo=BERLIN)
    assert util.datetime_ceil(moment) is moment
    assert util.datetime_ceil(moment + timedelta(microseconds=1)) == moment + timedelta(seconds=1)


def test_reprs():
    assert util.datetime_repr(datetime(2026, 11, 23, 9, tzinfo=BERLIN)) == "2026-11-23 09:00:00 CET"
    assert util.datetime_repr(None) == "None"
    assert util.timezone_repr(BERLIN) == "Europe/Berlin"
    assert util.timezone_repr(timezone.utc) == "datetime.timezone.utc"
    assert repr(util.undefined) == "<undefined>"
    assert not util.undefined


@pytest.mark.parametrize(
    ("func", "name"),
    [
        (len, "len"),
        (Something, "Something"),
        (Something().method, "Something.method"),
        (Something.class_method, "Something.class_method"),
        (Something(), "Something"),
    ],
)
def test_get_callable_name(func, name):
    assert util.get_callable_name(func) == name


def test_get_callable_name_refuses():
    with pytest.raises(TypeError, match="^Unable to determine a name for 4 -- maybe it is not a callable\\?$"):
        util.get_callable_name(4)


def test_references():
    assert util.obj_to_ref(util.obj_to_ref) == "duetime.util:obj_to_ref"
    assert util.obj_to_ref(Something.class_method) == f"{__name__}:Something.class_method"
    assert util.ref_to_obj("duetime.util:obj_to_ref") is util.obj_to_ref
    assert util.maybe_ref("duetime.util:UTC") is timezone.utc
    assert util.maybe_ref(4) == 4


@pytest.mark.parametrize(
    ("func", "text"),
    [
        (functools.partial(len), "Cannot create a reference to a partial()"),
        (lambda: None, "Cannot create a reference to a lambda"),
    ],
)
def test_callables_without_reference(func, text):
    with pytest.raises(ValueError) as caught:
        util.obj_to_ref(func)
    assert str(caught.value) == text


def test_nested_functions_have_no_reference():
    def nested():
        pass

    with pytest.raises(ValueError, match="^Cannot create a reference to a nested function$"):
        util.obj_to_ref(nested)


@pytest.mark.parametrize(
    ("reference", "error", "text"),
    [
        (4, TypeError, "References must be strings"),
        ("no_colon", ValueError, "Invalid reference"),
        ("no.such:thing", LookupError, "Error resolving reference no.such:thing: could not import module"),
        ("os:no_such", LookupError, "Error resolving reference os:no_such: error looking up object"),
    ],
)
def test_bad_references(reference, error, text):
    with pytest.raises(error) as caught:
        util.ref_to_obj(reference)
    assert str(caught.value) == text


def takes(a, b=1, *, c):
    pass


def takes_positional_only(a, /, b):
    pass


def takes_anything(*args, **kwargs):
    pass


@pytest.mark.parametrize(
    ("func", "args", "kwargs", "text"),
    [
        (takes, (1,), {"a": 2, "c": 1}, "The following arguments are supplied in both args and kwargs: a"),
        (
            takes_positional_only,
            (),
            {"a": 1, "b": 2},
            "The following arguments cannot be given as keyword arguments: a",
        ),
        (takes, (), {"c": 1}, "The following arguments have not been supplied: a"),
        (takes, (1,), {}, "The following keyword-only arguments have not been supplied in kwargs: c"),
        (
            takes,
            (1, 2, 3),
            {"c": 1},
            "The list of positional arguments is longer than the target callable can handle "
            "(allowed: 2, given in args: 3)",
        ),
        (takes, (1,), {"c": 1, "d": 1}, "The target callable does not accept the following keyword arguments: d"),
    ],
)
def test_check_callable_args_refuses(func, args, kwargs, text):
    with pytest.raises(ValueError) as caught:
        util.check_callable_args(func, args, kwargs)
    assert str(caught.value) == text


def test_check_callable_args_accepts():
    util.check_callable_args(takes, (1,), {"c": 1})
    util.check_callable_args(takes, (1, 2), {"c": 1})
    util.check_callable_args(takes_anything, range(9), {"x": 1})
    util.check_callable_args(functools.partial(takes, 1), (), {"c": 1})


def test_iscoroutinefunction_partial():
    async def coroutine():
        pass

    assert util.iscoroutinefunction_partial(functools.partial(functools.partial(coroutine)))
    assert not util.iscoroutinefunction_partial(functools.partial(takes))
