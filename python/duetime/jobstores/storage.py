"""Job stores that are written in Python: of records that are found and written, all else is made by the engine."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from typing import Any

from duetime import _native
from duetime.jobstores.persistent import PersistentJobStore

__all__ = ("RecordStorage", "StorageJobStore")


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


class StorageJobStore(PersistentJobStore):
    """Keeps jobs and the history of their runs in a storage written in Python. Schedulers that share what it stands
    for run each fire once.

    :param storage: the storage
    :param options: ``pickle_protocol``, ``serializer``, ``signing_key``, ``allowed_modules`` and ``allowed_classes`` of
        :class:`~duetime.jobstores.persistent.PersistentJobStore`
    """

    def __init__(self, storage: RecordStorage, **options: Any) -> None:
        super().__init__(**options)
        if not isinstance(storage, RecordStorage):
            raise TypeError(f"storage must be a RecordStorage, got {type(storage).__name__!r}")
        self.storage = storage

    def _add_to(self, engine: _native.Scheduler, alias: str) -> None:
        add_storage(engine, alias, self.storage)

    def __repr__(self) -> str:
        return f"<{self.__class__.__name__} (storage={self.storage.name})>"
