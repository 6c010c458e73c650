"""Schedulers of several languages share a store: examples/polyglot has a program of each, with one command line."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from types import ModuleType

import pytest
from duetime.executors.pool import ProcessPoolExecutor
from duetime.jobstores.sqlite import SQLiteJobStore
from duetime.schedulers.background import BackgroundScheduler
from waiting import DEADLINE, wait_until

ROOT = Path(__file__).parents[2]
PROGRAMS = ROOT / "examples" / "polyglot"
PAYLOAD = {"args": ["7 Übersichten 🗓"], "kwargs": {"to": ["a", "b"], "limit": 2.5, "now": None}}


@dataclass(frozen=True)
class Language:
    """How its program is started.

    :ivar needs: what its build makes, without which there is nothing to test
    """

    name: str
    command: tuple[str, ...]
    needs: tuple[Path, ...] = ()

    def __str__(self) -> str:
        return self.name


JAR = ROOT / "build" / "java" / "duetime-0.1.0.jar"
CLASSES = ROOT / "build" / "java" / "polyglot"
EXE = ROOT / "build" / "csharp" / "Polyglot.exe"
PYTHON = Language("python", (sys.executable, str(PROGRAMS / "polyglot.py")))
JAVA = Language("java", ("java", "-cp", f"{JAR}:{CLASSES}", "Polyglot"), needs=(JAR, CLASSES / "Polyglot.class"))
CSHARP = Language("csharp", ("mono", str(EXE)), needs=(EXE,))
LANGUAGES = [PYTHON, JAVA, CSHARP]
PAIRS = list(itertools.permutations(LANGUAGES, 2))
NEIGHBOURS = list(zip(LANGUAGES, LANGUAGES[1:] + LANGUAGES[:1], strict=True))


def require(*languages: Language) -> None:
    for language in languages:
        missing = [str(path) for path in language.needs if not path.exists()]
        missing += [] if which(language.command[0]) else [language.command[0]]
        if missing:
            pytest.skip(f"`tests/run {language}` was not run here: there is no {', '.join(missing)}")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Of a store that is empty."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'jobs.db'}"
    server = request.getfixturevalue("own_postgresql_server")
    return f"postgresql://postgres@/postgres?host={server.directory}"


@contextmanager
def working(language: Language, url: str, task: str, mark_file: Path) -> Iterator[None]:
    """A node that knows this task; at the end it leaves in good order."""
    with subprocess.Popen([*language.command, "worker", url, task, str(mark_file)], stdin=subprocess.PIPE) as process:
        try:
            yield
            assert process.stdin is not None
            process.stdin.close()
            assert process.wait(DEADLINE) == 0
        finally:
            process.kill()


def add(language: Language, url: str, job_id: str, task: str) -> None:
    subprocess.run([*language.command, "add", url, job_id, task, json.dumps(PAYLOAD)], check=True, timeout=DEADLINE)


def marks(mark_file: Path) -> list[tuple[str, str, object]]:
    """Who ran what, and with which payload."""
    lines = mark_file.read_text().splitlines() if mark_file.exists() else []
    return [(name, job_id, json.loads(payload)) for name, job_id, payload in (line.split(" ", 2) for line in lines)]


@pytest.mark.parametrize(("adder", "worker"), PAIRS, ids=str)
def test_a_job_of_one_language_is_run_by_another(adder, worker, url, tmp_path):
    require(adder, worker)
    mark_file = tmp_path / "marks"
    with working(worker, url, "reports:send", mark_file):
        add(adder, url, "übersicht", "reports:send")
        wait_until(lambda: marks(mark_file))
    assert marks(mark_file) == [(worker.name, "übersicht", PAYLOAD)]


@pytest.mark.parametrize(("first", "second"), NEIGHBOURS, ids=str)
def test_a_job_waits_for_a_node_that_knows_its_task(first, second, url, tmp_path):
    require(first, second)
    firsts, seconds = tmp_path / "first", tmp_path / "second"
    with working(first, url, "reports:send", firsts):
        add(first, url, "b", "bills:print")
        add(first, url, "a", "reports:send")
        wait_until(lambda: marks(firsts))
        with working(second, url, "bills:print", seconds):
            wait_until(lambda: marks(seconds))
    assert marks(firsts) == [(first.name, "a", PAYLOAD)]
    assert marks(seconds) == [(second.name, "b", PAYLOAD)]


def test_a_process_pool_of_python_has_workers_in_java(tmp_path, monkeypatch):
    require(JAVA)
    mark_file = tmp_path / "marks"
    reports = ModuleType("reports")
    reports.send = print  # which would run in a worker in Python
    monkeypatch.setitem(sys.modules, "reports", reports)
    program = [*JAVA.command, "pool", "reports:send", str(mark_file)]
    monkeypatch.setattr("duetime.executors._processes.worker_program", lambda: program)
    scheduler = BackgroundScheduler(
        jobstores={"default": SQLiteJobStore(tmp_path / "jobs.db", serializer="json")},
        executors={"default": ProcessPoolExecutor(1)},
        timezone="UTC",
    )
    scheduler.start()
    scheduler.add_job("reports:send", id="a", args=["today"], misfire_grace_time=None)
    wait_until(lambda: [run.state for run in scheduler.get_runs()] == ["succeeded"])
    scheduler.shutdown()
    assert marks(mark_file) == [("java", "a", {"args": ["today"], "kwargs": {}})]
