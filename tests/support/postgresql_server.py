"""A PostgreSQL server of the tests' own. It runs as the user ``postgres`` where we are root, as it demands."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from tests.support.leash import leashed

_USER: dict[str, Any] = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}

# Nobody makes a database from them, and they are two thirds of the files.
_DROP_TEMPLATES = b"""UPDATE pg_database SET datistemplate = false;
DROP DATABASE template0;
DROP DATABASE template1;
"""


def can_serve_postgresql() -> bool:
    return any(Path("/usr/lib/postgresql").glob("*/bin/initdb"))


def _binary(name: str) -> Path:
    return max(Path("/usr/lib/postgresql").glob("*/bin")) / name


def _run(*command: object, **options: Any) -> None:
    words = [str(word) for word in command]
    subprocess.run(words, cwd="/", check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **options, **_USER)


def _own_directory() -> tempfile.TemporaryDirectory[str]:
    """Not one of pytest's, which each session closes to other users."""
    made = tempfile.TemporaryDirectory(prefix="duetime-postgresql-")
    if _USER:
        shutil.chown(made.name, "postgres", "postgres")
    return made


_preparing = threading.Lock()


@cache
def _prepared() -> tempfile.TemporaryDirectory[str]:
    """What initdb makes, in `data`: it takes a second or two, a copy a moment."""
    made = _own_directory()
    data = Path(made.name) / "data"
    options = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale", "C", "--wal-segsize", "1", "--no-sync"]
    _run(_binary("initdb"), "-D", data, *options)
    _run(_binary("postgres"), "--single", "-F", "-D", data, "postgres", input=_DROP_TEMPLATES)
    return made


class PostgreSQLProcesses:
    """A server and its data, in a directory that is gone with this object.

    :ivar directory: where the data directory and the server's Unix socket are
    """

    def __init__(self) -> None:
        self._own = _own_directory()
        self.directory = Path(self._own.name)
        self.data = self.directory / "data"
        with _preparing:
            prepared = _prepared()
        _run("cp", "-a", Path(prepared.name) / "data", self.data)
        self.process: subprocess.Popen[bytes] | None = None
        self._thawing: subprocess.Popen[bytes] | None = None

    def start(self, log: Path, settings: Iterable[str]) -> None:
        """Returns before it takes connections."""
        ours = (f"unix_socket_directories={self.directory}", "shared_buffers=16MB", "fsync=off")
        options = [word for setting in (*ours, *settings) for word in ("-c", setting)]
        command = leashed([_binary("postgres"), "-D", self.data, *options], signal="QUIT")
        with log.open("ab") as out:
            self.process = subprocess.Popen(command, cwd="/", stdout=out, stderr=out, **_USER)

    def is_ready(self) -> bool:
        """As pg_ctl sees it, in the eighth line."""
        assert self.process is not None
        assert self.process.poll() is None, f"PostgreSQL ended with {self.process.returncode}"
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) > 7 and lines[0] == str(self.process.pid) and lines[7].strip() == "ready"

    def stop(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """SIGQUIT: at once, SIGINT: without waiting for its clients."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait()

    def kill(self) -> None:
        """All of it, SIGKILL."""
        assert self.process is not None
        for child in self._stop_all():  # so that all are still known by their parent
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        self.process.kill()
        self.process.wait()
        self.thaw()

    def freeze(self) -> None:
        """Until thaw(), or until this process is gone, however it goes: what is frozen heeds no leash."""
        assert self.process is not None
        frozen = [*self._stop_all(), self.process.pid]
        command = ["sh", "-c", 'read _; kill -CONT "$@"', "thaw", *map(str, frozen)]
        self._thawing = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def thaw(self) -> None:
        if self._thawing is not None:
            self._thawing.communicate()
            self._thawing = None

    def _stop_all(self) -> list[int]:
        """The postmaster first, so that it has no more children. Answers those that it has."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)
        children = children_of(self.process.pid)
        for child in children:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGSTOP)
        return children


def children_of(parent: int) -> list[int]:
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended since
            if int(status.read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(int(status.parent.name))
    return found
