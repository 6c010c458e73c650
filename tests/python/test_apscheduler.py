"""APScheduler 3.11.3 itself says what is right, where it is installed."""

from __future__ import annotations

import importlib
import inspect
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from conftest import START

pytest.importorskip("apscheduler", minversion="3.11.3")
pytestmark = pytest.mark.filterwarnings("ignore")

CASES = [
    ("cron", "CronTrigger", {}),
    ("cron", "CronTrigger", {"minute": "*/5"}),
    ("cron", "CronTrigger", {"hour": 2, "minute": "30"}),
    ("cron", "CronTrigger", {"day": "last", "hour": "1,5-9/2"}),
    ("cron", "CronTrigger", {"day": "2nd fri,last sun"}),
    ("cron", "CronTrigger", {"month": "jan-mar", "day_of_week": "MON-fri", "week": "1-20"}),
    ("cron", "CronTrigger", {"year": "2027", "second": "*/40"}),
    ("cron", "CronTrigger", {"hour": "7/4", "start_date": "2026-12-01", "end_date": "2026-12-03", "jitter": None}),
    ("cron", "CronTrigger", {"day_of_week": "mon-fri/2"}),
    ("interval", "IntervalTrigger", {"hours": 5, "start_date": "2026-11-20 08:30:00"}),
    ("interval", "IntervalTrigger", {"seconds": 90.5, "start_date": "2026-11-23 08:00:00"}),
    ("interval", "IntervalTrigger", {"weeks": 1, "start_date": "2027-01-01", "end_date": "2027-02-01"}),
    ("date", "DateTrigger", {"run_date": "2026-11-24 10:00:00"}),
]


def both(module: str, name: str) -> list:
    return [getattr(importlib.import_module(f"{package}.{module}"), name) for package in ("apscheduler", "duetime")]


def fires(trigger, now, count):
    found, previous = [], None
    while len(found) < count:
        previous = trigger.get_next_fire_time(previous, previous or now)
        if previous is None:
            break
        found.append((previous, previous.utcoffset(), previous.fold))
    return found


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Asia/Kolkata"])
@pytest.mark.parametrize(("module", "name", "arguments"), CASES)
def test_triggers(module, name, arguments, zone):
    theirs, ours = (cls(timezone=zone, **arguments) for cls in both(f"triggers.{module}", name))
    assert (str(ours), repr(ours)) == (str(theirs), repr(theirs))
    assert fires(ours, START, 20) == fires(theirs, START, 20)
    their_state, our_state = theirs.__getstate__(), ours.__getstate__()
    assert list(our_state) == list(their_state)
    if "fields" in our_state:
        assert list(map(repr, our_state["fields"])) == list(map(repr, their_state["fields"]))


@pytest.mark.parametrize(
    "fields",
    [
        {"minute": "60"},
        {"minute": "*/60"},
        {"hour": "5-3"},
        {"hour": "1-5/9"},
        {"day": "0"},
        {"day": "6th mon"},
        {"day": "1st foo"},
        {"month": "13"},
        {"month": "jan-foo"},
        {"day_of_week": "7"},
        {"day_of_week": "fri-mon"},
        {"week": "54"},
        {"second": "a"},
        {"second": ""},
        {"year": "1969"},
        {"hour": "*/0"},
    ],
)
def test_cron_errors(fields):
    texts = []
    for cls in both("triggers.cron", "CronTrigger"):
        with pytest.raises(ValueError) as caught:
            cls(timezone="UTC", **fields)
        texts.append(str(caught.value))
    assert texts[0] == texts[1]


def test_every_instant_at_which_it_fires_is_kept():
    """In spring it loses some, and names times that do not exist; in autumn it runs twice, as we do."""
    for fields in ({"hour": 2, "minute": 30}, {"minute": "*/15"}, {"hour": 1, "minute": "*/30"}):
        theirs, ours = (cls(timezone="America/New_York", **fields) for cls in both("triggers.cron", "CronTrigger"))
        zone = ZoneInfo("America/New_York")
        for start in (datetime(2026, 3, 7, tzinfo=zone), datetime(2026, 10, 31, tzinfo=zone)):
            end = start + timedelta(days=3)
            their_instants = {time.timestamp() for time, *_ in fires(theirs, start, 300) if time < end}
            our_instants = {time.timestamp() for time, *_ in fires(ours, start, 300) if time < end}
            assert their_instants <= our_instants


METHODS = [
    "add_executor",
    "add_job",
    "add_jobstore",
    "add_listener",
    "configure",
    "get_job",
    "get_jobs",
    "modify_job",
    "pause",
    "pause_job",
    "print_jobs",
    "remove_all_jobs",
    "remove_executor",
    "remove_job",
    "remove_jobstore",
    "remove_listener",
    "reschedule_job",
    "resume",
    "resume_job",
    "scheduled_job",
    "shutdown",
    "start",
    "wakeup",
]


def positional(function):
    """Names and defaults of the parameters, in order; ours may have more after them."""
    return [
        (parameter.name, parameter.kind, repr(parameter.default))
        for parameter in inspect.signature(function).parameters.values()
    ]


@pytest.mark.parametrize("method", METHODS)
def test_signatures(method):
    theirs, ours = (positional(getattr(cls, method)) for cls in both("schedulers.base", "BaseScheduler"))
    variable = [parameter for parameter in theirs if parameter[1] is inspect.Parameter.VAR_KEYWORD]
    fixed = [parameter for parameter in theirs if parameter not in variable]
    assert ours[: len(fixed)] == fixed
    assert ours[len(ours) - len(variable) :] == variable


def test_events():
    theirs, ours = (importlib.import_module(f"{package}.events") for package in ("apscheduler", "duetime"))
    for name in theirs.__all__:
        if name.startswith("EVENT_"):
            assert getattr(ours, name) == getattr(theirs, name)
        else:
            assert positional(getattr(ours, name).__init__) == positional(getattr(theirs, name).__init__)


@pytest.mark.parametrize("module", ["util", "job", "jobstores.base", "schedulers", "schedulers.base"])
def test_names(module):
    theirs, ours = (importlib.import_module(f"{package}.{module}") for package in ("apscheduler", "duetime"))
    for name in getattr(theirs, "__all__", ()):
        assert hasattr(ours, name)
    for name, value in vars(theirs).items():
        if inspect.isclass(value) and value.__module__ == theirs.__name__ and not name.startswith("_"):
            public = [member for member in vars(value) if not member.startswith("_")]
            assert not [member for member in public if not hasattr(getattr(ours, name), member)]


@pytest.mark.parametrize("run_date", ["2026-11-23", "2026-11-23 10:00:00.5", "2026-11-23T10:00:00Z", "x", 3, None])
def test_convert_to_datetime(run_date):
    results = []
    for convert in both("util", "convert_to_datetime"):
        try:
            results.append(convert(run_date, timezone.utc, "run_date"))
        except (TypeError, ValueError) as exc:
            results.append((type(exc), str(exc)))
    assert results[0] == results[1]
