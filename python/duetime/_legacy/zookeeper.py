"""APScheduler's nodes in ZooKeeper."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from kazoo.exceptions import NoNodeError

from duetime._legacy.states import OldRow

__all__ = ("read_zookeeper",)

_TIMEOUT = 15.0  # of an answer, in seconds


def read_zookeeper(client: Any, path: str) -> list[OldRow] | None:
    """The jobs below a path; paused ones say so in their states.

    :param client: a ``kazoo.client.KazooClient`` that is connected
    :return: ``None`` if there are none
    """
    try:
        names = client.get_children_async(path).get(timeout=_TIMEOUT)
    except NoNodeError:
        return None
    return list(_rows(client, path, names)) or None


def _rows(client: Any, path: str, names: list[str]) -> Iterator[OldRow]:
    """Nodes without data hold other paths."""
    asked = [(name, client.get_async(f"{path}/{name}")) for name in names]
    for name, answer in asked:
        with suppress(NoNodeError):  # removed meanwhile
            state = answer.get(timeout=_TIMEOUT)[0]
            if state:
                yield OldRow(name, True, state)
