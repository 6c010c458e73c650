"""The files that make up the project, for tests that read them."""

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# What lies in a checkout without belonging to it; needed only where git cannot be asked (a source archive).
_NOT_SOURCE = {"build", "dist", "__pycache__", ".git", ".venv", ".mypy_cache", ".ruff_cache", ".pytest_cache"}


def project_files() -> list[str]:
    """Paths of the project's files, relative to its root, with forward slashes."""
    listed = subprocess.run(["git", "-C", ROOT, "ls-files", "-z"], capture_output=True, check=False)
    names = os.fsdecode(listed.stdout).split("\0")[:-1] if listed.returncode == 0 else _walk()
    return sorted(name for name in names if (ROOT / name).is_file())


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def _walk() -> list[str]:
    found = []
    for directory, subdirectories, files in os.walk(ROOT):
        subdirectories[:] = [name for name in subdirectories if name not in _NOT_SOURCE]
        found += [(Path(directory) / name).relative_to(ROOT).as_posix() for name in files]
    return found
