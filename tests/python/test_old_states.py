"""The reader of APScheduler's states, where no APScheduler of today writes what it must read or refuse."""

from __future__ import annotations

import copyreg
import pickle
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from duetime._legacy.names import unpickle
from duetime._legacy.records import Record, UnreadableError, read_pickle, record_class
from duetime._legacy.states import is_plain, job_from_members
from duetime._legacy.times import to_datetime, to_zone
from duetime._legacy.triggers import to_trigger
from duetime._legacy.values import Values
from duetime.util import get_localzone

BERLIN = ZoneInfo("Europe/Berlin")
HOUR = timedelta(hours=1)


def record(reference: str, *args: Any, state: Any = None) -> Record:
    made = record_class(*reference.split(":"))(*args)
    made.state = state
    return made


@pytest.mark.parametrize(
    ("described", "zone"),
    [
        (record("pytz:_p", "Europe/Berlin", 3180, 0, "LMT"), BERLIN),
        (record("pytz:_p", "Etc/GMT+5"), ZoneInfo("Etc/GMT+5")),
        (record("pytz:_UTC"), timezone.utc),
        (record("pytz:FixedOffset", 330), timezone(timedelta(hours=5.5))),
        (record("backports.zoneinfo:ZoneInfo._unpickle", "Europe/Berlin", 1), BERLIN),
        (record("zoneinfo:ZoneInfo._unpickle", "UTC", 1), timezone.utc),
        (record("datetime:timezone", record("datetime:timedelta", 0, 3600, 0), "CET"), timezone(HOUR)),
        (record("pytz_deprecation_shim._impl:wrap_zone", record("pytz:_UTC"), "Europe/Berlin"), BERLIN),
        (record("pytz_deprecation_shim._impl:wrap_zone", record("pytz:_UTC"), None), timezone.utc),
        (record("dateutil.tz.tz:tzfile", None, "/usr/share/zoneinfo/Europe/Berlin"), BERLIN),
        (record("dateutil.tz.tz:tzfile", None, "Europe/Berlin"), BERLIN),
        (record("dateutil.tz._tzfile:_unpickle", None, "Europe/Berlin", "/x/Europe/Berlin"), BERLIN),
        (
            record("dateutil.tz.tz:tzoffset", state={"_offset": record("datetime:timedelta", 0, 3600, 0)}),
            timezone(HOUR),
        ),
        (record("dateutil.tz.tz:tzoffset", "X", 3600), timezone(HOUR)),
        (record("dateutil.tz.tz:tzutc"), timezone.utc),
        (record("dateutil.tz.tz:tzlocal"), get_localzone()),
    ],
    ids=repr,
)
def test_zones(described: Record, zone: tzinfo) -> None:
    assert to_zone(described) == zone


@pytest.mark.parametrize(
    "described",
    [
        record("os:system", "true"),
        record("pytz:_p"),
        record("pytz:_p", "../../etc/passwd"),
        record("pytz:_p", "/etc/passwd"),
        record("pytz:_p", "x" * 300),
        record("pytz:_p", 5),
        record("pytz:FixedOffset", 10**9),
        record("pytz:FixedOffset", "1"),
        record("pytz:FixedOffset", float("nan")),
        record("datetime:timezone", 5),
        record("dateutil.tz.tz:tzfile"),
        record("dateutil.tz.tz:tzoffset"),
        "Europe/Berlin",
        None,
    ],
    ids=repr,
)
def test_no_zones(described: Any) -> None:
    with pytest.raises(UnreadableError):
        to_zone(described)


def test_a_time_of_pytz_says_which_of_two_it_is() -> None:
    wall_time = datetime(2031, 10, 26, 2, 30)
    for offset, hour in ((7200, 0), (3600, 1)):
        zone = record("pytz:_p", "Europe/Berlin", offset, 0, "?")
        instant = to_datetime(record("datetime:datetime", wall_time.__reduce_ex__(2)[1][0], zone))
        assert instant.astimezone(timezone.utc) == datetime(2031, 10, 26, hour, 30, tzinfo=timezone.utc)
        assert instant.tzinfo == BERLIN


@pytest.mark.parametrize("state", [None, {}, (None, {}), {"version": 2, "run_date": None}, {"run_date": "2031-01-01"}])
def test_no_triggers(state: Any) -> None:
    with pytest.raises(UnreadableError, match="DateTrigger|datetime"):
        to_trigger(record("apscheduler.triggers.date:DateTrigger", state=state))


@pytest.mark.parametrize(
    ("kind", "attributes", "words"),
    [
        ("RangeExpression", {"first": 70, "last": 70}, "70"),
        ("RangeExpression", {"first": -1, "last": 3}, "expected a number"),
        ("RangeExpression", {"first": "1); evil(", "last": 3}, "expected a number"),
        ("RangeExpression", {}, "trigger"),
        ("WeekdayPositionExpression", {"option_num": 9, "weekday": 1}, "trigger"),
        ("AllExpression", {"step": 1.5}, "expected a number"),
        ("UserExpression", {}, "UserExpression"),
    ],
)
def test_no_expressions(kind: str, attributes: dict[str, Any], words: str) -> None:
    expression = record(f"apscheduler.triggers.cron.expressions:{kind}", state=attributes)
    field = record(
        "apscheduler.triggers.cron.fields:BaseField",
        state={"name": "minute", "is_default": False, "expressions": [expression]},
    )
    state = {"version": 2, "timezone": record("pytz:_UTC"), "fields": [field]}
    with pytest.raises(UnreadableError, match=words):
        to_trigger(record("apscheduler.triggers.cron:CronTrigger", state=state))


def test_triggers_within_triggers_have_an_end() -> None:
    reference, state = "apscheduler.triggers.date:DateTrigger", {"version": 1}
    for _ in range(1000):
        reference, state = "apscheduler.triggers.combining:OrTrigger", {"triggers": [(reference, state)]}
    with pytest.raises(UnreadableError, match="deep"):
        to_trigger(record("apscheduler.triggers.combining:OrTrigger", state=state))


def test_a_state_that_holds_itself() -> None:
    state: dict[str, Any] = {}
    state["triggers"] = [("apscheduler.triggers.combining:OrTrigger", state)]
    with pytest.raises(UnreadableError, match="deep"):
        to_trigger(record("apscheduler.triggers.combining:OrTrigger", state=state))
    with pytest.raises(UnreadableError):
        job_from_members(state)


def test_values_much_the_same_are_looked_at_once() -> None:
    value: Any = [1]
    for _ in range(200):
        value = [value, value]
    assert is_plain(value)
    assert Values().make(value)[0] is not None
    value.append(record("os:system"))
    assert not is_plain(value)
    with pytest.raises(UnreadableError, match=r"os\.system"):
        Values().make(value)


def test_values_that_are_deep() -> None:
    value: Any = [1]
    for _ in range(100_000):
        value = [value]
    assert is_plain(value)
    with pytest.raises(UnreadableError, match="deep"):
        Values().make(value)


def test_classes_that_the_program_registered_do_not_come_in() -> None:
    """``copyreg`` answers them from its own table."""
    copyreg.add_extension("collections", "Counter", 240)
    try:
        from collections import Counter

        data = pickle.dumps(Counter, 2)
        assert pickle.loads(data) is Counter  # it is in the table now
        with pytest.raises(UnreadableError, match="extension codes"):
            read_pickle(data)
    finally:
        copyreg.remove_extension("collections", "Counter", 240)
        copyreg.clear_extension_cache()


def test_records_cannot_be_changed_by_pickles() -> None:
    # Sets an attribute of what follows "c": the class itself.
    with pytest.raises(UnreadableError):
        read_pickle(b"cmodule\nname\n(N(dS'args'\nI1\nstb.")
    assert record("module:name", 1).args == (1,)


def test_zones_of_a_package_that_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "pytz", None)
    assert unpickle(b"cpytz\n_p\n(S'Europe/Berlin'\nI3600\nI0\nS'CET'\ntR.") == BERLIN
    with pytest.raises(ImportError):
        unpickle(b"cno_such_module\nname\n.")


def test_names_of_apscheduler_are_ours() -> None:
    from duetime.triggers.cron import CronTrigger
    from duetime.triggers.cron.fields import MonthField

    assert unpickle(b"capscheduler.triggers.cron\nCronTrigger\n.") is CronTrigger
    assert unpickle(b"capscheduler.triggers.cron.fields\nMonthField\n.") is MonthField
