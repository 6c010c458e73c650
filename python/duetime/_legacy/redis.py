"""APScheduler's keys in Redis."""

from __future__ import annotations

from typing import Any

from duetime._legacy.states import OldRow

__all__ = ("read_redis",)


def read_redis(client: Any, jobs_key: str, run_times_key: str) -> list[OldRow] | None:
    """The jobs in the hash ``jobs_key``; those that the sorted set ``run_times_key`` lacks are paused.

    :param client: of ``redis-py``, which must answer bytes
    :return: ``None`` if there is no such hash
    """
    states = dict(client.hscan_iter(jobs_key))
    scheduled = set(client.zrange(run_times_key, 0, -1))
    return [OldRow(_text(id), id in scheduled, state) for id, state in states.items()] or None


def _text(id: bytes) -> str:
    return id.decode("utf-8", "backslashreplace")
