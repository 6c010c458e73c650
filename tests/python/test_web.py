"""Programs under real web servers: several processes import them, and each fire runs once."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import textwrap
from contextlib import suppress
from pathlib import Path
from urllib.request import urlopen

import pytest
from conftest import DEADLINE, notes, wait_until

# Starts its scheduler when it is imported. Fires lie on a grid, so that those of different processes can be compared;
# a slow machine may merge some, but none may appear twice.
PROGRAM = """
import os
import jobs
from duetime import events
from duetime.schedulers.background import BackgroundScheduler

stores = {}
if os.environ.get("STORE"):
    from duetime.jobstores.sqlite import SQLiteJobStore
    stores["default"] = SQLiteJobStore(os.environ["STORE"])

scheduler = BackgroundScheduler(timezone="UTC", jobstores=stores, job_defaults={"misfire_grace_time": 60})
scheduler.add_listener(
    lambda event: jobs.note(f"ran {os.getpid()} {event.scheduled_run_time.isoformat()}"), events.EVENT_JOB_EXECUTED
)

def begin():
    scheduler.add_job(
        jobs.nothing, "interval", seconds=0.2, start_date="2026-01-01", id="job", replace_existing=True
    )
    scheduler.start()
    jobs.note(f"began {os.getpid()}")
"""

WSGI = (
    PROGRAM
    + """
begin()

def app(environ, start_response):
    start_response("200 OK", [("Content-Length", "0")])
    return [b""]
"""
)

ASGI = (
    PROGRAM
    + """
async def app(scope, receive, send):
    assert scope["type"] == "lifespan"
    await receive()
    begin()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    scheduler.shutdown()
    await send({"type": "lifespan.shutdown.complete"})
"""
)

FASTAPI = """
import os
from contextlib import asynccontextmanager

import jobs
from duetime import events
from duetime.schedulers.asyncio import AsyncIOScheduler
from fastapi import FastAPI, Request

def told(event):
    jobs.note(f"ran {os.getpid()} {event.scheduled_run_time.isoformat()}")

@asynccontextmanager
async def lifespan(app):
    stores = {"default": {"type": "sqlite", "path": "jobs.db"}}
    scheduler = AsyncIOScheduler(timezone="UTC", jobstores=stores, job_defaults={"misfire_grace_time": 60})
    scheduler.add_listener(told, events.EVENT_JOB_EXECUTED)
    async with scheduler:
        scheduler.add_job(
            jobs.in_loop, "interval", seconds=0.2, start_date="2026-01-01", id="job", replace_existing=True
        )
        jobs.note(f"began {os.getpid()}")
        yield {"scheduler": scheduler}
    jobs.note(f"ended {os.getpid()}")

app = FastAPI(lifespan=lifespan)

@app.get("/jobs")
async def add(request: Request):
    job = request.state.scheduler.add_job(jobs.in_loop, "date")
    return job.id
"""

FLASK = (
    PROGRAM
    + """
from flask import Flask

app = Flask(__name__)
begin()

if __name__ == "__main__":
    app.run(debug=True, port=0)
"""
)


class Server:
    """A server in a session of its own, with the notes of the program that it serves."""

    def __init__(self, directory: Path, program: str, arguments: list[str], environment: dict[str, str]) -> None:
        self.directory = directory
        (directory / "web.py").write_text(program)
        with open(directory / "log", "ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=directory,
                env={**os.environ, "PYTHONPATH": os.pathsep.join([str(directory), *sys.path]), **environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def log(self) -> str:
        return (self.directory / "log").read_text()

    def began(self) -> list[int]:
        """The processes that have started a scheduler."""
        return [int(line.split()[1]) for line in notes(self.directory) if line.startswith("began")]

    def ended(self) -> list[int]:
        """The processes that have been told to end, and did."""
        return [int(line.split()[1]) for line in notes(self.directory) if line.startswith("ended")]

    def runs(self) -> list[tuple[int, str]]:
        """Process and scheduled time of each run."""
        found = [line.split() for line in notes(self.directory) if line.startswith("ran")]
        return [(int(process), time) for _, process, time in found]

    def wait_for_runs(self, count: int = 3) -> set[int]:
        """For so many more; the processes that ran them."""
        before = len(self.runs())
        self.wait_until(lambda: len(self.runs()) >= before + count)
        return {process for process, _ in self.runs()[before:]}

    def wait_until(self, condition) -> None:
        def checked():
            assert self.process.poll() is None, self.log
            return condition()

        wait_until(checked)

    def wait_for_runs_of_one_but(self, *others: int) -> int:
        """For runs of a process that is none of those."""
        self.wait_until(lambda: any(process not in others for process, _ in self.runs()[-1:]))
        (process,) = self.wait_for_runs()
        assert process not in others
        return process

    def stop(self) -> None:
        """As service managers do; it must not hang, and end well."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(timeout=DEADLINE) in (0, -signal.SIGTERM), self.log
        assert "Traceback" not in self.log, self.log
        self.check()

    def check(self) -> None:
        times = [time for _, time in self.runs()]
        assert len(times) == len(set(times)), self.runs()

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@pytest.fixture
def serve(tmp_path):
    (tmp_path / "jobs.py").write_text(textwrap.dedent(JOBS))
    servers = []

    def start(program: str, *arguments: str, **environment: str) -> Server:
        servers.append(Server(tmp_path, program, ["-m", *arguments], environment))
        return servers[-1]

    yield start
    for server in servers:
        server.kill()


JOBS = '''
    import asyncio, os

    def note(line):
        """Appends a line to the file "notes"; such appends do not mix."""
        descriptor = os.open("notes", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        os.write(descriptor, (line + "\\n").encode())
        os.close(descriptor)

    def nothing():
        pass

    async def in_loop():
        """A loop that it is not in would not wake it up."""
        await asyncio.wait_for(asyncio.sleep(0.001), 60)
'''

GUNICORN = ("gunicorn", "web:app", "--bind", "127.0.0.1:0", "--workers", "4", "--threads", "2")
UVICORN = ("uvicorn", "web:app", "--host", "127.0.0.1", "--port", "0", "--workers", "4")
UVICORN_ALONE = UVICORN[:-2]
FLASK_COMMANDS = [("flask", "--app", "web", "run", "--debug", "--port", "0"), ("web",)]
SHARED = {"STORE": "jobs.db"}
LOCKED = {"DUETIME_LOCK_FILE": "lock"}


@pytest.mark.parametrize("environment", [SHARED, LOCKED], ids=["store", "lock file"])
@pytest.mark.parametrize(("program", "command"), [(WSGI, GUNICORN), (ASGI, UVICORN)], ids=["gunicorn", "uvicorn"])
def test_workers(serve, program, command, environment):
    """All workers start a scheduler. One after the other dies, the others go on."""
    server = serve(program, *command, **environment)
    server.wait_until(lambda: len(set(server.began())) == 4)
    server.wait_for_runs()
    for _ in range(2):
        process, _ = server.runs()[-1]
        os.kill(process, signal.SIGKILL)
        server.wait_for_runs()
        server.wait_until(lambda: server.runs()[-1][0] != process)  # noqa: B023
    server.stop()


@pytest.mark.parametrize("environment", [SHARED, LOCKED], ids=["store", "lock file"])
def test_graceful_restart(serve, environment):
    """gunicorn starts new workers and tells the old ones to end."""
    server = serve(WSGI, *GUNICORN, **environment)
    server.wait_until(lambda: len(set(server.began())) == 4)
    server.wait_for_runs()
    old = set(server.began())
    server.process.send_signal(signal.SIGHUP)
    server.wait_until(lambda: len(set(server.began())) >= 8)
    server.wait_until(lambda: not any(_lives(process) for process in old))
    assert not old & server.wait_for_runs()
    server.stop()


def test_recycled_workers(serve):
    """With a lock file, each worker that reaches its number of requests hands over to another."""
    server = serve(WSGI, *GUNICORN, "--max-requests", "1", **LOCKED)
    server.wait_until(lambda: len(set(server.began())) == 4)
    first = server.wait_for_runs_of_one_but()
    server.wait_until(lambda: _request(server) and not _lives(first))
    server.wait_for_runs_of_one_but(first)
    server.stop()


def test_preload(serve):
    """The scheduler is started before the fork: the master runs the jobs, also when its workers come and go."""
    server = serve(WSGI, *GUNICORN, "--preload", "--max-requests", "1")
    assert server.wait_for_runs() == {server.process.pid}
    server.wait_until(lambda: _request(server) and server.log.count("Booting worker") > 6)
    assert server.wait_for_runs() == {server.process.pid}
    assert server.began() == [server.process.pid]
    server.stop()


@pytest.mark.parametrize("environment", [{}, LOCKED], ids=["memory", "lock file"])
@pytest.mark.parametrize("command", FLASK_COMMANDS, ids=["flask run", "app.run"])
def test_reloader_of_flask(serve, command, environment, tmp_path):
    """Its parent process stands by once it has a child, so that the code that was last edited runs."""
    server = serve(FLASK, *command, **environment)
    parent = server.process.pid
    child = server.wait_for_runs_of_one_but(parent)
    (tmp_path / "web.py").write_text(FLASK + "# edited\n")
    second = server.wait_for_runs_of_one_but(parent, child)
    assert set(server.began()) == {parent, child, second}
    server.kill()
    server.check()


class TestAsyncIO:
    """AsyncIOScheduler in the lifespan of FastAPI, with coroutines for jobs and a file that all workers share."""

    def test_workers(self, serve):
        """One after the other dies, and is replaced; the others go on."""
        server = serve(FASTAPI, *UVICORN_ALONE, "--workers", "3")
        server.wait_until(lambda: len(set(server.began())) == 3)
        server.wait_for_runs()
        for count in (4, 5):
            process, _ = server.runs()[-1]
            os.kill(process, signal.SIGKILL)
            server.wait_for_runs()
            server.wait_until(lambda: server.runs()[-1][0] != process)  # noqa: B023
            server.wait_until(lambda: len(set(server.began())) == count)  # noqa: B023
        living = {process for process in server.began() if _lives(process)}
        assert len(living) == 3
        server.stop()
        assert set(server.ended()) == living

    def test_jobs_that_requests_add(self, serve):
        """In whichever worker: a job runs once, in one of them."""
        server = serve(FASTAPI, *UVICORN_ALONE, "--workers", "3")
        server.wait_until(lambda: len(set(server.began())) == 3)
        address = _address(server)
        ids = [json.load(urlopen(f"{address}/jobs", timeout=DEADLINE)) for _ in range(20)]
        assert len(set(ids)) == 20
        server.wait_until(lambda: len(_off_the_grid(server)) >= 20)
        server.wait_for_runs()
        assert len(_off_the_grid(server)) == 20
        server.stop()

    def test_reload(self, serve, tmp_path):
        """The process of the code before hands over to that of the code after, and the parent runs nothing."""
        server = serve(FASTAPI, *UVICORN_ALONE, "--reload")
        first = server.wait_for_runs_of_one_but(server.process.pid)
        (tmp_path / "web.py").write_text(FASTAPI + "# edited\n")
        second = server.wait_for_runs_of_one_but(server.process.pid, first)
        assert server.began() == [first, second]
        assert server.ended() == [first]
        server.stop()
        assert server.ended() == [first, second]


def _off_the_grid(server: Server) -> list[str]:
    return [time for _, time in server.runs() if not re.search(r":\d\d(\.[02468]00000)?\+00:00$", time)]


def _address(server: Server) -> str:
    server.wait_until(lambda: "Uvicorn running on" in server.log)
    found = re.search(r"Uvicorn running on (http://[\d.:]+)", server.log)
    assert found
    return found[1]


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def _request(server: Server) -> bool:
    """One, to whichever worker takes it."""
    address = re.search(r"Listening at: (http://\S+)", server.log)
    assert address
    with suppress(OSError):  # the worker ends
        urlopen(address[1], timeout=DEADLINE).close()
    return True
