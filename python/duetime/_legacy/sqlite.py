"""APScheduler's table in an SQLite file."""

from __future__ import annotations

import os
from contextlib import closing
from typing import Any
from urllib.parse import quote

from duetime._legacy.states import OldRow

__all__ = ("read_sqlite",)


def read_sqlite(path: str, table: str, note_in: str, note: str, timeout: float) -> list[OldRow] | None:
    """The rows of the table; ``None`` if there is no such table or file, or the jobs were copied before.

    It is to be called before the engine opens the file: when a program closes a file, the operating system drops all
    locks that the process holds on it, those of another copy of SQLite too.

    :param note_in: the table where the engine would have noted that they were copied, under the key ``note``
    :param timeout: how many seconds to wait for another process's write
    """
    import sqlite3

    if not os.path.exists(path):
        return None
    # Not read-only: a process that died may have left a journal, which has to be played back.
    with closing(sqlite3.connect(f"file:{quote(path)}?mode=rw", timeout, uri=True)) as connection:
        connection.text_factory = _text
        if not _has_table(connection, table) or _is_noted(connection, note_in, note):
            return None
        rows = connection.execute(f'SELECT id, next_run_time IS NOT NULL, job_state FROM "{table}"')
        return [OldRow(str(id), bool(scheduled), _bytes(state)) for id, scheduled, state in rows]


def _has_table(connection: Any, table: str) -> bool:
    query = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ? COLLATE NOCASE"
    return connection.execute(query, (table,)).fetchone() is not None


def _is_noted(connection: Any, note_in: str, note: str) -> bool:
    if not _has_table(connection, note_in):
        return False
    return connection.execute(f'SELECT 1 FROM "{note_in}" WHERE key = ?', (note,)).fetchone() is not None


def _text(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")


def _bytes(state: Any) -> bytes:
    return state if isinstance(state, bytes) else str(state).encode()
