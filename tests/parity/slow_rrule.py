"""RFC 5545's recurrence rules (3.3.10), evaluated slowly: every day of every period is looked at, and each BY part is
read off the day itself. No zone, no COUNT, no UNTIL; what the rule leaves out comes from DTSTART.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import groupby, product

FREQUENCIES = ["YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY", "SECONDLY"]
WEEKDAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]

Parts = dict[str, list[str]]  # {"FREQ": ["MONTHLY"], "BYDAY": ["-1FR", "MO"]}


def parts_of(rule: str) -> Parts:
    return {name: value.split(",") for name, value in (part.split("=") for part in rule.split(";"))}


class SlowRule:
    def __init__(self, rule: str, start: datetime) -> None:
        self.parts = parts_of(rule)
        self.start = start
        self.frequency = FREQUENCIES.index(self.parts["FREQ"][0])
        self.interval = int(self.parts.get("INTERVAL", ["1"])[0])
        self.week_start = WEEKDAYS.index(self.parts.get("WKST", ["MO"])[0])

    def fires(self, until: datetime) -> Iterator[datetime]:
        """All from DTSTART to `until`."""
        for index, members in groupby(self.moments(until), self.period):
            if (index - self.period(self.start)) % self.interval == 0:
                yield from (moment for moment in self.chosen(list(members)) if self.start <= moment <= until)

    def chosen(self, members: list[datetime]) -> list[datetime]:
        if "BYSETPOS" not in self.parts:
            return members
        places = {place - 1 if place > 0 else len(members) + place for place in self.numbers("BYSETPOS")}
        return [moment for place, moment in enumerate(members) if place in places]

    def moments(self, until: datetime) -> Iterator[datetime]:
        """Those that the BY parts have, from the beginning of DTSTART's period to the end of the last one."""
        day, last = self.start.date(), min(until.date().toordinal() + 366, date.max.toordinal())
        while day > date.min and self.period(datetime.combine(day - timedelta(1), time())) >= self.period_of_day():
            day -= timedelta(1)
        times = [time(*clock) for clock in product(*self.clock())]
        for ordinal in range(day.toordinal(), last):
            day = date.fromordinal(ordinal)
            if day > until.date() and self.frequency >= FREQUENCIES.index("DAILY"):
                return
            if self.has_day(day):
                yield from (datetime.combine(day, clock) for clock in times)

    def period_of_day(self) -> int:
        return self.period(datetime.combine(self.start.date(), time()))

    def clock(self) -> list[list[int]]:
        given = [self.numbers("BYHOUR"), self.numbers("BYMINUTE"), self.numbers("BYSECOND")]
        start = [self.start.hour, self.start.minute, self.start.second]
        above = [self.frequency >= FREQUENCIES.index(name) for name in ("HOURLY", "MINUTELY", "SECONDLY")]
        full = [range(24), range(60), range(60)]
        return [
            sorted({min(n, 59) for n in values}) if values else list(every) if goes_through else [own]
            for values, own, goes_through, every in zip(given, start, above, full, strict=True)
        ]

    def numbers(self, name: str) -> list[int]:
        return [int(text) for text in self.parts.get(name, [])]

    def period(self, moment: datetime) -> int:
        day = moment.toordinal()
        seconds = (day * 24 + moment.hour) * 3600 + moment.minute * 60 + moment.second
        return [
            moment.year,
            moment.year * 12 + moment.month,
            (day - 1 - self.week_start) // 7,
            day,
            seconds // 3600,
            seconds // 60,
            seconds,
        ][self.frequency]

    def has_day(self, day: date) -> bool:
        given = {"BYWEEKNO", "BYYEARDAY", "BYMONTHDAY", "BYDAY"} & set(self.parts)
        if not given and self.frequency <= FREQUENCIES.index("WEEKLY"):
            return self.has_month(day) and self.is_like_start(day)
        return (
            self.has_month(day)
            and ("BYWEEKNO" not in given or self.has_week(day))
            and ("BYYEARDAY" not in given or self.has_either("BYYEARDAY", *places_in_year(day)))
            and ("BYMONTHDAY" not in given or self.has_either("BYMONTHDAY", *places_in_month(day)))
            and ("BYDAY" not in given or any(self.has_weekday(text, day) for text in self.parts["BYDAY"]))
        )

    def has_month(self, day: date) -> bool:
        return "BYMONTH" not in self.parts or day.month in self.numbers("BYMONTH")

    def is_like_start(self, day: date) -> bool:
        if self.frequency == FREQUENCIES.index("WEEKLY"):
            return day.weekday() == self.start.weekday()
        is_month = self.frequency != 0 or "BYMONTH" in self.parts or day.month == self.start.month
        return is_month and day.day == self.start.day

    def has_either(self, name: str, from_begin: int, from_end: int) -> bool:
        return from_begin in self.numbers(name) or -from_end in self.numbers(name)

    def has_week(self, day: date) -> bool:
        first = day.toordinal() - (day.weekday() - self.week_start) % 7
        from_begin, from_end = places_in_year(date.fromordinal(first + 3))  # the week is in the year of its 4th day
        return self.has_either("BYWEEKNO", (from_begin + 6) // 7, (from_end + 6) // 7)

    def has_weekday(self, text: str, day: date) -> bool:
        if WEEKDAYS[day.weekday()] != text[-2:]:
            return False
        if len(text) == 2:
            return True
        in_month = self.frequency == FREQUENCIES.index("MONTHLY") or "BYMONTH" in self.parts
        from_begin, from_end = places_in_month(day) if in_month else places_in_year(day)
        return int(text[:-2]) in ((from_begin + 6) // 7, -((from_end + 6) // 7))


def places_in_month(day: date) -> tuple[int, int]:
    return day.day, calendar.monthrange(day.year, day.month)[1] - day.day + 1


def places_in_year(day: date) -> tuple[int, int]:
    return day.timetuple().tm_yday, date(day.year, 12, 31).toordinal() - day.toordinal() + 1
