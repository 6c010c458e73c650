"""APScheduler's own tests, run against duetime.

What ends differently is listed in differences.toml, each with its reason. The list is strict: a test on it that ends
otherwise is as wrong as one that fails and is not on it.
"""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import tomllib

SECONDS_PER_TEST = 60
SECONDS_ALL = 900

Outcomes = dict[str, dict[str, str]]


def test_every_test_ends_as_expected(
    upstream: Path, run_as_apscheduler: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    outcomes = _run_suite(upstream, run_as_apscheduler, tmp_path / "outcomes.json")
    differences = _differences()
    surprises = [
        f"{test}: {result['outcome']}, expected {expected}\n{_last_lines(result['text'])}"
        for test, result in sorted(outcomes.items())
        if result["outcome"] != (expected := _expected(test, differences))
    ]
    assert len(outcomes) > 900, "most of the suite was not run"
    assert not surprises, "\n".join([f"{len(surprises)} tests end unexpectedly:", *surprises])


def test_no_difference_is_out_of_date(upstream: Path) -> None:
    sources = "\n".join(path.read_text() for path in (upstream / "tests").rglob("test_*.py"))
    names = [_function_name(test) for difference in _load() for test in difference["tests"]]
    assert [name for name in names if f"def {name}" not in sources] == []


def _run_suite(upstream: Path, run: Callable[..., subprocess.Popen[str]], file: Path) -> Outcomes:
    options = f"-q --continue-on-collection-errors -p no:cacheprovider -p outcomes --timeout={SECONDS_PER_TEST}".split()
    process = run("-m", "pytest", *options, "--outcomes", str(file), "tests", cwd=upstream, path=Path(__file__).parent)
    try:
        output, _ = process.communicate(timeout=SECONDS_ALL)
    finally:
        process.kill()
    assert file.exists(), output
    outcomes: Outcomes = json.loads(file.read_text())
    return outcomes


def _load() -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = tomllib.loads(Path(__file__).with_name("differences.toml").read_text())["difference"]
    return listed


def _differences() -> list[tuple[str, str]]:
    """Patterns of tests with the outcome expected; those that a server is needed for count where it is not there."""
    return [
        (test, difference["outcome"])
        for difference in _load()
        if "server" not in difference or not _answers(difference["server"])
        for test in difference["tests"]
    ]


def _answers(port: int) -> bool:
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", port)) == 0


def _expected(test: str, differences: list[tuple[str, str]]) -> str:
    return next((outcome for pattern, outcome in differences if fnmatchcase(test, _escaped(pattern))), "passed")


def _escaped(pattern: str) -> str:
    return pattern.replace("[", "[[]")


def _function_name(test: str) -> str:
    return test.rpartition("::")[2].partition("[")[0].partition("*")[0]


def _last_lines(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines()[-6:])
