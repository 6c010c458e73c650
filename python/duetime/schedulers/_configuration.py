"""What a scheduler may be told, and warnings for what it does not know."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from typing import Any

from duetime.util import asbool, asint

__all__ = ("job_defaults_of", "nested", "warn_of_unknown")

_JOB_DEFAULTS = {"misfire_grace_time": (asint, 1), "coalesce": (asbool, True), "max_instances": (asint, 1)}


def nested(gconfig: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """``{"apscheduler.a.b": 1}`` as ``{"a": {"b": 1}}``."""
    config: dict[str, Any] = {}
    for dotted, value in gconfig.items():
        if not dotted.startswith(prefix):
            continue
        *parents, key = dotted[len(prefix) :].split(".")
        place = config
        for parent in parents:
            place = place.setdefault(parent, {})
        place[key] = value
    return config


def job_defaults_of(given: Mapping[str, Any], stacklevel: int) -> dict[str, Any]:
    """With their types, and the defaults for what is not given."""
    unknown = [key for key in given if key not in _JOB_DEFAULTS]
    warn_of_unknown(unknown, _JOB_DEFAULTS, "job default", stacklevel + 1)
    return {key: read(given.get(key, default)) for key, (read, default) in _JOB_DEFAULTS.items()}


def warn_of_unknown(unknown: Iterable[str], known: Iterable[str], kind: str, stacklevel: int) -> None:
    """Names what was meant, if that can be guessed."""
    for key in unknown:
        warnings.warn(
            f"{kind[0].upper()}{kind[1:]} {key!r} is not known and has no effect{_hint(key, known)}",
            stacklevel=stacklevel,
        )


def _hint(key: str, known: Iterable[str]) -> str:
    if key in _JOB_DEFAULTS:
        return f" (did you mean job_defaults={{{key!r}: ...}}?)"
    from difflib import get_close_matches

    near = get_close_matches(key, list(known), n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""
