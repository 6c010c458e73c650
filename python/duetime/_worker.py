"""The program of a worker process; docs/worker_protocol.md describes what it speaks."""

from __future__ import annotations

import os
import pickle
import struct
import traceback
from collections.abc import Callable
from datetime import timezone
from typing import TYPE_CHECKING, Any, NamedTuple

from duetime import _native, runs
from duetime._errors import PayloadRefusedError
from duetime._failures import error_kind, error_text
from duetime._payload import decode_arguments
from duetime.util import ref_to_obj

if TYPE_CHECKING:
    from duetime._guard import PayloadGuard

__all__ = ("main",)

_HELLO, _READY, _REFUSED, _RUN, _OUTCOME = 1, 2, 3, 4, 5
_SUCCEEDED, _FAILED, _CANNOT_RUN = 0, 1, 2
_VERSION = 1
_LEAVE = 0

_LENGTH = struct.Struct("<I")
_RUN_HEAD = struct.Struct("<BQqqI")  # type, number, scheduled time, fence, attempt
_OUTCOME_HEAD = struct.Struct("<IBQB")  # length, type, number, status
_NO_ERROR = bytes(12)  # kind, message and traceback, all empty


class _Run(NamedTuple):
    number: int
    scheduled_time: int
    fence: int
    attempt: int
    id: str
    job_id: str
    job_name: str
    task: str
    store: str
    encoding: str
    payload: bytes


class _PoolGone(Exception):
    """The process that the worker belongs to has closed the channel."""


class _Channel:
    """Frames from the pool, one after the other, and to it."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._unread = bytearray()

    def read(self) -> bytes:
        """The next frame, from its type on."""
        (length,) = _LENGTH.unpack(self._take(4))
        return self._take(length)

    def _take(self, size: int) -> bytes:
        while len(self._unread) < size:
            received = os.read(self._descriptor, max(65536, size - len(self._unread)))
            if not received:
                raise _PoolGone
            self._unread += received
        taken = bytes(self._unread[:size])
        del self._unread[:size]
        return taken

    def write(self, frame: bytes) -> None:
        sent = os.write(self._descriptor, frame)
        while sent < len(frame):
            sent += os.write(self._descriptor, memoryview(frame)[sent:])


def _field(value: bytes) -> bytes:
    return _LENGTH.pack(len(value)) + value


def _framed(kind: int, body: bytes) -> bytes:
    return _LENGTH.pack(1 + len(body)) + bytes((kind,)) + body


def _error_fields(exception: BaseException, trace: str) -> bytes:
    texts = (error_kind(exception), error_text(exception), trace)
    return b"".join(_field(text.encode("utf-8", "replace")) for text in texts)


def _parse_run(frame: bytes) -> _Run:
    _, number, scheduled_time, fence, attempt = _RUN_HEAD.unpack_from(frame)
    fields = []
    at = _RUN_HEAD.size
    for _ in range(7):
        end = at + 4 + _LENGTH.unpack_from(frame, at)[0]
        fields.append(frame[at + 4 : end])
        at = end
    run_id, job_id, job_name, task, store, encoding = (field.decode() for field in fields[:6])
    return _Run(
        number, scheduled_time, fence, attempt, run_id, job_id, job_name, task, store, encoding, payload=fields[6]
    )


# --- one run ------------------------------------------------------------------------------------------------


_guards: dict[str, PayloadGuard] = {}  # of job stores, by alias


def _invocation(run: _Run) -> tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]:
    """What is to be called."""
    if run.store in _guards:  # whatever the task: no job of such a store is living
        return _guards[run.store].open(run.store, run.job_id, run.task, run.encoding, run.payload)
    if run.task != _native.LIVE_TASK:
        args, kwargs = decode_arguments(run.encoding, run.payload)
        func = ref_to_obj(run.task)
        return func, args, kwargs or {}
    living = pickle.loads(run.payload)
    if type(living) is not tuple:
        return living, (), {}
    func, args, kwargs = living
    return func, args, kwargs or {}


def _outcome(run: _Run, status: int, rest: bytes) -> bytes:
    return _OUTCOME_HEAD.pack(10 + len(rest), _OUTCOME, run.number, status) + rest


def _failure(run: _Run, exception: BaseException, status: int = _FAILED) -> bytes:
    trace = exception.__traceback__
    if trace is not None and trace.tb_next is not None:
        trace = trace.tb_next  # leaves out the line that called the task
    text = "".join(traceback.format_tb(trace))
    return _outcome(run, status, _error_fields(exception, text) + _field(_pickled_exception(exception)))


def _pickled_exception(exception: BaseException) -> bytes:
    """Nothing if it cannot be pickled: the other side then makes one from its text."""
    try:
        return pickle.dumps(exception, pickle.HIGHEST_PROTOCOL)
    except Exception:
        return b""


def _unreadable(run: _Run, exception: BaseException) -> bytes:
    """What a store keeps may be readable elsewhere; an object of the parent's is not, and its run ends here."""
    living = run.task == _native.LIVE_TASK and run.store not in _guards
    status = _FAILED if living else _CANNOT_RUN
    text = error_text(exception)
    if not isinstance(exception, PayloadRefusedError):
        text = f"its arguments cannot be read by the worker process: {text}"
    return _failure(run, RuntimeError(text), status)


def _execute(run: _Run) -> bytes:
    try:
        func, args, kwargs = _invocation(run)
    except Exception as exc:
        return _unreadable(run, exc)
    try:
        result = func(*args, **kwargs)
    except BaseException as exc:
        return _failure(run, exc)
    if result is None:
        return _outcome(run, _SUCCEEDED, _NO_ERROR + _field(b""))
    try:
        return _outcome(run, _SUCCEEDED, _NO_ERROR + _field(pickle.dumps(result, pickle.HIGHEST_PROTOCOL)))
    except Exception as exc:
        text = f"its return value cannot be sent from the worker process: {error_text(exc)}"
        return _failure(run, pickle.PicklingError(text))


# --- the worker ---------------------------------------------------------------------------------------------


def _get_ready(setup: bytes) -> None:
    """As a child that :mod:`multiprocessing` spawns: with the program's path, arguments and main module."""
    from multiprocessing import process, spawn

    prepared, initializer = pickle.loads(setup)
    current: Any = process.current_process()
    current._inheriting = True  # a main module that starts processes when it is imported is told so
    try:
        spawn.prepare(prepared)
    finally:
        del current._inheriting
    function, arguments, guards = pickle.loads(initializer)
    _guards.update(guards)
    if function is not None:
        function(*arguments)


def _greet(channel: _Channel) -> bool:
    hello = channel.read()
    (size,) = _LENGTH.unpack_from(hello, 5)
    try:
        _get_ready(hello[9 : 9 + size])
    except BaseException as exc:
        trace = "".join(traceback.format_tb(exc.__traceback__))
        channel.write(_framed(_REFUSED, _error_fields(exc, trace)))
        return False
    channel.write(_framed(_READY, _LENGTH.pack(_VERSION)))
    return True


def _run_of_turn(channel: _Channel, turn: int) -> _Run:
    """Runs before that were taken back."""
    while True:
        frame = channel.read()
        if frame[0] == _RUN and _RUN_HEAD.unpack_from(frame)[1] == turn:
            return _parse_run(frame)


def _described(run: _Run) -> runs.CurrentRun:
    scheduled_time = _native.to_datetime(run.scheduled_time, timezone.utc)
    return runs.CurrentRun(run.id, run.job_id, run.store, scheduled_time, run.attempt, run.fence)


def _work(channel: _Channel, turns: int) -> None:
    while True:
        turn = int.from_bytes(os.read(turns, 8), "little")
        if turn == _LEAVE:  # also when the pool is gone
            return
        run = _run_of_turn(channel, turn)
        with runs.entering(_described(run)):
            outcome = _execute(run)
        channel.write(outcome)


def main() -> None:
    descriptor, turns = (int(number) for number in os.environ.pop("DUETIME_WORKER").split(","))
    for inherited in (descriptor, turns):
        os.set_inheritable(inherited, False)
    channel = _Channel(descriptor)
    try:
        if _greet(channel):
            _work(channel, turns)
    except (_PoolGone, BrokenPipeError, ConnectionResetError):
        return
