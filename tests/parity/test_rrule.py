"""RRULE triggers against dateutil.rrule and against the slow evaluator, rule by rule.

dateutil answers on naive wall times; zoneinfo turns them into instants as RFC 5545, 3.3.5 says. Where dateutil is known
to differ from the RFC (DEVIATIONS), and where a rule has nothing more to give before the horizon (dateutil would look
until 9999), the slow evaluator decides.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from itertools import islice
from random import Random
from zoneinfo import ZoneInfo

import pytest

pytest.importorskip("dateutil")

from dateutil.rrule import rrulestr
from duetime._native import Trigger
from slow_rrule import FREQUENCIES, WEEKDAYS, Parts, SlowRule, parts_of

SEED = 20261123
RULES = 4000
FIRES = 10
UTC = timezone.utc
ZONES = ["UTC", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia"]
MARGIN = timedelta(days=2)  # no change of a clock moves a fire by more


def mixes_weekdays(parts: Parts, _: datetime) -> bool:
    return len({len(day) == 2 for day in parts.get("BYDAY", [])}) == 2


def picks_in_part_of_a_week(parts: Parts, start: datetime) -> bool:
    is_whole = WEEKDAYS[start.weekday()] == parts.get("WKST", ["MO"])[0]
    return "BYSETPOS" in parts and parts["FREQ"] == ["WEEKLY"] and not is_whole


def has_weeks_across_new_year(parts: Parts, _: datetime) -> bool:
    return any(abs(int(week)) >= 52 for week in parts.get("BYWEEKNO", []))


# What dateutil does otherwise, in which rules, and the paragraph of RFC 5545 that decides.
DEVIATIONS: dict[str, tuple[Callable[[Parts, datetime], bool], str]] = {
    "BYDAY=MO,1TU is taken for days that are both": (
        mixes_weekdays,
        '3.3.10: "The BYDAY rule part specifies a COMMA-separated list of days of the week"',
    ),
    "BYSETPOS counts in the first week from DTSTART on": (
        picks_in_part_of_a_week,
        '3.3.10: "BYSETPOS operates on a set of recurrence instances in one interval of the recurrence rule"',
    ),
    "2011-01-01 is in week 53 of 2010 instead of 52, and 2001-12-31 not in week -52 of 2002": (
        has_weeks_across_new_year,
        '3.3.10: "This corresponds to weeks according to week numbering as defined in [ISO.8601.2004]"',
    ),
}
# Not generated, as dateutil cannot: BYSECOND=60 (3.3.12: to be read as 59), UNTIL of a day with a DTSTART that has a
# time (3.3.10 demands the same value type; here it is the end of that day).

# How far to look, in periods, and how long one is.
HORIZON = dict(zip(FREQUENCIES, [40, 400, 700, 1500, 5000, 20_000, 100_000], strict=True))
SECONDS = dict(zip(FREQUENCIES, [31_622_400, 2_678_400, 604_800, 86_400, 3600, 60, 1], strict=True))

NUMBERS = {  # smallest, largest, whether negative ones count from the end, and how many at most
    "BYMONTH": (1, 12, False, 6),
    "BYWEEKNO": (1, 53, True, 26),
    "BYYEARDAY": (1, 366, True, 120),
    "BYMONTHDAY": (1, 31, True, 15),
    "BYHOUR": (0, 23, False, 4),
    "BYMINUTE": (0, 59, False, 4),
    "BYSECOND": (0, 59, False, 4),
}


def random_start(random: Random) -> datetime:
    year = random.choice([1970, 1996, 1999, 2004, 2011, 2019, 2020, 2021, 2026, 2037])
    if random.random() < 0.3:  # near New York's changes of the clock
        return random.choice([datetime(2026, 3, 7, 22), datetime(2026, 10, 31, 22)]) + random_time(random, 6 * 3600)
    return datetime(year, 1, 1) + timedelta(days=random.randrange(366)) + random_time(random, 86_400)


def random_time(random: Random, below: int) -> timedelta:
    return timedelta(seconds=random.choice([0, 1800, random.randrange(below)]))


def signed(random: Random, number: int) -> int:
    return random.choice([1, 1, -1]) * number


def random_weekdays(random: Random, frequency: str, names: list[str]) -> str:
    days = [random.choice(WEEKDAYS) for _ in range(random.randint(1, 4))]
    countable = frequency == "MONTHLY" or (frequency == "YEARLY" and "BYWEEKNO" not in names)
    most = 5 if frequency == "MONTHLY" or "BYMONTH" in names else 53
    numbered = random.choice([0.0, 1.0, 1.0, 0.5]) if countable else 0.0
    return ",".join(
        f"{signed(random, random.randint(1, most)):+}{day}" if random.random() < numbered else day for day in days
    )


def random_numbers(random: Random, name: str) -> str:
    low, high, from_end, most = NUMBERS[name]
    values = [random.randint(low, high) for _ in range(random.choice([1, 2, 3, most]))]
    return ",".join(str(signed(random, value) if from_end else value) for value in values)


def random_limit(random: Random, frequency: str, start: datetime) -> list[str]:
    kind = random.random()
    if kind < 0.25:
        return [f"COUNT={random.randint(1, 30)}"]
    if kind < 0.4:
        until = start + timedelta(seconds=random.randint(0, 30) * SECONDS[frequency])
        return [f"UNTIL={until:%Y%m%dT%H%M%S}"]
    return []


def random_rule(random: Random, start: datetime) -> str:
    frequency = random.choice(FREQUENCIES)
    names = random.sample([*NUMBERS, "BYDAY"], random.choice([0, 1, 1, 2, 2, 3, 4]))
    parts = [
        f"{name}={random_weekdays(random, frequency, names) if name == 'BYDAY' else random_numbers(random, name)}"
        for name in names
    ]
    if names and random.random() < 0.3:
        places = [signed(random, random.choice([1, 2, 3, 5, random.randint(1, 366)])) for _ in range(3)]
        parts.append("BYSETPOS=" + ",".join(map(str, places)))
    interval = random.choice([1, 1, 1, 2, 3, random.randint(1, 12), random.randint(1, 100)])
    parts.append(f"INTERVAL={interval}")
    if random.random() < 0.4:
        parts.append(f"WKST={random.choice(WEEKDAYS)}")
    parts += random_limit(random, frequency, start)
    random.shuffle(parts)
    return ";".join([f"FREQ={frequency}", *parts])


class Case:
    def __init__(self, rule: str, start: datetime, zone: str) -> None:
        self.rule, self.start, self.zone = rule, start, ZoneInfo(zone)
        self.parts = parts_of(rule)
        frequency = self.parts["FREQ"][0]
        self.horizon = min(start + timedelta(seconds=HORIZON[frequency] * SECONDS[frequency]), datetime(2200, 1, 1))
        document = {"type": "rrule", "rrule": rule, "dtstart": start.isoformat(), "timezone": zone}
        self.trigger = Trigger.from_document(json.dumps(document))

    def __repr__(self) -> str:
        return f"{self.rule} from {self.start} in {self.zone}"

    def ours(self) -> list[datetime]:
        fires: list[datetime] = []
        previous, now = None, datetime(1969, 1, 1, tzinfo=UTC)
        while len(fires) < FIRES:
            fire = self.trigger.next_fire_time(previous, now, UTC)
            if fire is None or fire > self.instant(self.horizon):
                break
            fires.append(fire)
            previous = now = fire
        return fires

    def instant(self, wall: datetime) -> datetime:
        return wall.replace(tzinfo=self.zone).astimezone(UTC)

    def deviations(self) -> list[str]:
        return [name for name, (applies, _) in DEVIATIONS.items() if applies(self.parts, self.start)]

    def expected(self, walls: Iterator[datetime], enough: int) -> list[datetime]:
        """The first instants of these wall times: one that was skipped or repeated may change places with others."""
        instants: set[datetime] = set()
        last: datetime | None = None
        for wall in walls:
            if last is not None and wall > last:
                break
            instants.add(self.instant(wall))
            if last is None and len(instants) >= enough:
                last = wall if self.is_calm(min(instants), max(instants)) else wall + timedelta(hours=2)
        return sorted(instants)[:enough]

    def is_calm(self, first: datetime, last: datetime) -> bool:
        moments = [first - MARGIN, first, last, last + MARGIN]
        return last - first < MARGIN * 10 and len({moment.astimezone(self.zone).utcoffset() for moment in moments}) == 1

    def by_dateutil(self, enough: int) -> list[datetime]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                return self.expected(iter(rrulestr(self.rule, dtstart=self.start)), enough) if enough else []
            except ValueError:  # "Invalid rrule byxxx generates an empty set.": a rule that never fires
                return []

    def by_slow_evaluator(self) -> list[datetime]:
        until = self.horizon
        if "UNTIL" in self.parts:
            until = min(until, datetime.strptime(self.parts["UNTIL"][0], "%Y%m%dT%H%M%S"))
        count = int(self.parts.get("COUNT", ["1000000"])[0])
        fires = self.expected(islice(SlowRule(self.rule, self.start).fires(until), count), FIRES)
        return [fire for fire in fires if fire <= self.instant(self.horizon)]


def cases(count: int, seed: int) -> Iterator[Case]:
    random = Random(seed)
    for _ in range(count):
        start = random_start(random)
        yield Case(random_rule(random, start), start, random.choice(ZONES))


def test_random_rules_fire_as_dateutil_and_the_slow_evaluator_say():
    judged = {"dateutil": 0, "slow": 0, "fires": 0}
    for case in cases(RULES, SEED):
        ours = case.ours()
        judged["fires"] += len(ours)
        if not case.deviations():
            judged["dateutil"] += 1
            assert ours == case.by_dateutil(len(ours)), case
        if len(ours) < FIRES or case.deviations():
            judged["slow"] += 1
            assert ours == case.by_slow_evaluator(), case
    print(f"\n{judged}")
    assert judged["dateutil"] >= 3000
    assert judged["fires"] >= 15_000


def differs(rule: str, start: datetime) -> bool:
    case = Case(rule, start, "UTC")
    ours = case.ours()
    assert ours == case.by_slow_evaluator(), case
    return ours != case.by_dateutil(len(ours))


@pytest.mark.parametrize(
    ("name", "rule", "start"),
    [
        ("BYDAY=MO,1TU is taken for days that are both", "FREQ=MONTHLY;BYDAY=MO,1TU", datetime(2026, 11, 1)),
        (
            "BYSETPOS counts in the first week from DTSTART on",
            "FREQ=WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=2",
            datetime(2026, 11, 24),
        ),
        (
            "2011-01-01 is in week 53 of 2010 instead of 52, and 2001-12-31 not in week -52 of 2002",
            "FREQ=YEARLY;BYWEEKNO=53",
            datetime(2010, 12, 1),
        ),
    ],
)
def test_the_deviations_are_there(name: str, rule: str, start: datetime):
    """A deviation that dateutil has mended must leave the list."""
    case = Case(rule, start, "UTC")
    assert name in case.deviations()
    assert differs(rule, start)
