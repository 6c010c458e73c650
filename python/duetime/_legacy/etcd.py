"""APScheduler's keys in etcd."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from typing import Any

from duetime._legacy.states import OldRow
from duetime.jobstores._etcd_gateway import EtcdError

__all__ = ("read_etcd",)

_PAGE = 64

Call = Callable[[str, dict[str, Any]], dict[str, Any]]


def read_etcd(call: Call, path: str) -> list[OldRow] | None:
    """The jobs below a path; paused ones say so in their states.

    :param call: asks etcd, in the JSON of its interface
    :return: ``None`` if there are none
    """
    prefix = f"{path}/".encode()
    return [
        OldRow(key[len(prefix) :].decode(errors="backslashreplace"), True, value)
        for key, value in _pairs_under(call, prefix)
    ] or None


def _pairs_under(call: Call, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
    first, end = prefix, prefix[:-1] + bytes([prefix[-1] + 1])
    answer: dict[str, Any] = {"more": True}
    while answer.get("more"):
        answer = _page(call, {"key": _text(first), "range_end": _text(end)})
        for pair in answer.get("kvs", []):
            key = b64decode(pair["key"])
            yield key, b64decode(pair.get("value", ""))
            first = key + b"\0"


def _page(call: Call, request: dict[str, Any], limit: int = _PAGE) -> dict[str, Any]:
    """Clients of gRPC refuse answers that are too long."""
    try:
        return call("Range", {**request, "limit": limit})
    except EtcdError as error:
        if not error.is_exhausted or limit == 1:
            raise
    return _page(call, request, limit // 2)


def _text(data: bytes) -> str:
    return b64encode(data).decode()
