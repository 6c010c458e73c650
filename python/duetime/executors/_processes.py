"""What a process pool says to its workers, and makes of what they answer."""

from __future__ import annotations

import builtins
import os
import pickle
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from duetime._failures import error_kind, error_text

if TYPE_CHECKING:
    from duetime._guard import PayloadGuard

__all__ = ("Codec", "worker_program", "worker_setup")


def worker_program() -> list[str]:
    """The interpreter that this program runs in, with its options."""
    from multiprocessing import spawn, util

    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    source = f"import sys; sys.path.insert(0, {root!r}); from duetime._worker import main; main()"
    interpreter = spawn.get_executable() or "python3"
    return [os.fsdecode(interpreter), *util._args_from_interpreter_flags(), "-c", source]  # type: ignore[attr-defined]


def worker_setup(
    initializer: Callable[..., object] | None, initargs: tuple[Any, ...], guards: dict[str, PayloadGuard]
) -> bytes:
    """What makes a fresh interpreter ready for the functions of this program.

    :param guards: of job stores, by alias
    :raises RuntimeError: if this is a worker process itself that is importing the program's main module
    """
    from multiprocessing import spawn

    prepared = spawn.get_preparation_data("DuetimeWorker")
    prepared["authkey"] = bytes(prepared["authkey"])
    # These may name what is in the main module, which is there only once the worker has done the rest.
    return pickle.dumps((prepared, pickle.dumps((initializer, initargs, guards))))


class _WorkerTraceback(Exception):
    """The traceback of an exception in the process where it was raised."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __str__(self) -> str:
        return "in the worker process:\n" + self.text


class Codec:
    """Objects that cross between this process and the workers."""

    @staticmethod
    def encode(payload: Any) -> tuple[bytes | None, str, str]:
        """The bytes of a callable and its arguments; or ``None`` and why not: kind and text."""
        try:
            return pickle.dumps(payload, pickle.HIGHEST_PROTOCOL), "", ""
        except Exception as exc:
            text = f"the job cannot be sent to a worker process: {error_text(exc)}"
            return None, error_kind(exc), text

    @staticmethod
    def decode(data: bytes) -> Any:
        try:
            return pickle.loads(data)
        except Exception as exc:
            text = f"its return value cannot be read from the worker process: {error_text(exc)}"
            raise pickle.UnpicklingError(text) from exc

    @staticmethod
    def decode_error(kind: str, message: str, traceback: str, data: bytes) -> BaseException:
        """The exception itself, or one that says the same."""
        exception = _unpickled_exception(data) or _exception_of(kind, message)
        if traceback:
            exception.__cause__ = _WorkerTraceback(traceback)
        return exception


def _unpickled_exception(data: bytes) -> BaseException | None:
    try:
        exception = pickle.loads(data) if data else None
    except Exception:
        return None
    return exception if isinstance(exception, BaseException) else None


def _exception_of(kind: str, message: str) -> BaseException:
    if kind == "BrokenProcessPool":
        from concurrent.futures.process import BrokenProcessPool

        return BrokenProcessPool(message)
    if kind.endswith(".PicklingError"):
        return pickle.PicklingError(message)
    found = getattr(builtins, kind, None)
    if found in (AttributeError, OverflowError, RecursionError, TimeoutError, TypeError, ValueError):
        return found(message)  # type: ignore[no-any-return]
    return RuntimeError(f"{kind}: {message}")
