"""Quartz's own CronExpression, from Maven Central, asked in one run of a JVM."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
JARS = HERE.parents[2] / "build" / "quartz"
VERSION = "2.5.2"


class Unavailable(Exception):
    """Why Quartz cannot be asked here."""


class Question(NamedTuple):
    expression: str
    zone: str
    instants: tuple[int, ...]  # seconds since 1970


class Refused(NamedTuple):
    why: str


Answer = Refused | tuple[int | None, ...]  # the first fire after each instant


def ask(questions: Sequence[Question]) -> list[Answer]:
    lines = ["\t".join((q.expression, q.zone, *map(str, q.instants))) for q in questions]
    command = ["java", "-cp", str(_jar()), str(HERE / "QuartzOracle.java")]
    run = subprocess.run(command, input="\n".join(lines) + "\n", capture_output=True, text=True, check=False)
    if run.returncode != 0:
        raise RuntimeError(f"{command}: {run.stderr}")
    answers = [_read(line) for line in run.stdout.splitlines()]
    assert len(answers) == len(questions), run.stderr
    return answers


def _read(line: str) -> Answer:
    if line.startswith("error: "):
        return Refused(line.removeprefix("error: "))
    return tuple(None if word == "none" else int(word) for word in line.split("\t"))


def _jar() -> Path:
    """Fetched once, into build/."""
    jar = JARS / f"quartz-{VERSION}.jar"
    for tool in ("java", "mvn"):
        if shutil.which(tool) is None:
            raise Unavailable(f"there is no {tool}")
    if not jar.exists():
        options = [f"-DoutputDirectory={JARS}", "-DincludeScope=compile"]
        fetch = ["mvn", "-B", "-q", "dependency:copy-dependencies", *options]
        run = subprocess.run(fetch, cwd=HERE, capture_output=True, text=True, check=False)
        if run.returncode != 0 or not jar.exists():
            raise Unavailable(f"Maven did not get Quartz {VERSION}: {run.stdout[-500:]}")
    return jar
