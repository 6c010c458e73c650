"""Run a job when the wall clock matches a line in the syntax of crontab or of Quartz."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Any, ClassVar

from duetime._zones import zone_name
from duetime.triggers._period import instant_text, jitter_microseconds, period_options, period_zone
from duetime.triggers.base import DocumentTrigger
from duetime.util import astimezone, convert_to_datetime, get_localzone

__all__ = ("CrontabTrigger", "QuartzTrigger")


class _LineTrigger(DocumentTrigger):
    """What the two dialects share.

    :param expression: the line
    :param timezone: of the wall clock; that of the dates or the local one by default
    :param start_date: the earliest time to fire at
    :param end_date: the latest
    :param jitter: delays each run by up to this many seconds
    :param dst: what becomes of wall times that a change of the clock skips or repeats: ``"vixie"`` (run once, right
        after the change; once), ``"apscheduler"`` (run at the instant that the old offset gives; twice),
        ``"rfc5545"`` (the same; once) or ``"skip"`` (not at all; once)
    :raises ValueError: naming the field, the column and what was expected
    """

    __slots__ = ("dst", "end_date", "expression", "start_date")

    _dialect: ClassVar[str]

    def __init__(
        self,
        expression: str,
        timezone: tzinfo | str | None = None,
        start_date: datetime | str | None = None,
        end_date: datetime | str | None = None,
        jitter: float | None = None,
        *,
        dst: str = "vixie",
    ) -> None:
        self.expression = expression
        self.timezone = zone = period_zone(timezone, start_date, end_date, get_localzone)
        self.start_date = convert_to_datetime(start_date, zone, "start_date")
        self.end_date = convert_to_datetime(end_date, zone, "end_date")
        self.jitter = jitter
        self.dst = dst
        self._handle = self._make_native()

    def _document(self) -> dict[str, Any]:
        return {
            "type": "cron",
            "dialect": self._dialect,
            "expression": self.expression,
            "timezone": zone_name(self.timezone),
            "dst": self.dst,
            "start": instant_text(self.start_date),
            "end": instant_text(self.end_date),
            "jitter_us": jitter_microseconds(self.jitter),
        }

    def __getstate__(self) -> dict[str, Any]:
        return {
            "version": 1,
            "expression": self.expression,
            "timezone": self.timezone,
            "start_date": self.start_date,
            "end_date": self.end_date,
            "jitter": self.jitter,
            "dst": self.dst,
        }

    def __setstate__(self, state: Any) -> None:
        members = self._check_version(state, 1)
        self.expression = members["expression"]
        self.timezone = astimezone(members["timezone"]) or get_localzone()
        self.start_date = members["start_date"]
        self.end_date = members["end_date"]
        self.jitter = members["jitter"]
        self.dst = members["dst"]

    def __str__(self) -> str:
        return f"{self._dialect}[{self.expression}]"

    def __repr__(self) -> str:
        options = [repr(self.expression), *period_options(self.start_date, self.end_date, self.jitter)]
        if self.dst != "vixie":
            options.append(f"dst={self.dst!r}")
        return f"<{self.__class__.__name__} ({', '.join(options)}, timezone='{self.timezone}')>"


class CrontabTrigger(_LineTrigger):
    """Fires as a line of crontab says: ``minute hour day-of-month month day-of-week``, with seconds in front if there
    are six fields, or ``@hourly``, ``@daily``, ``@weekly``, ``@monthly``, ``@yearly``.

    Sunday is 0 or 7. If neither the day of the month nor the day of the week begins with ``*``, either will do. Ranges
    may wrap around: ``fri-mon``, ``22-2``. (``CronTrigger.from_crontab()`` reads lines as APScheduler 3 does.)

    >>> CrontabTrigger("*/15 9-17 * * mon-fri", "Europe/Berlin").explain()
    'every 15 minutes from 09:00 to 17:45 on weekdays (Europe/Berlin)'
    """

    __slots__ = ()

    _dialect = "crontab"


class QuartzTrigger(_LineTrigger):
    """Fires as an expression of Quartz says: ``seconds minutes hours day-of-month month day-of-week [year]``.

    Sunday is 1. One of day of month and day of week is ``?``. ``L``, ``L-3``, ``LW`` and ``15W`` name days of the
    month, ``6L`` its last Friday, ``6#3`` its third.
    """

    __slots__ = ()

    _dialect = "quartz"
