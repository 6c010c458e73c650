"""Jobs in an SQLite file, which several processes of one host may share."""

from __future__ import annotations

import os
from typing import Any

from duetime._payload import Payload, stored_payload
from duetime.job import Job
from duetime.jobstores.base import NativeJobStore

__all__ = ("SQLiteJobStore",)

_SERIALIZERS = ("pickle", "json")


class SQLiteJobStore(NativeJobStore):
    """Keeps jobs and the history of their runs in a file. Processes that share it run each fire once.

    :param path: of the file; made if it does not exist
    :param serializer: of arguments: ``"pickle"`` for any objects of Python, or ``"json"``, which other languages
        can read and which is safe to read from a file that others may write
    :param pickle_protocol: for ``"pickle"``; -1 is the highest
    :param synchronous: ``"full"``: what was stored survives a power cut; ``"normal"``: it may lose the last moments
    :param busy_timeout: how many seconds to wait for another process's write
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        serializer: str = "pickle",
        pickle_protocol: int = -1,
        synchronous: str = "full",
        busy_timeout: float = 5.0,
    ) -> None:
        super().__init__()
        self.path = os.fspath(path)
        if not self.path:
            raise ValueError('The "path" parameter must not be empty')
        if serializer not in _SERIALIZERS:
            raise ValueError(f"serializer must be 'pickle' or 'json', got {serializer!r}")
        if synchronous not in ("full", "normal"):
            raise ValueError(f"synchronous must be 'full' or 'normal', got {synchronous!r}")
        self.serializer = serializer
        self.pickle_protocol = pickle_protocol
        self.synchronous = synchronous
        self.busy_timeout = float(busy_timeout)

    def _configuration(self) -> dict[str, Any]:
        return {
            "type": "sqlite",
            "path": os.path.abspath(self.path),
            "full_sync": self.synchronous == "full",
            "busy_timeout_us": round(self.busy_timeout * 1_000_000),
        }

    def _payload(self, job: Job) -> Payload:
        return stored_payload(job, self.serializer, self.pickle_protocol)

    def __repr__(self) -> str:
        return f"<{self.__class__.__name__} (path={self.path!r})>"
