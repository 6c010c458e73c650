"""Lock files: one process of a group runs jobs, another takes over when it ends."""

from __future__ import annotations

import json
import logging
import os
import signal
import threading
from datetime import datetime, timedelta

import pytest
from conftest import START, wait_until
from duetime.schedulers import base
from duetime.schedulers._lock_file import LockFile, lock_file_at
from duetime.schedulers._standby import _first_after
from duetime.schedulers.background import BackgroundScheduler
from duetime.triggers.combining import OrTrigger
from duetime.triggers.cron import CronTrigger
from duetime.triggers.date import DateTrigger
from duetime.triggers.interval import IntervalTrigger

HOLDER = """
    import sys
    from duetime.schedulers.background import BackgroundScheduler

    scheduler = BackgroundScheduler(timezone="UTC", lock_file="lock")
    scheduler.start()
    assert scheduler.health()["state"] == "running"
    print("held", flush=True)
    sys.stdin.readline()
    scheduler.shutdown()
    print("released", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def holder(program):
    """Another process, which holds the lock."""
    process = program(HOLDER)
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


@pytest.fixture
def standing_by(tmp_path, holder, clock):
    """By the manual clock."""
    scheduler = BackgroundScheduler(timezone="UTC", clock=clock, lock_file=tmp_path / "lock")
    scheduler.start()
    yield scheduler
    if scheduler.running:
        scheduler.shutdown()


def kill(process):
    process.kill()
    process.wait()


def runs_jobs(scheduler):
    return scheduler.health()["state"] == "running"


def test_standing_by_looks_as_if_it_ran(standing_by, holder, tmp_path):
    assert standing_by.running
    assert standing_by.state == base.STATE_RUNNING
    health = standing_by.health()
    assert (health["state"], health["standby"]) == ("standby", True)
    assert health["lock_file"] == {"path": str(tmp_path / "lock"), "holder": holder.pid}


def test_its_jobs_are_its_own(standing_by, clock):
    ran = []
    standing_by.add_job(ran.append, "interval", minutes=1, args=[1], id="x")
    clock.advance(timedelta(minutes=10))
    assert standing_by.get_job("x").next_run_time == START + timedelta(minutes=1)
    assert standing_by.modify_job("x", name="new").name == "new"
    standing_by.remove_job("x")
    assert standing_by.get_jobs() == []
    assert ran == []


def test_takes_over_from_one_that_was_killed(standing_by, holder, clock):
    """What was due while the other lived was the other's to run, however much grace there is."""
    runs = []
    ran = threading.Event()
    standing_by.add_job(runs.append, "interval", minutes=1, args=["periodic"], id="x", misfire_grace_time=None)
    standing_by.add_job(runs.append, args=["once"], id="once", misfire_grace_time=None)
    clock.advance(timedelta(minutes=5, seconds=30))
    kill(holder)
    wait_until(lambda: runs_jobs(standing_by))
    assert standing_by.health()["lock_file"]["holder"] == os.getpid()
    assert [job.id for job in standing_by.get_jobs()] == ["x"]
    assert standing_by.get_job("x").next_run_time == START + timedelta(minutes=6)
    standing_by.add_job(ran.set, "date", run_date=START + timedelta(minutes=6))
    clock.advance(timedelta(seconds=30))
    assert ran.wait(60)
    wait_until(lambda: runs == ["periodic"])


def test_what_was_due_after_the_last_one_stopped_follows_its_grace_time(tmp_path, standing_by, holder, clock):
    """It stopped at START + 2 minutes, as it wrote down, and another gets its lock three minutes later."""
    runs = []
    for job_id, grace in (("late", 3600), ("too late", 1)):
        standing_by.add_job(
            runs.append, "cron", minute="1,4", args=[job_id], id=job_id, misfire_grace_time=grace, max_instances=3
        )
    clock.advance(timedelta(minutes=5))
    note = {"pid": 1, "served_until": (START + timedelta(minutes=2)).isoformat()}
    (tmp_path / "lock").write_text(json.dumps(note))
    kill(holder)
    wait_until(lambda: runs_jobs(standing_by))
    wait_until(lambda: all(job.next_run_time.hour == 10 for job in standing_by.get_jobs()))
    wait_until(lambda: runs == ["late"])


def test_takes_over_from_one_that_shut_down(standing_by, holder):
    holder.stdin.write("\n")
    holder.stdin.flush()
    assert holder.stdout.readline() == "released\n"
    wait_until(lambda: runs_jobs(standing_by))
    assert holder.poll() is None


def test_the_last_word_of_a_holder(tmp_path, clock):
    scheduler = BackgroundScheduler(timezone="UTC", clock=clock, lock_file=tmp_path / "lock")
    scheduler.start()
    assert json.loads((tmp_path / "lock").read_text()) == {"pid": os.getpid(), "served_until": None}
    clock.advance(timedelta(minutes=1))
    scheduler.shutdown()
    note = json.loads((tmp_path / "lock").read_text())
    assert datetime.fromisoformat(note["served_until"]) == START + timedelta(minutes=1)


def test_paused_while_standing_by(standing_by, holder):
    standing_by.pause()
    assert standing_by.health()["state"] == "paused"
    kill(holder)
    wait_until(lambda: not standing_by.health()["standby"])
    assert standing_by.state == base.STATE_PAUSED
    standing_by.resume()
    assert runs_jobs(standing_by)


def test_resumed_while_standing_by(standing_by):
    standing_by.pause()
    standing_by.resume()
    assert standing_by.health()["state"] == "standby"


def test_shut_down_while_standing_by(standing_by, holder, tmp_path, clock):
    """The thread that waits for the lock cannot be woken; it lets go of what it then gets."""
    standing_by.shutdown()
    kill(holder)
    lock = lock_file_at(str(tmp_path / "lock"))
    wait_until(lambda: not lock._waits)
    assert not lock.held
    standing_by.start()
    assert runs_jobs(standing_by)


def test_started_again_while_standing_by(standing_by, holder):
    standing_by.shutdown()
    standing_by.start()
    assert standing_by.health()["standby"]
    kill(holder)
    wait_until(lambda: runs_jobs(standing_by))


def test_schedulers_of_one_process_share_the_lock(tmp_path, holder):
    first, second = (BackgroundScheduler(timezone="UTC", lock_file=str(tmp_path / "lock")) for _ in range(2))
    first.start()
    second.start()
    assert first.health()["standby"]
    assert second.health()["standby"]
    kill(holder)
    wait_until(lambda: runs_jobs(first) and runs_jobs(second))
    first.shutdown()
    assert lock_file_at(str(tmp_path / "lock")).held
    second.shutdown()
    assert not lock_file_at(str(tmp_path / "lock")).held


def test_by_environment(tmp_path, monkeypatch, holder):
    monkeypatch.setenv("DUETIME_LOCK_FILE", str(tmp_path / "lock"))
    for options, state in (({}, "standby"), ({"lock_file": ""}, "running"), ({"lock_file": tmp_path / "b"}, "running")):
        scheduler = BackgroundScheduler(timezone="UTC", **options)
        scheduler.start()
        assert scheduler.health()["state"] == state
        scheduler.shutdown()


def test_driven_by_the_program(tmp_path, holder, clock):
    class Scheduler(base.BaseScheduler):
        def shutdown(self, wait=True):
            super().shutdown(wait)

        def wakeup(self):
            pass

    runs = []
    scheduler = Scheduler(timezone="UTC", clock=clock, lock_file=tmp_path / "lock")
    scheduler.start()
    scheduler.add_job(runs.append, "cron", second="*/10", args=[1], misfire_grace_time=None)
    clock.advance(timedelta(seconds=15))
    assert scheduler._process_jobs() is None
    kill(holder)
    wait_until(lambda: runs_jobs(scheduler))
    clock.advance(timedelta(seconds=5))
    scheduler._process_jobs()
    wait_until(lambda: runs == [1])
    scheduler.shutdown()


def test_a_file_that_cannot_be_made(tmp_path):
    scheduler = BackgroundScheduler(timezone="UTC", lock_file=tmp_path / "missing" / "lock")
    with pytest.raises(FileNotFoundError, match="missing"):
        scheduler.start()
    assert not scheduler.running


def test_a_file_that_was_replaced_is_not_the_lock(tmp_path):
    """Whoever waits for a file that somebody has deleted waits on for the one that others open."""
    path = tmp_path / "lock"
    lock = LockFile(str(path))
    lock._open()
    path.unlink()
    assert not lock._acquire()
    assert lock._acquire()
    assert path.exists()
    lock._close()


@pytest.mark.parametrize("content", [b"", b"\xff{", b"[1]", b'{"pid": "x", "served_until": 5}', b"9" * 10_000])
def test_what_stands_in_the_file_need_not_make_sense(tmp_path, content):
    (tmp_path / "lock").write_bytes(content)
    lock = LockFile(str(tmp_path / "lock"))
    assert lock.holder() is None
    lock._open()
    assert lock._served_until() is None
    lock._close()


def test_one_shots_that_will_not_run_are_told_of(standing_by, caplog):
    with caplog.at_level(logging.WARNING, "apscheduler.scheduler"):
        standing_by.add_job(print, "interval", minutes=1)
        assert not caplog.records
        standing_by.add_job(print, id="lost")
        standing_by.add_job(print, id="second")
    assert [record.levelname for record in caplog.records] == ["WARNING"]


MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("trigger", "expected"),
    [
        (IntervalTrigger(minutes=1, start_date=START, timezone="UTC"), START + 11 * MINUTE),
        (CronTrigger(minute="*/5", timezone="UTC"), START + 15 * MINUTE),
        (DateTrigger(START), None),
        (IntervalTrigger(minutes=1, start_date=START, end_date=START + 5 * MINUTE, timezone="UTC"), None),
        (OrTrigger([DateTrigger(START), DateTrigger(START + 20 * MINUTE)]), START + 20 * MINUTE),
    ],
)
def test_the_first_fire_after(trigger, expected):
    until = START + 10 * MINUTE
    fire = trigger.get_next_fire_time(None, START)
    assert _first_after(trigger.get_next_fire_time, fire, until + timedelta(microseconds=1)) == expected


FORKING = """
    import os, sys, threading
    from duetime.schedulers.background import BackgroundScheduler

    scheduler = BackgroundScheduler(timezone="UTC", lock_file="lock")
    scheduler.start()
    if sys.argv[1] == "waits":
        assert scheduler.health()["standby"]
    child = os.fork()
    if child == 0:
        assert not scheduler.running
        print("child", os.getpid(), flush=True)
        sys.stdin.readline()  # for ever
    print("parent", flush=True)
    signal = threading.Event()
    signal.wait()
"""


def test_a_forked_child_does_not_keep_the_lock(program, tmp_path):
    """The parent is killed; the child lives on, with everything that it has inherited."""
    parent = program(FORKING, "holds")
    lines = [parent.stdout.readline() for _ in range(2)]
    child = next(int(line.split()[1]) for line in lines if line.startswith("child"))
    try:
        scheduler = BackgroundScheduler(timezone="UTC", lock_file=tmp_path / "lock")
        scheduler.start()
        assert scheduler.health()["standby"]
        parent.kill()
        parent.wait()
        wait_until(lambda: runs_jobs(scheduler))
        os.kill(child, 0)
        scheduler.shutdown()
    finally:
        os.kill(child, signal.SIGKILL)
        parent.communicate()


def test_a_forked_child_does_not_wait_for_the_lock(program, holder, tmp_path):
    parent = program(FORKING, "waits")
    lines = [parent.stdout.readline() for _ in range(2)]
    child = next(int(line.split()[1]) for line in lines if line.startswith("child"))
    try:
        parent.kill()
        parent.wait()
        kill(holder)
        scheduler = BackgroundScheduler(timezone="UTC", lock_file=tmp_path / "lock")
        scheduler.start()
        wait_until(lambda: runs_jobs(scheduler))
        os.kill(child, 0)
        scheduler.shutdown()
    finally:
        os.kill(child, signal.SIGKILL)
        parent.communicate()


def test_jobs_added_to_a_scheduler_of_the_parent_are_told_of(program, tmp_path):
    process = program(
        """
    import logging, os
    from duetime.schedulers.background import BackgroundScheduler

    logging.basicConfig(level="WARNING", format="%(levelname)s %(message)s")
    scheduler = BackgroundScheduler(timezone="UTC")
    scheduler.start()
    child = os.fork()
    if child == 0:
        scheduler.add_job(print)
        os._exit(0)
    os.waitpid(child, 0)
    """
    )
    output, _ = process.communicate(timeout=60)
    assert "WARNING The scheduler was started before this process was forked" in output


@pytest.mark.parametrize("mark", ["WERKZEUG_RUN_MAIN", "RUN_MAIN"])
def test_the_parent_of_a_reloader_stands_by(program, tmp_path, mark):
    """`python` as a program whose framework starts its child; other children are none of its business."""
    (tmp_path / "werkzeug.py").touch()
    process = program(
        f"""
    import os, subprocess, sys
    import werkzeug
    from duetime.schedulers.background import BackgroundScheduler

    scheduler = BackgroundScheduler(timezone="UTC", lock_file="lock")
    scheduler.start()
    state = lambda: scheduler.health()["state"]
    if os.environ.get("{mark}") == "true":
        print("child", state())
        sys.exit()
    subprocess.run([sys.executable, "-c", ""])
    subprocess.run([sys.executable, "-c", ""], env={{"{mark}": "false"}})
    print("parent", state(), flush=True)
    for _ in range(2):
        subprocess.run([sys.executable, __file__], env={{**os.environ, "{mark}": "true"}})
    print("parent", state(), scheduler.running)
    """
    )
    output, _ = process.communicate(timeout=60)
    assert output.splitlines() == ["parent running", "child running", "child running", "parent standby True"]
