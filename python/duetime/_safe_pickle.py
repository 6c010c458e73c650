"""Pickles of a closed set of classes."""

from __future__ import annotations

import io
import pickle
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from collections.abc import Callable, Iterable
from typing import Any
from zoneinfo import ZoneInfo

from duetime._errors import PayloadRefusedError

__all__ = ("AllowedClasses", "allowed_classes", "load_any")

# Values, which do nothing when they are made.
_VALUES = frozenset(
    {
        ("builtins", "complex"), ("builtins", "frozenset"), ("builtins", "range"), ("builtins", "set"),
        ("builtins", "slice"), ("collections", "OrderedDict"), ("collections", "deque"),
        ("datetime", "date"), ("datetime", "datetime"), ("datetime", "time"), ("datetime", "timedelta"),
        ("datetime", "timezone"), ("decimal", "Decimal"), ("fractions", "Fraction"),
        ("pathlib", "PosixPath"), ("pathlib", "PurePosixPath"), ("pathlib", "PureWindowsPath"),
        ("pathlib", "WindowsPath"), ("uuid", "UUID"),
    }
)  # fmt: skip


def _copied_bytearray(data: Any = b"", *encoding: Any) -> bytearray:
    """A pickle can ask ``bytearray`` for any number of zeros."""
    if isinstance(data, int):
        raise PayloadRefusedError("a bytearray is only a length")
    return bytearray(data, *encoding)


def _encoded(text: Any, encoding: Any = "latin1") -> bytes:
    """How pickles of protocol 2 keep bytes."""
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise PayloadRefusedError(f"bytes are in the encoding {str(encoding)[:100]!r}")
    return text.encode("latin1")


def _attribute(owner: Any, name: Any) -> Any:
    """How pickles keep zones."""
    if owner is ZoneInfo and name == "_unpickle":
        return ZoneInfo._unpickle  # type: ignore[attr-defined]
    raise PayloadRefusedError(f"getattr(..., {str(name)[:100]!r}) is not allowed")


_STAND_INS: dict[tuple[str, str], Callable[..., Any]] = {
    ("_codecs", "encode"): _encoded,
    ("builtins", "bytearray"): _copied_bytearray,
    ("builtins", "bytes"): lambda data=b"": bytes(_copied_bytearray(data)),
    ("builtins", "getattr"): _attribute,
    ("zoneinfo", "ZoneInfo"): ZoneInfo,
}


def allowed_classes(option: Any) -> AllowedClasses | None:
    """Of the option ``allowed_classes``; ``None``: all.

    :raises TypeError: for an entry that is neither a class nor the name of one
    """
    if option is None:
        return None
    entries = option.replace(",", " ").split() if isinstance(option, str) else option
    return AllowedClasses(entries)


class AllowedClasses:
    """The classes of which unpickled objects may be, beside plain values.

    :param entries: classes, or their names as ``"package.module:Class"``
    """

    def __init__(self, entries: Iterable[Any]) -> None:
        self._names = _VALUES | {_name(entry) for entry in entries}

    def loads(self, data: bytes) -> Any:
        """:raises PayloadRefusedError: if the pickle asks for anything else; that is neither imported nor called"""
        return _Unpickler(data, self._names).load()


def load_any(allowed: Iterable[AllowedClasses], data: bytes) -> Any:
    """Where one of several may be meant."""
    return _Unpickler(data, frozenset().union(*(each._names for each in allowed))).load()


def _name(entry: Any) -> tuple[str, str]:
    if isinstance(entry, type):
        return entry.__module__, entry.__qualname__
    if isinstance(entry, str) and ":" in entry:
        module, _, name = entry.partition(":")
        return module, name
    raise TypeError(f"allowed_classes must be classes, or names such as 'package.module:Class', got {entry!r}")


def _present_name(module: str, name: str) -> tuple[str, str]:
    """Protocol 2 has names of Python 2."""
    module, name = NAME_MAPPING.get((module, name), (module, name))
    return IMPORT_MAPPING.get(module, module), name


class _Unpickler(pickle.Unpickler):
    def __init__(self, data: bytes, names: frozenset[tuple[str, str]]) -> None:
        super().__init__(io.BytesIO(data), fix_imports=False)
        self._names = names

    def find_class(self, module: str, name: str) -> Any:
        module, name = _present_name(module, name)
        stand_in = _STAND_INS.get((module, name))
        if stand_in is not None:
            return stand_in
        if (module, name) not in self._names:
            raise PayloadRefusedError(f"{module}:{name} is not among the allowed classes")
        found = super().find_class(module, name)
        if not isinstance(found, type):
            raise PayloadRefusedError(f"{module}:{name} is not a class")
        return found
