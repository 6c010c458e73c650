"""Job stores that are written in Python: of records that are found and written, all else is made by the engine."""

from __future__ import annotations

import json
import pickle
from abc import ABC, abstractmethod
from typing import Any

from duetime import _native
from duetime._payload import Payload, stored_payload
from duetime.job import Job
from duetime.jobstores.base import NativeJobStore

__all__ = ("RecordStorage", "StorageJobStore")

_SERIALIZERS = ("pickle", "json")


class RecordStorage(ABC):
    """Where records are kept. ``docs/job_store_plugin.md`` specifies records, questions and operations.

    Methods are called from the engine's threads, several at the same time. What went wrong is raised as a
    :class:`~duetime._errors.JobStoreError` with one of the store's codes; any other exception means that the storage
    cannot be reached now or, from :meth:`write`, that nobody knows whether it took effect.

    :cvar max_operations: the most that :meth:`write` takes, at least 16; 0 is any number
    :cvar has_clock: whether :meth:`now` tells the time. Without it, hosts that share the storage need clocks that agree
    """

    max_operations = 0
    has_clock = False

    @property
    @abstractmethod
    def name(self) -> str:
        """For logs; without passwords."""

    def open(self) -> None:  # noqa: B027 -- some have nothing to open
        """Connects; makes the schema, or checks it."""

    def close(self) -> None:  # noqa: B027
        """Frees what it holds; it may be opened again."""

    def forked(self) -> None:  # noqa: B027
        """In the child of a fork: lets go of connections without a word to the other side."""

    def now(self) -> int:
        """The clock of all nodes, in microseconds since 1970 in UTC."""
        raise NotImplementedError

    @abstractmethod
    def draw(self, count: int) -> int:
        """Takes that many numbers from a counter that only grows; the first."""

    @abstractmethod
    def read(self, question: dict[str, Any]) -> dict[str, Any]:
        """The answer to a question, as of now."""

    @abstractmethod
    def write(self, operations: list[dict[str, Any]]) -> bool:
        """Does all operations in one atomic step; ``False``: a guard did not hold, and nothing was done."""


class _Texts:
    """A storage as the engine speaks to it."""

    def __init__(self, storage: RecordStorage) -> None:
        self.open = storage.open
        self.close = storage.close
        self.forked = storage.forked
        self.now = storage.now
        self.draw = storage.draw
        self._read = storage.read
        self._write = storage.write

    def read(self, question: str) -> str:
        return json.dumps(self._read(json.loads(question)))

    def write(self, operations: str) -> bool:
        return self._write(json.loads(operations))


def add_storage(engine: _native.Scheduler, alias: str, storage: RecordStorage) -> None:
    engine.add_storage(alias, storage.name, storage.max_operations, storage.has_clock, _Texts(storage))


class StorageJobStore(NativeJobStore):
    """Keeps jobs and the history of their runs in a storage written in Python. Schedulers that share what it stands
    for run each fire once.

    :param storage: the storage
    :param serializer: of arguments: ``"pickle"`` for any objects of Python, or ``"json"``, which other languages can
        read and which is safe to read from a storage that others may write to
    :param pickle_protocol: for ``"pickle"``
    """

    def __init__(
        self,
        storage: RecordStorage,
        *,
        serializer: str = "pickle",
        pickle_protocol: int = pickle.HIGHEST_PROTOCOL,
    ) -> None:
        super().__init__()
        if not isinstance(storage, RecordStorage):
            raise TypeError(f"storage must be a RecordStorage, got {type(storage).__name__!r}")
        if serializer not in _SERIALIZERS:
            raise ValueError(f"serializer must be 'pickle' or 'json', got {serializer!r}")
        self.storage = storage
        self.serializer = serializer
        self.pickle_protocol = pickle_protocol

    def _add_to(self, engine: _native.Scheduler, alias: str) -> None:
        add_storage(engine, alias, self.storage)

    def _payload(self, job: Job) -> Payload:
        return stored_payload(job, self.serializer, self.pickle_protocol)

    def __repr__(self) -> str:
        return f"<{self.__class__.__name__} (storage={self.storage.name})>"
