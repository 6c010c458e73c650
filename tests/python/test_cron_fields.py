from __future__ import annotations

import pickle
from datetime import datetime

import pytest
from duetime.triggers.cron.expressions import (
    AllExpression,
    LastDayOfMonthExpression,
    MonthRangeExpression,
    RangeExpression,
    WeekdayPositionExpression,
    WeekdayRangeExpression,
)
from duetime.triggers.cron.fields import (
    BaseField,
    DayOfMonthField,
    DayOfWeekField,
    MonthField,
    WeekField,
)


@pytest.mark.parametrize(
    ("field_class", "name", "text", "shown"),
    [
        (BaseField, "hour", "*", "*"),
        (BaseField, "hour", " */3 ", "*/3"),
        (BaseField, "hour", "1-5/2,7 , 9/4", "1-5/2,7,9/4"),
        (BaseField, "hour", 4, "4"),
        (WeekField, "week", "53", "53"),
        (MonthField, "month", "JAN-mar", "jan-mar"),
        (DayOfWeekField, "day_of_week", "Fri", "fri"),
        (DayOfMonthField, "day", "2nd Fri, last sun, last", "2nd fri,last sun,last"),
    ],
)
def test_compiles(field_class, name, text, shown):
    field = field_class(name, text)
    assert str(field) == shown
    assert repr(field) == f"{field_class.__name__}('{name}', '{shown}')"
    assert field == pickle.loads(pickle.dumps(field))


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (AllExpression(), "AllExpression(None)"),
        (AllExpression("5"), "AllExpression(5)"),
        (RangeExpression("1"), "RangeExpression(1)"),
        (RangeExpression(1, 5, 2), "RangeExpression(1, 5, 2)"),
        (RangeExpression(1, None, 2), "RangeExpression(1, None, 2)"),
        (MonthRangeExpression("feb", "mar"), "MonthRangeExpression('feb', 'mar')"),
        (WeekdayRangeExpression("mon"), "WeekdayRangeExpression('mon')"),
        (WeekdayPositionExpression("last", "sun"), "WeekdayPositionExpression('last', 'sun')"),
        (LastDayOfMonthExpression(), "LastDayOfMonthExpression()"),
    ],
)
def test_expression_repr(expression, text):
    assert repr(expression) == text


def test_equality():
    assert RangeExpression(1, 5) == RangeExpression(1, 5)
    assert RangeExpression(1, 5) != RangeExpression(1, 5, 2)
    assert AllExpression() != AllExpression(2)
    assert WeekdayPositionExpression("1st", "mon") != WeekdayPositionExpression("2nd", "mon")


@pytest.mark.parametrize(
    ("field", "moment", "value"),
    [
        (BaseField("minute", "*/20"), datetime(2026, 1, 1, 0, 21), 40),
        (BaseField("minute", "*/20"), datetime(2026, 1, 1, 0, 41), None),
        (BaseField("minute", "5-50/10,3"), datetime(2026, 1, 1, 0, 0), 3),
        (BaseField("minute", "5-50/10"), datetime(2026, 1, 1, 0, 6), 15),
        (DayOfMonthField("day", "last"), datetime(2028, 2, 3), 29),
        (DayOfMonthField("day", "3rd fri"), datetime(2026, 11, 1), 20),
        (DayOfMonthField("day", "3rd fri"), datetime(2026, 11, 21), None),
        (DayOfMonthField("day", "last mon"), datetime(2026, 11, 1), 30),
        (DayOfWeekField("day_of_week", "tue-wed"), datetime(2026, 11, 23), 1),
        (WeekField("week", "48"), datetime(2026, 11, 23), 48),
    ],
)
def test_next_value(field, moment, value):
    assert field.get_next_value(moment) == value
