"""Run a job by a recurrence rule of RFC 5545 (iCalendar)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, tzinfo
from typing import Any

from duetime import _native
from duetime._zones import share_search_path, zone_from_name, zone_name
from duetime.triggers._period import instant_text, jitter_microseconds
from duetime.triggers.base import DocumentTrigger
from duetime.util import astimezone, convert_to_datetime, get_localzone

__all__ = ("RRuleTrigger",)


class RRuleTrigger(DocumentTrigger):
    """Fires as a recurrence rule says, counted from ``dtstart`` on the wall clock of a zone.

    A wall time that a change of the clock skips is read with the offset from before; of one that comes twice, the
    first counts (RFC 5545, 3.3.5). A ``dtstart`` that the rule does not match is not a time to fire.

    :param rrule: such as ``"FREQ=MONTHLY;BYDAY=-1FR;COUNT=10"``
    :param dtstart: the wall time that the rule counts from; now by default
    :param timezone: of the wall clock; that of ``dtstart`` or the local one by default
    :param exdates: wall times to leave out
    :param rdates: wall times to add
    :param start_date: the earliest time to fire at
    :param end_date: the latest
    :param jitter: delays each run by up to this many seconds
    :raises ValueError: naming the part of the rule, the column and what was expected
    """

    __slots__ = ("_starts_now", "dtstart", "end_date", "exdates", "rdates", "rrule", "start_date")

    def __init__(
        self,
        rrule: str,
        dtstart: datetime | str | None = None,
        timezone: tzinfo | str | None = None,
        exdates: Iterable[datetime | str] = (),
        rdates: Iterable[datetime | str] = (),
        start_date: datetime | str | None = None,
        end_date: datetime | str | None = None,
        jitter: float | None = None,
    ) -> None:
        own_zone = dtstart.tzinfo if isinstance(dtstart, datetime) else None
        self.timezone = zone = astimezone(timezone) or astimezone(own_zone) or get_localzone()
        self.rrule = rrule.removeprefix("RRULE:")
        self.dtstart = _wall_time(dtstart if dtstart is not None else datetime.now(zone), zone)
        self._starts_now = dtstart is None
        self.exdates = [_wall_time(value, zone) for value in exdates]
        self.rdates = [_wall_time(value, zone) for value in rdates]
        self.start_date = convert_to_datetime(start_date, zone, "start_date")
        self.end_date = convert_to_datetime(end_date, zone, "end_date")
        self.jitter = jitter
        self._handle = self._make_native()

    @classmethod
    def from_ical(cls, text: str, timezone: tzinfo | str | None = None) -> RRuleTrigger:
        """From lines ``DTSTART``, ``RRULE``, ``EXDATE`` and ``RDATE``, as an iCalendar file or ``str()`` of a
        ``dateutil.rrule`` has them.

        :param timezone: of times without a zone of their own; the local one by default
        """
        from duetime._errors import translate

        share_search_path()
        zone = astimezone(timezone) or get_localzone()
        try:
            document = json.loads(_native.Trigger.rrule(text, zone_name(zone)).document)
        except _native.Error as exc:
            raise translate(exc) from None
        own_zone = zone_from_name(document["timezone"])
        lists = {name: document.get(name, ()) for name in ("exdates", "rdates")}
        return cls(document["rrule"], document["dtstart"].replace("T", " "), own_zone, **lists)

    def _document(self) -> dict[str, Any]:
        return {
            "type": "rrule",
            "rrule": self.rrule,
            "dtstart": self.dtstart,
            "timezone": zone_name(self.timezone),
            "exdates": self.exdates or None,
            "rdates": self.rdates or None,
            "start": instant_text(self.start_date),
            "end": instant_text(self.end_date),
            "jitter_us": jitter_microseconds(self.jitter),
        }

    def __getstate__(self) -> dict[str, Any]:
        names = ("rrule", "dtstart", "timezone", "exdates", "rdates", "start_date", "end_date", "jitter")
        return {"version": 1, **{name: getattr(self, name) for name in names}}

    def __setstate__(self, state: Any) -> None:
        members = dict(self._check_version(state, 1))
        del members["version"]
        self._starts_now = False
        for name, value in members.items():
            setattr(self, name, value)

    def __str__(self) -> str:
        return f"rrule[{self.rrule}]"

    def __repr__(self) -> str:
        return f"<{self.__class__.__name__} ({self.rrule!r}, dtstart={self.dtstart!r}, timezone='{self.timezone}')>"


def _wall_time(value: datetime | str, zone: tzinfo) -> str:
    """``2026-11-23T09:00:00`` on the wall clock of the zone."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    local = value if value.tzinfo is None else value.astimezone(zone)
    return local.replace(tzinfo=None, microsecond=0).isoformat()
