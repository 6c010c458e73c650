"""APScheduler's documents in MongoDB."""

from __future__ import annotations

from typing import Any

from duetime._legacy.states import OldRow

__all__ = ("read_mongodb",)


def read_mongodb(collection: Any) -> list[OldRow] | None:
    """The jobs in a collection; documents of another shape, such as ours, are passed over.

    :param collection: of ``pymongo``
    :return: ``None`` if there are none
    """
    documents = collection.find({"job_state": {"$exists": True}}, ["next_run_time", "job_state"])
    return [_row(document) for document in documents] or None


def _row(document: dict[str, Any]) -> OldRow:
    state = document["job_state"]
    scheduled = document.get("next_run_time") is not None
    return OldRow(str(document["_id"]), scheduled, state if isinstance(state, bytes) else str(state).encode())
