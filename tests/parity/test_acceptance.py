"""What the cron parser takes and refuses, and in which words, is what APScheduler 3.11.3 does."""

from __future__ import annotations

from datetime import datetime, timezone
from random import Random
from typing import Any

import pytest

pytest.importorskip("apscheduler", minversion="3.11.3")

from apscheduler.triggers.cron import CronTrigger as TheirTrigger
from duetime import _native
from duetime.triggers.cron import CronTrigger as OurTrigger
from random_rules import apscheduler_fields, crontab_line
from slow_grammar import FIELDS, MONTHS, WEEKDAYS

SEED = 20261123
EXPRESSIONS = 30_000
LINES = 4_000
NOW = datetime(2026, 3, 1, 12, 30, tzinfo=timezone.utc)

# What is deliberately not as in 3.11.3: field, expression, its verdict, ours, and why.
DIFFERENCES = [
    (
        "minute",
        "\N{ARABIC-INDIC DIGIT FIVE}",
        "cron[minute='5']",
        'refused: Unrecognized expression "\N{ARABIC-INDIC DIGIT FIVE}" for field "minute"',
        "digits are those of ASCII: the stored text must mean the same in every language",
    ),
    (
        "hour",
        "1-\N{FULLWIDTH DIGIT NINE}",
        "cron[hour='1-9']",
        'refused: Unrecognized expression "1-\N{FULLWIDTH DIGIT NINE}" for field "hour"',
        "the same",
    ),
]

_WORDS = (
    *(
        "*",
        "/",
        "-",
        ",",
        " ",
        "0",
        "1",
        "2",
        "5",
        "7",
        "12",
        "31",
        "59",
        "60",
        "1970",
        "9999",
        "00",
        "L",
        "W",
        "#",
        "?",
    ),
    *("1st", "2nd", "5th", "6th", "last", "lastfoo", "\n", "\t", "+", ".", "@", "e", "_", "ä", "*/2", "1-5", "a-b"),
    *MONTHS,
    *WEEKDAYS,
)


def mutated(random: Random, text: str) -> str:
    """`text` with one part of it repeated, removed or replaced."""
    begin = random.randint(0, len(text))
    end = min(len(text), begin + random.randint(0, 3))
    return text[:begin] + random.choice(("", text[begin:end] * 2, random.choice(_WORDS))) + text[end:]


def field_and_expression(random: Random) -> tuple[str, str]:
    if random.random() < 0.3:
        return random.choice(FIELDS), "".join(random.choices(_WORDS, k=random.randint(0, 5)))
    fields = apscheduler_fields(random, random.randrange(86_400)) or {"hour": "*/3"}
    name, text = random.choice(tuple(fields.items()))
    for _ in range(random.choice((0, 1, 1, 2, 3))):
        text = mutated(random, str(text))
    return name if random.random() < 0.9 else random.choice(FIELDS), str(text)


def verdict(trigger: Any, fields: dict[str, Any]) -> str:
    """The trigger's text, or the error's."""
    try:
        return str(trigger(timezone="UTC", **fields))
    except ValueError as error:
        return f"refused: {error}"


def engine_verdict(field: str, expression: str) -> str:
    """The engine's error without the words of the Python layer, which has a parser of its own for its texts."""
    values = [expression if name == field else None for name in FIELDS]
    try:
        _native.Trigger.cron(values, None, None, 0, "UTC", _native.DST_APSCHEDULER)
    except _native.Error as error:
        return f"refused: {error}"
    return ""


def fires(trigger: Any, fields: dict[str, Any], count: int) -> list[datetime | None]:
    found: list[datetime | None] = []
    made = trigger(timezone="UTC", end_date=datetime(2060, 1, 1, tzinfo=timezone.utc), **fields)
    previous = None
    for _ in range(count):
        previous = made.get_next_fire_time(previous, previous or NOW)
        found.append(previous)
        if previous is None:
            break
    return found


def test_random_expressions():
    random = Random(SEED)
    verdicts = {True: 0, False: 0}
    for number in range(EXPRESSIONS):
        field, expression = field_and_expression(random)
        theirs = verdict(TheirTrigger, {field: expression})
        refused = theirs.startswith("refused")
        verdicts[refused] += 1
        assert verdict(OurTrigger, {field: expression}) == theirs, (field, expression)
        if expression.strip():  # the C ABI has its own word for an empty text
            assert engine_verdict(field, expression.strip()) == (theirs if refused else ""), (field, expression)
        if not refused and number % 4 == 0:
            count = 1 if field in ("week", "year") else 5
            assert fires(OurTrigger, {field: expression}, count) == fires(TheirTrigger, {field: expression}, count), (
                field,
                expression,
            )
    assert min(verdicts.values()) > EXPRESSIONS // 5


def crontab_verdict(trigger: Any, line: str) -> str:
    try:
        return str(trigger.from_crontab(line, "UTC"))
    except ValueError as error:
        return f"refused: {error}"


def test_random_crontab_lines():
    random = Random(SEED)
    for _ in range(LINES):
        line = crontab_line(random, random.randrange(86_400))
        for _ in range(random.choice((0, 0, 1, 2))):
            line = mutated(random, line)
        assert crontab_verdict(OurTrigger, line) == crontab_verdict(TheirTrigger, line), line


VALUES = [0, 5, 59, 60, -1, 1.0, 2.5, True, None, "", " ", "5\N{EM SPACE}", b"5", [5], (1, 2)]


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("field", ["minute", "day_of_week"])
def test_values_of_other_types(field, value):
    assert verdict(OurTrigger, {field: value}) == verdict(TheirTrigger, {field: value})


@pytest.mark.parametrize(("field", "expression", "theirs", "ours", "why"), DIFFERENCES)
def test_differences_are_as_listed(field, expression, theirs, ours, why):
    assert verdict(TheirTrigger, {field: expression}) == theirs
    assert verdict(OurTrigger, {field: expression}) == ours
    assert why
