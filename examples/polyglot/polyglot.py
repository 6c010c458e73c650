"""One store, programs of several languages: the half of Python. A job that one of them adds is run by any that knows
its task.

    polyglot.py worker URL TASK MARK_FILE           runs jobs of TASK until standard input ends, and appends a line
                                                    "python JOB_ID PAYLOAD" to MARK_FILE for each
    polyglot.py add URL JOB_ID TASK JSON_PAYLOAD    adds a job that is due now

In Python a task is a function that can be imported: "reports:send" is the function send of the module reports. This
program, which is told the name only when it starts, makes such a module. A payload is the function's arguments,
{"args": [...], "kwargs": {...}}.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from duetime.jobstores.postgresql import PostgreSQLJobStore
from duetime.jobstores.sqlite import SQLiteJobStore
from duetime.runs import current_run
from duetime.schedulers.background import BackgroundScheduler

SQLITE = "sqlite:///"


def scheduler_of(url: str) -> BackgroundScheduler:
    if url.startswith(SQLITE):
        store: Any = SQLiteJobStore(url[len(SQLITE) :], serializer="json")
    else:
        store = PostgreSQLJobStore(url, serializer="json")
    return BackgroundScheduler(jobstores={"default": store}, timezone="UTC")


def make_importable(task: str, function: Callable[..., None]) -> None:
    module, name = task.split(":")
    made = sys.modules.setdefault(module, ModuleType(module))
    setattr(made, name, function)


def work(url: str, task: str, mark_file: str) -> None:
    def mark(*args: object, **kwargs: object) -> None:
        payload = json.dumps({"args": args, "kwargs": kwargs})
        line = f"python {current_run().job_id} {payload}\n"
        print(line, end="", flush=True)
        with Path(mark_file).open("a") as file:
            file.write(line)

    make_importable(task, mark)
    scheduler = scheduler_of(url)
    scheduler.start()
    sys.stdin.read()
    scheduler.shutdown()


def run_elsewhere(*args: object, **kwargs: object) -> None:
    """Stands for the task in a program that only adds jobs."""


def add(url: str, job_id: str, task: str, payload: str) -> None:
    make_importable(task, run_elsewhere)
    scheduler = scheduler_of(url)
    scheduler.start(paused=True)
    scheduler.add_job(task, id=job_id, misfire_grace_time=None, **json.loads(payload))
    scheduler.shutdown()


def main() -> int:
    arguments = sys.argv[1:]
    if len(arguments) == 4 and arguments[0] == "worker":
        work(*arguments[1:])
    elif len(arguments) == 5 and arguments[0] == "add":
        add(*arguments[1:])
    else:
        print("expected worker URL TASK MARK_FILE, or add URL JOB_ID TASK JSON_PAYLOAD", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
