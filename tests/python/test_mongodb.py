"""Jobs in a MongoDB database. What all job stores keep is in job_store_contract.py."""

from __future__ import annotations

import pickle
import sys
import uuid

import pytest
from conftest import finish
from duetime.jobstores.mongodb import MongoDBJobStore
from duetime.schedulers.background import BackgroundScheduler

pymongo = pytest.importorskip("pymongo")


def note(*args, **kwargs):
    pass


@pytest.fixture
def database() -> str:
    """A name of its own for each test."""
    return f"tests_{uuid.uuid4().hex}"


@pytest.fixture
def inside(mongodb_uri, database):
    """What stands in the database."""
    with pymongo.MongoClient(mongodb_uri) as client:
        yield client[database]


@pytest.fixture
def open_store(clock, mongodb_uri, database):
    """Schedulers over the same database, one after the other or at the same time."""
    made = []

    def start(paused=False, **options):
        store = MongoDBJobStore(database=database, **{"host": mongodb_uri, **options})
        scheduler = BackgroundScheduler(clock=clock, timezone="UTC", jobstores={"default": store})
        made.append(scheduler)
        scheduler.start(paused)
        return scheduler

    yield start
    for scheduler in made:
        if scheduler.running:
            scheduler.shutdown()


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


def test_through_a_client_of_the_program(open_store, mongodb_uri, database):
    with pymongo.MongoClient(mongodb_uri) as client:
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


def test_what_a_dead_process_left_in_shared_memory_is_no_news(program, mongodb_uri):
    """The driver complains on standard error, before it can be told not to."""
    output = finish(
        program(
            """
            import os, sys
            from pathlib import Path

            from duetime.jobstores.mongodb import MongoDBJobStore

            Path(f"/dev/shm/mongoc-{os.getpid()}").write_bytes(b"stale")
            store = MongoDBJobStore("nothing_here", host=sys.argv[1])
            store.start(None, "alone")
            print(len(store.get_all_jobs()))
            """,
            mongodb_uri,
        )
    )
    assert output == "0\n"
