"""Jobs in a MongoDB database. The server is one of tests/support/mongo_server."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import START, finish, notes, wait_until
from duetime import events
from duetime.jobstores.mongodb import MongoDBJobStore
from duetime.schedulers.background import BackgroundScheduler

pymongo = pytest.importorskip("pymongo")

SERVER = Path(__file__).parents[1] / "support" / "mongo_server" / "start"
SEEN = []


def note(*args, **kwargs):
    SEEN.append((args, kwargs))


@pytest.fixture(autouse=True)
def _nothing_seen():
    SEEN.clear()


@pytest.fixture(scope="module")
def uri() -> Iterator[str]:
    if os.environ.get("CI") != "true" and not (shutil.which("java") and shutil.which("mvn")):
        pytest.skip("there is no MongoDB server to be had here: no Java, or no Maven")
    process = subprocess.Popen([SERVER, "0"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    port = process.stdout.readline().strip()
    assert port, "the MongoDB server of the tests does not start"
    yield f"mongodb://127.0.0.1:{port}"
    process.stdin.close()
    process.wait(timeout=60)


@pytest.fixture
def database() -> str:
    """A name of its own for each test."""
    return f"tests_{uuid.uuid4().hex}"


@pytest.fixture
def inside(uri, database):
    """What stands in the database."""
    with pymongo.MongoClient(uri) as client:
        yield client[database]


@pytest.fixture
def open_store(clock, uri, database):
    """Schedulers over the same database, one after the other or at the same time."""
    made = []

    def start(paused=False, **options):
        store = MongoDBJobStore(database=database, **{"host": uri, **options})
        scheduler = BackgroundScheduler(clock=clock, timezone="UTC", jobstores={"default": store})
        made.append(scheduler)
        scheduler.start(paused)
        return scheduler

    yield start
    for scheduler in made:
        if scheduler.running:
            scheduler.shutdown()


def test_jobs_come_back(open_store):
    first = open_store(paused=True)
    first.add_job(
        note,
        "cron",
        hour="9-17/2",
        args=[1, ("a", {2})],
        kwargs={"key": START},
        id="{$gt: ''}",
        name="named",
        misfire_grace_time=30,
        coalesce=False,
        max_instances=3,
    )
    first.add_job(note, "interval", hours=1, id="paused", next_run_time=None)
    before = {job.id: (str(job), job.__getstate__()["args"], job.kwargs) for job in first.get_jobs()}
    first.shutdown()

    second = open_store(paused=True)
    job = second.get_job("{$gt: ''}")
    assert (job.func, job.args, job.kwargs) == (note, (1, ("a", {2})), {"key": START})
    assert (job.name, job.misfire_grace_time, job.coalesce, job.max_instances) == ("named", 30, False, 3)
    assert second.get_job("paused").next_run_time is None
    after = {job.id: (str(job), job.__getstate__()["args"], job.kwargs) for job in second.get_jobs()}
    assert after == before


def test_jobs_run(open_store, clock):
    scheduler = open_store()
    removed = []
    scheduler.add_listener(lambda event: removed.append(event.job_id), events.EVENT_JOB_REMOVED)
    scheduler.add_job(note, id="once")
    wait_until(lambda: removed == ["once"])
    scheduler.add_job(note, "interval", minutes=1, args=[1], kwargs={"a": 2})
    clock.advance(minutes=1)
    wait_until(lambda: len(SEEN) == 2)
    assert SEEN == [((), {}), ((1,), {"a": 2})]
    wait_until(lambda: [run.state for run in scheduler.get_runs()] == ["succeeded", "succeeded"])


def test_changes_are_stored(open_store):
    first = open_store(paused=True)
    first.add_job(note, "interval", hours=1, args=[1], id="x")
    first.modify_job("x", args=[2], name="new")
    first.reschedule_job("x", trigger="interval", minutes=5)
    first.add_job(note, "interval", hours=1, id="gone")
    first.remove_job("gone")
    first.shutdown()
    (job,) = open_store(paused=True).get_jobs()
    assert (job.args, job.name, str(job.trigger)) == ((2,), "new", "interval[0:05:00]")


def test_json(open_store, inside):
    scheduler = open_store(paused=True, serializer="json")
    scheduler.add_job(note, "interval", hours=1, args=[1, "a"], id="x")
    payload = json.loads(inside.duetime_jobs.find_one("x")["document"])["payload"]
    assert json.loads(payload["data"]) == {"args": [1, "a"], "kwargs": {}}
    assert scheduler.get_job("x").args == (1, "a")


def test_the_collection_of_apscheduler_is_left_alone(open_store, inside):
    old = {"_id": "old", "next_run_time": 1.0, "job_state": b"not to be read"}
    inside.jobs.insert_one(dict(old))
    scheduler = open_store(paused=True)
    scheduler.add_job(note, "interval", hours=1, id="x")
    scheduler.remove_all_jobs()
    assert list(inside.jobs.find()) == [old]


def test_stores_of_different_collections_do_not_mix(open_store, inside):
    open_store(paused=True).add_job(note, "interval", hours=1, id="x")
    other = open_store(paused=True, collection="others")
    assert other.get_jobs() == []
    other.add_job(note, "interval", hours=1, id="y")
    assert [job["_id"] for job in inside.duetime_jobs.find()] == ["x"]
    assert [job["_id"] for job in inside.duetime_others_jobs.find()] == ["y"]


def test_through_a_client_of_the_program(open_store, uri, database):
    with pymongo.MongoClient(uri) as client:
        first = open_store(paused=True, client=client, host=None)
        first.add_job(note, "interval", hours=1, id="x")
        store = first._jobstores["default"]
        assert store.client is client
        assert store.collection == client[database]["jobs"]
        first.shutdown()
        assert client.admin.command("ping")["ok"]  # it is still open
    assert [job.id for job in open_store(paused=True).get_jobs()] == ["x"]


class TestClient:
    def test_by_reference(self, monkeypatch):
        monkeypatch.setattr(sys.modules[__name__], "CLIENT", pymongo.MongoClient("there", connect=False), raising=False)
        store = MongoDBJobStore(client=f"{__name__}:CLIENT")
        assert store._configuration()["uri"] == "mongodb://there:27017/"

    def test_made_when_it_is_asked_for(self):
        store = MongoDBJobStore(host="there", port=5, connect=False)
        assert store.client.options.pool_options.max_pool_size > 0
        assert store.client is store.client
        assert store.collection.full_name == "apscheduler.jobs"
        first = store.client
        store.shutdown()
        assert store.client is not first
        store.shutdown()

    def test_its_old_name(self):
        store = MongoDBJobStore(client=pymongo.MongoClient(connect=False))
        with pytest.warns(DeprecationWarning, match='The "connection" member is deprecated -- use "client" instead'):
            assert store.connection is store.client

    def test_that_is_none(self):
        with pytest.raises(TypeError) as caught:
            MongoDBJobStore(client=object())
        assert str(caught.value) == "The \"client\" parameter must be a pymongo.MongoClient, got 'object'"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, "mongodb://localhost:27017/"),
        ({"host": None, "port": None, "tz_aware": True, "maxPoolSize": 5}, "mongodb://localhost:27017/"),
        ({"host": "db", "port": 5}, "mongodb://db:5/"),
        ({"host": "db:6", "port": 5}, "mongodb://db:6/"),
        ({"host": ["a", "b:2"], "replicaSet": "rs"}, "mongodb://a:27017,b:2/?replicaset=rs"),
        ({"host": "[::1]"}, "mongodb://[::1]:27017/"),
        ({"host": "[::1]:5"}, "mongodb://[::1]:5/"),
        ({"username": "a:b", "password": "p@/ss"}, "mongodb://a%3Ab:p%40%2Fss@localhost:27017/"),
        ({"tls": True, "appname": "a b&c"}, "mongodb://localhost:27017/?tls=true&appname=a%20b%26c"),
        ({"ssl": False, "w": 1, "journal": True}, "mongodb://localhost:27017/?tls=false&w=1&journal=true"),
        ({"compressors": ["zlib"]}, "mongodb://localhost:27017/?compressors=zlib"),
        (
            {"authMechanismProperties": {"A": "b", "C": "d"}},
            "mongodb://localhost:27017/?authmechanismproperties=A:b,C:d",
        ),
        ({"host": "mongodb://db"}, "mongodb://db"),
        ({"host": "mongodb://db", "w": 2}, "mongodb://db/?w=2"),
        ({"host": "mongodb://db/x?w=2", "tls": True}, "mongodb://db/x?w=2&tls=true"),
        ({"host": "mongodb+srv://u:p@db", "username": "v", "password": "q"}, "mongodb+srv://v:q@db"),
    ],
)
def test_connection_arguments(arguments, expected):
    assert MongoDBJobStore(**arguments)._configuration()["uri"] == expected
    if "://" not in str(arguments.get("host")):  # PyMongo takes them too
        with_client = MongoDBJobStore(client=pymongo.MongoClient(**{**arguments, "connect": False}))
        assert with_client._configuration()["uri"] == expected


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"database": ""}, ValueError, 'The "database" parameter must not be empty'),
        ({"collection": ""}, ValueError, 'The "collection" parameter must not be empty'),
        ({"serializer": "xml"}, ValueError, "serializer must be 'pickle' or 'json', got 'xml'"),
        ({"hots": "x"}, TypeError, "MongoDBJobStore got an unexpected keyword argument 'hots'"),
    ],
)
def test_options(options, error, text):
    with pytest.raises(error) as caught:
        MongoDBJobStore(**options)
    assert str(caught.value) == text


def test_defaults():
    store = MongoDBJobStore()
    assert (store.database_name, store.collection_name) == ("apscheduler", "jobs")
    assert store.pickle_protocol == pickle.HIGHEST_PROTOCOL


@pytest.mark.parametrize(
    "options", [{"username": "ada", "password": "s3cret"}, {"host": "mongodb://ada:s3cret@there:5/x"}]
)
def test_nothing_secret_is_shown(options, caplog):
    store = MongoDBJobStore(**{"host": "there", "serverSelectionTimeoutMS": 1, "port": 5, **options})
    assert repr(store) == "<MongoDBJobStore (host='there:5', database='apscheduler', collection='jobs')>"
    scheduler = BackgroundScheduler(jobstores={"default": store})
    with pytest.raises(Exception, match="MongoDB: ") as caught:
        scheduler.start()
    assert "s3cret" not in str(caught.value) + caplog.text


def test_by_alias():
    scheduler = BackgroundScheduler()
    scheduler.add_jobstore("mongodb", database="x", host="there")
    assert repr(scheduler._jobstores["default"]).startswith("<MongoDBJobStore (host='there:27017', database='x'")


# --- processes --------------------------------------------------------------------------------------

OWNER = """
    import sys, time
    import jobs
    from duetime.jobstores.mongodb import MongoDBJobStore
    from duetime.schedulers.background import BackgroundScheduler

    store = MongoDBJobStore(sys.argv[1], host=sys.argv[2])
    scheduler = BackgroundScheduler(timezone="UTC", jobstores={"default": store}, lease=1)
    scheduler.start()
"""


def test_two_processes_run_each_fire_once(program, tmp_path, uri, database):
    worker = (
        OWNER
        + """
    print("ready", flush=True)
    sys.stdin.read()
    scheduler.shutdown()
    """
    )
    processes = [program(worker, database, uri) for _ in range(2)]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    finish(
        program(
            OWNER.replace("scheduler.start()", "scheduler.start(paused=True)")
            + """
    for i in range(60):
        scheduler.add_job(jobs.note, "date", run_date="2026-01-01 00:00:00", args=[f"job {i}"], misfire_grace_time=None)
    scheduler.shutdown()
    """,
            database,
            uri,
        )
    )
    wait_until(lambda: len(notes(tmp_path)) >= 60)
    for process in processes:
        finish(process)
    assert sorted(notes(tmp_path)) == sorted(f"job {i}" for i in range(60))


def test_killed_in_mid_run(program, tmp_path, uri, database):
    victim = program(
        OWNER
        + """
    scheduler.add_job(jobs.hang, args=["run"], id="x", recover=True)
    sys.stdin.read()
    """,
        database,
        uri,
    )
    wait_until(lambda: notes(tmp_path) == ["begin run"])
    victim.send_signal(signal.SIGKILL)
    victim.wait()
    (tmp_path / "let_go").touch()
    output = finish(
        program(
            OWNER
            + """
    while not scheduler.get_runs(state="succeeded"):
        time.sleep(0.01)
    print([(run.job_id, run.attempt, run.state) for run in scheduler.get_runs()])
    """,
            database,
            uri,
        )
    )
    assert "[('x', 2, 'succeeded')]" in output
    assert notes(tmp_path) == ["begin run", "begin run", "end run"]


def test_a_forked_child_starts_anew(program, uri, database):
    output = finish(
        program(
            OWNER
            + """
    import os
    scheduler.add_job(jobs.note, "interval", hours=1, args=["x"], id="x")
    child = os.fork()
    if child == 0:
        own = BackgroundScheduler(timezone="UTC", jobstores={"default": MongoDBJobStore(sys.argv[1], host=sys.argv[2])})
        own.start(paused=True)
        own.add_job(jobs.note, "interval", hours=1, args=["y"], id="y")
        own.shutdown()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    print(sorted(job.id for job in scheduler.get_jobs()))
    scheduler.shutdown()
    """,
            database,
            uri,
        )
    )
    assert output.endswith("['x', 'y']\n")
