"""The expressions of cron fields. The engine has its own; these are read by programs and found in pickles."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar

from duetime.util import asint

if TYPE_CHECKING:
    from duetime.triggers.cron.fields import BaseField

__all__ = (
    "AllExpression",
    "LastDayOfMonthExpression",
    "MonthRangeExpression",
    "RangeExpression",
    "WeekdayPositionExpression",
    "WeekdayRangeExpression",
)

WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]


def _index(names: list[str], name: str, kind: str) -> int:
    try:
        return names.index(name.lower())
    except ValueError:
        raise ValueError(f'Invalid {kind} name "{name}"') from None


class AllExpression:
    """``*`` or ``*/step``."""

    value_re: ClassVar[re.Pattern[str]] = re.compile(r"\*(?:/(?P<step>\d+))?$")

    def __init__(self, step: str | int | None = None) -> None:
        self.step = asint(step)
        if self.step == 0:
            raise ValueError("Increment must be higher than 0")

    def validate_range(self, field_name: str) -> None:
        """:raises ValueError: if it does not suit the field of that name"""
        from duetime.triggers.cron.fields import MAX_VALUES, MIN_VALUES

        self._validate_step(MAX_VALUES[field_name] - MIN_VALUES[field_name])

    def _validate_step(self, value_range: int) -> None:
        if self.step and self.step > value_range:
            raise ValueError(
                f"the step value ({self.step}) is higher than the total range of the expression ({value_range})"
            )

    def get_next_value(self, date: date, field: BaseField) -> int | None:
        """The field's smallest matching value that is not below that of ``date``, or ``None``."""
        return self._next_in_steps(date, field, field.get_min(date), field.get_max(date))

    def _next_in_steps(self, date: date, field: BaseField, lowest: int, highest: int) -> int | None:
        value = max(field.get_value(date), lowest)
        if self.step:
            value += (lowest - value) % self.step
        return value if value <= highest else None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, self.__class__) and self.step == other.step

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        return f"*/{self.step}" if self.step else "*"

    def __repr__(self) -> str:
        return f"{self.__class__.__name__}({self.step})"


class RangeExpression(AllExpression):
    """``first``, ``first-last``, ``first-last/step`` or ``first/step`` up to the field's maximum."""

    value_re = re.compile(r"(?P<first>\d+)(?:-(?P<last>\d+))?(?:/(?P<step>\d+))?$")

    def __init__(self, first: str | int, last: str | int | None = None, step: str | int | None = None) -> None:
        super().__init__(step)
        self.first = int(first)
        self.last = asint(last)
        if self.last is None and step is None:
            self.last = self.first
        if self.last is not None and self.first > self.last:
            raise ValueError("The minimum value in a range must not be higher than the maximum")

    def validate_range(self, field_name: str) -> None:
        from duetime.triggers.cron.fields import MAX_VALUES, MIN_VALUES

        lowest, highest = MIN_VALUES[field_name], MAX_VALUES[field_name]
        super().validate_range(field_name)
        if self.first < lowest:
            raise ValueError(f"the first value ({self.first}) is lower than the minimum value ({lowest})")
        if self.last is not None and self.last > highest:
            raise ValueError(f"the last value ({self.last}) is higher than the maximum value ({highest})")
        self._validate_step((self.last or highest) - self.first)

    def get_next_value(self, date: date, field: BaseField) -> int | None:
        highest = field.get_max(date)
        return self._next_in_steps(
            date,
            field,
            max(field.get_min(date), self.first),
            highest if self.last is None else min(highest, self.last),
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, self.__class__) and (self.first, self.last, self.step) == (
            other.first,
            other.last,
            other.step,
        )

    @property
    def _is_open(self) -> bool:
        """Whether it says more than one value by its ends."""
        return self.last is not None and self.last != self.first

    def _shown(self, value: int) -> str:
        return str(value)

    def __str__(self) -> str:
        text = self._shown(self.first)
        if self.last is not None and self._is_open:
            text += f"-{self._shown(self.last)}"
        return f"{text}/{self.step}" if self.step else text

    def _arguments(self) -> list[str]:
        arguments = [str(self.first)]
        if self._is_open or self.step:
            arguments.append(str(self.last))
        if self.step:
            arguments.append(str(self.step))
        return arguments

    def __repr__(self) -> str:
        return f"{self.__class__.__name__}({', '.join(self._arguments())})"


class _NamedRangeExpression(RangeExpression):
    """A range between names. What follows the names is ignored, as APScheduler 3 does."""

    value_re = re.compile(r"(?P<first>[a-z]+)(?:-(?P<last>[a-z]+))?", re.IGNORECASE)
    names: ClassVar[list[str]]
    kind: ClassVar[str]
    lowest: ClassVar[int]

    def __init__(self, first: str, last: str | None = None) -> None:
        super().__init__(self._number(first), self._number(last) if last else None)

    def _number(self, name: str) -> int:
        return _index(self.names, name, self.kind) + self.lowest

    def _shown(self, value: int) -> str:
        return self.names[value - self.lowest]

    def _arguments(self) -> list[str]:
        ends = [self.first] if not self._is_open or self.last is None else [self.first, self.last]
        return [f"'{self._shown(end)}'" for end in ends]


class MonthRangeExpression(_NamedRangeExpression):
    """``jan`` or ``jan-mar``."""

    names = MONTHS
    kind = "month"
    lowest = 1


class WeekdayRangeExpression(_NamedRangeExpression):
    """``mon`` or ``mon-fri``."""

    names = WEEKDAYS
    kind = "weekday"
    lowest = 0


class WeekdayPositionExpression(AllExpression):
    """``2nd fri`` or ``last sun`` of a month."""

    options: ClassVar[list[str]] = ["1st", "2nd", "3rd", "4th", "5th", "last"]
    value_re = re.compile(rf"(?P<option_name>{'|'.join(options)}) +(?P<weekday_name>(?:\d+|\w+))", re.IGNORECASE)

    def __init__(self, option_name: str, weekday_name: str) -> None:
        super().__init__(None)
        try:
            self.option_num = self.options.index(option_name.lower())
        except ValueError:
            raise ValueError(f'Invalid weekday position "{option_name}"') from None
        self.weekday = _index(WEEKDAYS, weekday_name, "weekday")

    def get_next_value(self, date: date, field: BaseField) -> int | None:
        from calendar import monthrange

        first_weekday, last_day = monthrange(date.year, date.month)
        first_hit = (self.weekday - first_weekday) % 7 + 1
        is_last = self.option_num == len(self.options) - 1
        weeks = (last_day - first_hit) // 7 if is_last else self.option_num
        day = first_hit + 7 * weeks
        return day if date.day <= day <= last_day else None

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, self.__class__) and self.option_num == other.option_num and self.weekday == other.weekday
        )

    def __str__(self) -> str:
        return f"{self.options[self.option_num]} {WEEKDAYS[self.weekday]}"

    def __repr__(self) -> str:
        return f"{self.__class__.__name__}('{self.options[self.option_num]}', '{WEEKDAYS[self.weekday]}')"


class LastDayOfMonthExpression(AllExpression):
    """``last`` day of a month."""

    value_re = re.compile(r"last", re.IGNORECASE)

    def __init__(self) -> None:
        super().__init__(None)

    def get_next_value(self, date: date, field: BaseField) -> int | None:
        from calendar import monthrange

        return monthrange(date.year, date.month)[1]

    def __str__(self) -> str:
        return "last"

    def __repr__(self) -> str:
        return f"{self.__class__.__name__}()"


Expression = Any  # of any class above, or of a third party's
