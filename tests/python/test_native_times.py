"""How aware datetimes reach the engine: whoever decides a datetime's offset in Python decides it here."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from duetime import _native
from duetime.triggers.cron import CronTrigger

NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)


class Zone(tzinfo):
    """Answers whatever it was made with."""

    def __init__(self, offset: Any) -> None:
        self.offset = offset

    def utcoffset(self, dt: datetime | None) -> Any:
        if isinstance(self.offset, Exception):
            raise self.offset
        return self.offset


class OwnOffset(datetime):
    def utcoffset(self) -> timedelta:
        return timedelta(hours=-8)


@pytest.mark.parametrize(
    "moment",
    [
        NOON,
        NOON.astimezone(ZoneInfo("UTC")),
        NOON.astimezone(ZoneInfo("America/New_York")),
        NOON.astimezone(timezone(timedelta(hours=5, minutes=30))),
        datetime(2026, 11, 23, 15, tzinfo=Zone(timedelta(hours=3))),
        OwnOffset(2026, 11, 23, 4, tzinfo=timezone(timedelta(hours=1))),
    ],
    ids=lambda moment: type(moment).__name__ + " " + type(moment.tzinfo).__name__,
)
def test_every_kind_of_offset_is_asked_for(moment):
    assert _native.to_microseconds(moment) == NOON.timestamp() * 1_000_000


def test_the_hour_that_comes_twice_is_told_apart_by_fold():
    first = datetime(2026, 11, 1, 1, 30, tzinfo=ZoneInfo("America/New_York"))
    assert _native.to_microseconds(first.replace(fold=1)) - _native.to_microseconds(first) == 3_600_000_000


@pytest.mark.parametrize(
    ("moment", "error", "text"),
    [
        (datetime(2026, 11, 23), ValueError, "expected a datetime with a time zone, got datetime.datetime"),
        (datetime(2026, 11, 23, tzinfo=Zone(None)), ValueError, "expected a datetime with a time zone"),
        (datetime(2026, 11, 23, tzinfo=Zone(3600)), TypeError, "timedelta, got int"),
        (datetime(2026, 11, 23, tzinfo=Zone(LookupError("no data"))), LookupError, "no data"),
        ("2026-11-23", TypeError, "expected a datetime, got str"),
    ],
)
def test_what_has_no_offset_is_refused(moment, error, text):
    trigger = CronTrigger(hour=3, timezone="UTC")
    with pytest.raises(error, match=text):
        trigger.get_next_fire_time(None, moment)
    with pytest.raises(error, match=text):
        trigger.get_next_fire_time(moment, NOON)


def test_next_fire_time_takes_three_arguments():
    trigger = CronTrigger(hour=3, timezone="UTC")._get_native()
    with pytest.raises(TypeError, match="takes previous, now and zone"):
        trigger.next_fire_time(None, NOON)
    with pytest.raises(TypeError, match="requires a 'duetime._native.Trigger' object|descriptor"):
        _native.Trigger.next_fire_time(None, None, NOON, timezone.utc)
