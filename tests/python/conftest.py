"""What the tests share. Nothing here or in the tests depends on how fast the machine is: they wait for conditions."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from duetime.schedulers.background import BackgroundScheduler
from duetime.testing import ManualClock
from servers import (  # noqa: F401 -- fixtures
    etcd_server,
    mongodb_uri,
    own_etcd_server,
    own_postgresql_server,
    own_zookeeper_server,
    postgresql_server,
    redis_server,
    zookeeper_server,
)
from waiting import DEADLINE, wait_until

pytest.register_assert_rewrite("event_loop_contract", "job_store_contract")

START = datetime(2026, 11, 23, 9, 0, 0, tzinfo=timezone.utc)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START, drives=False)


@pytest.fixture
def scheduler(clock: ManualClock) -> Iterator[BackgroundScheduler]:
    """Not started; by the manual clock, in UTC."""
    made = BackgroundScheduler(timezone="UTC", clock=clock)
    yield made
    if made.running:
        made.shutdown()


@pytest.fixture
def running(scheduler: BackgroundScheduler) -> BackgroundScheduler:
    scheduler.start()
    return scheduler


@pytest.fixture
def program(tmp_path: Path) -> Callable[..., subprocess.Popen[str]]:
    """Starts a Python program in the test's own directory, where `jobs.py` is its module of jobs."""
    (tmp_path / "jobs.py").write_text(JOBS)

    def start(source: str, *arguments: str, start_new_session: bool = False) -> subprocess.Popen[str]:
        script = tmp_path / f"program_{len(list(tmp_path.glob('program_*')))}.py"
        script.write_text(textwrap.dedent(source))
        return subprocess.Popen(
            [sys.executable, str(script), *arguments],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=start_new_session,
        )

    return start


JOBS = '''
import os, time

def note(line):
    """Appends a line to the file "notes"; such appends do not mix."""
    descriptor = os.open("notes", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    os.write(descriptor, (line + "\\n").encode())
    os.close(descriptor)

def hang(name):
    """Runs until the process dies, unless the file "let_go" is there."""
    note(f"begin {name}")
    while not os.path.exists("let_go"):
        time.sleep(0.01)
    note(f"end {name}")
'''


def notes(directory: Path) -> list[str]:
    path = directory / "notes"
    return path.read_text().splitlines() if path.exists() else []


SHARING = """
    import json, sys
    import jobs
    from duetime.schedulers.background import BackgroundScheduler
    does, options = sys.argv[1], json.loads(sys.argv[2])
    scheduler = BackgroundScheduler(jobstores={"default": options}, timezone="UTC")
    scheduler.start(paused=does == "add")
    if does == "add":
        for i in range(200):
            scheduler.add_job(jobs.note, "date", args=[str(i)], misfire_grace_time=None)
    else:
        print("ready", flush=True)
        sys.stdin.readline()
    scheduler.shutdown()
"""


@pytest.fixture
def assert_two_processes_share(
    program: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> Callable[[dict[str, Any]], None]:
    """That each of many jobs in a job store of these options is run once."""

    def check(options: dict[str, Any]) -> None:
        finish(program(SHARING, "add", json.dumps(options)))
        processes = [program(SHARING, "run", json.dumps(options)) for _ in range(2)]
        wait_until(lambda: len(notes(tmp_path)) >= 200)
        for process in processes:
            finish(process)
        assert sorted(map(int, notes(tmp_path))) == list(range(200))

    return check


def finish(process: subprocess.Popen[str]) -> str:
    """Waits for a program that ends well; its output."""
    output, _ = process.communicate(timeout=DEADLINE)
    assert process.returncode == 0, output
    return output
