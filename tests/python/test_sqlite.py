"""Jobs in files: they outlive their process, however it ends, and processes share them."""

from __future__ import annotations

import json
import signal
import sqlite3
import threading
from datetime import timedelta

import pytest
from conftest import START, finish, notes, wait_until
from duetime import events
from duetime.jobstores.sqlite import SQLiteJobStore
from duetime.schedulers.background import BackgroundScheduler
from duetime.triggers.cron import CronTrigger

SEEN = []


def note(*args, **kwargs):
    SEEN.append((args, kwargs))


class Owner:
    def __init__(self, name):
        self.name = name

    def method(self, value):
        SEEN.append((self.name, value))


@pytest.fixture(autouse=True)
def _nothing_seen():
    SEEN.clear()


@pytest.fixture
def open_file(clock, tmp_path):
    """Schedulers over the same file, one after the other or at the same time."""
    made = []

    def start(paused=False, **options):
        store = SQLiteJobStore(tmp_path / "jobs.db", **options)
        scheduler = BackgroundScheduler(clock=clock, timezone="UTC", jobstores={"default": store})
        made.append(scheduler)
        scheduler.start(paused)
        return scheduler

    yield start
    for scheduler in made:
        if scheduler.running:
            scheduler.shutdown()


def test_jobs_come_back(open_file):
    first = open_file(paused=True)
    trigger = CronTrigger(hour="9-17/2", day_of_week="mon-fri", timezone="Europe/Berlin", jitter=5, dst="vixie")
    first.add_job(
        note,
        trigger,
        args=[1, ("a", {2})],
        kwargs={"key": START},
        id="x",
        name="named",
        misfire_grace_time=30,
        coalesce=False,
        max_instances=3,
        executor="other",
        recover=True,
    )
    first.add_job(note, "interval", hours=1, id="paused", next_run_time=None)
    first.add_job(
        note, "date", run_date="2026-11-24 10:00:00", timezone="Asia/Tokyo", id="once", misfire_grace_time=None
    )
    before = {job.id: (str(job), job.__getstate__()["args"], job.kwargs) for job in first.get_jobs()}
    first.shutdown()

    second = open_file(paused=True)
    job = second.get_job("x")
    assert (job.func, job.func_ref) == (note, f"{__name__}:note")
    assert (job.args, job.kwargs) == ((1, ("a", {2})), {"key": START})
    assert repr(job.trigger) == repr(trigger)
    assert (job.name, job.executor, job.recover) == ("named", "other", True)
    assert (job.misfire_grace_time, job.coalesce, job.max_instances) == (30, False, 3)
    assert second.get_job("paused").next_run_time is None
    assert second.get_job("once").misfire_grace_time is None
    assert second.get_job("once").next_run_time.isoformat() == "2026-11-24T10:00:00+09:00"
    after = {job.id: (str(job), job.__getstate__()["args"], job.kwargs) for job in second.get_jobs()}
    assert after == before


def test_jobs_run(open_file, clock):
    scheduler = open_file()
    scheduler.add_job(f"{__name__}:note", "date")
    wait_until(lambda: scheduler.get_runs(state="succeeded"))
    scheduler.add_job(note, "interval", minutes=1, args=[1], kwargs={"a": 2})
    scheduler.add_job(Owner("bound").method, "interval", minutes=1, args=[3])
    clock.advance(minutes=1)
    wait_until(lambda: len(SEEN) == 3)
    assert SEEN[0] == ((), {})
    assert sorted(SEEN[1:], key=str) == [("bound", 3), ((1,), {"a": 2})]


def test_changes_are_stored(open_file):
    first = open_file(paused=True)
    first.add_job(note, "interval", hours=1, args=[1], id="x")
    first.modify_job("x", args=[2], kwargs={"a": 3}, name="new")
    first.reschedule_job("x", trigger="interval", minutes=5)
    first.add_job(note, "interval", hours=1, id="gone")
    first.remove_job("gone")
    first.shutdown()
    (job,) = open_file(paused=True).get_jobs()
    assert (job.args, job.kwargs, job.name) == ((2,), {"a": 3}, "new")
    assert str(job.trigger) == "interval[0:05:00]"
    assert job.next_run_time == START + timedelta(minutes=5)


def test_replace_existing_at_every_start(open_file):
    for _ in range(2):
        scheduler = open_file(paused=True)
        scheduler.add_job(note, "interval", hours=1, id="x", replace_existing=True)
        scheduler.shutdown()
    assert len(open_file(paused=True).get_jobs()) == 1


DECLARATIONS = [
    ("interval", {"hours": 1}, timedelta(hours=1)),
    ("cron", {"hour": "*"}, timedelta(0)),
    ("calendarinterval", {"days": 1, "hour": 10}, timedelta(hours=1)),
    ("rrule", {"rrule": "FREQ=HOURLY"}, timedelta(0)),
    ("date", {"run_date": START + timedelta(hours=1)}, timedelta(hours=1)),
]


@pytest.mark.parametrize(("trigger", "options", "first"), DECLARATIONS, ids=lambda value: str(value)[:8])
def test_a_job_that_is_declared_again_goes_on(open_file, clock, trigger, options, first):
    """What became due while no process was there is still due."""
    for name in ("one", "one", "two"):
        scheduler = open_file(paused=True)
        job = scheduler.add_job(note, trigger, id="x", name=name, args=[name], replace_existing=True, **options)
        assert job.next_run_time == START + first
        (stored,) = scheduler.get_jobs()
        assert (stored.next_run_time, stored.name, stored.args) == (START + first, name, (name,))
        scheduler.shutdown()
        clock.advance(minutes=50)


def test_a_job_that_is_declared_again_stays_paused(open_file):
    first, second = open_file(), open_file()
    first.add_job(note, "cron", hour="*", id="x", replace_existing=True)
    first.pause_job("x")
    second.add_job(note, "cron", hour="*", id="x", replace_existing=True, name="new")
    assert first.get_job("x").next_run_time is None
    assert first.get_job("x").name == "new"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"hours": 2}, timedelta(hours=2, minutes=30)),
        ({"hours": 1, "jitter": 0, "end_date": START + timedelta(days=1)}, timedelta(hours=1, minutes=30)),
        ({"hours": 1, "start_date": START + timedelta(minutes=40)}, timedelta(minutes=40)),
        ({"hours": 1, "next_run_time": START + timedelta(minutes=45)}, timedelta(minutes=45)),
    ],
    ids=["interval", "end", "start", "next run time"],
)
def test_a_job_that_is_declared_otherwise_begins_anew(open_file, clock, options, expected):
    scheduler = open_file(paused=True)
    scheduler.add_job(note, "interval", hours=1, id="x")
    clock.advance(minutes=30)
    job = scheduler.add_job(note, "interval", id="x", replace_existing=True, **options)
    assert job.next_run_time == START + expected
    assert scheduler.get_job("x").next_run_time == START + expected


def test_processes_that_declare_the_same_job_all_the_time(program, tmp_path):
    """Its fires run all the same, and once."""
    declaring = """
    import itertools, jobs, os
    from duetime import events
    from duetime.jobstores.sqlite import SQLiteJobStore
    from duetime.schedulers.background import BackgroundScheduler

    store = SQLiteJobStore("jobs.db", synchronous="normal")
    scheduler = BackgroundScheduler(timezone="UTC", jobstores={"default": store})
    scheduler.add_listener(lambda event: jobs.note(event.scheduled_run_time.isoformat()), events.EVENT_JOB_EXECUTED)
    scheduler.start()
    for i in itertools.count():
        if os.path.exists("notes") and len(open("notes").readlines()) >= 10:
            break
        scheduler.add_job(
            len, "interval", ["x"], seconds=0.1, start_date="2026-01-01", misfire_grace_time=60,
            id="x", name=f"{i}", replace_existing=True,
        )
    scheduler.shutdown()
    """
    processes = [program(declaring) for _ in range(3)]
    for process in processes:
        finish(process)
    times = notes(tmp_path)
    assert len(times) == len(set(times)) >= 10


def test_a_finished_one_shot_leaves(open_file):
    scheduler = open_file()
    removed = threading.Event()
    scheduler.add_listener(lambda event: removed.set(), events.EVENT_JOB_REMOVED)
    scheduler.add_job(note, id="x")
    assert removed.wait(60)
    assert scheduler.get_job("x") is None
    assert [run.state for run in scheduler.get_runs()] == ["succeeded"]


@pytest.mark.parametrize("func", [lambda: None, threading.Event().set])
def test_only_what_has_a_reference(open_file, func):
    scheduler = open_file()
    with pytest.raises((ValueError, TypeError), match="cannot be serialized since the reference|pickle"):
        scheduler.add_job(func, next_run_time=None)
    assert scheduler.get_jobs() == []


def test_what_cannot_be_pickled(open_file):
    scheduler = open_file()
    with pytest.raises(TypeError, match="pickle"):
        scheduler.add_job(note, args=[threading.Lock()])
    assert scheduler.get_jobs() == []


class TestJson:
    def test_stored_as_text(self, open_file, tmp_path):
        first = open_file(paused=True, serializer="json")
        first.add_job(note, "interval", hours=1, args=[1, "a", None, [2.5]], kwargs={"key": {"x": True}}, id="x")
        job = first.get_job("x")
        assert (job.args, job.kwargs) == ((1, "a", None, [2.5]), {"key": {"x": True}})
        (document,) = sqlite3.connect(tmp_path / "jobs.db").execute("SELECT document FROM duetime_jobs").fetchone()
        payload = json.loads(document)["payload"]
        assert payload["encoding"] == "json"
        assert json.loads(payload["data"]) == {"args": [1, "a", None, [2.5]], "kwargs": {"key": {"x": True}}}

    def test_read_whatever_the_store_writes(self, open_file, clock):
        first = open_file(paused=True, serializer="json")
        first.add_job(note, "interval", minutes=1, args=[1])
        first.shutdown()
        open_file()
        clock.advance(minutes=1)
        wait_until(lambda: SEEN == [((1,), {})])

    @pytest.mark.parametrize(
        ("arguments", "text"),
        [
            ({"args": [1, START]}, "args[1] cannot be stored as JSON: datetime.datetime("),
            ({"args": [(1, 2)]}, "args[0] cannot be stored as JSON: (1, 2) would come back as [1, 2]"),
            ({"kwargs": {"a": {1: 2}}}, "kwargs['a'] cannot be stored as JSON: {1: 2} would come back as {'1': 2}"),
            ({"args": [float("nan")]}, "args[0] cannot be stored as JSON: nan"),
        ],
    )
    def test_refuses(self, open_file, arguments, text):
        scheduler = open_file(serializer="json")
        with pytest.raises(TypeError) as caught:
            scheduler.add_job(note, **arguments)
        assert str(caught.value).startswith(text)
        assert scheduler.get_jobs() == []


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"path": ""}, ValueError, 'The "path" parameter must not be empty'),
        ({"path": 3}, TypeError, "expected str, bytes or os.PathLike object, not int"),
        ({"path": "x", "serializer": "xml"}, ValueError, "serializer must be 'pickle' or 'json', got 'xml'"),
        ({"path": "x", "synchronous": "no"}, ValueError, "synchronous must be 'full' or 'normal', got 'no'"),
    ],
)
def test_options(options, error, text):
    with pytest.raises(error) as caught:
        SQLiteJobStore(**options)
    assert str(caught.value) == text


def test_by_alias(tmp_path):
    scheduler = BackgroundScheduler()
    scheduler.add_jobstore("sqlite", path=str(tmp_path / "jobs.db"))
    assert repr(scheduler._jobstores["default"]) == f"<SQLiteJobStore (path='{tmp_path}/jobs.db')>"


# --- processes --------------------------------------------------------------------------------------

OWNER = """
    import sys, time
    import jobs
    from duetime.jobstores.sqlite import SQLiteJobStore
    from duetime.schedulers.background import BackgroundScheduler

    scheduler = BackgroundScheduler(timezone="UTC", jobstores={"default": SQLiteJobStore("jobs.db")}, lease=1)
    scheduler.start()
"""


def add_hanging_job(recover: bool) -> str:
    return (
        OWNER
        + f"""
    scheduler.add_job(jobs.hang, args=["run"], id="x", recover={recover})
    sys.stdin.read()
"""
    )


def test_jobs_reach_the_next_process(program, tmp_path):
    finish(
        program(
            OWNER
            + """
    scheduler.add_job(jobs.note, "cron", hour=3, args=["later"], id="x")
    scheduler.shutdown()
    """
        )
    )
    output = finish(
        program(
            OWNER
            + """
    print(scheduler.get_job("x"))
    scheduler.get_job("x").modify(next_run_time="2026-01-01 00:00:00", misfire_grace_time=None)
    while not scheduler.get_runs(state="succeeded"):
        time.sleep(0.01)
    """
        )
    )
    assert output.startswith("note (trigger: cron[hour='3'], next run at: ")
    assert notes(tmp_path) == ["later"]


@pytest.mark.parametrize("recover", [False, True])
def test_killed_in_mid_run(program, tmp_path, recover):
    victim = program(add_hanging_job(recover))
    wait_until(lambda: notes(tmp_path) == ["begin run"])
    victim.send_signal(signal.SIGKILL)
    victim.wait()
    (tmp_path / "let_go").touch()
    output = finish(
        program(
            OWNER
            + """
    while not scheduler.get_runs(state="succeeded" if sys.argv[1] == "True" else "abandoned"):
        time.sleep(0.01)
    for run in reversed(scheduler.get_runs()):
        print(run.job_id, run.attempt, run.state)
    print(scheduler.get_job("x"))
    """,
            str(recover),
        )
    )
    printed = [line for line in output.splitlines() if not line.startswith("Job ")]  # log lines
    if recover:
        assert notes(tmp_path) == ["begin run", "begin run", "end run"]
        assert printed == ["x 2 succeeded", "None"]
    else:
        assert notes(tmp_path) == ["begin run"]
        assert printed == ["x 1 abandoned", "None"]


def test_two_processes_run_each_fire_once(program, tmp_path):
    worker = (
        OWNER
        + """
    for i in range(int(sys.argv[1])):
        scheduler.add_job(jobs.note, "date", run_date="2026-01-01 00:00:00", args=[f"job {i}"], misfire_grace_time=None)
    print("ready", flush=True)
    sys.stdin.read()
    scheduler.shutdown()
    """
    )
    processes = [program(worker, "0"), program(worker, "0")]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    adder = program(worker, "100")
    wait_until(lambda: len(notes(tmp_path)) >= 100)
    for process in (*processes, adder):
        finish(process)
    assert sorted(notes(tmp_path)) == sorted(f"job {i}" for i in range(100))


def test_a_job_added_elsewhere_is_noticed(program, tmp_path, request):
    listener = program(OWNER + "    print('ready', flush=True)\n    sys.stdin.read()\n    scheduler.shutdown()\n")
    assert listener.stdout.readline() == "ready\n"
    finish(
        program(
            OWNER.replace("scheduler.start()", "scheduler.start(paused=True)")
            + """
    scheduler.add_job(jobs.note, args=["noticed"], misfire_grace_time=None)
    scheduler.shutdown()
    """
        )
    )
    wait_until(lambda: notes(tmp_path) == ["noticed"])
    finish(listener)
