"""What every job store that outlives its process keeps, whatever the server. job_stores.py lists them."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from conftest import START, finish, notes, wait_until
from duetime import events
from duetime.jobstores.base import ConflictingIdError, JobLookupError
from duetime.schedulers.background import BackgroundScheduler
from duetime.testing import ManualClock
from duetime.triggers.cron import CronTrigger
from job_stores import KINDS, JobStoreKind, Options

SEEN: list[Any] = []


def note(*args: Any, **kwargs: Any) -> None:
    SEEN.append((args, kwargs))


def fail() -> None:
    raise ValueError("no luck")


class Owner:
    def __init__(self, name: str) -> None:
        self.name = name

    def method(self, value: Any) -> None:
        SEEN.append((self.name, value))


class JobStoreTests:
    """For each job store: its options, and schedulers on it."""

    @pytest.fixture(autouse=True)
    def _nothing_seen(self) -> None:
        SEEN.clear()

    @pytest.fixture(params=KINDS, ids=str)
    def kind(self, request: Any) -> JobStoreKind:
        chosen: JobStoreKind = request.param
        return chosen

    @pytest.fixture
    def place(self, kind: JobStoreKind, request: Any) -> Any:
        return request.getfixturevalue(kind.place)

    @pytest.fixture
    def options(self, kind: JobStoreKind, place: Any) -> Options:
        return kind.make_options(place)

    @pytest.fixture
    def open_store(self, clock: ManualClock, options: Options) -> Iterator[Callable[..., BackgroundScheduler]]:
        """Schedulers on the same store, one after the other or at the same time."""
        made = []

        def start(paused: bool = False, scheduler_options: Any = {}, **more: Any) -> BackgroundScheduler:
            jobstores = {"default": {**options, **more}}
            scheduler = BackgroundScheduler(clock=clock, timezone="UTC", jobstores=jobstores, **scheduler_options)
            made.append(scheduler)
            scheduler.start(paused)
            return scheduler

        yield start
        for scheduler in made:
            if scheduler.running:
                scheduler.shutdown()


def shown(scheduler: BackgroundScheduler) -> dict[str, Any]:
    return {job.id: (str(job), job.__getstate__()["args"], job.kwargs) for job in scheduler.get_jobs()}


DECLARATIONS = [
    ("interval", {"hours": 1}, timedelta(hours=1)),
    ("cron", {"hour": "*"}, timedelta(0)),
    ("calendarinterval", {"days": 1, "hour": 10}, timedelta(hours=1)),
    ("rrule", {"rrule": "FREQ=HOURLY"}, timedelta(0)),
    ("date", {"run_date": START + timedelta(hours=1)}, timedelta(hours=1)),
]


class JobStoreContract(JobStoreTests):
    # --- jobs ---------------------------------------------------------------------------------------

    def test_jobs_come_back(self, open_store):
        first = open_store(paused=True)
        trigger = CronTrigger(hour="9-17/2", day_of_week="mon-fri", timezone="Europe/Berlin", jitter=5, dst="vixie")
        first.add_job(
            note,
            trigger,
            args=[1, ("a", {2})],
            kwargs={"key": START},
            id="{$gt: '%s'}\n\"",
            name="named",
            misfire_grace_time=30,
            coalesce=False,
            max_instances=3,
            executor="other",
            recover=True,
        )
        first.add_job(note, "interval", hours=1, id="paused", next_run_time=None)
        once = {"run_date": "2026-11-24 10:00:00", "timezone": "Asia/Tokyo", "misfire_grace_time": None}
        first.add_job(note, "date", id="once", **once)
        before = shown(first)
        first.shutdown()

        second = open_store(paused=True)
        job = second.get_job("{$gt: '%s'}\n\"")
        assert (job.func, job.func_ref) == (note, f"{__name__}:note")
        assert (job.args, job.kwargs) == ((1, ("a", {2})), {"key": START})
        assert repr(job.trigger) == repr(trigger)
        assert (job.name, job.executor, job.recover) == ("named", "other", True)
        assert (job.misfire_grace_time, job.coalesce, job.max_instances) == (30, False, 3)
        assert second.get_job("paused").next_run_time is None
        assert second.get_job("once").misfire_grace_time is None
        assert second.get_job("once").next_run_time.isoformat() == "2026-11-24T10:00:00+09:00"
        assert shown(second) == before

    def test_ids_that_are_taken_or_not_there(self, open_store):
        scheduler = open_store(paused=True)
        scheduler.add_job(note, "interval", hours=1, id="x")
        with pytest.raises(ConflictingIdError):
            scheduler.add_job(note, "interval", hours=1, id="x")
        scheduler.remove_job("x")
        with pytest.raises(JobLookupError):
            scheduler.remove_job("x")
        with pytest.raises(JobLookupError):
            scheduler.modify_job("x", name="new")
        assert scheduler.get_jobs() == []

    def test_remove_all_jobs(self, open_store):
        scheduler = open_store(paused=True)
        for i in range(3):
            scheduler.add_job(note, "interval", hours=1, id=f"{i}")
        scheduler.remove_all_jobs()
        assert scheduler.get_jobs() == []

    def test_jobs_run(self, open_store, clock):
        scheduler = open_store()
        scheduler.add_job(f"{__name__}:note", "date")
        wait_until(lambda: scheduler.get_runs(state="succeeded"))
        scheduler.add_job(note, "interval", minutes=1, args=[1], kwargs={"a": 2})
        scheduler.add_job(Owner("bound").method, "interval", minutes=1, args=[3])
        clock.advance(minutes=1)
        wait_until(lambda: len(SEEN) == 3)
        assert SEEN[0] == ((), {})
        assert sorted(SEEN[1:], key=str) == [("bound", 3), ((1,), {"a": 2})]

    def test_changes_are_stored(self, open_store):
        first = open_store(paused=True)
        first.add_job(note, "interval", hours=1, args=[1], id="x")
        first.modify_job("x", args=[2], kwargs={"a": 3}, name="new")
        first.reschedule_job("x", trigger="interval", minutes=5)
        first.add_job(note, "interval", hours=1, id="gone")
        first.remove_job("gone")
        first.shutdown()
        (job,) = open_store(paused=True).get_jobs()
        assert (job.args, job.kwargs, job.name) == ((2,), {"a": 3}, "new")
        assert str(job.trigger) == "interval[0:05:00]"
        assert job.next_run_time == START + timedelta(minutes=5)

    def test_a_finished_one_shot_leaves(self, open_store):
        scheduler = open_store()
        removed = threading.Event()
        scheduler.add_listener(lambda event: removed.set(), events.EVENT_JOB_REMOVED)
        scheduler.add_job(note, id="x")
        assert removed.wait(60)
        assert scheduler.get_job("x") is None
        assert [run.state for run in scheduler.get_runs()] == ["succeeded"]

    def test_stores_of_different_names_do_not_mix(self, open_store, kind, place):
        one, other = open_store(paused=True), open_store(paused=True, **kind.make_options(place))
        one.add_job(note, "interval", hours=1, id="x")
        assert other.get_jobs() == []
        other.add_job(note, "interval", hours=1, id="y")
        other.remove_all_jobs()
        assert [job.id for job in one.get_jobs()] == ["x"]

    # --- runs ---------------------------------------------------------------------------------------

    def test_history(self, open_store, clock):
        """It is there for the next process too, also of jobs that are gone."""
        first = open_store()
        first.add_job(note, "interval", minutes=1, id="good")
        first.add_job(fail, "interval", minutes=1, id="bad")
        for count in (2, 4, 6):
            clock.advance(minutes=1)
            wait_until(lambda: len(first.get_runs()) == count and not first.get_runs(state="claimed"))  # noqa: B023
        first.remove_all_jobs()
        first.shutdown()

        second = open_store(paused=True)
        times = [START + timedelta(minutes=minutes) for minutes in (3, 2, 1)]
        runs = second.get_runs()
        assert [run.scheduled_time for run in runs] == [time for time in times for _ in range(2)]
        assert runs == second.get_runs(jobstore="default")
        good, bad = second.get_runs("good"), second.get_runs(state="failed")
        assert ([run.scheduled_time for run in good], {run.job_id for run in good}) == (times, {"good"})
        assert ([run.scheduled_time for run in bad], {run.job_id for run in bad}) == (times, {"bad"})
        assert {(run.task, run.state, run.attempt, run.error) for run in good} == {
            (f"{__name__}:note", "succeeded", 1, "")
        }
        assert bad[0].error == "ValueError: no luck"
        assert second.get_runs(limit=2) == runs[:2]
        assert second.get_runs("good", since=times[1], until=times[1]) == [good[1]]
        assert second.get_runs("good", since="2026-11-23 09:02:00") == good[:2]
        assert second.get_runs("good", until=times[1].replace(tzinfo=None)) == good[1:]
        assert second.get_runs("nobody") == []

    def test_how_much_is_remembered(self, open_store, clock):
        scheduler = open_store(scheduler_options={"history_max_age": timedelta(hours=1), "history_max_count": 3})
        scheduler.add_job(note, "interval", minutes=1, id="x")
        for count in range(1, 6):
            clock.advance(minutes=1)
            wait_until(lambda: len(SEEN) == count and not scheduler.get_runs(state="claimed"))  # noqa: B023
        scheduler.remove_job("x")

        def remembered():
            clock.advance(minutes=1)
            return len(scheduler.get_runs())

        wait_until(lambda: remembered() <= 3)
        assert len(scheduler.get_runs()) == 3
        clock.advance(hours=1)
        wait_until(lambda: remembered() == 0)

    # --- jobs that are declared at every start ------------------------------------------------------

    def test_replace_existing_at_every_start(self, open_store):
        for _ in range(2):
            scheduler = open_store(paused=True)
            scheduler.add_job(note, "interval", hours=1, id="x", replace_existing=True)
            scheduler.shutdown()
        assert len(open_store(paused=True).get_jobs()) == 1

    @pytest.mark.parametrize(("trigger", "settings", "first"), DECLARATIONS, ids=lambda value: str(value)[:8])
    def test_a_job_that_is_declared_again_goes_on(self, open_store, clock, trigger, settings, first):
        """What became due while no process was there is still due."""
        for name in ("one", "one", "two"):
            scheduler = open_store(paused=True)
            job = scheduler.add_job(note, trigger, id="x", name=name, args=[name], replace_existing=True, **settings)
            assert job.next_run_time == START + first
            (stored,) = scheduler.get_jobs()
            assert (stored.next_run_time, stored.name, stored.args) == (START + first, name, (name,))
            scheduler.shutdown()
            clock.advance(minutes=50)

    def test_a_job_that_is_declared_again_stays_paused(self, open_store):
        first, second = open_store(), open_store()
        first.add_job(note, "cron", hour="*", id="x", replace_existing=True)
        first.pause_job("x")
        second.add_job(note, "cron", hour="*", id="x", replace_existing=True, name="new")
        assert first.get_job("x").next_run_time is None
        assert first.get_job("x").name == "new"

    @pytest.mark.parametrize(
        ("settings", "expected"),
        [
            ({"hours": 2}, timedelta(hours=2, minutes=30)),
            ({"hours": 1, "jitter": 0, "end_date": START + timedelta(days=1)}, timedelta(hours=1, minutes=30)),
            ({"hours": 1, "start_date": START + timedelta(minutes=40)}, timedelta(minutes=40)),
            ({"hours": 1, "next_run_time": START + timedelta(minutes=45)}, timedelta(minutes=45)),
        ],
        ids=["interval", "end", "start", "next run time"],
    )
    def test_a_job_that_is_declared_otherwise_begins_anew(self, open_store, clock, settings, expected):
        scheduler = open_store(paused=True)
        scheduler.add_job(note, "interval", hours=1, id="x")
        clock.advance(minutes=30)
        job = scheduler.add_job(note, "interval", id="x", replace_existing=True, **settings)
        assert job.next_run_time == START + expected
        assert scheduler.get_job("x").next_run_time == START + expected

    # --- what can be stored -------------------------------------------------------------------------

    @pytest.mark.parametrize("func", [lambda: None, threading.Event().set], ids=["lambda", "method"])
    def test_only_what_has_a_reference(self, open_store, func):
        scheduler = open_store()
        with pytest.raises((ValueError, TypeError), match="cannot be serialized since the reference|pickle"):
            scheduler.add_job(func, next_run_time=None)
        assert scheduler.get_jobs() == []

    def test_what_cannot_be_pickled(self, open_store):
        scheduler = open_store()
        with pytest.raises(TypeError, match="pickle"):
            scheduler.add_job(note, args=[threading.Lock()])
        assert scheduler.get_jobs() == []

    def test_json(self, open_store, kind, options):
        first = open_store(paused=True, serializer="json")
        first.add_job(note, "interval", hours=1, args=[1, "a", None, [2.5]], kwargs={"key": {"x": True}}, id="x")
        job = first.get_job("x")
        assert (job.args, job.kwargs) == ((1, "a", None, [2.5]), {"key": {"x": True}})
        with kind.documents(options) as documents:
            payload = json.loads(documents.read("x"))["payload"]
        assert payload["encoding"] == "json"
        assert json.loads(payload["data"]) == {"args": [1, "a", None, [2.5]], "kwargs": {"key": {"x": True}}}

    def test_json_is_read_whatever_the_store_writes(self, open_store, clock):
        first = open_store(paused=True, serializer="json")
        first.add_job(note, "interval", minutes=1, args=[1])
        first.shutdown()
        open_store()
        clock.advance(minutes=1)
        wait_until(lambda: SEEN == [((1,), {})])

    def test_another_serializer(self, open_store):
        with pytest.raises(ValueError, match="^serializer must be 'pickle' or 'json', got 'xml'$"):
            open_store(serializer="xml")

    # --- schedulers that share it -------------------------------------------------------------------

    def test_a_job_that_another_scheduler_added_runs_at_once(self, open_store, clock):
        runs, adds = open_store(), open_store(paused=True)
        adds.add_job(note, "date", run_date=START, misfire_grace_time=None)

        def ran():
            clock.advance(seconds=1)  # there are stores that look for news now and then
            return SEEN and not runs.get_jobs()

        wait_until(ran)

    def test_schedulers_share_each_fire(self, open_store, clock):
        schedulers = [open_store() for _ in range(3)]
        for i in range(20):
            schedulers[0].add_job(note, "interval", minutes=1, args=[i], misfire_grace_time=None)
        clock.advance(minutes=1)
        wait_until(lambda: len(schedulers[0].get_runs(state="succeeded")) == 20)
        assert sorted(args[0] for args, _ in SEEN) == list(range(20))

    # --- processes ----------------------------------------------------------------------------------

    @pytest.fixture
    def owner(self, program, options):
        """Starts a program that owns a scheduler on the store."""

        def start(source, *arguments):
            return program(OWNER + source, json.dumps(options), *arguments)

        return start

    def test_jobs_reach_the_next_process(self, owner, tmp_path):
        finish(owner(ADD_ONE_FOR_LATER, "paused"))
        output = finish(owner(RUN_IT_NOW))
        assert output.startswith("note (trigger: cron[hour='3'], next run at: ")
        assert notes(tmp_path) == ["later"]

    def test_processes_run_each_fire_once(self, owner, tmp_path):
        processes = [owner(STAY) for _ in range(2)]
        for process in processes:
            await_ready(process)
        processes.append(owner(ADD_A_HUNDRED + STAY))  # it runs some itself
        wait_until(lambda: len(notes(tmp_path)) >= 100)
        for process in processes:
            finish(process)
        assert sorted(notes(tmp_path)) == sorted(f"job {i}" for i in range(100))

    def test_a_job_added_by_another_process_is_noticed(self, owner, tmp_path):
        listener = owner(STAY)
        await_ready(listener)
        finish(owner(ADD_ONE, "paused"))
        wait_until(lambda: notes(tmp_path) == ["noticed"])
        finish(listener)

    def test_a_process_that_is_killed_loses_no_jobs(self, owner, tmp_path):
        victim = owner(ADD_A_HUNDRED + STAY, "paused")
        await_ready(victim)
        victim.send_signal(signal.SIGKILL)
        victim.wait()
        heir = owner(STAY)
        wait_until(lambda: len(notes(tmp_path)) >= 100)
        finish(heir)
        assert sorted(notes(tmp_path)) == sorted(f"job {i}" for i in range(100))

    @pytest.mark.parametrize("recover", [False, True])
    def test_killed_in_mid_run(self, owner, tmp_path, recover):
        victim = owner(HANG, str(recover))
        wait_until(lambda: notes(tmp_path) == ["begin run"])
        victim.send_signal(signal.SIGKILL)
        victim.wait()
        (tmp_path / "let_go").touch()
        output = finish(owner(LIST_RUNS, "succeeded" if recover else "abandoned"))
        printed = output.splitlines()[-2:]  # behind what was logged
        if recover:
            assert notes(tmp_path) == ["begin run", "begin run", "end run"]
            assert printed == ["x 2 succeeded", "None"]
        else:
            assert notes(tmp_path) == ["begin run"]
            assert printed == ["x 1 abandoned", "None"]

    def test_processes_that_declare_the_same_job_all_the_time(self, owner, tmp_path):
        """Its fires run all the same, and once."""
        for process in [owner(DECLARE_ALL_THE_TIME) for _ in range(3)]:
            finish(process)
        times = notes(tmp_path)
        assert len(times) == len(set(times)) >= 10

    def test_a_forked_child_starts_anew(self, owner):
        assert finish(owner(FORK)).endswith("['x', 'y']\n")


OWNER = """
import itertools, json, os, sys, time
import jobs
from duetime import events
from duetime.schedulers.background import BackgroundScheduler

def make_scheduler():
    return BackgroundScheduler(timezone="UTC", jobstores={"default": json.loads(sys.argv[1])}, lease=1)

scheduler = make_scheduler()
scheduler.start(paused="paused" in sys.argv)
"""


def await_ready(process):
    """Reads on beyond what a slow server makes the program log."""
    said = ""
    while not said.endswith("ready\n"):
        line = process.stdout.readline()
        assert line, f"it ended, and said: {said}"
        said += line


STAY = """
print("ready", flush=True)
sys.stdin.read()
scheduler.shutdown()
"""

ADD_ONE = """
scheduler.add_job(jobs.note, args=["noticed"], misfire_grace_time=None)
scheduler.shutdown()
"""

ADD_A_HUNDRED = """
for i in range(100):
    scheduler.add_job(jobs.note, "date", run_date="2026-01-01 00:00:00", args=[f"job {i}"], misfire_grace_time=None)
"""

ADD_ONE_FOR_LATER = """
scheduler.add_job(jobs.note, "cron", hour=3, args=["later"], id="x")
scheduler.shutdown()
"""

RUN_IT_NOW = """
print(scheduler.get_job("x"))
scheduler.get_job("x").modify(next_run_time="2026-01-01 00:00:00", misfire_grace_time=None)
while not scheduler.get_runs(state="succeeded"):
    time.sleep(0.01)
"""

HANG = """
scheduler.add_job(jobs.hang, args=["run"], id="x", recover=sys.argv[2] == "True")
sys.stdin.read()
"""

LIST_RUNS = """
while not scheduler.get_runs(state=sys.argv[2]):
    time.sleep(0.01)
for run in reversed(scheduler.get_runs()):
    print(run.job_id, run.attempt, run.state)
print(scheduler.get_job("x"))
"""

DECLARE_ALL_THE_TIME = """
scheduler.add_listener(lambda event: jobs.note(event.scheduled_run_time.isoformat()), events.EVENT_JOB_EXECUTED)
for i in itertools.count():
    if os.path.exists("notes") and len(open("notes").readlines()) >= 10:
        break
    scheduler.add_job(
        len, "interval", ["x"], seconds=0.1, start_date="2026-01-01", misfire_grace_time=60,
        id="x", name=f"{i}", replace_existing=True,
    )
scheduler.shutdown()
"""

FORK = """
scheduler.add_job(jobs.note, "interval", hours=1, args=["x"], id="x")
child = os.fork()
if child == 0:
    own = make_scheduler()
    own.start(paused=True)
    own.add_job(jobs.note, "interval", hours=1, args=["y"], id="y")
    own.shutdown()
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
print(sorted(job.id for job in scheduler.get_jobs()))
scheduler.shutdown()
"""
