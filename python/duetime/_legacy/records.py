"""What a pickle says, without doing it."""

from __future__ import annotations

import copyreg
import pickle
from collections.abc import Iterable
from functools import lru_cache
from io import BytesIO
from typing import Any, ClassVar, NoReturn

__all__ = ("Record", "UnreadableError", "name_of", "read_pickle")


class UnreadableError(ValueError):
    """What was stored is damaged, or is nothing that is read here."""


class _Sealed(type):
    """A class that pickles cannot change: some opcodes set attributes of whatever they are given."""

    def __setattr__(cls, name: str, value: Any) -> NoReturn:
        raise UnreadableError(f"the pickle changes the class {cls.__name__}")


class Record(metaclass=_Sealed):
    """An object as the pickle describes it, of a subclass made for its class or function.

    :cvar module: where that is, ``name`` what it is called there
    :ivar args: what it was called with
    :ivar state: what ``__setstate__()`` was to be given
    """

    __slots__ = ("args", "state")

    module: ClassVar[str] = ""
    name: ClassVar[str] = ""

    args: tuple[Any, ...]
    state: Any

    def __new__(cls, *args: Any, **kwargs: Any) -> Record:
        record = object.__new__(cls)
        record.args = args
        record.state = None
        return record

    def __setstate__(self, state: Any) -> None:
        self.state = state

    # Members of containers. Nobody asks for them: such objects are found in arguments only.

    def append(self, item: Any) -> None:
        pass

    def extend(self, items: Iterable[Any]) -> None:
        pass

    def add(self, item: Any) -> None:
        pass

    def __setitem__(self, key: Any, value: Any) -> None:
        pass

    def __repr__(self) -> str:
        return name_of(self)


def name_of(value: Any) -> str:
    """How error texts call the class of a value."""
    if isinstance(value, Record):
        return f"{value.module}.{value.name}"
    return type(value).__name__


@lru_cache(maxsize=512)
def record_class(module: str, name: str) -> type[Record]:
    """The class of records of that class or function."""
    made: Any = _Sealed(name, (Record,), {"__slots__": (), "module": module, "name": name})
    return made  # type: ignore[no-any-return]


def _attribute(owner: Any, name: Any = None) -> type[Record]:
    """In the place of ``getattr``: pickles of :class:`~zoneinfo.ZoneInfo` name a class method with it."""
    if isinstance(owner, _Sealed) and isinstance(name, str):
        return record_class(owner.module, f"{owner.name}.{name}")  # type: ignore[attr-defined]
    return record_class("builtins", "getattr")


def _reconstruct(cls: Any, base: Any = None, state: Any = None) -> Record:
    """In the place of what protocols 0 and 1 make plain objects with."""
    if not isinstance(cls, _Sealed):
        raise UnreadableError("the pickle makes an object of no class")
    made: Record = cls()
    return made


def _encode(text: Any, encoding: Any = None) -> bytes:
    """In the place of what protocols 0 to 2 write bytes with."""
    if isinstance(text, str) and encoding == "latin1":
        return text.encode("latin-1")
    raise UnreadableError("the pickle encodes a text")


def _bytes(*nothing: Any) -> bytes:
    """In the place of what those protocols write no bytes with."""
    if nothing:
        raise UnreadableError("the pickle makes bytes of something")
    return b""


_PYTHON_2_NAMES = {"__builtin__": "builtins", "copy_reg": "copyreg"}  # protocols below 3 have them
_STAND_INS: dict[tuple[str, str], Any] = {
    ("_codecs", "encode"): _encode,
    ("builtins", "bytes"): _bytes,
    ("builtins", "getattr"): _attribute,
    ("copyreg", "_reconstructor"): _reconstruct,
}


class _Reader(pickle.Unpickler):
    """Knows no class and no function but records."""

    def find_class(self, module: str, name: str) -> Any:
        module = _PYTHON_2_NAMES.get(module, module)
        return _STAND_INS.get((module, name)) or record_class(module, name)

    def persistent_load(self, pid: Any) -> NoReturn:
        raise UnreadableError("the pickle refers to something outside of it")


def _refuse_extensions(data: bytes) -> None:
    """Classes that the program registered with :mod:`copyreg` would come from there, not from ``find_class()``."""
    import pickletools

    if any(opcode.name in ("EXT1", "EXT2", "EXT4") for opcode, _, _ in pickletools.genops(data)):
        raise UnreadableError("the pickle uses extension codes")


def read_pickle(data: bytes) -> Any:
    """Plain values and records.

    :raises UnreadableError: if it is damaged
    """
    try:
        if getattr(copyreg, "_extension_cache", None):
            _refuse_extensions(data)
        return _Reader(BytesIO(data)).load()
    except UnreadableError:
        raise
    except Exception as exc:
        raise UnreadableError(f"the pickle is damaged: {exc or type(exc).__name__}") from None
