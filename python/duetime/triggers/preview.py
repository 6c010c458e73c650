"""What a trigger is going to do."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Literal, NamedTuple

from duetime import _native
from duetime.util import UTC, datetime_repr

if TYPE_CHECKING:
    from duetime.triggers.base import BaseTrigger

__all__ = ("PreviewedFire", "ZoneTransition", "preview")


class ZoneTransition(NamedTuple):
    """A change of a zone's UTC offset."""

    at: datetime  #: in the zone, after the change
    before: timedelta
    after: timedelta

    def __str__(self) -> str:
        was = (self.at.astimezone(UTC) + self.before).replace(tzinfo=None)
        day = "" if was.date() == self.at.date() else f"{self.at:%Y-%m-%d} "
        return f"the clock went from {was:%H:%M} to {day}{self.at:%H:%M} on {was:%Y-%m-%d}"


class PreviewedFire(NamedTuple):
    """A time at which a trigger is going to fire."""

    time: datetime  #: in the trigger's zone
    repeated: Literal["first", "second"] | None  #: of the two times that the clock shows this time, if it does
    transition: ZoneTransition | None  #: the last one after the fire before

    def __str__(self) -> str:
        remarks = []
        if self.repeated:
            remarks.append(f"the {self.repeated} of two")
        if self.transition:
            remarks.append(str(self.transition))
        return datetime_repr(self.time) + (f" ({'; '.join(remarks)})" if remarks else "")


_REPEATED: dict[int, Literal["first", "second"] | None] = {
    _native.WALL_UNIQUE: None,
    _native.WALL_FIRST_OF_TWO: "first",
    _native.WALL_SECOND_OF_TWO: "second",
}


def _transition(at: int | None, before: int, after: int, zone: tzinfo) -> ZoneTransition | None:
    if at is None:
        return None
    return ZoneTransition(_native.to_datetime(at, zone), timedelta(seconds=before), timedelta(seconds=after))


def preview(trigger: BaseTrigger, count: int, now: datetime | None) -> list[PreviewedFire]:
    """As :meth:`BaseTrigger.preview`."""
    from duetime._errors import translate
    from duetime.triggers._engine import to_engine, trigger_zone

    zone = trigger_zone(trigger) or UTC
    start = datetime.now(zone) if now is None else now
    try:
        fires = to_engine(trigger, zone, living=True).preview(start, count)
    except _native.Error as exc:
        raise translate(exc) from None
    return [
        PreviewedFire(_native.to_datetime(time, zone), _REPEATED[wall], _transition(at, before, after, zone))
        for time, wall, at, before, after in fires
    ]
