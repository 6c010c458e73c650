"""The fields of a cron trigger, as programs read them: ``trigger.fields``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Any, ClassVar

from duetime.triggers.cron.expressions import (
    AllExpression,
    LastDayOfMonthExpression,
    MonthRangeExpression,
    RangeExpression,
    WeekdayPositionExpression,
    WeekdayRangeExpression,
)

__all__ = (
    "DEFAULT_VALUES",
    "MAX_VALUES",
    "MIN_VALUES",
    "BaseField",
    "DayOfMonthField",
    "DayOfWeekField",
    "MonthField",
    "WeekField",
)

MIN_VALUES = {"year": 1970, "month": 1, "day": 1, "week": 1, "day_of_week": 0, "hour": 0, "minute": 0, "second": 0}
MAX_VALUES = {
    "year": 9999,
    "month": 12,
    "day": 31,
    "week": 53,
    "day_of_week": 6,
    "hour": 23,
    "minute": 59,
    "second": 59,
}
DEFAULT_VALUES: dict[str, str | int] = {
    "year": "*",
    "month": 1,
    "day": 1,
    "week": "*",
    "day_of_week": "*",
    "hour": 0,
    "minute": 0,
    "second": 0,
}
SEPARATOR = re.compile(" *, *")


class BaseField:
    """One field: a list of expressions, any of which may match.

    :ivar is_default: the user did not give it
    """

    REAL: ClassVar[bool] = True
    COMPILERS: ClassVar[Sequence[type[AllExpression]]] = [AllExpression, RangeExpression]

    def __init__(self, name: str, exprs: Any, is_default: bool = False) -> None:
        self.name = name
        self.is_default = is_default
        self.compile_expressions(exprs)

    def get_min(self, dateval: date) -> int:
        return MIN_VALUES[self.name]

    def get_max(self, dateval: date) -> int:
        return MAX_VALUES[self.name]

    def get_value(self, dateval: date) -> int:
        value: int = getattr(dateval, self.name)
        return value

    def get_next_value(self, dateval: date) -> int | None:
        values = [expression.get_next_value(dateval, self) for expression in self.expressions]
        return min((value for value in values if value is not None), default=None)

    def compile_expressions(self, exprs: Any) -> None:
        self.expressions: list[AllExpression] = []
        for expr in SEPARATOR.split(str(exprs).strip()):
            self.compile_expression(expr)

    def compile_expression(self, expr: str) -> None:
        """:raises ValueError: if it is none, or not one for this field"""
        for compiler in self.COMPILERS:
            match = compiler.value_re.match(expr)
            if match is None:
                continue
            compiled = compiler(**match.groupdict())
            try:
                compiled.validate_range(self.name)
            except ValueError as exc:
                raise ValueError(f"Error validating expression {expr!r}: {exc}") from None
            self.expressions.append(compiled)
            return
        raise ValueError(f'Unrecognized expression "{expr}" for field "{self.name}"')

    def __eq__(self, other: object) -> bool:
        return isinstance(other, BaseField) and self.expressions == other.expressions

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        return ",".join(str(expression) for expression in self.expressions)

    def __repr__(self) -> str:
        return f"{self.__class__.__name__}('{self.name}', '{self}')"


class WeekField(BaseField):
    """ISO week."""

    REAL = False

    def get_value(self, dateval: date) -> int:
        return dateval.isocalendar()[1]


class DayOfMonthField(BaseField):
    COMPILERS = [*BaseField.COMPILERS, WeekdayPositionExpression, LastDayOfMonthExpression]

    def get_max(self, dateval: date) -> int:
        from calendar import monthrange

        return monthrange(dateval.year, dateval.month)[1]


class DayOfWeekField(BaseField):
    """Monday is 0."""

    REAL = False
    COMPILERS = [*BaseField.COMPILERS, WeekdayRangeExpression]

    def get_value(self, dateval: date) -> int:
        return dateval.weekday()


class MonthField(BaseField):
    COMPILERS = [*BaseField.COMPILERS, MonthRangeExpression]
