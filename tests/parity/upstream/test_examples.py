"""APScheduler's examples, run unchanged until each has done something, then ended by Ctrl-C as their users end them."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Timer

import pytest

DEADLINE = 60  # seconds; only ever waited for when something is broken
EXAMPLES = {
    # file: what it prints when a job has run
    "executors/processpool.py": "Tick! The time is:",
    "jobstores/sqlalchemy_.py": "Alarm! This alarm was scheduled at",
    "misc/reference.py": "tick",
    "schedulers/asyncio_.py": "Tick! The time is:",
    "schedulers/background.py": "Tick! The time is:",
    "schedulers/blocking.py": "Tick! The time is:",
    "schedulers/gevent_.py": "Tick! The time is:",
    "schedulers/tornado_.py": "Tick! The time is:",
    "schedulers/twisted_.py": "Tick! The time is:",
}


@pytest.fixture(scope="module")
def examples(
    upstream: Path, run_as_apscheduler: Callable[..., subprocess.Popen[str]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, subprocess.Popen[str]]]:
    """All of them at the same time: they wait for most of it."""
    started = {
        file: run_as_apscheduler(str(upstream / "examples" / file), cwd=tmp_path_factory.mktemp("example"))
        for file in EXAMPLES
    }
    yield started
    for process in started.values():
        process.kill()


@pytest.mark.parametrize("file", EXAMPLES)
def test_an_example_runs_and_ends(examples: dict[str, subprocess.Popen[str]], file: str) -> None:
    process, expected = examples[file], EXAMPLES[file]
    watch = Timer(DEADLINE, process.kill)
    watch.start()
    try:
        output = _read_until(process, expected)
        process.send_signal(signal.SIGINT)
        output += process.communicate()[0]
    finally:
        watch.cancel()
    assert expected in output
    assert "Traceback" not in output
    assert process.returncode == 0, output


def _read_until(process: subprocess.Popen[str], expected: str) -> str:
    """What it prints up to the first line with that text, or all of it."""
    assert process.stdout is not None
    output = ""
    for line in process.stdout:
        output += line
        if expected in line:
            break
    return output
