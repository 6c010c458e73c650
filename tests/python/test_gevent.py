"""GeventScheduler in a real hub, and with monkey patching, which needs a process of its own."""

from __future__ import annotations

import os
import sys
import threading
from typing import Any

import pytest

pytest.importorskip("gevent")

import subprocess
from pathlib import Path

import gevent
import gevent.event
import gevent.monkey
from conftest import DEADLINE, finish, notes
from duetime import events
from duetime.schedulers.background import BackgroundScheduler
from duetime.schedulers.base import STATE_STOPPED
from duetime.schedulers.blocking import BlockingScheduler
from duetime.schedulers.gevent import GeventScheduler
from event_loop_contract import EventLoopContract, Host, Recorder, hold, note, ran

PATCHED = gevent.monkey.is_module_patched("threading")  # where this file runs itself once more
PATCHED_TESTS = """
from gevent import monkey
monkey.patch_all()  # before all else
import sys, pytest
sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", sys.argv[1]]))
"""


class GeventHost(Host):
    """Tests are greenlets themselves."""

    def __init__(self) -> None:
        self._thread = gevent.get_hub().thread_ident

    def call(self, function: Any) -> Any:
        return function()

    def is_here(self) -> bool:
        return bool(gevent.get_hub().thread_ident == self._thread)

    def wait_until(self, condition: Any) -> None:
        with gevent.Timeout(DEADLINE):
            while not condition():
                gevent.sleep(0.005)

    def make_event(self) -> Any:
        return gevent.event.Event()

    def scheduler_class(self) -> Any:
        return GeventScheduler


@pytest.fixture
def host():
    return GeventHost()


@pytest.fixture(autouse=True)
def _nothing_ran():
    ran.clear()


class TestContract(EventLoopContract):
    has_lanes = False

    def test_shutdown_from_a_real_thread(self, host, running, seen):
        """Also where threads are greenlets."""
        host.call(lambda: running.add_job(note, "interval", seconds=0.01))
        host.wait_until(lambda: ran)
        shutdown = gevent.get_hub().threadpool.spawn(running.shutdown)
        host.wait_until(lambda: seen.saw(events.EVENT_SCHEDULER_SHUTDOWN))
        shutdown.get()
        assert not seen.elsewhere

    def test_added_by_a_real_thread(self, host, running, seen):
        gevent.get_hub().threadpool.apply(running.add_job, (note,), {"args": ["from afar"]})
        host.wait_until(lambda: ran == [("from afar",)])

    def test_shutdown_waits_for_jobs(self, host, running, seen):
        from event_loop_contract import gate

        running.add_job(hold)
        host.wait_until(lambda: ran)
        gevent.spawn(gate.set)
        running.shutdown()
        assert ran == [("begin", None), ("end", None)]
        codes = seen.codes()
        assert codes.index(events.EVENT_JOB_EXECUTED) < codes.index(events.EVENT_SCHEDULER_SHUTDOWN)

    def test_start_answers_the_greenlet(self, host, scheduler):
        greenlet = scheduler.start()
        assert not greenlet.dead
        scheduler.shutdown()
        greenlet.join(DEADLINE)
        assert greenlet.dead

    def test_a_listener_that_sleeps(self, host, running):
        told: list[Any] = []

        def listener(event: Any) -> None:
            gevent.sleep(0.01)
            told.append(event.code)

        running.add_listener(listener, events.EVENT_JOB_EXECUTED)
        for n in range(3):
            running.add_job(note, args=[n])
        host.wait_until(lambda: len(told) == 3)

    def test_a_job_that_is_killed(self, host, running, seen):
        running.add_job(hold, id="held")
        host.wait_until(lambda: ran)
        gevent.killall(list(running._executors["default"]._greenlets))
        host.wait_until(lambda: seen.saw(events.EVENT_JOB_ERROR))

    def test_jobs_overlap(self, host, running):
        for name in range(5):
            running.add_job(hold, args=[name])
        host.wait_until(lambda: len(ran) == 5)


@pytest.mark.skipif(not PATCHED, reason="threads are threads")
class TestThreadsThatAreGreenlets:
    def test_background_scheduler(self, host):
        """Its jobs are greenlets, as with APScheduler: the hub goes on while they wait."""
        scheduler = BackgroundScheduler(timezone="UTC")
        seen = Recorder(scheduler, host)
        scheduler.start()
        begun, go_on = threading.Event(), threading.Event()

        def job() -> None:
            begun.set()
            assert go_on.wait(DEADLINE)
            ran.append(host.is_here())

        scheduler.add_job(job)
        assert begun.wait(DEADLINE)
        go_on.set()
        host.wait_until(lambda: seen.saw(events.EVENT_JOB_EXECUTED))
        assert ran == [True]
        assert not seen.elsewhere
        scheduler.shutdown()

    def test_blocking_scheduler(self, host):
        scheduler = BlockingScheduler(timezone="UTC")
        scheduler.add_job(note, "interval", seconds=0.01)
        greenlet = gevent.spawn(scheduler.start)
        host.wait_until(lambda: len(ran) >= 3)
        scheduler.shutdown()
        greenlet.join(DEADLINE)
        assert scheduler.state == STATE_STOPPED


@pytest.mark.skipif(PATCHED, reason="this is it")
def test_with_monkey_patching():
    here = Path(__file__)
    tests = subprocess.run(
        [sys.executable, "-c", PATCHED_TESTS, here.name],
        cwd=here.parent,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
    )
    assert tests.returncode == 0, tests.stdout
    assert "passed" in tests.stdout


@pytest.mark.skipif(PATCHED, reason="it starts a process without")
@pytest.mark.parametrize("patch", ["", "from gevent import monkey; monkey.patch_all()"])
def test_exit_and_fork(program, tmp_path, patch):
    process = program(
        f"""
        {patch}
        import os
        import gevent, gevent.os
        import jobs
        from duetime.schedulers.gevent import GeventScheduler

        def until_noted(word):
            while not os.path.exists("notes") or word not in open("notes").read():
                gevent.sleep(0.01)

        scheduler = GeventScheduler()
        scheduler.start()
        scheduler.add_job(jobs.note, args=["parent"])
        until_noted("parent")
        child = gevent.os.fork()
        if child == 0:
            assert not scheduler.running
            scheduler.start()
            scheduler.add_job(jobs.note, args=["child"])
            until_noted("child")
            scheduler.shutdown()
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        scheduler.add_job(jobs.note, args=["again"])
        until_noted("again")
        print("running", scheduler.running)
        """
    )
    assert "running True" in finish(process)
    assert notes(tmp_path) == ["parent", "child", "again"]


def test_manual_clock(host, clock):
    """It says what is due; the hub goes on."""
    scheduler = GeventScheduler(timezone="UTC", clock=clock)
    scheduler.add_job(note, "interval", minutes=30)
    scheduler.start()
    for count in (1, 2):
        clock.advance(minutes=30)
        host.wait_until(lambda n=count: len(ran) == n)
    scheduler.shutdown()
