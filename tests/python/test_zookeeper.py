"""Jobs in a ZooKeeper server, beyond what all job stores keep."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid

import pytest
from conftest import finish, wait_until
from duetime import _native
from duetime._errors import JobStoreError
from duetime.jobstores._zookeeper_storage import ZooKeeperStorage
from duetime.jobstores.zookeeper import ZooKeeperJobStore
from duetime.schedulers.background import BackgroundScheduler
from kazoo.client import KazooClient

SEEN = []


def note(*args):
    SEEN.append(args)


@pytest.fixture(autouse=True)
def _nothing_seen():
    SEEN.clear()


@pytest.fixture
def client(zookeeper_server):
    made = KazooClient(zookeeper_server.hosts)
    made.start()
    yield made
    made.stop()
    made.close()


@pytest.fixture
def path():
    return f"/{uuid.uuid4().hex}"


@pytest.fixture
def open_store(clock, client, path):
    made = []

    def start(paused=False, **options):
        store = ZooKeeperJobStore(**{"path": path, "client": client, **options})
        scheduler = BackgroundScheduler(clock=clock, timezone="UTC", jobstores={"default": store})
        made.append(scheduler)
        scheduler.start(paused)
        return scheduler

    yield start
    for scheduler in made:
        if scheduler.running:
            scheduler.shutdown()


def documents(client, path):
    return client.get_children(f"{path}.duetime/documents")


def test_large_arguments_go_when_their_job_goes(open_store, client, path):
    scheduler = open_store(paused=True)
    scheduler.add_job(note, "interval", hours=1, args=[os.urandom(700_000)], id="large")
    before = documents(client, path)
    assert len(before) > 1
    assert len(scheduler.get_job("large").args[0]) == 700_000
    scheduler.pause_job("large")
    assert len(documents(client, path)) == len(before)
    scheduler.modify_job("large", args=[1])
    assert documents(client, path) == []
    assert scheduler.get_job("large").args == (1,)
    scheduler.modify_job("large", args=[os.urandom(100_000)])
    scheduler.remove_job("large")
    assert documents(client, path) == []


def test_large_jobs_come_due_together(open_store, clock):
    scheduler = open_store()
    for i in range(20):
        scheduler.add_job(note, "interval", minutes=1, args=[bytes(300_000)], id=str(i), misfire_grace_time=None)
    clock.advance(minutes=1)
    wait_until(lambda: len(SEEN) == 20)


def test_a_job_whose_document_is_lost_is_parked(open_store, client, path):
    scheduler = open_store(paused=True)
    scheduler.add_job(note, "interval", hours=1, args=[os.urandom(10_000)], id="bad")
    scheduler.add_job(note, "interval", hours=1, id="good")
    for name in documents(client, path):
        client.delete(f"{path}.duetime/documents/{name}")
    assert [job.id for job in scheduler.get_jobs()] == ["good"]


def test_ids_of_any_characters(open_store):
    ids = sorted([".", "..", "/", "a/b", "%2E", ",", "zookeeper", "ä\u2028", "\U0001f600", " "])
    scheduler = open_store(paused=True)
    for id in ids:
        scheduler.add_job(note, "interval", hours=1, id=id)
    assert sorted(job.id for job in scheduler.get_jobs()) == ids
    for id in ids:
        scheduler.remove_job(id)
    assert scheduler.get_jobs() == []


def job(version, **more):
    return {"key": "x", "version": version, "status": "paused", "next_run_time": None, "document": "", **more}


def put(version, guard, **more):
    return {"op": "put", "kind": "job", "key": "x", "if": guard, "record": job(version, **more)}


def test_a_record_that_was_made_again_is_another(client, path):
    """Its node has the version that the node before had; only the engine's version differs."""
    storage = ZooKeeperStorage(lambda: client, path)
    storage.open()
    assert storage.write([put(1, 0)])

    class Between(ZooKeeperStorage):
        """Between what a write reads and what it does, the record is made again."""

        def _guarded(self, client, operations):
            found = super()._guarded(client, operations)
            assert storage.write([{"op": "remove", "kind": "job", "key": "x", "if": 1}])
            assert storage.write([put(2, 0)])
            return found

    for operation in (put(3, 1), {"op": "remove", "kind": "job", "key": "x", "if": 1}, {**put(3, 1), "op": "check"}):
        late = Between(lambda: client, path)
        late.open()
        assert not late.write([operation])
        assert storage.read({"ask": "jobs", "keys": ["x"], "with_claims": 0}) == {"jobs": [job(2)]}
        assert storage.write([{"op": "remove", "kind": "job", "key": "x", "if": 2}])
        assert storage.write([put(1, 0)])


def test_a_newer_schema_is_refused(client, path):
    storage = ZooKeeperStorage(lambda: client, path)
    storage.open()
    client.set(f"{path}/schema_version", b"2")
    with pytest.raises(JobStoreError, match="schema version 2, this duetime knows up to 1") as caught:
        storage.open()
    assert caught.value.code == _native.ERROR_NEWER_VERSION


def test_a_write_that_is_too_large_says_so(client, path):
    storage = ZooKeeperStorage(lambda: client, path)
    storage.open()
    with pytest.raises(JobStoreError, match="more than a ZooKeeper server takes at once") as caught:
        storage.write([put(1, 0, task="x" * 1_100_000)])
    assert caught.value.code == _native.ERROR_STORE_FULL
    assert storage.read({"ask": "count"}) == {"count": 0}


def test_a_server_that_is_away_and_comes_back(own_zookeeper_server, clock):
    options = {"hosts": own_zookeeper_server.hosts, "close_connection_on_exit": True}
    scheduler = BackgroundScheduler(clock=clock, timezone="UTC", jobstores={"default": ZooKeeperJobStore(**options)})
    scheduler.start(paused=True)
    scheduler.add_job(note, "interval", hours=1, id="x")
    own_zookeeper_server.kill()
    with pytest.raises(JobStoreError) as caught:
        scheduler.get_jobs()
    assert caught.value.code == _native.ERROR_STORE_UNAVAILABLE
    own_zookeeper_server.start()

    def there():
        try:
            return [job.id for job in scheduler.get_jobs()] == ["x"]
        except JobStoreError:
            return False

    wait_until(there)
    scheduler.shutdown()


def test_without_kazoo():
    source = """if True:
        import sys
        sys.modules["kazoo.client"] = None
        import duetime.jobstores.zookeeper as module
        try:
            module.ZooKeeperJobStore()
        except ImportError as exc:
            print(exc)
    """
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    assert done.stdout == "ZooKeeperJobStore requires Kazoo installed\n"


def test_bad_arguments():
    with pytest.raises(ValueError, match='The "path" parameter must not be empty'):
        ZooKeeperJobStore(path="")


@pytest.mark.parametrize("close", [False, True])
def test_the_client_is_closed_only_when_asked(open_store, client, close):
    open_store(paused=True, close_connection_on_exit=close).shutdown()
    assert client.connected is not close


def test_a_store_that_was_made_before_a_fork(program, zookeeper_server, path):
    source = f"""if True:
        import os, jobs
        from duetime.jobstores.zookeeper import KazooClient, ZooKeeperJobStore
        from duetime.schedulers.background import BackgroundScheduler

        def use(store):
            try:
                scheduler = BackgroundScheduler(jobstores={{"default": store}}, timezone="UTC")
                scheduler.start(paused=True)
                scheduler.add_job(jobs.note, "interval", hours=1, args=["line"])
                print(len(scheduler.get_jobs()), flush=True)
                scheduler.shutdown()
            except Exception as exc:
                print(exc, flush=True)

        def use_in_child(store):
            child = os.fork()
            if child == 0:
                use(store)
                os._exit(0)
            os.waitpid(child, 0)

        hosts, path = {zookeeper_server.hosts!r}, {path!r}
        store = ZooKeeperJobStore(path, hosts=hosts)
        use_in_child(store)
        use(store)
        use_in_child(store)
        client = KazooClient(hosts)
        use_in_child(ZooKeeperJobStore(path, client=client))
        client.start()
        use_in_child(ZooKeeperJobStore(path, client=client))
    """
    lines = finish(program(source)).splitlines()
    assert lines[:4] == ["1", "2", "3", "4"]
    assert "does not work in the child of a fork: expected connection arguments" in lines[4]


def test_two_processes_share_many_jobs(assert_two_processes_share, zookeeper_server, path):
    assert_two_processes_share({"type": "zookeeper", "hosts": zookeeper_server.hosts, "path": path})
