"""TwistedScheduler in a real reactor, which can be run once in a process."""

from __future__ import annotations

import threading
from typing import Any

import pytest

pytest.importorskip("twisted")

from conftest import finish, notes
from duetime import events
from duetime.schedulers.base import STATE_STOPPED
from duetime.schedulers.twisted import TwistedScheduler, run_in_reactor
from event_loop_contract import EventLoopContract, Host, Recorder, ran
from twisted.internet.selectreactor import SelectReactor


class TwistedHost(Host):
    def __init__(self) -> None:
        self.reactor = SelectReactor()
        started = threading.Event()
        self.reactor.callFromThread(started.set)
        self.thread = threading.Thread(target=self.reactor.run, args=(False,))
        self.thread.start()
        started.wait()

    def post(self, function: Any) -> None:
        self.reactor.callFromThread(function)

    def is_here(self) -> bool:
        return threading.current_thread() is self.thread

    def scheduler_class(self) -> Any:
        return TwistedScheduler

    def make(self, kind: Any = None, **options: Any) -> Any:
        return super().make(kind, reactor=self.reactor, **options)

    def close(self) -> None:
        self.reactor.callFromThread(self.reactor.stop)
        self.thread.join()


@pytest.fixture
def host():
    made = TwistedHost()
    yield made
    made.close()


@pytest.fixture(autouse=True)
def _nothing_ran():
    ran.clear()


class TestContract(EventLoopContract):
    pass


def test_jobs_run_in_the_pool_of_the_reactor(host):
    scheduler = host.call(host.make)
    seen = Recorder(scheduler, host)
    host.call(scheduler.start)
    host.call(lambda: scheduler.add_job(lambda: ran.append(threading.current_thread())))
    host.wait_until(lambda: seen.saw(events.EVENT_JOB_EXECUTED))
    assert ran[0] in host.reactor.getThreadPool().threads
    host.call(scheduler.shutdown)
    host.wait_until(lambda: seen.saw(events.EVENT_SCHEDULER_SHUTDOWN))


def test_shutdown_when_the_reactor_has_ended():
    host = TwistedHost()
    scheduler = host.make()
    seen = Recorder(scheduler, host)
    host.call(scheduler.start)
    host.close()
    scheduler.shutdown()
    assert scheduler.state == STATE_STOPPED
    assert seen.saw(events.EVENT_SCHEDULER_SHUTDOWN)


def test_run_in_reactor(host):
    class Own(TwistedScheduler):
        @run_in_reactor
        def greet(self, whom: str) -> None:
            ran.append((whom, host.is_here()))

    Own(reactor=host.reactor).greet("world")
    host.wait_until(lambda: ran)
    assert ran == [("world", True)]


@pytest.mark.parametrize("end", ["reactor.stop()", "os.kill(os.getpid(), signal.SIGINT)"])
def test_the_installed_reactor(program, tmp_path, end):
    """The end of the reactor, with a scheduler that runs."""
    process = program(
        f"""
        import os, signal
        import jobs
        from duetime.schedulers.twisted import TwistedScheduler
        from twisted.internet import reactor, task

        scheduler = TwistedScheduler()
        assert scheduler._reactor is reactor
        scheduler.add_job(jobs.note, "interval", seconds=0.01, args=["tick"])
        scheduler.start()

        def look():
            if os.path.exists("notes") and len(open("notes").readlines()) >= 3:
                look_often.stop()
                {end}
        look_often = task.LoopingCall(look)
        look_often.start(0.01)
        reactor.run()
        print("through")
        """
    )
    assert "through" in finish(process)
    assert len(notes(tmp_path)) >= 3
