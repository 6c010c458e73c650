"""APScheduler's own tests, run against duetime.

What ends differently is listed in differences.toml, each with its reason. The list is strict: a test on it that ends
otherwise is as wrong as one that fails and is not on it.
"""

from __future__ import annotations

import json
import re
import socket
import subprocess
from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import tomllib

SECONDS_PER_TEST = 60
SECONDS_ALL = 900
MOST_OF_THEM = 700  # or the suite was not found

Outcomes = dict[str, dict[str, str]]


def test_every_test_ends_as_expected(
    upstream: Path, run_as_apscheduler: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    outcomes = _run_suite(upstream, run_as_apscheduler, tmp_path / "outcomes.json")
    differences = _differences()
    surprises = [
        f"{test}: {result['outcome']}, expected {expected}\n{_last_lines(result['text'])}"
        for test, result in sorted(outcomes.items())
        if result["outcome"] not in (expected := _expected(test, differences)).split(" or ")
    ]
    assert len(outcomes) > MOST_OF_THEM
    assert not surprises, "\n".join([f"{len(surprises)} tests end unexpectedly:", *surprises])


def test_no_difference_is_out_of_date(upstream: Path) -> None:
    """Each pattern names something that is there."""
    sources = {str(path.relative_to(upstream)): path.read_text() for path in (upstream / "tests").rglob("test_*.py")}
    for pattern in [pattern for difference in _load() for pattern in difference["tests"]]:
        file, *names = pattern.split("::")
        for name in names:
            plain = re.split(r"[*[]", name)[0]
            assert re.search(rf"^ *(async )?(def|class) {plain}", sources[file], re.MULTILINE), pattern


def _run_suite(upstream: Path, run: Callable[..., subprocess.Popen[str]], file: Path) -> Outcomes:
    options = f"-q --continue-on-collection-errors -p no:cacheprovider -p outcomes --timeout={SECONDS_PER_TEST}".split()
    if not _answers(2181):
        options += ["-k", "not zookeeper or null_path"]  # without a server each of them waits for a quarter of a minute
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
    """Patterns of tests with the outcome expected, as far as they count here."""
    return [
        (test, difference["outcome"])
        for difference in _load()
        if "unless" not in difference or not all(map(_is_here, difference["unless"]))
        for test in difference["tests"]
    ]


def _is_here(condition: str) -> bool:
    kind, _, name = condition.partition(" ")
    return _answers(int(name)) if kind == "port" else _can_be_imported(name)


def _answers(port: int) -> bool:
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", port)) == 0


def _can_be_imported(name: str) -> bool:
    try:
        return resolve_name(name) is not None
    except (ImportError, AttributeError):
        return False


def _expected(test: str, differences: list[tuple[str, str]]) -> str:
    return next((outcome for pattern, outcome in differences if fnmatchcase(test, pattern)), "passed")


def _last_lines(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines()[-6:])
