"""Signatures of what job stores keep, as docs/job_document.md describes them for all languages."""

from __future__ import annotations

import hmac
import os
from collections.abc import Iterable, Sequence
from typing import Any

__all__ = ("is_signed_by", "seal", "sign", "signing_keys", "unseal")

_SHORTEST_KEY = 16  # bytes
_DIGITS = 64  # of a signature, hexadecimal

# What stands before and after a signature in data of an encoding; programs that know no signatures read past it.
_IN_JSON = (b',"signature":"hmac-sha256:', b'"}')
_AFTER_PICKLE = (b"\nduetime-signature:hmac-sha256:", b"\n")


def signing_keys(option: Any) -> tuple[bytes, ...]:
    """Of the option ``signing_key`` or, without one, the environment; the first signs, all verify.

    :raises TypeError: for a key that is neither text nor bytes
    :raises ValueError: for one that is too short
    """
    if option is None:
        option = os.environ.get("DUETIME_SIGNING_KEY", "").split()
    keys = [option] if isinstance(option, (str, bytes)) else list(option)
    return tuple(_key(key) for key in keys if key)


def _key(key: Any) -> bytes:
    """Error texts leave it out."""
    if not isinstance(key, (str, bytes)):
        raise TypeError(f"signing_key must be a str, bytes, or a list of them, got {type(key).__name__!r}")
    made = key.encode() if isinstance(key, str) else key
    if len(made) < _SHORTEST_KEY:
        raise ValueError(f"signing_key must have at least {_SHORTEST_KEY} bytes, got {len(made)}")
    return made


def sign(key: bytes, parts: Sequence[bytes]) -> bytes:
    """64 hexadecimal digits: HMAC-SHA256 of the parts, each after its length in 8 bytes."""
    message = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
    return hmac.new(key, message, "sha256").hexdigest().encode()


def is_signed_by(keys: Iterable[bytes], signature: bytes, parts: Sequence[bytes]) -> bool:
    """Whether one of the keys made the signature. How long that takes says nothing about which, or how nearly."""
    matches = [hmac.compare_digest(sign(key, parts), signature) for key in keys]
    return any(matches)


def seal(encoding: str, data: bytes, signature: bytes) -> bytes:
    """Data with its signature inside."""
    before, after = _places(encoding)
    whole = data[:-1] if encoding == "json" else data
    return whole + before + signature + after


def unseal(encoding: str, data: bytes) -> tuple[bytes, bytes | None]:
    """Data as it was signed, and the signature; ``None``: it has none."""
    before, after = _places(encoding)
    start = len(data) - len(before) - _DIGITS - len(after)
    if start < 0 or not data.endswith(after) or data[start : start + len(before)] != before:
        return data, None
    whole = data[:start] + (b"}" if encoding == "json" else b"")
    return whole, data[start + len(before) : start + len(before) + _DIGITS]


def _places(encoding: str) -> tuple[bytes, bytes]:
    return _IN_JSON if encoding == "json" else _AFTER_PICKLE
