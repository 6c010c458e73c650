"""A job store of which only the records are kept in Python."""

from __future__ import annotations

import threading

import pytest
from conftest import START, wait_until
from duetime import _native
from duetime._errors import JobStoreError
from duetime.jobstores.base import ConflictingIdError
from duetime.jobstores.storage import RecordStorage, StorageJobStore
from duetime.schedulers.background import BackgroundScheduler

SEEN = []


def note(*args):
    SEEN.append(args)


@pytest.fixture(autouse=True)
def _nothing_seen():
    SEEN.clear()


def first(rows, place, after, limit):
    rows = sorted(rows, key=place)
    return [row for row in rows if after is None or place(row) > tuple(after)][:limit]


class Shelf(RecordStorage):
    """Records in dictionaries. ``failure`` is raised by the next call instead of an answer."""

    name = "shelf"

    def __init__(self):
        self.lock = threading.RLock()
        self.kinds = {"job": {}, "claim": {}, "run": {}, "note": {}}
        self.counter = 0
        self.failure = None
        self.opened = self.closed = 0

    def open(self):
        self.opened += 1

    def close(self):
        self.closed += 1

    def draw(self, count):
        with self.lock:
            self.counter += count
            return self.counter - count + 1

    def read(self, question):
        if self.failure is not None:
            raise self.failure
        with self.lock:
            return getattr(self, question["ask"])(**question)

    def write(self, operations):
        with self.lock:
            for each in operations:
                if self.kinds[each["kind"]].get(each["key"], {"version": 0})["version"] != each["if"]:
                    return False
            for each in operations:
                if each["op"] == "put":
                    self.kinds[each["kind"]][each["key"]] = each["record"]
                elif each["op"] == "remove":
                    del self.kinds[each["kind"]][each["key"]]
            return True

    def some(self, kind, **members):
        return [row for row in self.kinds[kind].values() if all(row[name] in members[name] for name in members)]

    def with_claims(self, jobs, keys, wanted):
        return {"jobs": jobs, "claims": self.some("claim", job_id=keys) if wanted else []}

    def jobs(self, ask, keys, with_claims):
        return self.with_claims(self.some("job", key=keys), keys, with_claims)

    def due(self, ask, until, after, limit, with_claims):
        due = [row for row in self.some("job", status=["scheduled"]) if row["next_run_time"] <= until]
        page = first(due, lambda row: (row["next_run_time"], row["key"]), after, limit)
        return self.with_claims(page, [row["key"] for row in page], with_claims)

    def list(self, ask, after, limit):
        return {"jobs": first(self.some("job"), lambda row: (row["key"],), after and [after], limit)}

    def count(self, ask):
        return {"count": len(self.kinds["job"])}

    def claims(self, ask, job_ids=None, claim_id=None, after=None, limit=None):
        if job_ids is not None:
            return {"claims": self.some("claim", job_id=job_ids)}
        if claim_id is not None:
            return {"claims": self.some("claim", claim_id=[claim_id])}
        return {"claims": first(self.some("claim"), lambda row: (row["lease_until"], row["key"]), after, limit)}

    def runs(self, ask, keys):
        return {"runs": self.some("run", key=keys)}

    def history(self, ask, job_id, state, scheduled_from, scheduled_until, limit):
        members = {name: [value] for name, value in (("job_id", job_id), ("state", state)) if value is not None}
        runs = sorted(self.some("run", **members), key=lambda row: row["scheduled_time"], reverse=True)
        return {"runs": runs[:limit]}

    def old_runs(self, ask, beyond, ended_before, limit):
        return {"runs": sorted(self.some("run"), key=lambda row: -row["ended_at"])[beyond:][:limit]}

    def notes(self, ask, keys):
        return {"notes": self.some("note", key=keys)}

    def old_notes(self, ask, expired_before, limit):
        return {"notes": []}


@pytest.fixture
def shelf():
    return Shelf()


@pytest.fixture
def open_store(clock, shelf):
    made = []

    def start(paused=False, **options):
        store = StorageJobStore(shelf, **options)
        scheduler = BackgroundScheduler(clock=clock, timezone="UTC", jobstores={"default": store})
        made.append(scheduler)
        scheduler.start(paused)
        return scheduler

    yield start
    for scheduler in made:
        if scheduler.running:
            scheduler.shutdown()


def test_jobs_come_back(open_store, shelf):
    first = open_store(paused=True)
    first.add_job(note, "cron", hour=3, args=[1, ("a", {2}), START], id="x", name="Größe")
    first.add_job(note, "interval", hours=1, id="paused", next_run_time=None)
    before = {job.id: (str(job), job.args) for job in first.get_jobs()}
    first.shutdown()
    second = open_store(paused=True)
    assert {job.id: (str(job), job.args) for job in second.get_jobs()} == before
    with pytest.raises(ConflictingIdError):
        second.add_job(note, "interval", hours=1, id="x")
    second.remove_all_jobs()
    assert second.get_jobs() == []
    second.shutdown()
    assert shelf.opened == shelf.closed == 2


def test_schedulers_share_each_fire(open_store, clock):
    schedulers = [open_store() for _ in range(3)]
    for i in range(20):
        schedulers[0].add_job(note, "interval", minutes=1, args=[i], misfire_grace_time=None)
    clock.advance(minutes=1)
    wait_until(lambda: len(schedulers[0].get_runs(state="succeeded")) == 20)
    assert sorted(SEEN) == [(i,) for i in range(20)]


def test_failures_keep_their_kind_and_text(open_store, shelf):
    scheduler = open_store(paused=True)
    for failure, code in [
        (JobStoreError("full up", _native.ERROR_STORE_FULL), _native.ERROR_STORE_FULL),
        (OSError("no network"), _native.ERROR_STORE_UNAVAILABLE),
    ]:
        shelf.failure = failure
        with pytest.raises(JobStoreError, match=f"shelf: {type(failure).__name__}: {failure}") as caught:
            scheduler.add_job(note, "interval", hours=1)
        assert caught.value.code == code
    shelf.failure = None
    scheduler.add_job(note, "interval", hours=1)


def test_json_arguments(open_store):
    scheduler = open_store(paused=True, serializer="json")
    scheduler.add_job(note, "interval", hours=1, args=[1, "two"], id="x")
    assert scheduler.get_job("x").args == (1, "two")
    with pytest.raises((TypeError, ValueError)):
        scheduler.add_job(note, "interval", hours=1, args=[object()])


def test_bad_arguments(shelf):
    with pytest.raises(TypeError, match="must be a RecordStorage, got 'dict'"):
        StorageJobStore({})
    with pytest.raises(ValueError, match="must be 'pickle' or 'json', got 'yaml'"):
        StorageJobStore(shelf, serializer="yaml")
