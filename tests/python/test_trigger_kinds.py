"""Triggers beyond date, interval and cron fields, what they tell of themselves, and where they come from."""

from __future__ import annotations

import importlib
import io
import json
import pickle
import subprocess
import sys
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from apscheduler.triggers.calendarinterval import CalendarIntervalTrigger as TheirCalendarIntervalTrigger
from apscheduler.triggers.combining import AndTrigger as TheirAndTrigger
from apscheduler.triggers.combining import OrTrigger as TheirOrTrigger
from apscheduler.triggers.cron import CronTrigger as TheirCronTrigger
from apscheduler.triggers.date import DateTrigger as TheirDateTrigger
from apscheduler.triggers.interval import IntervalTrigger as TheirIntervalTrigger
from conftest import wait_until
from duetime import _native
from duetime.schedulers.background import BackgroundScheduler
from duetime.testing import ManualClock
from duetime.triggers._engine import to_engine, trigger_from_engine
from duetime.triggers.base import BaseTrigger
from duetime.triggers.calendarinterval import CalendarIntervalTrigger
from duetime.triggers.combining import AndTrigger, OrTrigger
from duetime.triggers.cron import CronTrigger
from duetime.triggers.crontab import CrontabTrigger, QuartzTrigger
from duetime.triggers.date import DateTrigger
from duetime.triggers.exclusion import ExclusionCalendar, NotTrigger
from duetime.triggers.interval import IntervalTrigger
from duetime.triggers.rrule import RRuleTrigger

DATA = Path(__file__).parents[1] / "data"
UTC = timezone.utc
NEW_YORK = ZoneInfo("America/New_York")
NOW = datetime(2026, 1, 5, 10, tzinfo=UTC)


def rows(file: str, table: str = "rules") -> list[Any]:
    return json.loads((DATA / file).read_text())[table]


def fires(trigger: BaseTrigger, now: datetime, count: int) -> list[datetime]:
    result: list[datetime] = []
    for _ in range(count):
        fire = trigger.get_next_fire_time(result[-1] if result else None, now)
        if fire is None:
            break
        result.append(fire)
    return result


def in_utc(times: list[datetime]) -> list[datetime]:
    """Times that come twice are equal to none of another zone (PEP 495)."""
    return [time.astimezone(UTC) for time in times]


# --- tables that all languages read ---------------------------------------------------------------------


@pytest.mark.parametrize("file", ["trigger_fires.json", "crontab_fires.json", "quartz_fires.json"])
def test_tables_of_fires(file: str) -> None:
    for row in rows(file):
        trigger = trigger_from_engine(_native.Trigger.from_document(json.dumps(row["document"])))
        now = datetime.fromisoformat(row["now"].replace("Z", "+00:00"))
        expected = [
            None if fire is None else datetime.fromisoformat(fire.replace("Z", "+00:00")) for fire in row["fires"]
        ]
        previous = None
        for fire in expected:
            previous = trigger.get_next_fire_time(previous, previous or now)
            # In UTC: a time that comes twice is equal to none of another zone (PEP 495).
            assert (previous and previous.astimezone(UTC)) == fire, row["document"]


@pytest.mark.parametrize("table", ["examples of RFC 5545, 3.8.5.3", "clock changes", "edges", "dates"])
def test_tables_of_recurrences(table: str) -> None:
    members = ("rrule", "dtstart", "timezone", "exdates", "rdates", "start", "end")
    for row in rows("rrule_fires.json", table):
        document = {"type": "rrule"} | {name: row[name] for name in members if name in row}
        trigger = _native.Trigger.from_document(json.dumps(document))
        previous = None
        for fire in row["fires"]:
            expected = fire and datetime.fromisoformat(fire.replace("Z", "+00:00"))
            previous = trigger.next_fire_time(previous, previous or datetime.min.replace(tzinfo=UTC), UTC)
            assert previous == expected, row


def test_table_of_errors() -> None:
    for document, text in rows("trigger_errors.json", "documents"):
        with pytest.raises(_native.Error) as caught:
            _native.Trigger.from_document(json.dumps(document))
        assert str(caught.value) == text


@pytest.mark.parametrize("file", ["trigger_explanations.json", "cron_explanations.json"])
def test_table_of_explanations(file: str) -> None:
    for document, sentence in rows(file):
        assert _native.Trigger.from_document(json.dumps(document)).explain() == sentence


# --- each kind ------------------------------------------------------------------------------------------


class EveryOtherMinute(BaseTrigger):
    """Written in Python."""

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime | None:
        start = previous_fire_time + timedelta(microseconds=1) if previous_fire_time else now
        minute = start.replace(second=0, microsecond=0)
        while minute < start or minute.minute % 2:
            minute += timedelta(minutes=1)
        return minute

    def __getstate__(self) -> dict[str, Any]:
        return {}

    def __setstate__(self, state: Any) -> None:
        pass


TRIGGERS = [
    CalendarIntervalTrigger(months=1, days=2, hour=9, minute=30, start_date="2026-01-31", timezone="Europe/Berlin"),
    CalendarIntervalTrigger(days=1, start_date=date(2026, 1, 1), end_date="2026-02-01", timezone=UTC, jitter=5),
    AndTrigger([CronTrigger(day=13, timezone=UTC), CronTrigger(day_of_week="fri", timezone=UTC)], jitter=3),
    OrTrigger([CronTrigger(hour=9, timezone=UTC), DateTrigger(datetime(2026, 1, 6, tzinfo=UTC))]),
    NotTrigger(
        CronTrigger(hour="9-17", timezone="Europe/Berlin"),
        [
            ExclusionCalendar(weekdays=["sat", "sun"]),
            ExclusionCalendar(windows=[(time(12), time(13))]),
            CronTrigger(hour=15, timezone="Europe/Berlin"),
            [date(2026, 1, 6), (date(2026, 1, 8), date(2026, 1, 9))],
        ],
        timezone="Europe/Berlin",
    ),
    CrontabTrigger("*/15 9-17 * * mon-fri", "Europe/Berlin", dst="skip", jitter=2.5),
    QuartzTrigger("0 15 10 ? * 6#3", "UTC", start_date="2026-02-01"),
    RRuleTrigger(
        "FREQ=WEEKLY;BYDAY=MO,WE;COUNT=10",
        datetime(2026, 1, 5, 9, tzinfo=NEW_YORK),
        exdates=[datetime(2026, 1, 7, 9)],
        rdates=["2026-01-08 10:00:00"],
    ),
]


@pytest.mark.parametrize("trigger", TRIGGERS, ids=str)
def test_survives_pickling_and_the_engine(trigger: BaseTrigger) -> None:
    again = pickle.loads(pickle.dumps(trigger))
    stored = trigger_from_engine(to_engine(trigger, UTC, living=False))
    for copy in (again, stored):
        assert type(copy) is type(trigger)
        assert repr(copy) == repr(trigger)
        assert to_engine(copy, UTC, living=False).document == to_engine(trigger, UTC, living=False).document
    assert again.explain() == trigger.explain() != ""


def test_times_are_in_the_triggers_zone_with_fold() -> None:
    trigger = CrontabTrigger("30 1 * * *", "America/New_York", dst="apscheduler")
    first, second = fires(trigger, datetime(2026, 11, 1, tzinfo=NEW_YORK), 2)
    assert (first.hour, first.minute, first.fold) == (1, 30, 0)
    assert (second.hour, second.minute, second.fold) == (1, 30, 1)
    assert first.tzinfo is NEW_YORK


def test_combining_triggers_take_parts_written_in_python() -> None:
    either = OrTrigger([EveryOtherMinute(), CronTrigger(minute=1, timezone=UTC)])
    assert [fire.minute for fire in fires(either, NOW, 4)] == [0, 1, 2, 4]
    both = AndTrigger([EveryOtherMinute(), CronTrigger(minute="*/3", timezone=UTC)])
    assert [fire.minute for fire in fires(both, NOW, 3)] == [0, 6, 12]
    assert [fire.minute for fire in fires(pickle.loads(pickle.dumps(both)), NOW, 2)] == [0, 6]


def test_an_interval_in_an_or_keeps_its_own_times() -> None:
    trigger = OrTrigger([IntervalTrigger(seconds=seconds, start_date=NOW, timezone=UTC) for seconds in (2, 5)])
    assert [fire.second for fire in fires(trigger, NOW, 7)] == [0, 2, 4, 5, 6, 8, 10]


def test_an_and_that_finds_nothing_says_so() -> None:
    trigger = AndTrigger([CronTrigger(minute=0, timezone=UTC), CronTrigger(minute=30, timezone=UTC)])
    with pytest.raises(NotImplementedError, match="no fire found in 20000 steps"):
        trigger.get_next_fire_time(None, NOW)


def test_a_list_of_holidays_and_a_mapping_are_dates() -> None:
    holidays = {date(2026, 1, 5): "A holiday", date(2026, 1, 6): "Another"}  # as the package `holidays` has them
    trigger = NotTrigger(CronTrigger(hour=12, timezone=UTC), holidays)
    assert fires(trigger, NOW, 1) == [datetime(2026, 1, 7, 12, tzinfo=UTC)]


@pytest.mark.parametrize("excluded", [3, "2026-01-05", date(2026, 1, 5), None])
def test_what_cannot_be_excluded_is_refused(excluded: Any) -> None:
    with pytest.raises(TypeError, match="to exclude"):
        NotTrigger(CronTrigger(hour=12, timezone=UTC), excluded)


def test_nothing_to_exclude_is_refused() -> None:
    with pytest.raises(ValueError, match="expected calendars or triggers"):
        NotTrigger(CronTrigger(hour=12, timezone=UTC), [])


@pytest.mark.parametrize("make", [AndTrigger, OrTrigger])
def test_combining_triggers_refuse_what_is_no_trigger(make: Any) -> None:
    with pytest.raises(ValueError, match="at least one trigger"):
        make([])
    with pytest.raises(TypeError, match="Expected a trigger instance, got int instead"):
        make([3])


def test_calendar_interval_texts() -> None:
    with pytest.raises(ValueError, match="^interval must be at least 1 day long$"):
        CalendarIntervalTrigger()
    with pytest.raises(ValueError, match="^end_date cannot be earlier than start_date$"):
        CalendarIntervalTrigger(days=1, start_date="2026-02-02", end_date="2026-02-01")
    with pytest.raises(ValueError, match="hour must be in"):
        CalendarIntervalTrigger(days=1, hour=24)
    with pytest.raises(ValueError, match="days: got -1"):
        CalendarIntervalTrigger(days=-1)


def test_line_errors_name_the_place() -> None:
    with pytest.raises(ValueError, match="column 3"):
        CrontabTrigger("0 25 * * *")
    with pytest.raises(ValueError, match="INTERVAL"):
        RRuleTrigger("FREQ=DAILY;INTERVAL=0")


def test_rrule_from_ical_and_from_dateutil() -> None:
    zone = "TZID=America/New_York"
    text = f"DTSTART;{zone}:20260105T090000\nRRULE:FREQ=DAILY;COUNT=3\nEXDATE;{zone}:20260106T090000"
    trigger = RRuleTrigger.from_ical(text)
    assert trigger.timezone == NEW_YORK
    assert [fire.isoformat() for fire in fires(trigger, NOW, 5)] == [
        "2026-01-05T09:00:00-05:00",
        "2026-01-07T09:00:00-05:00",
    ]
    rrule = importlib.import_module("dateutil.rrule")
    theirs = rrule.rrule(rrule.MONTHLY, byweekday=rrule.FR(-1), count=4, dtstart=datetime(2026, 1, 5, 8))
    ours = RRuleTrigger.from_ical(str(theirs), "UTC")
    assert [fire.replace(tzinfo=None) for fire in fires(ours, NOW, 9)] == list(theirs)


# --- explain, preview -----------------------------------------------------------------------------------


def test_preview_marks_the_changes_of_the_clock() -> None:
    trigger = CronTrigger(hour=1, minute=30, timezone="America/New_York")
    shown = [str(fire) for fire in trigger.preview(3, datetime(2026, 11, 1, tzinfo=NEW_YORK))]
    assert shown == [
        "2026-11-01 01:30:00 EDT (the first of two)",
        "2026-11-01 01:30:00 EST (the second of two; the clock went from 02:00 to 01:00 on 2026-11-01)",
        "2026-11-02 01:30:00 EST",
    ]
    transition = trigger.preview(2, datetime(2026, 11, 1, tzinfo=NEW_YORK))[1].transition
    assert transition is not None
    assert (transition.before, transition.after) == (timedelta(hours=-4), timedelta(hours=-5))


def test_preview_of_a_trigger_written_in_python() -> None:
    assert [fire.time.minute for fire in EveryOtherMinute().preview(2, NOW)] == [0, 2]
    trigger = EveryOtherMinute()
    assert trigger.explain() == str(trigger)


def test_preview_without_now_begins_now() -> None:
    before = datetime.now(UTC)
    assert CronTrigger(second="*", timezone=UTC).preview(1)[0].time >= before.replace(microsecond=0)


# --- aliases --------------------------------------------------------------------------------------------


def test_aliases_of_add_job() -> None:
    scheduler = BackgroundScheduler(timezone="UTC")
    jobs = {
        "or": {"triggers": [CronTrigger(hour=1, timezone=UTC), CronTrigger(hour=2, timezone=UTC)], "jitter": 3},
        "and": {"triggers": [CronTrigger(hour=1, timezone=UTC)]},
        "not": {"base": CronTrigger(hour=1, timezone=UTC), "exclude": ExclusionCalendar(weekdays=["sun"])},
        "calendarinterval": {"weeks": 1},
        "crontab": {"expression": "0 0 * * 7"},
        "quartz": {"expression": "0 0 0 ? * SUN"},
        "rrule": {"rrule": "FREQ=DAILY"},
    }
    for alias, options in jobs.items():
        job = scheduler.add_job(print, alias, **options)
        assert job.trigger.get_next_fire_time(None, NOW) is not None


def test_stored_triggers_run_by_the_clock(tmp_path: Path) -> None:
    clock = ManualClock(NOW)
    ran: list[str] = []
    all_of_them = {"misfire_grace_time": None, "coalesce": False, "max_instances": 9}
    scheduler = BackgroundScheduler(timezone="UTC", clock=clock, job_defaults=all_of_them)
    scheduler.start()
    for alias, trigger in {
        "or": OrTrigger([EveryOtherMinute(), CronTrigger(minute=1, timezone=UTC)]),
        "not": NotTrigger(CrontabTrigger("* * * * *", "UTC"), ExclusionCalendar(windows=["10:01/10:03"])),
    }.items():
        scheduler.add_job(ran.append, trigger, [alias], id=alias)
    clock.advance(timedelta(minutes=3, seconds=30))
    wait_until(lambda: len(ran) == 5)
    scheduler.shutdown()
    assert ran.count("or") == 3  # 10:00, 10:01, 10:02
    assert ran.count("not") == 2  # 10:00, 10:03


# --- zones ----------------------------------------------------------------------------------------------


class LunchZone(tzinfo):
    """One hour ahead of UTC in every second year: a zone that no database has."""

    def utcoffset(self, dt: datetime | None) -> timedelta | None:
        return None if dt is None else timedelta(hours=dt.year % 2)

    def dst(self, dt: datetime | None) -> timedelta | None:
        return timedelta(0)

    def tzname(self, dt: datetime | None) -> str:
        return "LUNCH"

    def fromutc(self, dt: datetime) -> datetime:
        ahead = dt + timedelta(hours=1)
        return ahead if ahead.year % 2 and dt.year % 2 else dt


def zones() -> list[tuple[tzinfo, str]]:
    import pytz
    from dateutil import tz

    return [
        (timezone(timedelta(hours=5, minutes=30)), "+05:30"),
        (timezone(timedelta(seconds=-90)), "-00:01:30"),
        (timezone.utc, "UTC"),
        (NEW_YORK, "America/New_York"),
        (pytz.timezone("America/New_York"), "America/New_York"),
        (pytz.FixedOffset(90), "+01:30"),
        (tz.gettz("America/New_York"), "America/New_York"),
        (tz.tzoffset("X", 3600), "+01:00"),
        (tz.UTC, "UTC"),
    ]


@pytest.mark.parametrize(("zone", "name"), zones(), ids=lambda value: repr(value))
def test_zones_of_every_library(zone: tzinfo, name: str) -> None:
    for trigger in (
        CronTrigger(hour=12, timezone=zone),
        CrontabTrigger("0 12 * * *", zone),
        CalendarIntervalTrigger(days=1, hour=12, start_date="2026-01-01", timezone=zone),
    ):
        assert json.loads(to_engine(trigger, UTC, living=False).document)["timezone"] == name
        fire = trigger.get_next_fire_time(None, NOW)
        assert fire is not None
        assert (fire.hour, fire.minute) == (12, 0)
        assert fire.utcoffset() == fire.astimezone(zone).utcoffset()


def test_a_zone_that_only_python_knows() -> None:
    zone = LunchZone()
    trigger = CronTrigger(hour=12, timezone=zone)
    document = json.loads(trigger._get_native().document)
    assert document["timezone"].startswith("custom/LunchZone-")
    assert fires(trigger, datetime(2025, 12, 31, 11, tzinfo=UTC), 3) == [
        datetime(2025, 12, 31, 11, tzinfo=UTC),
        datetime(2026, 1, 1, 12, tzinfo=UTC),
        datetime(2026, 1, 2, 12, tzinfo=UTC),
    ]
    assert trigger_from_engine(trigger._get_native()).timezone is zone  # type: ignore[attr-defined]
    assert CronTrigger(hour=12, timezone=LunchZone())._get_native().document == trigger._get_native().document


def test_a_posix_zone_of_dateutil_equals_the_database() -> None:
    from dateutil import tz

    theirs = tz.tzstr("EST5EDT,M3.2.0,M11.1.0")
    for dst in ("apscheduler", "vixie", "skip", "rfc5545"):
        ours = CronTrigger(hour="*", minute="*/30", timezone=NEW_YORK, dst=dst)
        probed = CronTrigger(hour="*", minute="*/30", timezone=theirs, dst=dst)
        for now in (datetime(2026, 3, 8, 6, tzinfo=UTC), datetime(2026, 11, 1, 4, tzinfo=UTC)):
            assert in_utc(fires(ours, now, 20)) == in_utc(fires(probed, now, 20))


def test_a_zone_that_fails_is_refused() -> None:
    class Broken(LunchZone):
        def utcoffset(self, dt: datetime | None) -> timedelta | None:
            if dt is None:
                return None
            raise RuntimeError("no offset today")

        def fromutc(self, dt: datetime) -> datetime:
            return dt

    with pytest.raises(Exception, match="no offset today"):
        CronTrigger(hour=12, timezone=Broken())


def test_zone_data_is_read_again_on_request(tmp_path: Path) -> None:
    program = f"""
import shutil, zoneinfo
from datetime import datetime, timezone
zoneinfo.reset_tzpath([{str(tmp_path)!r}])
import duetime
from duetime.schedulers.background import BackgroundScheduler
from duetime.testing import ManualClock
from duetime.triggers.cron import CronTrigger

now = datetime(2026, 1, 5, tzinfo=timezone.utc)
scheduler = BackgroundScheduler(timezone="UTC", clock=ManualClock(now))
scheduler.start()
scheduler.add_job(print, CronTrigger(hour=12, timezone="Here"), id="a")
scheduler.add_job(print, "interval", hours=1, id="b")
shutil.copy({str(Path("/usr/share/zoneinfo/Etc/GMT-3"))!r}, {str(tmp_path / "Here")!r})
def next_hour():
    return scheduler.get_job("a").next_run_time.astimezone(timezone.utc).hour

print(scheduler.reload_time_zones(), next_hour())
shutil.copy({str(Path("/usr/share/zoneinfo/Etc/GMT-5"))!r}, {str(tmp_path / "Here")!r})
print(scheduler.reload_time_zones(move_next_runs=True), next_hour())
print(scheduler.reload_time_zones(), CronTrigger(hour=12, timezone="Here").get_next_fire_time(None, now).utcoffset())
duetime.reload_time_zones()
scheduler.shutdown()
"""
    (tmp_path / "Here").write_bytes(Path("/usr/share/zoneinfo/Etc/GMT-1").read_bytes())
    output = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
    assert output.split("\n")[:3] == ["1 11", "1 7", "0 5:00:00"]


# --- pickles of APScheduler -----------------------------------------------------------------------------


class AsOurs(pickle.Unpickler):
    """Reads APScheduler's classes as duetime's."""

    def find_class(self, module: str, name: str) -> Any:
        if module.split(".")[0] == "apscheduler":
            module = "duetime" + module.removeprefix("apscheduler")
        return super().find_class(module, name)


def as_ours(theirs: Any) -> Any:
    return AsOurs(io.BytesIO(pickle.dumps(theirs))).load()


THEIRS = [
    TheirDateTrigger("2026-02-01 10:00:00", "UTC"),
    TheirIntervalTrigger(minutes=5, start_date="2026-01-01 00:00:00", timezone="Europe/Berlin", jitter=3),
    TheirCronTrigger(day="2nd fri,last", month="jan-mar", hour="9-17/2", timezone="Europe/Berlin"),
    TheirCronTrigger(
        day="last sun", week="*/2", day_of_week="mon-fri", start_date="2026-01-01", timezone="UTC", jitter=2
    ),
    TheirCalendarIntervalTrigger(months=1, hour=9, start_date="2026-01-31", timezone="UTC"),
    TheirAndTrigger([TheirCronTrigger(day=13, timezone="UTC"), TheirCronTrigger(day_of_week="fri", timezone="UTC")]),
    TheirOrTrigger(
        [TheirCronTrigger(day=13, timezone="UTC"), TheirDateTrigger("2026-02-01 10:00:00", "UTC")], jitter=4
    ),
]


@pytest.mark.parametrize("theirs", THEIRS, ids=str)
def test_pickles_of_apscheduler_are_read(theirs: Any) -> None:
    ours = as_ours(theirs)
    assert type(ours).__module__ == type(theirs).__module__.replace("apscheduler", "duetime")
    assert (str(ours), repr(ours)) == (str(theirs), repr(theirs))
    now = datetime(2026, 1, 1, tzinfo=UTC)
    if getattr(theirs, "jitter", None):
        ours.jitter = theirs.jitter = None
    assert ours.get_next_fire_time(None, now) == theirs.get_next_fire_time(None, now)


def test_states_of_earlier_versions_are_read() -> None:
    """3.0 pickled a tuple; cron was version 1 and interval had no jitter until 3.5."""
    zone = ZoneInfo("UTC")
    interval = IntervalTrigger.__new__(IntervalTrigger)
    start = datetime(2026, 1, 5, tzinfo=zone)
    interval.__setstate__(
        (None, {"version": 1, "timezone": zone, "start_date": start, "end_date": None, "interval": timedelta(hours=1)})
    )
    assert fires(interval, NOW, 1) == [NOW]
    cron = CronTrigger.__new__(CronTrigger)
    fields = CronTrigger(hour=12, timezone=zone).fields
    cron.__setstate__((None, {"version": 1, "timezone": zone, "start_date": None, "end_date": None, "fields": fields}))
    assert fires(cron, NOW, 1) == [datetime(2026, 1, 5, 12, tzinfo=zone)]


@pytest.mark.parametrize("trigger", [*TRIGGERS[:4], CronTrigger(hour=1, timezone=UTC)], ids=str)
def test_states_of_later_versions_are_refused(trigger: Any) -> None:
    with pytest.raises(ValueError, match="Got serialized data for version 9"):
        trigger.__class__.__new__(trigger.__class__).__setstate__({**trigger.__getstate__(), "version": 9})
