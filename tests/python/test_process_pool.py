"""Jobs in worker processes of the engine."""

from __future__ import annotations

import concurrent.futures.process
import logging
import os
import pickle
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import DEADLINE, finish, notes, wait_until
from duetime.events import EVENT_JOB_ERROR, EVENT_JOB_EXECUTED, JobExecutionEvent
from duetime.executors.pool import ProcessPoolExecutor
from duetime.jobstores.sqlite import SQLiteJobStore
from duetime.runs import current_run
from duetime.schedulers.background import BackgroundScheduler

# --- what the jobs do, in the worker --------------------------------------------------------------

initialized: list[object] = []


def initialize(value: object) -> None:
    initialized.append(value)


def refuse_to_initialize() -> None:
    raise RuntimeError("no licence")


def what_was_initialized() -> tuple[list[object], int]:
    return initialized, os.getpid()


def add(a: int, b: int = 0) -> int:
    return a + b


def raise_error(text: str) -> None:
    raise ValueError(text)


class Stubborn(Exception):
    """Cannot be made anew from what pickle keeps of it."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(f"{first} {second}")


def raise_stubborn() -> None:
    raise Stubborn("not", "pickled")


def make_lock() -> Any:
    return threading.Lock()


class Unreadable:
    """Pickled without complaint, but not to be had back."""

    def __reduce__(self) -> Any:
        return raise_error, ("cannot come back",)


def make_unreadable() -> Unreadable:
    return Unreadable()


def describe_run() -> Any:
    run = current_run()
    return run and (run.job_id, run.jobstore, run.attempt)


# --- the pool -------------------------------------------------------------------------------------


class Watched:
    """A scheduler with a process pool, and what became of its jobs."""

    def __init__(self, executor: ProcessPoolExecutor, jobstore: Any = None) -> None:
        self.events: list[JobExecutionEvent] = []
        stores = {} if jobstore is None else {"default": jobstore}
        self.scheduler = BackgroundScheduler(timezone="UTC", executors={"default": executor}, jobstores=stores)
        self.scheduler.add_listener(self.events.append, EVENT_JOB_EXECUTED | EVENT_JOB_ERROR)
        self.scheduler.start()

    def submit(self, func: Callable[..., Any], *args: Any, **kwargs: Any) -> str:
        return self.scheduler.add_job(func, args=args, kwargs=kwargs, misfire_grace_time=None).id

    def run(self, func: Callable[..., Any], *args: Any, **kwargs: Any) -> JobExecutionEvent:
        job_id = self.submit(func, *args, **kwargs)
        wait_until(lambda: any(event.job_id == job_id for event in self.events))
        return next(event for event in self.events if event.job_id == job_id)


@pytest.fixture
def watch() -> Iterator[Callable[..., Watched]]:
    made: list[Watched] = []

    def make(max_workers: int = 2, jobstore: Any = None, **options: Any) -> Watched:
        timeout = options.pop("timeout", None)
        made.append(Watched(ProcessPoolExecutor(max_workers, options, timeout=timeout), jobstore))
        return made[-1]

    yield make
    for watched in made:
        if watched.scheduler.running:
            watched.scheduler.shutdown()


@pytest.fixture(params=["memory", "sqlite"])
def watched(request: pytest.FixtureRequest, watch: Callable[..., Watched], tmp_path: Path) -> Watched:
    return watch(jobstore=SQLiteJobStore(str(tmp_path / "jobs.db")) if request.param == "sqlite" else None)


def test_results_and_exceptions_are_objects(watched):
    event = watched.run(add, 2, b=3)
    assert (event.code, event.retval, event.exception) == (EVENT_JOB_EXECUTED, 5, None)
    assert watched.run(os.getpid).retval != os.getpid()
    event = watched.run(raise_error, "no \N{SNOWMAN}")
    assert event.code == EVENT_JOB_ERROR
    assert isinstance(event.exception, ValueError)
    assert str(event.exception) == "no \N{SNOWMAN}"
    assert "raise ValueError(text)" in event.traceback


@pytest.mark.parametrize(
    ("func", "args", "says"),
    [
        (os.abort, (), "was killed by signal 6 (SIGABRT)"),
        (os._exit, (7,), "exited with status 7"),
        (signal.raise_signal, (signal.SIGKILL,), "was killed by signal 9 (SIGKILL)"),
    ],
)
def test_a_worker_that_dies_fails_its_job_and_is_replaced(watched, func, args, says):
    watched.run(os.getpid)
    event = watched.run(func, *args)
    assert event.code == EVENT_JOB_ERROR
    assert isinstance(event.exception, concurrent.futures.process.BrokenProcessPool)
    assert says in str(event.exception)
    assert watched.run(add, 1).retval == 1


def test_sys_exit_fails_the_job_only(watch):
    watched = watch(max_workers=1)
    worker = watched.run(os.getpid).retval
    assert isinstance(watched.run(sys.exit, 3).exception, SystemExit)
    assert watched.run(os.getpid).retval == worker


def test_a_worker_that_is_killed_while_idle_fails_nothing(watch):
    watched = watch(max_workers=1)
    for _ in range(3):
        worker = watched.run(os.getpid).retval
        os.kill(worker, signal.SIGTERM)
        wait_until_gone(worker)
        assert watched.run(os.getpid).retval != worker


def test_a_job_knows_its_run(watched):
    job_id = watched.submit(describe_run)
    wait_until(lambda: watched.events)
    assert watched.events[0].retval == (job_id, "default", 1)


def test_many_jobs_each_once(watched):
    total = 500
    ids = [watched.submit(add, number) for number in range(total)]
    wait_until(lambda: len(watched.events) >= total)
    watched.scheduler.shutdown()
    assert sorted(event.job_id for event in watched.events) == sorted(ids)
    assert sorted(event.retval for event in watched.events) == list(range(total))


# --- what cannot cross ----------------------------------------------------------------------------


def test_arguments_that_cannot_be_pickled(watch):
    watched = watch()
    event = watched.run(add, threading.Lock())
    assert event.code == EVENT_JOB_ERROR
    assert "the job cannot be sent to a worker process" in str(event.exception)
    event = watched.run(lambda: None)
    assert "lambda" in str(event.exception)
    assert watched.run(add, 1).retval == 1


def test_results_that_cannot_be_pickled(watch):
    watched = watch(max_workers=1)
    worker = watched.run(os.getpid).retval
    event = watched.run(make_lock)
    assert isinstance(event.exception, pickle.PicklingError)
    assert "its return value cannot be sent from the worker process" in str(event.exception)
    event = watched.run(make_unreadable)
    assert event.code == EVENT_JOB_ERROR
    assert "its return value cannot be read from the worker process: cannot come back" in str(event.exception)
    assert watched.run(os.getpid).retval == worker


def test_arguments_that_cannot_be_read_in_the_worker(watch):
    watched = watch()
    event = watched.run(add, Unreadable())
    assert event.code == EVENT_JOB_ERROR
    assert str(event.exception) == "its arguments cannot be read by the worker process: cannot come back"


def test_exceptions_that_cannot_be_pickled(watch):
    event = watch().run(raise_stubborn)
    assert isinstance(event.exception, RuntimeError)
    assert str(event.exception).endswith("Stubborn: not pickled")
    assert "raise Stubborn" in event.traceback


# --- options --------------------------------------------------------------------------------------


def test_initializer(watch):
    watched = watch(initializer=initialize, initargs=("licence",))
    values, worker = watched.run(what_was_initialized).retval
    assert values == ["licence"]
    assert worker != os.getpid()


def test_initializer_that_fails(watch):
    event = watch(initializer=refuse_to_initialize).run(add, 1)
    assert isinstance(event.exception, concurrent.futures.process.BrokenProcessPool)
    assert "RuntimeError: no licence" in str(event.exception)
    assert "refuse_to_initialize" in event.traceback


def test_max_tasks_per_child(watch):
    watched = watch(max_workers=1, max_tasks_per_child=2)
    workers = [watched.run(os.getpid).retval for _ in range(5)]
    assert workers[0] == workers[1] != workers[2] == workers[3] != workers[4]


def test_timeout(watch):
    watched = watch(timeout=0.3)
    event = watched.run(time.sleep, DEADLINE)
    assert isinstance(event.exception, TimeoutError)
    assert "took longer than 0.3 s" in str(event.exception)
    wait_until(lambda: watched.run(os.getpid).code == EVENT_JOB_EXECUTED)  # a slow machine may need a few


def test_options_are_checked():
    with pytest.raises(TypeError, match="unexpected keyword argument 'colour'"):
        ProcessPoolExecutor(pool_kwargs={"colour": "red"})
    with pytest.raises(TypeError, match="initializer must be a callable"):
        ProcessPoolExecutor(pool_kwargs={"initializer": 5})
    with pytest.raises(TypeError, match="max_tasks_per_child must be an integer"):
        ProcessPoolExecutor(pool_kwargs={"max_tasks_per_child": "5"})
    with pytest.raises(ValueError, match="max_tasks_per_child must be >= 1"):
        ProcessPoolExecutor(pool_kwargs={"max_tasks_per_child": 0})
    with pytest.raises(ValueError, match="max_workers must be greater than 0"):
        ProcessPoolExecutor(0)
    with pytest.raises(ValueError, match="timeout must be greater than 0"):
        ProcessPoolExecutor(timeout=0)


def test_by_alias_and_configuration():
    scheduler = BackgroundScheduler({"apscheduler.executors.default": {"type": "processpool", "max_workers": "3"}})
    executor = scheduler._executors["default"]
    assert isinstance(executor, ProcessPoolExecutor)
    assert executor.max_workers == 3


# --- log ------------------------------------------------------------------------------------------


def test_log_lines_are_those_of_a_thread_pool(watch, caplog):
    caplog.set_level(logging.INFO, "apscheduler.executors.default")
    watched = watch()
    watched.run(add, 1)
    watched.run(raise_error, "loud")
    watched.scheduler.shutdown()
    lines = [record for record in caplog.records if record.name == "apscheduler.executors.default"]
    shown = [
        record.getMessage().split(" (")[0].split('"')[0] + record.getMessage().rsplit('"', 1)[1] for record in lines
    ]
    assert [text.split(" (")[0] for text in shown] == [
        "Running job ",
        "Job  executed successfully",
        "Running job ",
        "Job  raised an exception",
    ]
    assert "raise ValueError(text)" in caplog.text


# --- ends -----------------------------------------------------------------------------------------


def test_start_again(watch):
    watched = watch()
    watched.run(add, 1)
    watched.scheduler.shutdown()
    watched.scheduler.start()
    assert watched.run(add, 2).retval == 2


PROGRAM = """
    import os, sys, time
    import jobs
    from duetime.executors.pool import ProcessPoolExecutor
    from duetime.schedulers.background import BackgroundScheduler

    def here(name):
        jobs.note(f"{name} {os.getpid()} {__name__} {sys.argv[1:]}")

    def hang():
        jobs.note(f"hang {os.getpid()}")
        while not os.path.exists("let_go"):
            time.sleep(0.01)
        jobs.note("done")

    def wait_for(lines):
        while not os.path.exists("notes") or len(open("notes").readlines()) < lines:
            time.sleep(0.01)

    if __name__ == "__main__":
        scheduler = BackgroundScheduler(timezone="UTC", executors={"default": ProcessPoolExecutor(2)})
        scheduler.start()
"""


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


def wait_until_gone(pid: int) -> None:
    wait_until(lambda: is_gone(pid))


def workers_of(directory: Path) -> list[int]:
    return [int(line.split()[1]) for line in notes(directory) if " " in line]


def test_functions_of_the_main_module(program, tmp_path):
    finish(
        program(
            PROGRAM
            + """
        scheduler.add_job(here, args=["job"], misfire_grace_time=None)
        wait_for(1)
        scheduler.shutdown()
    """,
            "argument",
        )
    )
    assert notes(tmp_path)[0].endswith("__mp_main__ ['argument']")


@pytest.mark.parametrize("how", ["waits", "exits", "does not wait"])
def test_nothing_lingers_after_a_program(program, tmp_path, how):
    end = {"waits": "scheduler.shutdown()", "exits": "pass", "does not wait": "scheduler.shutdown(wait=False)"}[how]
    process = program(
        PROGRAM
        + f"""
        scheduler.add_job(here, args=["job"], misfire_grace_time=None)
        scheduler.add_job(hang, misfire_grace_time=None)
        wait_for(2)
        print("ready", flush=True)
        {end}
    """
    )
    assert process.stdout.readline() == "ready\n"
    (tmp_path / "let_go").touch()
    finish(process)
    assert "done" in notes(tmp_path)
    for worker in workers_of(tmp_path):
        assert is_gone(worker)


def test_workers_end_with_a_program_that_is_killed(program, tmp_path):
    process = program(PROGRAM + "        scheduler.add_job(hang, misfire_grace_time=None)\n        time.sleep(1000)\n")
    wait_until(lambda: workers_of(tmp_path))
    process.kill()
    process.communicate()
    for worker in workers_of(tmp_path):
        wait_until_gone(worker)


def test_ctrl_c_leaves_running_jobs_alone(program, tmp_path):
    process = program(
        PROGRAM
        + """
        scheduler.add_job(hang, misfire_grace_time=None)
        try:
            print("ready", flush=True)
            time.sleep(1000)
        except KeyboardInterrupt:
            print("interrupted", flush=True)
            scheduler.shutdown()
    """,
        start_new_session=True,
    )
    assert process.stdout.readline() == "ready\n"
    wait_until(lambda: workers_of(tmp_path))
    os.killpg(process.pid, signal.SIGINT)  # as the terminal does
    assert process.stdout.readline() == "interrupted\n"
    (tmp_path / "let_go").touch()
    finish(process)
    assert notes(tmp_path)[-1] == "done"


def test_a_main_module_without_a_guard_is_told(program):
    process = program(
        """
    import threading
    from duetime.events import EVENT_JOB_ERROR
    from duetime.executors.pool import ProcessPoolExecutor
    from duetime.schedulers.background import BackgroundScheduler

    ended = threading.Event()
    def note(event):
        print(event.exception)
        ended.set()

    scheduler = BackgroundScheduler(timezone="UTC", executors={"default": ProcessPoolExecutor(1)})
    scheduler.add_listener(note, EVENT_JOB_ERROR)
    scheduler.start()
    scheduler.add_job(print, misfire_grace_time=None)
    ended.wait()
    scheduler.shutdown()
    """
    )
    assert "bootstrapping phase" in finish(process)


def test_a_forked_child_has_a_pool_of_its_own(program, tmp_path):
    finish(
        program(
            PROGRAM
            + """
        scheduler.add_job(here, args=["parent"], misfire_grace_time=None)
        wait_for(1)
        child = os.fork()
        if child == 0:
            scheduler.start()
            scheduler.add_job(here, args=["child"], misfire_grace_time=None)
            wait_for(2)
            scheduler.shutdown()
            os._exit(0)
        _, status = os.waitpid(child, 0)
        assert status == 0, status
        scheduler.add_job(here, args=["again"], misfire_grace_time=None)
        wait_for(3)
        scheduler.shutdown()
    """
        )
    )
    assert [line.split()[0] for line in notes(tmp_path)] == ["parent", "child", "again"]
    assert len(set(workers_of(tmp_path))) >= 2
