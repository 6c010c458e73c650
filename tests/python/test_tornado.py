"""TornadoScheduler in a real loop."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

pytest.importorskip("tornado")

from duetime import events
from duetime.executors.tornado import TornadoExecutor
from duetime.jobstores.sqlite import SQLiteJobStore
from duetime.schedulers.base import STATE_STOPPED
from duetime.schedulers.tornado import TornadoScheduler, run_in_ioloop
from event_loop_contract import EventLoopContract, Host, Recorder, note, ran
from tornado.ioloop import IOLoop


class TornadoHost(Host):
    def __init__(self) -> None:
        started = threading.Event()
        self.thread = threading.Thread(target=self._run, args=(started,))
        self.thread.start()
        started.wait()

    def _run(self, started: threading.Event) -> None:
        self.loop = IOLoop(make_current=True)
        self.loop.add_callback(started.set)
        self.loop.start()
        self.loop.close()

    def post(self, function: Any) -> None:
        self.loop.add_callback(function)

    def is_here(self) -> bool:
        return threading.current_thread() is self.thread

    def scheduler_class(self) -> Any:
        return TornadoScheduler

    def close(self) -> None:
        self.loop.add_callback(self.loop.stop)
        self.thread.join()


@pytest.fixture
def host():
    made = TornadoHost()
    yield made
    made.close()


class TestContract(EventLoopContract):
    pass


async def anote(*args: Any) -> Any:
    await asyncio.sleep(0)
    ran.append((*args, threading.current_thread().name))
    return args


async def waits(host: Any) -> None:
    ran.append("begin")
    while "go on" not in ran:
        await asyncio.sleep(0.005)
    ran.append("end")


@pytest.fixture(autouse=True)
def _nothing_ran():
    ran.clear()


def test_coroutines_run_in_the_loop(host):
    scheduler = host.call(host.make)
    seen = Recorder(scheduler, host)
    host.call(scheduler.start)
    host.call(lambda: scheduler.add_job(anote, args=[1]))
    host.wait_until(lambda: seen.saw(events.EVENT_JOB_EXECUTED))
    assert ran == [(1, host.thread.name)]
    assert next(event for event in seen.events if event.code == events.EVENT_JOB_EXECUTED).retval == (1,)
    host.call(scheduler.shutdown)
    host.wait_until(lambda: seen.saw(events.EVENT_SCHEDULER_SHUTDOWN))


def test_shutdown_waits_for_coroutines(host, tmp_path):
    scheduler = host.call(lambda: host.make(jobstores={"default": SQLiteJobStore(str(tmp_path / "jobs.db"))}))
    seen = Recorder(scheduler, host)
    host.call(scheduler.start)
    host.call(lambda: scheduler.add_job(waits, args=[None]))
    host.wait_until(lambda: ran)
    host.call(scheduler.shutdown)
    host.wait_until(lambda: scheduler.state == STATE_STOPPED)
    assert not seen.saw(events.EVENT_SCHEDULER_SHUTDOWN)
    ran.append("go on")
    host.wait_until(lambda: seen.saw(events.EVENT_SCHEDULER_SHUTDOWN))
    assert ran == ["begin", "go on", "end"]
    assert seen.codes()[-3:] == [
        events.EVENT_JOB_EXECUTED,
        events.EVENT_JOB_REMOVED,
        events.EVENT_SCHEDULER_SHUTDOWN,
    ]


def test_a_loop_that_is_given(host):
    scheduler = TornadoScheduler(io_loop=host.loop, executors={"default": {"type": "tornado", "max_workers": "2"}})
    assert scheduler._ioloop is host.loop
    scheduler.start()
    scheduler.add_job(note, args=[1])
    host.wait_until(lambda: ran)
    scheduler.shutdown()
    host.wait_until(lambda: scheduler.state == STATE_STOPPED)
    assert isinstance(scheduler._executors["default"], TornadoExecutor)


def test_started_in_another_loop_than_made():
    """A global, and then asyncio.run()."""

    async def main() -> None:
        scheduler.start()
        scheduler.add_job(anote, args=[1])
        while not ran:
            await asyncio.sleep(0.005)
        scheduler.shutdown()

    scheduler = TornadoScheduler()
    for n in range(2):
        asyncio.run(main())
        while scheduler.state != STATE_STOPPED:
            pass
        assert len(ran) == 1, n
        ran.clear()


def test_shutdown_when_the_loop_is_closed():
    loop = IOLoop(make_current=False)
    scheduler = TornadoScheduler(io_loop=loop)
    scheduler.start()
    loop.close()
    scheduler.shutdown()
    assert scheduler.state == STATE_STOPPED


def test_run_in_ioloop(host):
    class Own(TornadoScheduler):
        @run_in_ioloop
        def greet(self, whom: str) -> None:
            ran.append((whom, host.is_here()))

    Own(io_loop=host.loop).greet("world")
    host.wait_until(lambda: ran)
    assert ran == [("world", True)]
