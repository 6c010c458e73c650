"""The package metadata of APScheduler, for programs in which its name means duetime."""

from __future__ import annotations

from importlib.metadata import Distribution
from pathlib import Path
from typing import Any

import duetime

__all__ = ("AliasDistribution",)


class AliasDistribution(Distribution):
    """Says which release duetime is compatible with; has no files and no entry points."""

    def read_text(self, filename: str) -> str | None:
        if filename != "METADATA":
            return None
        return f"Metadata-Version: 2.1\nName: APScheduler\nVersion: {duetime.apscheduler_version}\n"

    def locate_file(self, path: Any) -> Any:
        return Path(duetime.__file__).parent / path
