"""QtScheduler in a real application, without a screen. Each binding has a process of its own."""

from __future__ import annotations

import importlib.util
import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest

BINDING = os.environ.get("DUETIME_QT", "PySide6")  # where this file runs itself once more, with another one

if importlib.util.find_spec(BINDING) is None:
    pytest.skip(f"{BINDING} is not installed", allow_module_level=True)
if BINDING != "PySide6":
    sys.modules["PySide6"] = None  # type: ignore[assignment]
try:
    from duetime.schedulers import qt
except ImportError as exc:
    pytest.skip(f"{BINDING} cannot be loaded: {exc}", allow_module_level=True)

import subprocess
import threading

from conftest import DEADLINE, finish, notes
from duetime import events
from duetime.schedulers.base import STATE_STOPPED
from duetime.schedulers.qt import QtScheduler
from event_loop_contract import EventLoopContract, Host, Recorder, note, ran

APPLICATION = qt.qtcore.QCoreApplication.instance() or qt.qtcore.QCoreApplication([])


class QtHost(Host):
    """Tests are where the application is, and let it work while they wait."""

    def call(self, function: Any) -> Any:
        return function()

    def is_here(self) -> bool:
        return threading.current_thread() is threading.main_thread()

    def wait_until(self, condition: Any) -> None:
        give_up = time.monotonic() + DEADLINE
        while not condition():
            assert time.monotonic() < give_up, "the condition did not come true"
            APPLICATION.processEvents()

    def scheduler_class(self) -> Any:
        return QtScheduler


@pytest.fixture
def host():
    return QtHost()


@pytest.fixture(autouse=True)
def _nothing_ran():
    ran.clear()


class TestContract(EventLoopContract):
    pass


def test_the_binding():
    assert qt.qtcore.__name__ == f"{BINDING}.QtCore"


def test_listeners_that_run_a_loop_of_their_own(host):
    """As a dialogue does: what is posted meanwhile is delivered by the inner loop."""
    scheduler = host.make()
    seen = Recorder(scheduler, host)

    def nested(event: Any) -> None:
        scheduler.remove_listener(nested)
        host.wait_until(lambda: seen.saw(events.EVENT_JOB_EXECUTED, 3))
        ran.append("inner")

    scheduler.add_listener(nested, events.EVENT_JOB_EXECUTED)
    scheduler.start()
    scheduler.add_job(note, "interval", seconds=0.01)
    host.wait_until(lambda: "inner" in ran)
    scheduler.shutdown()
    assert scheduler.state == STATE_STOPPED


def test_a_program(program, tmp_path):
    """Started by another thread; the application ends with a scheduler that runs."""
    process = program(
        f"""
        import os, sys, threading
        import jobs
        if {BINDING!r} != "PySide6":
            sys.modules["PySide6"] = None
        from {BINDING}.QtCore import QCoreApplication, QTimer

        application = QCoreApplication([])
        from duetime.schedulers.qt import QtScheduler

        def told(event):
            jobs.note("told in " + threading.current_thread().name)

        scheduler = QtScheduler()
        scheduler.add_listener(told, 4096)
        scheduler.add_job(jobs.note, "interval", seconds=0.01, args=["tick"])
        starter = threading.Thread(target=scheduler.start)
        starter.start()
        starter.join()

        def look():
            if os.path.exists("notes") and open("notes").read().count("told") >= 2:
                application.quit()
        timer = QTimer()
        timer.timeout.connect(look)
        timer.start(10)
        application.exec()
        print("through")
        """
    )
    assert "through" in finish(process)
    assert set(notes(tmp_path)) == {"tick", "told in MainThread"}


@pytest.mark.skipif(BINDING != "PySide6", reason="this is the other one")
@pytest.mark.skipif(importlib.util.find_spec("PyQt6") is None, reason="PyQt6 is not installed")
def test_pyqt6():
    here = Path(__file__)
    tests = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", here.name],
        cwd=here.parent,
        env={**os.environ, "DUETIME_QT": "PyQt6"},
        capture_output=True,
        text=True,
    )
    assert tests.returncode == 0, tests.stdout
    assert "passed" in tests.stdout
