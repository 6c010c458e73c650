"""Gets the drivers ready: builds each one under build/bench/next_fire from its peers' packages.

A driver is a program that is given the path of the work (expressions.json). It prints one JSON object per line: for
each peer, expression and zone `{"peer", "expression", "zone"}` and either `"absent"`, the reason why the peer cannot
be asked this, or `"answers"`, the first fire after each start in seconds since 1970 (null: none), with `"policy"` where
only the answers of one policy for changes of the clock are right. Then, and after each round, `{"done": true}`. For
each line that it reads it runs a round: it asks every question again for a millisecond or so and prints `"ns"`, the
nanoseconds per call.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
BUILD = ROOT / "build" / "bench"
PEERS = BUILD / "next_fire"

Command = list[str]


class SkippedError(Exception):
    """Says why a driver cannot be had."""


def _call(what: str, command: Command, cwd: Path = ROOT, **environment: str) -> None:
    print(f"next_fire: {what}", flush=True)
    try:
        done = subprocess.run(
            ["nice", *command], cwd=cwd, env=os.environ | environment, capture_output=True, text=True, check=False
        )
    except OSError as exc:
        raise SkippedError(f"{what}: {exc}") from exc
    if done.returncode != 0:
        raise SkippedError(f"{what} failed: {(done.stderr or done.stdout)[-800:].strip()}")


def _need(program: str, debian_package: str) -> None:
    """Installs a missing program where that is possible without asking anybody."""
    if shutil.which(program):
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        _call("apt-get update", ["apt-get", "-q", "update"])
        _call(f"apt-get install {debian_package}", ["apt-get", "-q", "-y", "install", debian_package])
    if not shutil.which(program):
        raise SkippedError(f"there is no {program} here (Debian: {debian_package})")


def _copied(language: str) -> Path:
    """A copy of the driver's project to build in: tools write lock files beside what they build."""
    copy = PEERS / language
    shutil.copytree(HERE / "peers" / language, copy, dirs_exist_ok=True)
    return copy


def engine(_: str) -> Command:
    build = BUILD / "engine"
    options = ["-DCMAKE_BUILD_TYPE=Release", "-DDUETIME_BENCHMARKS=ON", "-DDUETIME_TESTS=OFF", "-DDUETIME_EXAMPLES=OFF"]
    _call("cmake", ["cmake", "-S", str(ROOT), "-B", str(build), "-G", "Ninja", *options])
    _call("building the engine", ["cmake", "--build", str(build), "--target", "duetime_next_fire"])
    return [str(build / "tests" / "bench" / "duetime_next_fire")]


def python(interpreter: str) -> Command:
    if not interpreter:
        _call("tests/setup python", [str(ROOT / "tests" / "setup"), "python"])
        interpreter = str(ROOT / "build" / "venv" / "bin" / "python")
    packages = PEERS / "python"
    for package in ("croniter", "croniter-rs", "cronsim"):
        try:
            # Each alone: where one cannot be had, its peer is left out and no other.
            target = ["--target", str(packages), "--upgrade"]
            _call(f"pip install {package}", [interpreter, "-m", "pip", "install", "-q", *target, package])
        except SkippedError as exc:
            print(f"next_fire: skipped: {package}: {exc}")
    search_path = os.pathsep.join(filter(None, [str(packages), os.environ.get("PYTHONPATH")]))
    return ["env", f"PYTHONPATH={search_path}", interpreter, str(HERE / "peers" / "python" / "next_fire.py")]


def rust(_: str) -> Command:
    _need("cargo", "cargo")
    project = _copied("rust")
    _call(
        "cargo build", ["cargo", "build", "--release", "--quiet"], cwd=project, CARGO_TARGET_DIR=str(project / "target")
    )
    return [str(project / "target" / "release" / "next-fire-peers")]


def go(_: str) -> Command:
    _need("go", "golang-go")
    project = _copied("go")
    _call("go mod tidy", ["go", "mod", "tidy"], cwd=project)
    _call("go build", ["go", "build", "-o", "next_fire", "."], cwd=project)
    return [str(project / "next_fire")]


def java(_: str) -> Command:
    _need("mvn", "maven")
    project = _copied("java")
    _call("mvn compile", ["mvn", "-B", "-q", "compile", "dependency:copy-dependencies"], cwd=project)
    return ["java", "-cp", f"{project}/target/classes:{project}/target/dependency/*", "NextFire"]


DRIVERS: dict[str, Callable[[str], Command]] = {
    "engine": engine,
    "python": python,
    "rust": rust,
    "go": go,
    "java": java,
}

# Measured once elsewhere, but distributed as source repositories only.
UNAVAILABLE = {"libcron (C++)": "not in any registry", "croncpp (C++)": "not in any registry"}


def prepared(name: str, interpreter: str) -> Command | None:
    """The driver's command line, or None where it cannot be had; a line says why."""
    try:
        return DRIVERS[name](interpreter)
    except SkippedError as exc:
        print(f"next_fire: skipped: {name}: {exc}", flush=True)
        return None
