"""The engine's errors in the words of Python."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from duetime import _native

__all__ = ("JobStoreError", "PayloadRefusedError", "engine_errors")


class JobStoreError(Exception):
    """A job store cannot be opened or reached, or is not what it should be. Nothing of the call was done.

    :ivar code: the status of the C ABI
    """

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


class PayloadRefusedError(ValueError):
    """What a stored job is to call, or its arguments, is not what its job store's options allow. Nothing of it was
    imported, made or called; the job is parked."""


_STORE_CODES = frozenset(
    {
        _native.ERROR_STORE_UNAVAILABLE,
        _native.ERROR_STORE_FULL,
        _native.ERROR_STORE_CORRUPT,
        _native.ERROR_NEWER_VERSION,
        _native.ERROR_TIMEOUT,
    }
)


def translate(error: _native.Error) -> Exception:
    """The exception that Python programs expect."""
    if error.code in _STORE_CODES:
        return JobStoreError(str(error), error.code)
    if error.code == _native.ERROR_INVALID_ARGUMENT:
        return ValueError(str(error))
    if error.code == _native.ERROR_NOT_FOUND:
        return LookupError(str(error))
    if error.code == _native.ERROR_NO_MEMORY:
        return MemoryError(str(error))
    if error.code == _native.ERROR_UNSUPPORTED:
        return NotImplementedError(str(error))
    return error


@contextmanager
def engine_errors() -> Iterator[None]:
    """Raises :func:`translate`'s exceptions instead of the engine's."""
    try:
        yield
    except _native.Error as exc:
        raise translate(exc) from None
