from __future__ import annotations

import copy
import pickle
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from duetime.triggers.base import BaseTrigger
from duetime.triggers.cron import CronTrigger
from duetime.triggers.date import DateTrigger
from duetime.triggers.interval import IntervalTrigger

UTC = timezone.utc
NEW_YORK = ZoneInfo("America/New_York")
BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 23, 9, 0, 0, tzinfo=UTC)


def fires(trigger: BaseTrigger, now: datetime, count: int) -> list[datetime]:
    found = []
    previous = None
    for _ in range(count):
        previous = trigger.get_next_fire_time(previous, now if previous is None else previous)
        if previous is None:
            break
        found.append(previous)
    return found


class TestDate:
    def test_fires_once(self):
        trigger = DateTrigger("2026-11-24 10:00:00", BERLIN)
        assert trigger.run_date == datetime(2026, 11, 24, 10, tzinfo=BERLIN)
        assert trigger.get_next_fire_time(None, NOW) == trigger.run_date
        assert trigger.get_next_fire_time(trigger.run_date, NOW) is None

    def test_default_is_now(self):
        before = datetime.now(UTC)
        assert before <= DateTrigger(timezone="UTC").run_date <= datetime.now(UTC)

    def test_texts(self):
        trigger = DateTrigger(datetime(2026, 11, 24, 10), "Europe/Berlin")
        assert str(trigger) == "date[2026-11-24 10:00:00 CET]"
        assert repr(trigger) == "<DateTrigger (run_date='2026-11-24 10:00:00 CET')>"

    def test_pickle(self):
        trigger = DateTrigger("2026-11-24", "UTC")
        assert pickle.loads(pickle.dumps(trigger)).run_date == trigger.run_date
        assert trigger.__getstate__() == {"version": 1, "run_date": trigger.run_date}


class TestInterval:
    def test_first_fire_is_one_interval_away(self):
        trigger = IntervalTrigger(minutes=5, timezone="UTC")
        now = datetime.now(UTC)
        first = trigger.get_next_fire_time(None, now)
        assert first == trigger.start_date
        assert timedelta(minutes=4) < first - now <= timedelta(minutes=5)

    def test_lies_on_the_grid_of_its_start(self):
        trigger = IntervalTrigger(minutes=7, start_date="2026-11-23 08:00:00", timezone="UTC")
        assert fires(trigger, NOW, 2) == [
            datetime(2026, 11, 23, 9, 3, tzinfo=UTC),
            datetime(2026, 11, 23, 9, 10, tzinfo=UTC),
        ]

    def test_ends(self):
        trigger = IntervalTrigger(
            hours=1, start_date="2026-11-23 09:00:00", end_date="2026-11-23 10:00:00", timezone="UTC"
        )
        assert fires(trigger, NOW, 5) == [NOW, NOW + timedelta(hours=1)]

    def test_counts_on_the_utc_time_line(self):
        # The clock goes back in the night to 25 October: 24 hours later it is an hour earlier.
        trigger = IntervalTrigger(days=1, start_date=datetime(2026, 10, 24, 12, tzinfo=BERLIN))
        assert [fire.hour for fire in fires(trigger, datetime(2026, 10, 24, tzinfo=BERLIN), 2)] == [12, 11]

    def test_results_are_in_the_zone(self):
        trigger = IntervalTrigger(hours=1, start_date="2026-10-25 02:30:00", timezone=BERLIN)
        first, second = fires(trigger, datetime(2026, 10, 25, tzinfo=BERLIN), 2)
        assert (first.tzinfo, first.fold, second.fold) == (BERLIN, 0, 1)
        assert first.hour == second.hour == 2

    def test_attributes(self):
        trigger = IntervalTrigger(weeks=1, days=1, hours=1, minutes=1, seconds=1.5, timezone="UTC")
        assert trigger.interval == timedelta(weeks=1, days=1, hours=1, minutes=1, seconds=1.5)
        assert trigger.interval_length == trigger.interval.total_seconds()
        assert trigger.jitter is None
        assert trigger.end_date is None

    def test_nothing_given_means_every_second(self):
        assert IntervalTrigger(timezone="UTC").interval == timedelta(seconds=1)

    def test_negative_is_refused(self):
        with pytest.raises(ValueError, match="^The interval must be positive, got -1 day, 23:59:59$"):
            IntervalTrigger(seconds=-1, timezone="UTC")

    def test_jitter_only_delays(self):
        trigger = IntervalTrigger(hours=1, start_date=NOW, timezone="UTC", jitter=60)
        for _ in range(50):
            delay = trigger.get_next_fire_time(None, NOW) - NOW
            assert timedelta(0) <= delay <= timedelta(seconds=60)

    def test_texts(self):
        trigger = IntervalTrigger(
            hours=1, start_date="2026-11-23", end_date="2026-11-24", timezone="Europe/Berlin", jitter=5
        )
        assert str(trigger) == "interval[1:00:00]"
        assert repr(trigger) == (
            "<IntervalTrigger (interval=datetime.timedelta(seconds=3600), start_date='2026-11-23 00:00:00 CET', "
            "end_date='2026-11-24 00:00:00 CET', jitter=5, timezone='Europe/Berlin')>"
        )

    def test_pickle(self):
        trigger = IntervalTrigger(hours=1, start_date="2026-11-23", timezone="Europe/Berlin", jitter=5)
        trigger.get_next_fire_time(None, NOW)
        restored = pickle.loads(pickle.dumps(trigger))
        assert restored.__getstate__() == trigger.__getstate__()
        assert copy.copy(trigger).get_next_fire_time(NOW, NOW) > NOW

    def test_state_of_apscheduler_3_0(self):
        trigger = IntervalTrigger(hours=1, timezone="UTC")
        restored = IntervalTrigger.__new__(IntervalTrigger)
        restored.__setstate__((None, trigger.__getstate__()))
        assert restored.interval == timedelta(hours=1)

    def test_state_of_a_later_version(self):
        with pytest.raises(
            ValueError,
            match="^Got serialized data for version 3 of IntervalTrigger, but only versions up to 2 can be handled$",
        ):
            IntervalTrigger.__new__(IntervalTrigger).__setstate__({"version": 3})


class TestCron:
    @pytest.mark.parametrize(
        ("fields", "now", "expected"),
        [
            ({"minute": "*/20"}, "2026-11-23 09:00:00", ["09:00", "09:20", "09:40"]),
            ({"hour": "9-17/4", "minute": 30}, "2026-11-23 09:31:00", ["13:30", "17:30", "09:30"]),
            ({"day_of_week": "mon-fri", "hour": 8}, "2026-11-27 09:00:00", ["08:00", "08:00"]),
        ],
    )
    def test_fires(self, fields, now, expected):
        trigger = CronTrigger(timezone="UTC", **fields)
        found = fires(trigger, datetime.fromisoformat(now).replace(tzinfo=UTC), len(expected))
        assert [fire.strftime("%H:%M") for fire in found] == expected

    def test_fields_below_the_given_take_their_minimum(self):
        trigger = CronTrigger(day=5, timezone="UTC")
        assert fires(trigger, NOW, 1) == [datetime(2026, 12, 5, tzinfo=UTC)]
        assert [str(field) for field in trigger.fields] == ["*", "*", "5", "*", "*", "0", "0", "0"]
        assert [field.name for field in trigger.fields if not field.is_default] == ["day"]

    def test_nothing_given_means_every_second(self):
        trigger = CronTrigger(timezone="UTC")
        assert fires(trigger, NOW, 2) == [NOW, NOW + timedelta(seconds=1)]
        assert str(trigger) == "cron[]"

    def test_start_and_end(self):
        trigger = CronTrigger(
            hour="*", start_date="2026-11-23 10:30:00", end_date="2026-11-23 12:00:00", timezone="UTC"
        )
        assert [fire.hour for fire in fires(trigger, NOW, 5)] == [11, 12]

    @pytest.mark.parametrize(
        ("dst", "expected"),
        [
            # New York leaves out 02:00-03:00 on 8 March.
            ("apscheduler", [("03-08", "03:30"), ("03-09", "02:30")]),
            ("vixie", [("03-08", "03:00"), ("03-09", "02:30")]),
            ("skip", [("03-09", "02:30"), ("03-10", "02:30")]),
        ],
    )
    def test_skipped_wall_time(self, dst, expected):
        trigger = CronTrigger(hour=2, minute=30, timezone=NEW_YORK, dst=dst)
        found = fires(trigger, datetime(2026, 3, 7, 12, tzinfo=NEW_YORK), 2)
        assert [(fire.strftime("%m-%d"), fire.strftime("%H:%M")) for fire in found] == expected

    @pytest.mark.parametrize(("dst", "folds"), [("apscheduler", [0, 1]), ("vixie", [0, 0]), ("skip", [0, 0])])
    def test_repeated_wall_time(self, dst, folds):
        trigger = CronTrigger(hour=1, minute=30, timezone=NEW_YORK, dst=dst)
        found = fires(trigger, datetime(2026, 11, 1, tzinfo=NEW_YORK), 2)
        assert [fire.fold for fire in found] == folds
        assert [fire.day for fire in found] == ([1, 1] if dst == "apscheduler" else [1, 2])

    def test_unknown_dst_policy(self):
        known = "'apscheduler', 'vixie', 'skip', 'rfc5545'"
        with pytest.raises(ValueError, match=f"^dst must be one of {known}, got 'no'$"):
            CronTrigger(dst="no", timezone="UTC")

    def test_from_crontab(self):
        trigger = CronTrigger.from_crontab("*/15 9 1-7 * 0", "UTC")
        assert str(trigger) == "cron[month='*', day='1-7', day_of_week='0', hour='9', minute='*/15']"
        with pytest.raises(ValueError, match="^Wrong number of fields; got 6, expected 5$"):
            CronTrigger.from_crontab("* * * * * *")

    @pytest.mark.parametrize(
        ("fields", "text"),
        [
            (
                {"minute": "*/60"},
                "Error validating expression '*/60': the step value (60) is higher than the total range of the "
                "expression (59)",
            ),
            (
                {"minute": "50-70"},
                "Error validating expression '50-70': the last value (70) is higher than the maximum value (59)",
            ),
            (
                {"month": 0},
                "Error validating expression '0': the first value (0) is lower than the minimum value (1)",
            ),
            ({"minute": "*/0"}, "Increment must be higher than 0"),
            ({"day": "L"}, 'Unrecognized expression "L" for field "day"'),
            ({"day": "1st 2"}, 'Invalid weekday name "2"'),
            ({"day_of_week": "fri-mon"}, "The minimum value in a range must not be higher than the maximum"),
            ({"month": "foo"}, 'Invalid month name "foo"'),
            ({"hour": "1.5"}, 'Unrecognized expression "1.5" for field "hour"'),
        ],
    )
    def test_errors(self, fields, text):
        with pytest.raises(ValueError) as caught:
            CronTrigger(timezone="UTC", **fields)
        assert str(caught.value) == text

    def test_impossible_date_ends_at_once(self):
        trigger = CronTrigger(month=2, day=31, timezone="UTC")
        assert trigger.get_next_fire_time(None, NOW) is None

    def test_texts(self):
        trigger = CronTrigger(
            hour="1-3/2",
            day_of_week="mon-fri",
            month="jan",
            start_date="2026-11-23",
            end_date="2027-11-23",
            jitter=5,
            timezone="UTC",
        )
        assert str(trigger) == "cron[month='jan', day_of_week='mon-fri', hour='1-3/2']"
        assert repr(trigger) == (
            "<CronTrigger (month='jan', day_of_week='mon-fri', hour='1-3/2', start_date='2026-11-23 00:00:00 UTC', "
            "end_date='2027-11-23 00:00:00 UTC', jitter=5, timezone='UTC')>"
        )

    def test_pickle(self):
        trigger = CronTrigger(hour="*/2", day="last", timezone="Europe/Berlin", dst="skip")
        restored = pickle.loads(pickle.dumps(trigger))
        assert repr(restored) == repr(trigger)
        assert fires(restored, NOW, 3) == fires(trigger, NOW, 3)

    def test_pytz_and_fixed_offsets(self):
        pytz = pytest.importorskip("pytz")
        assert CronTrigger(timezone=pytz.timezone("Europe/Berlin")).timezone == BERLIN
        trigger = CronTrigger(hour=12, timezone=timezone(timedelta(hours=5, minutes=30)))
        assert fires(trigger, NOW, 1)[0] == datetime(2026, 11, 24, 6, 30, tzinfo=UTC)


class EverySecondHour(BaseTrigger):
    def get_next_fire_time(self, previous_fire_time, now):
        return (previous_fire_time or now) + timedelta(hours=2)


def test_base_trigger_is_abstract():
    with pytest.raises(TypeError):
        BaseTrigger()
    assert EverySecondHour().get_next_fire_time(None, NOW) == NOW + timedelta(hours=2)


def test_apply_jitter():
    trigger = EverySecondHour()
    assert trigger._apply_jitter(None, 5, NOW) is None
    assert trigger._apply_jitter(NOW, None, NOW) is NOW
    assert NOW <= trigger._apply_jitter(NOW, 5, NOW) <= NOW + timedelta(seconds=5)


@pytest.mark.parametrize("end", [None, "2026-11-01T01:40:00-05:00"])
def test_jitter_stays_in_its_half_of_the_hour_that_comes_twice(end):
    until = None if end is None else datetime.fromisoformat(end)
    start = datetime.fromisoformat("2026-11-01T00:30:00-04:00")
    second = datetime.fromisoformat("2026-11-01T01:30:00-05:00")
    for trigger in (
        IntervalTrigger(hours=2, start_date=start, end_date=until, timezone=NEW_YORK, jitter=5),
        CronTrigger(hour=1, minute=30, start_date=start, end_date=until, timezone=NEW_YORK, jitter=5),
    ):
        fire = trigger.get_next_fire_time(None, second - timedelta(seconds=1))
        assert timedelta(0) <= fire.astimezone(UTC) - second <= timedelta(seconds=5)
