"""A plug-in for pytest: writes how each test ended into the file that ``--outcomes`` names, as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_outcomes: dict[str, dict[str, str]] = {}


def pytest_addoption(parser: Any) -> None:
    parser.addoption("--outcomes", type=Path)


def pytest_runtest_logreport(report: Any) -> None:
    """A test has failed if its set-up or its end has."""
    if report.when == "call" or not report.passed:
        known = _outcomes.get(report.nodeid, {}).get("outcome")
        if known != "failed":
            _outcomes[report.nodeid] = {"outcome": report.outcome, "text": report.longreprtext}


def pytest_collectreport(report: Any) -> None:
    if report.failed:
        _outcomes[report.nodeid] = {"outcome": "failed", "text": report.longreprtext}


def pytest_sessionfinish(session: Any) -> None:
    session.config.getoption("--outcomes").write_text(json.dumps(_outcomes))
