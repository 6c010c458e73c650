"""Jobs in an SQLite file, which several processes of one host may share."""

from __future__ import annotations

import os
from typing import Any

from duetime.jobstores.persistent import PersistentJobStore

__all__ = ("SQLiteJobStore",)


class SQLiteJobStore(PersistentJobStore):
    """Keeps jobs and the history of their runs in a file. Processes that share it run each fire once.

    :param path: of the file; made if it does not exist
    :param synchronous: ``"full"``: what was stored survives a power cut; ``"normal"``: it may lose the last moments
    :param busy_timeout: how many seconds to wait for another process's write
    :param protection: ``serializer``, ``pickle_protocol``, ``signing_key``, ``allowed_modules`` and ``allowed_classes``
        of :class:`~duetime.jobstores.persistent.PersistentJobStore`
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        synchronous: str = "full",
        busy_timeout: float = 5.0,
        **protection: Any,
    ) -> None:
        super().__init__(**protection)
        self.path = os.fspath(path)
        if not self.path:
            raise ValueError('The "path" parameter must not be empty')
        if synchronous not in ("full", "normal"):
            raise ValueError(f"synchronous must be 'full' or 'normal', got {synchronous!r}")
        self.synchronous = synchronous
        self.busy_timeout = float(busy_timeout)

    def _configuration(self) -> dict[str, Any]:
        return {
            "type": "sqlite",
            "path": os.path.abspath(self.path),
            "full_sync": self.synchronous == "full",
            "busy_timeout_us": round(self.busy_timeout * 1_000_000),
        }

    def __repr__(self) -> str:
        return f"<{self.__class__.__name__} (path={self.path!r})>"
