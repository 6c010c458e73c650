"""AsyncIOScheduler in real event loops."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import subprocess
import sys
import threading
from contextvars import ContextVar
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import Any

import event_loop_contract as contract
import pytest
from conftest import DEADLINE, finish, notes, wait_until
from duetime import events
from duetime.executors.asyncio import AsyncIOExecutor
from duetime.executors.debug import DebugExecutor
from duetime.jobstores.sqlite import SQLiteJobStore
from duetime.runs import current_run
from duetime.schedulers import SchedulerNotRunningError
from duetime.schedulers.asyncio import AsyncIOScheduler, run_in_event_loop
from duetime.schedulers.background import BackgroundScheduler
from duetime.schedulers.base import STATE_STOPPED
from event_loop_contract import EventLoopContract, Host, note, ran


class AsyncioHost(Host):
    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()

    def post(self, function: Any) -> None:
        self.loop.call_soon_threadsafe(function)

    def is_here(self) -> bool:
        return threading.current_thread() is self.thread

    def scheduler_class(self) -> Any:
        return AsyncIOScheduler

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()


@pytest.fixture
def host():
    made = AsyncioHost()
    yield made
    made.close()


class TestContract(EventLoopContract):
    pass


@pytest.fixture(autouse=True)
def _nothing_ran():
    ran.clear()


async def until(condition: Any) -> None:
    async def look() -> None:
        while not condition():
            await asyncio.sleep(0.005)

    await asyncio.wait_for(look(), DEADLINE)


async def anote(*args: Any) -> Any:
    await asyncio.sleep(0)
    ran.append((*args, threading.current_thread() is threading.main_thread()))
    return args


async def endless() -> None:
    ran.append("begun")
    try:
        await asyncio.Event().wait()
    finally:
        ran.append("cancelled")


class Caller:
    async def __call__(self, *args: Any) -> None:
        await anote(*args)

    async def method(self, *args: Any) -> None:
        await anote(*args)


def recorded(scheduler: Any, mask: int = events.EVENT_ALL) -> list[Any]:
    told: list[Any] = []
    scheduler.add_listener(told.append, mask)
    return told


# --- starting and stopping ------------------------------------------------------------------------------


def test_start_needs_a_loop():
    scheduler = AsyncIOScheduler()
    with pytest.raises(RuntimeError, match="no running event loop"):
        scheduler.start()
    assert scheduler.state == STATE_STOPPED


def test_a_loop_that_is_given_may_run_later():
    loop = asyncio.new_event_loop()
    scheduler = AsyncIOScheduler(event_loop=loop)
    scheduler.add_job(anote, args=["later"])
    scheduler.start()
    loop.run_until_complete(until(lambda: ran))
    scheduler.shutdown()
    loop.run_until_complete(scheduler.wait_closed())
    loop.close()
    assert ran == [("later", True)]


def test_context_manager():
    async def main() -> None:
        async with AsyncIOScheduler() as scheduler:
            told = recorded(scheduler)
            scheduler.add_job(anote, args=[1])
            await until(lambda: ran)
        assert scheduler.state == STATE_STOPPED
        assert told[-1].code == events.EVENT_SCHEDULER_SHUTDOWN

    asyncio.run(main())


def test_shutdown_is_posted():
    async def main() -> None:
        scheduler = AsyncIOScheduler()
        scheduler.start()
        scheduler.shutdown()
        assert scheduler.running
        scheduler.shutdown()  # nobody has heard of the first
        await asyncio.sleep(0)
        assert scheduler.state == STATE_STOPPED
        assert scheduler._eventloop is None
        with pytest.raises(SchedulerNotRunningError):
            scheduler.shutdown()
        await scheduler.wait_closed()

    asyncio.run(main())


@pytest.mark.parametrize("shut_down", [True, False])
def test_one_scheduler_in_several_loops(shut_down):
    scheduler = AsyncIOScheduler()

    async def main(n: int) -> None:
        scheduler.start()
        scheduler.add_job(anote, args=[n])
        await until(lambda: (n, True) in ran)
        if shut_down:
            scheduler.shutdown()

    for n in range(3):
        asyncio.run(main(n))
    if not shut_down:
        scheduler.shutdown()
    wait_until(lambda: scheduler.state == STATE_STOPPED)
    assert ran == [(n, True) for n in range(3)]


def test_shutdown_when_the_loop_is_closed():
    scheduler = AsyncIOScheduler()
    told = recorded(scheduler)

    async def main() -> None:
        scheduler.start()

    asyncio.run(main())
    assert scheduler.running
    scheduler.shutdown()
    assert scheduler.state == STATE_STOPPED
    assert told[-1].code == events.EVENT_SCHEDULER_SHUTDOWN


def test_the_loop_goes_on_while_shutdown_waits_for_threads():
    """Jobs in threads may need the loop to end."""
    loop_said: list[str] = []

    async def answer() -> None:
        loop_said.append("here")

    def ask(loop: Any) -> None:
        begun.set()
        while scheduler.state != STATE_STOPPED:
            pass
        asyncio.run_coroutine_threadsafe(answer(), loop).result(DEADLINE)

    begun = threading.Event()
    scheduler = AsyncIOScheduler(executors={"threads": {"type": "threadpool"}})

    async def main() -> None:
        async with scheduler:
            scheduler.add_job(ask, args=[asyncio.get_running_loop()], executor="threads")
            await until(begun.is_set)

    asyncio.run(main())
    assert loop_said == ["here"]


def test_shutdown_cancels_coroutines():
    async def main() -> None:
        async with AsyncIOScheduler() as scheduler:
            told = recorded(scheduler)
            scheduler.add_job(endless)
            await until(lambda: ran)
        assert ran == ["begun", "cancelled"]
        assert [event.code for event in told[-3:]] == [
            events.EVENT_JOB_ERROR,
            events.EVENT_JOB_REMOVED,
            events.EVENT_SCHEDULER_SHUTDOWN,
        ]
        assert isinstance(told[-3].exception, asyncio.CancelledError)

    asyncio.run(main())


def test_shutdown_from_a_coroutine():
    async def stop() -> None:
        scheduler.shutdown()
        ran.append("asked")

    scheduler = AsyncIOScheduler()

    async def main() -> None:
        scheduler.start()
        scheduler.add_job(stop)
        await until(lambda: scheduler.state == STATE_STOPPED)
        await scheduler.wait_closed()

    asyncio.run(main())
    assert ran == ["asked"]


def test_what_was_not_begun_stays_in_its_store(tmp_path):
    """A coroutine that is cancelled before its first step has not run."""

    async def main() -> None:
        scheduler = AsyncIOScheduler(jobstores={"default": SQLiteJobStore(str(tmp_path / "jobs.db"))})
        submit = AsyncIOExecutor._do_submit_job

        class StopsAtOnce(AsyncIOExecutor):
            def _do_submit_job(self, job: Any, run_times: Any) -> None:
                submit(self, job, run_times)
                self.shutdown()
                scheduler.shutdown(wait=False)

        scheduler.add_executor(StopsAtOnce())
        scheduler.add_job(anote, args=["once"], id="once", misfire_grace_time=None)
        scheduler.start()
        await until(lambda: scheduler.state == STATE_STOPPED)
        await scheduler.wait_closed()
        assert ran == []

        async with AsyncIOScheduler(jobstores={"default": SQLiteJobStore(str(tmp_path / "jobs.db"))}):
            await until(lambda: ran)
        assert ran == [("once", True)]

    asyncio.run(main())


# --- what jobs can be -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "func", [anote, partial(anote, 1), partial(partial(anote, 1), 2), Caller(), Caller().method], ids=str
)
def test_coroutine_functions_run_in_the_loop(func):
    async def main() -> None:
        async with AsyncIOScheduler() as scheduler:
            scheduler.add_job(func)
            await until(lambda: ran)

    asyncio.run(main())
    assert ran[0][-1] is True


def test_other_functions_run_in_threads():
    async def main() -> None:
        async with AsyncIOScheduler() as scheduler:
            scheduler.add_job(lambda: ran.append(threading.current_thread() is threading.main_thread()))
            await until(lambda: ran)

    asyncio.run(main())
    assert ran == [False]


def test_result_of_a_coroutine():
    async def main() -> None:
        async with AsyncIOScheduler() as scheduler:
            told = recorded(scheduler, events.EVENT_JOB_EXECUTED)
            scheduler.add_job(anote, args=["result"])
            await until(lambda: told)
            assert told[0].retval == ("result",)

    asyncio.run(main())


def test_current_run_of_coroutines_that_overlap():
    known: dict[str, list[str]] = {}

    async def look(name: str, others: int) -> None:
        known.setdefault(name, []).append(current_run().job_id)
        await until(lambda: len(known) == others)
        known[name].append(current_run().job_id)

    async def main() -> None:
        async with AsyncIOScheduler() as scheduler:
            for name in ("a", "b", "c"):
                scheduler.add_job(look, args=[name, 3], id=name)
            await until(lambda: all(len(known.get(name, ())) == 2 for name in "abc"))
        assert current_run() is None

    asyncio.run(main())
    assert known == {name: [name, name] for name in "abc"}


def test_jobs_have_the_context_of_the_start():
    variable: ContextVar[str] = ContextVar("variable")

    async def look() -> None:
        ran.append(variable.get())

    async def main() -> None:
        scheduler = AsyncIOScheduler()
        variable.set("start")
        scheduler.start()
        variable.set("later")
        scheduler.add_job(look)
        await until(lambda: ran)
        scheduler.shutdown()

    asyncio.run(main())
    assert ran == ["start"]


def test_all_executors_side_by_side():
    async def main() -> None:
        executors = {"threads": {"type": "threadpool", "max_workers": 2}, "inline": DebugExecutor()}
        async with AsyncIOScheduler(executors=executors) as scheduler:
            told = recorded(scheduler, events.EVENT_JOB_EXECUTED)
            for alias in ("default", "threads", "inline"):
                scheduler.add_job(note, args=[alias], executor=alias)
            await until(lambda: len(told) == 3)

    asyncio.run(main())
    assert sorted(ran) == [("default",), ("inline",), ("threads",)]


def test_an_executor_of_the_program(caplog):
    """As python-telegram-bot has one: it relies on being called in the loop."""
    caplog.set_level(logging.INFO)

    class Own(AsyncIOExecutor):
        def _do_submit_job(self, job: Any, run_times: Any) -> None:
            assert asyncio.get_running_loop() is self._eventloop
            super()._do_submit_job(job, run_times)
            assert self._pending_futures

    async def main() -> None:
        async with AsyncIOScheduler(executors={"default": Own()}) as scheduler:
            scheduler.add_jobstore(contract.DictJobStore(), "python")
            scheduler.add_job(anote, args=["native"])
            scheduler.add_job(anote, args=["python"], jobstore="python")
            await until(lambda: len(ran) == 2)

    asyncio.run(main())
    assert sorted(ran) == [("native", True), ("python", True)]


def test_executor_in_a_scheduler_with_threads():
    """The loop is then whatever the program says it is."""
    loop = asyncio.new_event_loop()
    scheduler = BackgroundScheduler(executors={"default": {"type": "asyncio"}})
    scheduler._eventloop = loop
    scheduler.start()
    scheduler.add_job(anote, args=[1])
    loop.run_until_complete(until(lambda: ran))
    scheduler.shutdown()
    loop.close()
    assert ran == [(1, True)]


def test_run_in_event_loop():
    class Own(AsyncIOScheduler):
        @run_in_event_loop
        def greet(self, whom: str) -> None:
            ran.append((whom, asyncio.get_running_loop() is self._eventloop))

    async def main() -> None:
        scheduler = Own()
        with pytest.raises(SchedulerNotRunningError):
            scheduler.greet("nobody")
        async with scheduler:
            await asyncio.to_thread(scheduler.greet, "world")
            await until(lambda: ran)

    asyncio.run(main())
    assert ran == [("world", True)]


def test_own_wakeup():
    """As copied from APScheduler's own."""

    class Own(AsyncIOScheduler):
        @run_in_event_loop
        def wakeup(self) -> None:
            self._stop_timer()
            wait_seconds = self._process_jobs()
            self._start_timer(0.05 if wait_seconds is None else min(wait_seconds, 0.05))

    async def main() -> None:
        async with Own() as scheduler:
            scheduler.add_job(anote, "interval", seconds=0.01, args=[1])
            await until(lambda: len(ran) >= 3)

    asyncio.run(main())


# --- processes ------------------------------------------------------------------------------------------

PROGRAM = """
    import asyncio, os, signal, sys
    import jobs
    from duetime.schedulers.asyncio import AsyncIOScheduler

    async def tick():
        jobs.note("tick")
    async def endless():
        jobs.note("begin")
        await asyncio.Event().wait()
"""


def test_exit_while_it_runs(program, tmp_path):
    process = program(
        PROGRAM
        + """
    async def main():
        scheduler = AsyncIOScheduler()
        scheduler.start()
        scheduler.add_job(endless)
        scheduler.add_job(tick, "interval", seconds=0.01)
        while not os.path.exists("notes") or len(open("notes").readlines()) < 5:
            await asyncio.sleep(0.01)
    asyncio.run(main())
    """
    )
    finish(process)
    assert "begin" in notes(tmp_path)


def test_control_c(program, tmp_path):
    process = program(
        PROGRAM
        + """
    loop = asyncio.new_event_loop()
    scheduler = AsyncIOScheduler(event_loop=loop)
    scheduler.add_job(endless)
    scheduler.add_job(tick, "interval", seconds=0.01)
    scheduler.start()
    try:
        loop.run_forever()
    except KeyboardInterrupt:
        print("interrupted")
    """
    )
    wait_until(lambda: "tick" in notes(tmp_path) and "begin" in notes(tmp_path))
    process.send_signal(signal.SIGINT)
    assert "interrupted" in finish(process)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_fork(program, tmp_path):
    process = program(
        PROGRAM
        + """
    scheduler = AsyncIOScheduler()
    async def main(who):
        scheduler.start()
        scheduler.add_job(jobs.note, args=[who])
        while not os.path.exists("notes") or who not in open("notes").read():
            await asyncio.sleep(0.01)
        if who == "parent":
            child = os.fork()
            if child == 0:
                assert not scheduler.running
                asyncio._set_running_loop(None)
                asyncio.run(main("child"))
                os._exit(0)
            assert os.waitpid(child, 0)[1] == 0
            assert scheduler.running
        scheduler.shutdown()
    asyncio.run(main("parent"))
    """
    )
    finish(process)
    assert notes(tmp_path) == ["parent", "child"]


def test_import_is_light():
    source = "import sys, duetime.schedulers.background; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    frameworks = {"PyQt6", "PySide6", "asyncio", "dask", "gevent", "tornado", "twisted"}
    assert not frameworks.intersection(done.stdout.split())


def test_a_misfire_of_a_coroutine():
    async def main() -> None:
        async with AsyncIOScheduler() as scheduler:
            told = recorded(scheduler, events.EVENT_JOB_MISSED)
            scheduler.add_job(anote, "date", run_date=datetime.now(timezone.utc) - timedelta(minutes=1))
            await until(lambda: told)

    asyncio.run(main())
    assert ran == []
