"""Programs of others that import ``apscheduler``, and where they are found; nothing of them is in this repository."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def upstream() -> Path:
    """APScheduler's source distribution, with its tests and examples."""
    source = ROOT / "build/sources/apscheduler-3.11.3"
    assert source.is_dir(), "APScheduler's source distribution is missing: run tests/setup parity"
    return source


@pytest.fixture(scope="session")
def run_as_apscheduler() -> Callable[..., subprocess.Popen[str]]:
    """Starts a program for which ``apscheduler`` means duetime."""

    def start(
        *program: str, cwd: Path, path: Path | None = None, stderr: int = subprocess.STDOUT
    ) -> subprocess.Popen[str]:
        places = [str(place) for place in (path, os.environ.get("PYTHONPATH")) if place]
        return subprocess.Popen(
            [sys.executable, "-u", "-m", "duetime", "run-as-apscheduler", *program],
            cwd=cwd,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(places)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )

    return start
