"""Jobs that the real APScheduler left in servers."""

from __future__ import annotations

import json
import sys
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from duetime.jobstores.base import BaseJobStore
from duetime.schedulers.background import BackgroundScheduler
from duetime.testing import ManualClock
from old_data import OLD_JOBS, run_apscheduler

pytest.importorskip("apscheduler", minversion="3.11.3")

NOW = datetime(2031, 3, 1, tzinfo=timezone.utc)

WRITE = """
import pickle
from datetime import datetime, timezone
from apscheduler.schedulers.background import BackgroundScheduler
import old_jobs
{store}
scheduler = BackgroundScheduler(jobstores={{"default": store}}, timezone="UTC")
scheduler.start(paused=True)
now = datetime(2031, 3, 1, tzinfo=timezone.utc)
scheduler.add_job(old_jobs.note, "cron", [old_jobs.Account("Ada")], id="due", hour=1, next_run_time=now)
scheduler.add_job(old_jobs.note, "interval", [1], id="plain", hours=5, start_date="2031-03-04", next_run_time=now)
scheduler.add_job(old_jobs.note, "cron", [2], id="paused", hour=1, next_run_time=None)
{damage}
"""

LIST = """
import json
from apscheduler.schedulers.background import BackgroundScheduler
{store}
scheduler = BackgroundScheduler(jobstores={{"default": store}}, timezone="UTC")
scheduler.start(paused=True)
print(json.dumps(sorted(job.id for job in scheduler.get_jobs())))
"""


EVIL = b"cos\nsystem\n(S'touch pwned'\ntR."


class Server:
    """A server with APScheduler's store on it and ours.

    :ivar theirs: a statement that makes APScheduler's
    :ivar damage: a statement that puts "damaged" beside the jobs
    """

    theirs: str
    damage: str

    def make(self, **options: Any) -> BaseJobStore:
        raise NotImplementedError

    def dump(self) -> Any:
        """APScheduler's data."""
        raise NotImplementedError


class RedisServer(Server):
    damage = f'store.redis.hset("apscheduler.jobs", "damaged", {EVIL})'

    def __init__(self, request: pytest.FixtureRequest) -> None:
        pytest.importorskip("redis")
        self.socket = request.getfixturevalue("redis_server").socket
        self.theirs = (
            "from apscheduler.jobstores.redis import RedisJobStore\n"
            f"store = RedisJobStore(unix_socket_path={self.socket!r})"
        )

    def make(self, **options: Any) -> BaseJobStore:
        from duetime.jobstores.redis import RedisJobStore

        return RedisJobStore(unix_socket_path=self.socket, socket_timeout=60, **options)

    def dump(self) -> Any:
        from redis import Redis

        with Redis(unix_socket_path=self.socket) as client:
            run_times = client.zrange("apscheduler.run_times", 0, -1, withscores=True)
            return client.hgetall("apscheduler.jobs"), run_times


class MongoServer(Server):
    damage = 'store.collection.insert_one({"_id": "damaged", "next_run_time": 1.5, "job_state": b"damaged"})'

    def __init__(self, request: pytest.FixtureRequest) -> None:
        self.uri = request.getfixturevalue("mongodb_uri")
        self._drop()
        self.theirs = (
            f"from apscheduler.jobstores.mongodb import MongoDBJobStore\nstore = MongoDBJobStore(host={self.uri!r})"
        )

    def make(self, **options: Any) -> BaseJobStore:
        from duetime.jobstores.mongodb import MongoDBJobStore

        return MongoDBJobStore(host=self.uri, **options)

    def dump(self) -> Any:
        from pymongo import MongoClient

        with MongoClient(self.uri) as client:
            return list(client["apscheduler"]["jobs"].find().sort("_id"))

    def _drop(self) -> None:
        """What the tests before left on the server."""
        from pymongo import MongoClient

        with MongoClient(self.uri) as client:
            client.drop_database("apscheduler")


class EtcdServer(Server):
    def __init__(self, request: pytest.FixtureRequest) -> None:
        pytest.importorskip("etcd3")
        self.keys = request.getfixturevalue("etcd_server").keys
        self.place = {
            "path": f"/old/{uuid.uuid4().hex}",
            "host": "127.0.0.1",
            "port": request.getfixturevalue("etcd_server").port,
        }
        self.theirs = f"from apscheduler.jobstores.etcd import EtcdJobStore\nstore = EtcdJobStore(**{self.place})"
        self.damage = f"store.client.put({self.place['path'] + '/damaged'!r}, {EVIL})"

    def make(self, **options: Any) -> BaseJobStore:
        from duetime.jobstores.etcd import EtcdJobStore

        return EtcdJobStore(**self.place, timeout=60, **options)

    def dump(self) -> Any:
        return {key: self.keys.get(key) for key in self.keys.under(self.place["path"])}


class ZooKeeperServer(Server):
    """Below the path there is that of another store, too."""

    def __init__(self, request: pytest.FixtureRequest) -> None:
        pytest.importorskip("kazoo")
        self.path = f"/old/{uuid.uuid4().hex}"
        self.hosts = request.getfixturevalue("zookeeper_server").hosts
        self.theirs = (
            "from apscheduler.jobstores.zookeeper import ZooKeeperJobStore\n"
            f"store = ZooKeeperJobStore({self.path!r}, hosts={self.hosts!r})"
        )
        self.damage = f"store.client.create({self.path + '/damaged'!r}, {EVIL})"
        self.damage += f"\nstore.client.ensure_path({self.path + '/other/path'!r})"

    def make(self, **options: Any) -> BaseJobStore:
        from duetime.jobstores.zookeeper import ZooKeeperJobStore

        return ZooKeeperJobStore(self.path, hosts=self.hosts, close_connection_on_exit=True, **options)

    def dump(self) -> Any:
        from kazoo.client import KazooClient

        client = KazooClient(self.hosts)
        client.start()
        found = {name: client.get(f"{self.path}/{name}") for name in client.get_children(self.path)}
        client.stop()
        client.close()
        return found


@pytest.fixture(
    params=[RedisServer, MongoServer, EtcdServer, ZooKeeperServer], ids=["redis", "mongodb", "etcd", "zookeeper"]
)
def server(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "old_jobs.py").write_text(OLD_JOBS)
    yield request.param(request)
    sys.modules.pop("old_jobs", None)


@pytest.fixture
def take_over(server: Server) -> Iterator[Callable[..., BackgroundScheduler]]:
    made = []

    def start(**options: Any) -> BackgroundScheduler:
        store = server.make(**options)
        scheduler = BackgroundScheduler(jobstores={"default": store}, timezone="UTC", clock=ManualClock(NOW))
        scheduler.start(paused=True)
        made.append(scheduler)
        return scheduler

    yield start
    for scheduler in made:
        if scheduler.running:
            scheduler.shutdown()


def write(directory: Path, server: Server, damage: str = "") -> None:
    run_apscheduler(directory, WRITE.format(store=server.theirs, damage=damage))
    (directory / "imported").unlink()


def ids_of(scheduler: BackgroundScheduler) -> list[str]:
    return sorted(job.id for job in scheduler.get_jobs())


def test_jobs_are_taken_over_once(
    server: Server, take_over: Callable[..., BackgroundScheduler], tmp_path: Path
) -> None:
    write(tmp_path, server, server.damage)
    before = server.dump()
    first = take_over()
    assert ids_of(first) == ["due", "paused", "plain"]
    assert [job.id for job in first.get_parked_jobs()] == ["damaged"]
    assert not (tmp_path / "pwned").exists()
    assert not (tmp_path / "imported").exists()
    times = {job.id: job.next_run_time for job in first.get_jobs()}
    assert times == {"due": NOW, "plain": NOW, "paused": None}

    first.remove_job("plain")
    first.resume()
    first._clock.advance(seconds=1)  # type: ignore[union-attr]
    assert (tmp_path / "notes").read_text() == "Ada\n"
    first.shutdown()
    assert ids_of(take_over()) == ["due", "paused"]
    assert server.dump() == before


def test_one_can_go_back(server: Server, take_over: Callable[..., BackgroundScheduler], tmp_path: Path) -> None:
    write(tmp_path, server)
    scheduler = take_over()
    scheduler.remove_all_jobs()
    scheduler.shutdown()
    output = run_apscheduler(tmp_path, LIST.format(store=server.theirs))
    assert json.loads(output) == ["due", "paused", "plain"]


def test_a_store_of_json_takes_over_what_json_has(
    server: Server, take_over: Callable[..., BackgroundScheduler], tmp_path: Path
) -> None:
    write(tmp_path, server)
    scheduler = take_over(serializer="json")
    assert ids_of(scheduler) == ["paused", "plain"]
    assert [job.id for job in scheduler.get_parked_jobs()] == ["due"]


def test_old_data_that_comes_later_is_taken_over_too(
    server: Server, take_over: Callable[..., BackgroundScheduler], tmp_path: Path
) -> None:
    first = take_over()
    assert ids_of(first) == []
    first.shutdown()
    write(tmp_path, server)
    assert ids_of(take_over()) == ["due", "paused", "plain"]
