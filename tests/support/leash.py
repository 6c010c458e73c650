"""Servers of tests do not outlive them, even where a test runner is killed."""

from __future__ import annotations

from collections.abc import Sequence


def leashed(command: Sequence[object], signal: str = "KILL") -> list[str]:
    """The command of a program that gets the signal when the thread that started it is gone."""
    return ["setpriv", "--pdeathsig", signal, *map(str, command)]
