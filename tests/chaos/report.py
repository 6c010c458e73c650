"""What is told of a trial that went wrong: where it ran, its directory may be gone before anybody looks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

_MOST_LINES = 25  # of a list, a history or a log
_MOST_JOBS = 4
_LONGEST_LINE = 300

RUNS_LOG = "runs.log"  # what the nodes executed
RUNS_TEXT = "runs.txt"  # what the store says of it, written by the cluster


def report(directory: Path, wrong: Sequence[str]) -> str:
    """What was violated, the history of the jobs that it is about, and the last lines of every log."""
    lines = [*_first(wrong, "violations"), f"directory: {directory}"]
    for place in _places(directory, wrong):
        for job in _jobs_in(wrong)[:_MOST_JOBS]:
            lines += _history(place, job)
        for log in sorted(place.glob("*.log")):
            lines += _tail(log)
    return "\n".join(line[:_LONGEST_LINE] for line in lines)


def _first(lines: Sequence[str], what: str) -> list[str]:
    rest = len(lines) - _MOST_LINES
    return [*lines[:_MOST_LINES], *([f"and {rest} more {what}"] if rest > 0 else [])]


def _jobs_in(wrong: Sequence[str]) -> list[str]:
    """Ids as those of workload.py."""
    found = re.findall(r"\b(?:once|often|long|now)-\d+\b", "\n".join(wrong))
    return list(dict.fromkeys(found))


def _places(directory: Path, wrong: Sequence[str]) -> list[Path]:
    """The parts of the trial that are named, where it has parts."""
    words = set(re.findall(r"\w+", "\n".join(wrong)))
    return [part for part in sorted(directory.iterdir()) if part.is_dir() and part.name in words] or [directory]


def _history(place: Path, job: str) -> Iterator[str]:
    for name, who in ((RUNS_TEXT, "the store"), (RUNS_LOG, "the nodes")):
        lines = [line for line in _lines(place / name) if re.search(rf"\b{job}\b", line)]
        yield f"--- {job} in {place.name}, by {who}"
        yield from _first(lines, "lines")


def _tail(log: Path) -> list[str]:
    lines = _lines(log)
    return [f"--- the end of {log.parent.name}/{log.name}", *lines[-_MOST_LINES:]] if lines else []


def _lines(path: Path) -> list[str]:
    return path.read_text(errors="replace").splitlines() if path.exists() else []
