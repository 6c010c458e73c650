"""What is known about the callables of jobs, remembered because the same few are scheduled again and again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import FunctionType
from typing import Any
from weakref import ReferenceType, ref

from duetime.util import check_callable_args, get_callable_name, obj_to_ref

__all__ = ("CallableInfo", "callable_info")

_MAX_REMEMBERED = 1000


class CallableInfo:
    """A callable's name, its reference (``None``: it has none) and the calls known to be possible.

    ``payload`` is what a job in memory runs when it has no arguments.
    """

    __slots__ = ("_possible", "name", "owner", "ref")

    def __init__(self, func: Callable[..., Any], owner: ReferenceType[Any] | None) -> None:
        self.owner = owner
        self.name = get_callable_name(func)
        try:
            self.ref: str | None = obj_to_ref(func)
        except ValueError:
            self.ref = None
        self._possible: set[tuple[Any, ...]] = set()

    def check_call(self, func: Callable[..., Any], args: Iterable[Any], kwargs: Mapping[str, Any]) -> None:
        """:raises ValueError: if ``func(*args, **kwargs)`` is not a possible call"""
        count = len(args) if isinstance(args, (tuple, list)) else len(list(args))
        shape = (count, *kwargs)
        if shape not in self._possible:
            check_callable_args(func, args, kwargs)
            if self.owner is not None and len(self._possible) < _MAX_REMEMBERED:
                self._possible.add(shape)


_remembered: dict[int, CallableInfo] = {}  # by id() of the function, which `owner` proves to be the same


def callable_info(func: Callable[..., Any]) -> CallableInfo:
    """What is known about ``func``. Plain functions are remembered, without being kept alive."""
    info = _remembered.get(id(func))
    if info is not None and info.owner is not None and info.owner() is func:
        return info
    if type(func) is not FunctionType:
        return CallableInfo(func, None)
    if len(_remembered) >= _MAX_REMEMBERED:
        _remembered.clear()
    _remembered[id(func)] = info = CallableInfo(func, ref(func))
    return info
