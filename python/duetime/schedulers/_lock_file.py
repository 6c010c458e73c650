"""The lock on a file that one process of a group holds.

It is ``flock()``: the kernel gives it up when its holder dies, however that happens, and wakes one that waits. Such a
lock belongs to the open file, which forked children share; so each process opens the file itself, and a child closes at
once what it has inherited. Closing, unlike unlocking, leaves the parent its lock.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from logging import getLogger
from threading import Lock, Thread
from typing import Any

__all__ = ("LockFile", "lock_file_at")

_RETRY_AFTER = 5.0  # seconds, where a file system refuses to lock
_MOST_BYTES = 4096

_mutex = Lock()  # guards all locks of this process; held across fork(), so that a child finds them in order
_lock_files: dict[str, LockFile] = {}


def lock_file_at(path: str) -> LockFile:
    """The one of that absolute path. All schedulers of a process share it: they run jobs together or not at all."""
    with _mutex:
        return _lock_files.setdefault(path, LockFile(path))


class LockFile:
    """What this process knows of a lock file.

    :ivar held: whether this process holds the lock
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.held = False
        self._descriptor = -1
        self._waits = False
        self._users: list[Callable[[datetime | None], object]] = []

    def join(self, take_over: Callable[[datetime | None], object]) -> bool:
        """Whether the lock is held, now or since another scheduler of this process joined.

        :param take_over: called once if it is held later, in a thread of ours, with the time up to which the last
            holder has run jobs; ``None`` if it could not say that any more
        :raises OSError: if the file cannot be opened or locked
        """
        with _mutex:
            if not self.held and not self._waits:
                self._try()
            self._users.append(take_over)
            if not self.held and not self._waits:
                Thread(target=self._wait, name="APScheduler-standby", daemon=True).start()
                self._waits = True
            return self.held

    def leave(self, take_over: Callable[[datetime | None], object], served_until: datetime) -> None:
        """The lock is given up with the last one that leaves. A thread that waits for it goes on to wait, as nothing
        can wake it, and then gives it up at once if nobody has joined again."""
        with _mutex:
            if take_over not in self._users:
                return
            self._users.remove(take_over)
            if self.held and not self._users:
                self._write(served_until)
                self._close()

    def holder(self) -> int | None:
        """The process that holds the lock, as far as the file says."""
        with suppress(OSError), open(self.path, "rb") as file:
            holder = _note_in(file.read(_MOST_BYTES)).get("pid")
            return holder if isinstance(holder, int) else None
        return None

    def _try(self) -> None:
        self._open()
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        except BaseException:
            self._close()
            raise
        self._note_held()

    def _wait(self) -> None:
        while not self._acquire():
            pass
        with _mutex:
            self._waits = False
            served_until = self._served_until()
            if not self._users:
                self._close()
                return
            self._note_held()
            users = tuple(self._users)
        for take_over in users:
            take_over(served_until)

    def _acquire(self) -> bool:
        """Waits for the lock. False: it could not be got, or on a file that is no longer the one that others open."""
        try:
            with _mutex:
                self._open()
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)
            if os.path.samestat(os.fstat(self._descriptor), os.stat(self.path)):
                return True
        except OSError as exc:
            getLogger("apscheduler.scheduler").warning("Cannot lock %s: %s; trying again", self.path, exc)
            time.sleep(_RETRY_AFTER)
        with _mutex:
            self._close()
        return False

    def _note_held(self) -> None:
        self.held = True
        self._write(None)

    def _open(self) -> None:
        if self._descriptor == -1:
            self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)

    def _close(self) -> None:
        self.held = False
        if self._descriptor != -1:
            os.close(self._descriptor)
        self._descriptor = -1

    def _served_until(self) -> datetime | None:
        text = _note_in(os.pread(self._descriptor, _MOST_BYTES, 0)).get("served_until")
        with suppress(ValueError):
            return datetime.fromisoformat(str(text))
        return None

    def _write(self, served_until: datetime | None) -> None:
        """For people, and for the next holder. It may fail, on a full disk: the lock is what counts."""
        note = {"pid": os.getpid(), "served_until": served_until and served_until.isoformat()}
        with suppress(OSError):
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, (json.dumps(note) + "\n").encode(), 0)

    def _forget(self) -> None:
        """In a forked child: the lock, and the thread that waits for it, are the parent's."""
        self._close()
        self._waits = False
        self._users.clear()


def _note_in(content: bytes) -> dict[str, Any]:
    with suppress(ValueError):
        note = json.loads(content)
        if isinstance(note, dict):
            return note
    return {}


def _after_fork_in_child() -> None:
    for lock_file in _lock_files.values():
        lock_file._forget()
    _mutex.release()


os.register_at_fork(before=_mutex.acquire, after_in_parent=_mutex.release, after_in_child=_after_fork_in_child)
