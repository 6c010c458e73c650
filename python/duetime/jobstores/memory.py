"""Jobs in this process's memory."""

from __future__ import annotations

from typing import Any

from duetime._payload import Payload, living_payload
from duetime.job import Job
from duetime.jobstores.base import NativeJobStore

__all__ = ("MemoryJobStore",)


class MemoryJobStore(NativeJobStore):
    """Keeps jobs for as long as the scheduler runs. Their callables and arguments may be any objects.

    :param history: (ours) how many ended runs are remembered
    """

    living = True

    def __init__(self, history: int = 1000) -> None:
        super().__init__()
        self.history = int(history)
        if self.history < 0:
            raise ValueError(f"history must not be negative, got {history!r}")

    def _configuration(self) -> dict[str, Any]:
        return {"type": "memory", "history": self.history}

    def _payload(self, job: Job) -> Payload:
        return living_payload(job)
