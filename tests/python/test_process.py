"""Starts and ends of processes, and their children."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import duetime
import pytest
from conftest import finish, notes, wait_until

HEAD = """
    import os, sys, threading, time
    import jobs
    from duetime.schedulers.background import BackgroundScheduler
    from duetime.schedulers.blocking import BlockingScheduler
"""


def test_import_is_light():
    source = "import sys; import duetime.schedulers.background; print(sorted(sys.modules))"
    loaded = subprocess.check_output(
        [sys.executable, "-c", source], text=True, cwd=Path(duetime.__file__).parent.parent
    )
    for module in (
        "asyncio",
        "multiprocessing",
        "concurrent.futures",
        "tzlocal",
        "sqlite3",
        "importlib.metadata",
        "uuid",
    ):
        assert f"'{module}'" not in loaded


def test_what_the_package_carries():
    assert Path(duetime.get_library()).name == "libduetime.so"
    assert duetime.__version__ == ".".join(map(str, duetime.version_info))


@pytest.mark.parametrize("what", ["running", "busy", "paused", "heard"])
def test_exit_with_a_running_scheduler(program, what):
    source = {
        "running": "scheduler.add_job(time.time, 'interval', seconds=0.001)\n    time.sleep(0.05)",
        "busy": "[scheduler.add_job(time.time) for _ in range(2000)]",
        "paused": "scheduler.pause()",
        "heard": "scheduler.add_listener(print)\n    "
        "scheduler.add_job(time.time, 'interval', seconds=0.001)\n    time.sleep(0.05)",
    }[what]
    finish(
        program(
            HEAD + "    scheduler = BackgroundScheduler(timezone='UTC')\n    scheduler.start()\n    " + source + "\n"
        )
    )


def test_exit_waits_for_running_jobs(program, tmp_path):
    process = program(
        HEAD
        + """
    scheduler = BackgroundScheduler(timezone="UTC")
    scheduler.start()
    scheduler.add_job(jobs.hang, args=["job"])
    while not os.path.exists("notes"):
        time.sleep(0.01)
    if len(sys.argv) > 1:
        scheduler.shutdown(wait=False)
    """
    )
    wait_until(lambda: notes(tmp_path) == ["begin job"])
    (tmp_path / "let_go").touch()
    finish(process)
    assert notes(tmp_path) == ["begin job", "end job"]


def test_exit_waits_for_what_shutdown_did_not(program, tmp_path):
    process = program(
        HEAD
        + """
    scheduler = BackgroundScheduler(timezone="UTC")
    scheduler.start()
    scheduler.add_job(jobs.hang, args=["job"])
    while not os.path.exists("notes"):
        time.sleep(0.01)
    scheduler.shutdown(wait=False)
    print("down", flush=True)
    """
    )
    assert process.stdout.readline() == "down\n"
    (tmp_path / "let_go").touch()
    finish(process)
    assert notes(tmp_path) == ["begin job", "end job"]


def test_not_a_daemon(program, tmp_path):
    process = program(
        HEAD
        + """
    scheduler = BackgroundScheduler(timezone="UTC", daemon=False)
    scheduler.start()
    def stop():
        jobs.hang("job")
        scheduler.shutdown()
    scheduler.add_job(stop)
    """
    )
    wait_until(lambda: notes(tmp_path) == ["begin job"])
    assert process.poll() is None
    (tmp_path / "let_go").touch()
    finish(process)


def test_blocking_is_interrupted(program):
    process = program(
        HEAD
        + """
    scheduler = BlockingScheduler(timezone="UTC")

    def ready():
        while not scheduler.running:  # an interrupted start() leaves nothing to shut down
            threading.Event().wait(0.001)
        print("ready", flush=True)

    scheduler.add_job(ready)
    try:
        scheduler.start()
    except KeyboardInterrupt:
        print("interrupted")
        scheduler.shutdown()
    """
    )
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGINT)
    assert finish(process) == "interrupted\n"


FORKED = """
    scheduler = BackgroundScheduler(timezone="UTC")
    scheduler.start()
    scheduler.add_job(jobs.note, "interval", seconds=0.01, args=["parent"], max_instances=5)
    ran = threading.Event()
    scheduler.add_job(ran.set)
    ran.wait()
    child = os.fork()
    if child == 0:
        try:
            assert not scheduler.running, scheduler.state
            assert scheduler.get_jobs() == []
            if sys.argv[1] == "starts":
                done = threading.Event()
                scheduler.add_job(done.set)
                scheduler.start()
                assert done.wait(60)
                assert len(scheduler.get_jobs()) == 0
                scheduler.shutdown()
        except BaseException as exc:
            print("child:", repr(exc), flush=True)
            os._exit(1)
        if sys.argv[1] == "exits":
            sys.exit(0)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0, status
    again = threading.Event()
    scheduler.add_job(again.set)
    assert again.wait(60)
"""


@pytest.mark.parametrize("what", ["starts", "exits", "ends"])
def test_fork(program, what):
    finish(program(HEAD + FORKED, what))


def test_fork_with_a_file(program):
    finish(
        program(
            HEAD
            + """
    from duetime.jobstores.sqlite import SQLiteJobStore
    scheduler = BackgroundScheduler(timezone="UTC", jobstores={"default": SQLiteJobStore("jobs.db")})
    scheduler.start()
    scheduler.add_job(jobs.note, "cron", hour=3, id="x", args=["never"])
    child = os.fork()
    if child == 0:
        scheduler.start()
        scheduler.modify_job("x", name="by the child")
        scheduler.shutdown()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0, status
    assert scheduler.get_job("x").name == "by the child"
    """
        )
    )
