"""What stored jobs may make a process do, against somebody who can write to the store. docs/security.md"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import os
import pickle
import sqlite3
import struct
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from conftest import START, finish, notes, wait_until
from duetime import _native, events
from duetime._json_values import from_json, to_json
from duetime._safe_pickle import AllowedClasses
from duetime.jobstores.base import PayloadRefusedError
from duetime.jobstores.sqlite import SQLiteJobStore
from duetime.schedulers.asyncio import AsyncIOScheduler
from duetime.schedulers.background import BackgroundScheduler
from duetime.triggers.base import BaseTrigger
from job_store_contract import OWNER, SEEN, JobStoreTests, Owner, note

HERE = "job_store_contract"
KEY, OTHER_KEY = "k" * 32, b"another key of 32 bytes, or more"
PWNED = "pwned"


class Touch:
    """Pickled, it is a call that leaves a mark."""

    def __reduce__(self):
        return os.system, (f"touch {PWNED}",)


class Bomb:
    """Pickled, it is a terabyte of zeros."""

    def __reduce__(self):
        return bytearray, (1 << 40,)


class Fires(BaseTrigger):
    """At once."""

    def get_next_fire_time(self, previous_fire_time, now):
        return now if previous_fire_time is None else None


class TouchingTrigger(Fires):
    def __reduce__(self):
        return os.system, (f"touch {PWNED}",)


def change(documents, job_id: str, edit: Callable[[dict], None]) -> None:
    document = json.loads(documents.read(job_id))
    edit(document)
    documents.write(job_id, json.dumps(document).encode())


def with_data(data: bytes) -> Callable[[dict], None]:
    def edit(document: dict) -> None:
        text = data.decode() if document["payload"]["encoding"] == "json" else base64.b64encode(data).decode()
        document["payload"]["data"] = text

    return edit


@pytest.fixture(autouse=True)
def _in_a_directory_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


class SafetyTests(JobStoreTests):
    @pytest.fixture
    def assert_parks(self, open_store, kind, options, tmp_path):
        """Opens the store with some protection: the job is parked for that reason, untouched, and has done nothing."""

        def check(reason: str, **protection):
            with kind.documents(options) as documents:
                before = documents.read("x")
                scheduler = open_store(paused=True, **protection)
                told = []
                scheduler.add_listener(told.append, events.EVENT_JOB_PARKED)
                scheduler.resume()
                wait_until(lambda: told)
                assert told[0].job_id == "x"
                assert reason in told[0].reason
                (parked,) = scheduler.get_parked_jobs()
                assert (parked.id, parked.reason) == ("x", told[0].reason)
                assert documents.read("x") == before
            assert not (tmp_path / PWNED).exists()
            assert SEEN == []
            return scheduler

        return check

    @pytest.fixture
    def attacker(self, open_store):
        """Adds a job that is due, as a program without any protection would."""

        def add(func=note, trigger="date", serializer="pickle", **settings):
            scheduler = open_store(paused=True, serializer=serializer)
            scheduler.add_job(func, trigger, id="x", misfire_grace_time=None, **settings)
            scheduler.shutdown()

        return add


class TestAttacks(SafetyTests):
    @pytest.mark.parametrize(
        ("func", "args", "reason"),
        [
            ("os:system", [f"touch {PWNED}"], "its callable 'os:system' is in none of the allowed modules"),
            ("builtins:eval", [f"open('{PWNED}', 'w')"], "its callable 'builtins:eval' is in none of the allowed"),
            (f"{HERE}:Owner.__init__", [1, 2], f"its callable '{HERE}:Owner.__init__' is private"),
            (f"{HERE}:signal.raise_signal", [0], f"'{HERE}:signal.raise_signal' leads into another module"),
            (f"{HERE}:finish", [1], f"its callable '{HERE}:finish' is from conftest, which is not an allowed module"),
        ],
    )
    def test_callables(self, attacker, assert_parks, func, args, reason):
        attacker(func, args=args)
        assert_parks(reason, allowed_modules=[HERE])

    def test_a_module_whose_import_does_something(self, program, options, assert_parks, tmp_path, monkeypatch):
        (tmp_path / "evil.py").write_text(f"open('{PWNED}', 'w')\ndef job(): pass\n")
        monkeypatch.syspath_prepend(tmp_path)
        finish(program(OWNER + ADD_EVIL, json.dumps(options), "paused"))
        (tmp_path / PWNED).unlink()
        assert_parks("its callable 'evil:job' is in none of the allowed modules", allowed_modules=[HERE, "ev."])
        assert "evil" not in sys.modules

    @pytest.mark.parametrize("made", [Touch, Bomb], ids=["call", "bomb"])
    @pytest.mark.parametrize(
        ("protection", "reason"),
        [
            ({"signing_key": KEY}, "its callable and arguments have no signature"),
            (
                {"serializer": "json"},
                "they are in the encoding 'pickle', and this job store reads JSON only",
            ),
            ({"allowed_classes": [Owner]}, "its arguments cannot be read here: "),
        ],
        ids=["signing_key", "json", "allowed_classes"],
    )
    def test_pickles(self, attacker, assert_parks, made, protection, reason):
        attacker(args=[made()])
        assert_parks(reason, **protection)

    @pytest.mark.parametrize(
        "value",
        [
            {"$type": "os:system", "value": f"touch {PWNED}"},
            {"$type": "object", "class": f"{__name__}:Touch", "state": {}},
            {"$type": ["set"], "value": []},
            {"$type": "set", "value": [], "__setstate__": {}},
            {"$type": "set", "value": [[]]},
            {"$type": "path"},
            {"$type": "timedelta", "value": "1"},
            {"$type": "datetime", "value": "2026-01-01T00:00:00+00:00", "zone": "../../etc/passwd"},
        ],
        ids=str,
    )
    def test_json_that_names_classes(self, attacker, assert_parks, kind, options, value):
        """As in CVE-2026-31072: whatever has a state to be restored is not in the list."""
        attacker(serializer="json")
        with kind.documents(options) as documents:
            change(documents, "x", with_data(json.dumps({"args": [value]}).encode()))
        assert_parks("its arguments cannot be read here: ", serializer="json")

    def test_json_as_others_mark_their_classes_is_only_a_dict(self, attacker, open_store, kind, options):
        attacker(serializer="json")
        gadget = {"__apscheduler_json__": [f"{__name__}:Touch", {}]}
        with kind.documents(options) as documents:
            change(documents, "x", with_data(json.dumps({"args": [gadget]}).encode()))
        open_store(serializer="json")
        wait_until(lambda: [((gadget,), {})] == SEEN)

    @pytest.mark.parametrize("depth", [100, 100_000])
    def test_deep_json(self, attacker, assert_parks, kind, options, depth):
        attacker(serializer="json")
        with kind.documents(options) as documents:
            change(documents, "x", with_data(b'{"args": ' + b"[" * depth + b"]" * depth + b"}"))
        assert_parks("nested", serializer="json")

    @pytest.mark.parametrize(
        ("protection", "reason"),
        [
            ({"signing_key": KEY}, "it is a pickle without a signature"),
            ({"serializer": "json"}, "it is a pickle, and a job store of this process reads JSON only"),
            ({"allowed_classes": [Fires]}, "posix:system is not among the allowed classes"),
        ],
        ids=["signing_key", "json", "allowed_classes"],
    )
    def test_triggers(self, attacker, assert_parks, kind, options, protection, reason):
        attacker(trigger=Fires())

        def edit(document):
            document["trigger"]["pickle"] = base64.b64encode(pickle.dumps(TouchingTrigger())).decode()

        with kind.documents(options) as documents:
            change(documents, "x", edit)
        assert_parks(reason, **protection)


ADD_EVIL = """
scheduler.add_job("evil:job", "date", run_date="2026-01-01", id="x", misfire_grace_time=None)
scheduler.shutdown()
"""


WRONG = "the signature of its callable and arguments is not by any of our keys for it"


@pytest.mark.parametrize("serializer", ["pickle", "json"])
class TestSignatures(SafetyTests):
    @pytest.fixture
    def add(self, open_store, serializer):
        """Adds jobs with a signature, paused but for "x"."""

        def call(*ids, signing_key=KEY):
            scheduler = open_store(paused=True, serializer=serializer, signing_key=signing_key)
            for job_id in ids:
                when = {} if job_id == "x" else {"next_run_time": None}
                scheduler.add_job(note, args=[job_id], id=job_id, misfire_grace_time=None, **when)
            scheduler.shutdown()

        return call

    def test_signed_jobs_come_back_and_run(self, open_store, add, serializer):
        add("x", "y")
        scheduler = open_store(signing_key=KEY, serializer=serializer)
        wait_until(lambda: SEEN == [(("x",), {})])
        assert scheduler.get_job("y").args == ("y",)
        scheduler.modify_job("y", args=["changed"])
        scheduler.resume_job("y")
        wait_until(lambda: (("changed",), {}) in SEEN)

    def test_as_documented(self, add, kind, options, serializer):
        """docs/job_document.md, "Signature": what another language computes."""
        add("y")
        with kind.documents(options) as documents:
            data = payload_data(documents, "y")
        if serializer == "json":
            head, tail = b',"signature":"hmac-sha256:', b'"}'
        else:
            head, tail = b"\nduetime-signature:hmac-sha256:", b"\n"
        signature = data[-64 - len(tail) : -len(tail)]
        whole = data.removesuffix(head + signature + tail) + (b"}" if serializer == "json" else b"")
        parts = [b"duetime payload 1", b"default", b"y", f"{HERE}:note".encode(), serializer.encode(), whole]
        message = b"".join(struct.pack(">Q", len(part)) + part for part in parts)
        assert hmac.new(KEY.encode(), message, hashlib.sha256).hexdigest().encode() == signature

    def test_one_changed_bit(self, add, kind, options, assert_parks, serializer):
        add("x")
        with kind.documents(options) as documents:
            data = payload_data(documents, "x")
            place = data.index(b"x") if serializer == "pickle" else data.index(b'"x"') + 1
            change(documents, "x", with_data(flipped(data, place, 1)))
        assert_parks(WRONG, signing_key=KEY, serializer=serializer)

    @pytest.mark.parametrize("index", [-3, -34, -60])
    def test_one_changed_bit_of_the_signature(self, add, kind, options, assert_parks, serializer, index):
        add("x")
        with kind.documents(options) as documents:
            change(documents, "x", with_data(flipped(payload_data(documents, "x"), index, 1)))
        assert_parks(WRONG, signing_key=KEY, serializer=serializer)

    def test_another_job_s_payload(self, add, kind, options, assert_parks, serializer):
        add("x", "y")
        with kind.documents(options) as documents:
            of_x, of_y = payload_data(documents, "x"), payload_data(documents, "y")
            change(documents, "x", with_data(of_y))
            change(documents, "y", with_data(of_x))
        scheduler = assert_parks(WRONG, signing_key=KEY, serializer=serializer)
        assert "paused" in str(scheduler.get_job("y"))  # it can be seen, moved and removed
        with pytest.raises(PayloadRefusedError, match=WRONG):
            scheduler.get_job("y").args  # noqa: B018

    def test_a_payload_of_another_callable(self, open_store, add, options, serializer):
        """What was signed for one callable is not good for another."""
        add("y")
        store = open_store(paused=True, signing_key=KEY, serializer=serializer)._jobstores["default"]
        (stored,) = store._engine.list_jobs("default")
        opened = (stored.payload_encoding, stored.payload)
        assert store._guard.open("default", "y", f"{HERE}:note", *opened)[1] == ("y",)
        for place in [("default", "y", "os:system"), ("default", "z", f"{HERE}:note"), ("other", "y", f"{HERE}:note")]:
            with pytest.raises(PayloadRefusedError, match=WRONG):
                store._guard.open(*place, *opened)

    def test_the_first_key(self, open_store, attacker, serializer):
        """What is in the store when it gets its first key is signed once."""
        attacker(args=["x"], serializer=serializer)
        scheduler = open_store(paused=True, signing_key=KEY, serializer=serializer)
        store = scheduler._jobstores["default"]
        assert [store.sign_jobs(), store.sign_jobs()] == [1, 0]
        scheduler.resume()
        wait_until(lambda: SEEN == [(("x",), {})])

    def test_signed_jobs_run_where_there_is_no_key(self, open_store, add):
        add("x")
        open_store()
        wait_until(lambda: SEEN == [(("x",), {})])

    def test_key_rotation(self, open_store, add, assert_parks, serializer):
        add("x", "y")
        rotating = open_store(paused=True, signing_key=[OTHER_KEY, KEY], serializer=serializer)
        rotating.modify_job("y", args=["y"])  # stored again, with the new key
        rotating.shutdown()
        scheduler = assert_parks(WRONG, signing_key=[OTHER_KEY], serializer=serializer)
        assert scheduler.get_job("y").args == ("y",)
        scheduler._jobstores["default"].use_signing_keys([OTHER_KEY, KEY])
        scheduler.release_job("x")
        wait_until(lambda: SEEN == [(("x",), {})])

    def test_triggers_are_signed(self, open_store, serializer):
        first = open_store(paused=True, signing_key=KEY, serializer=serializer)
        first.add_job(note, Fires(), args=[1], misfire_grace_time=None)
        first.shutdown()
        open_store(signing_key=[OTHER_KEY, KEY], serializer=serializer)
        wait_until(lambda: SEEN == [((1,), {})])


def payload_data(documents, job_id: str) -> bytes:
    payload = json.loads(documents.read(job_id))["payload"]
    return payload["data"].encode() if payload["encoding"] == "json" else base64.b64decode(payload["data"])


def flipped(data: bytes, place: int, bit: int) -> bytes:
    changed = bytearray(data)
    changed[place] ^= bit
    return bytes(changed)


@pytest.mark.parametrize("data", [b"{}", b'{"args": []}\n', b' { "kwargs" : {} } '])
class TestForeignJobs(SafetyTests):
    def test_json_of_other_languages_can_be_signed(self, attacker, open_store, kind, options, data):
        attacker(serializer="json")
        with kind.documents(options) as documents:
            change(documents, "x", with_data(data))
        scheduler = open_store(paused=True, signing_key=KEY)
        assert scheduler._jobstores["default"].sign_jobs() == 1
        scheduler.resume()
        wait_until(lambda: SEEN == [((), {})])


def test_what_cannot_be_read_is_not_signed(start, path):
    attacker = start(paused=True, serializer="json")
    attacker.add_job(note, id="x")
    attacker.shutdown()
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        (text,) = database.execute("SELECT document FROM duetime_jobs").fetchone()
        document = json.loads(text)
        document["payload"]["data"] = "[1]"
        database.execute("UPDATE duetime_jobs SET document = ?", [json.dumps(document)])
    store = start(paused=True, signing_key=KEY)._jobstores["default"]
    assert store.sign_jobs() == 0


class TestProcesses(SafetyTests):
    def test_with_and_without_the_key(self, program, options, tmp_path, monkeypatch, open_store):
        """The key comes from the environment."""
        without = program(OWNER + ADD.format("without"), json.dumps(options), "paused")
        finish(without)
        monkeypatch.setenv("DUETIME_SIGNING_KEY", f"{KEY} {OTHER_KEY.decode().replace(' ', '-')}")
        finish(program(OWNER + ADD.format("with"), json.dumps(options), "paused"))
        output = finish(program(OWNER + RUN_AND_LIST_PARKED, json.dumps(options)))
        assert "[('without', 'its callable and arguments have no signature')]" in output
        assert notes(tmp_path) == ["with"]
        monkeypatch.delenv("DUETIME_SIGNING_KEY")
        finish(program(OWNER + RUN, json.dumps(options)))
        assert notes(tmp_path) == ["with", "without"]


ADD = """
scheduler.add_job(jobs.note, args=["{0}"], id="{0}", misfire_grace_time=None)
scheduler.shutdown()
"""

RUN = """
while not scheduler.get_runs(state="succeeded", job_id="without"):
    time.sleep(0.01)
scheduler.shutdown()
"""

RUN_AND_LIST_PARKED = """
while not scheduler.get_parked_jobs() or not scheduler.get_runs(state="succeeded"):
    time.sleep(0.01)
print([(job.id, job.reason) for job in scheduler.get_parked_jobs()])
scheduler.shutdown()
"""


# --- one store is enough for the rest ----------------------------------------------------------------


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "jobs.db")


class Picky(SQLiteJobStore):
    """Asked for each step, so it is run in Python."""

    def get_due_jobs(self, now):
        return super().get_due_jobs(now)


@pytest.fixture
def start(clock, path):
    made = []

    def call(store=None, executor="threadpool", paused=False, **protection):
        scheduler = BackgroundScheduler(
            clock=clock,
            timezone="UTC",
            jobstores={"default": store or SQLiteJobStore(path, **protection)},
            executors={"default": {"type": executor}},
        )
        made.append(scheduler)
        scheduler.start(paused)
        return scheduler

    yield call
    for scheduler in made:
        if scheduler.running:
            scheduler.shutdown()


@pytest.mark.parametrize("executor", ["threadpool", "processpool", "debug"])
def test_whatever_the_executor(start, tmp_path, executor):
    attacker = start(paused=True)
    attacker.add_job("os:system", args=[f"touch {PWNED}"], id="system", misfire_grace_time=None)
    attacker.add_job(Path.touch, args=[tmp_path / PWNED], id="touch", misfire_grace_time=None)
    attacker.shutdown()
    victim = start(paused=True, signing_key=KEY, allowed_modules=["pathlib"], executor=executor)
    victim.add_job(Path.touch, args=[tmp_path / "fine"], id="fine")
    victim.resume()
    wait_until(lambda: len(victim.get_parked_jobs()) == 2 and victim.get_runs(state="succeeded"))
    assert (tmp_path / "fine").exists()
    assert not (tmp_path / PWNED).exists()
    assert {job.reason for job in victim.get_parked_jobs()} == {"its callable and arguments have no signature"}


@pytest.mark.parametrize("executor", ["threadpool", "processpool", "debug"])
def test_a_stored_job_that_says_it_is_living(start, path, tmp_path, executor):
    """Jobs in memory are objects, which go to worker processes as pickles."""
    attacker = start(paused=True)
    attacker.add_job(note, id="x", misfire_grace_time=None)
    attacker.shutdown()
    touch = pickle.dumps((Path.touch, (tmp_path / PWNED,), {}))
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        (text,) = database.execute("SELECT document FROM duetime_jobs").fetchone()
        document = json.loads(text)
        document["task"] = _native.LIVE_TASK
        document["payload"]["data"] = base64.b64encode(touch).decode()
        database.execute("UPDATE duetime_jobs SET task = ?, document = ?", [_native.LIVE_TASK, json.dumps(document)])
    victim = start(signing_key=KEY, executor=executor)
    wait_until(victim.get_parked_jobs)
    assert [job.reason for job in victim.get_parked_jobs()] == ["its callable and arguments have no signature"]
    assert not (tmp_path / PWNED).exists()


def test_coroutines(path, tmp_path):
    """A scheduler whose jobs are handed over in its loop."""
    attacker = BackgroundScheduler(timezone="UTC", jobstores={"default": SQLiteJobStore(path)})
    attacker.start(paused=True)
    attacker.add_job(note, args=[Touch()], id="bad", misfire_grace_time=None)
    attacker.shutdown()

    async def main():
        store = SQLiteJobStore(path, signing_key=KEY, serializer="json")
        async with AsyncIOScheduler(timezone="UTC", jobstores={"default": store}) as victim:
            victim.add_job(asyncio.sleep, args=[0], id="good")
            while not victim.get_parked_jobs() or not victim.get_runs(state="succeeded"):
                await asyncio.sleep(0.01)
            return [run.job_id for run in victim.get_runs(state="succeeded")], victim.get_parked_jobs()

    ran, parked = asyncio.run(main())
    assert (ran, [job.id for job in parked]) == (["good"], ["bad"])
    assert not (tmp_path / PWNED).exists()


def test_a_run_that_is_asked_for(start, path, tmp_path):
    attacker = start(paused=True)
    attacker.add_job(note, "interval", args=[Touch()], id="x", hours=1)
    attacker.shutdown()
    victim = start(signing_key=KEY)
    victim.run_job_now("x")
    wait_until(victim.get_parked_jobs)
    assert not (tmp_path / PWNED).exists()


def test_a_store_that_is_run_in_python(start, path, clock, tmp_path):
    SEEN.clear()
    attacker = start(paused=True)
    attacker.add_job(note, args=[Touch()], id="x", misfire_grace_time=None)
    attacker.shutdown()
    victim = start(Picky(path, signing_key=KEY))
    wait_until(victim.get_parked_jobs)
    assert [(job.id, job.reason) for job in victim.get_parked_jobs()] == [
        ("x", "its callable and arguments have no signature")
    ]
    victim.add_job(note, args=[1], misfire_grace_time=None)
    wait_until(lambda: SEEN == [((1,), {})])
    assert not (tmp_path / PWNED).exists()


def test_what_could_not_be_run_is_not_stored(start):
    scheduler = start(paused=True, allowed_modules=[HERE], allowed_classes=[Owner])
    for call, words in [
        (lambda: scheduler.add_job(os.getpid), "in none of the allowed modules"),
        (lambda: scheduler.add_job(note, args=[threading.Thread]), "threading:Thread is not among the allowed"),
        (lambda: scheduler.add_job(note, Fires()), "Fires is not among the allowed classes"),
    ]:
        with pytest.raises(PayloadRefusedError, match=words):
            call()
    assert scheduler.get_jobs() == []
    scheduler.add_job(Owner("bound").method, args=[1])


def test_a_protected_store_comes_before_the_start(start, path):
    scheduler = start(store=SQLiteJobStore(path))
    with pytest.raises(RuntimeError, match='Job store "late" restricts its jobs, and the executors were started'):
        scheduler.add_jobstore(SQLiteJobStore(path + "2", signing_key=KEY), "late")
    assert "late" not in scheduler._jobstores
    scheduler.add_jobstore(SQLiteJobStore(path + "2", serializer="json"), "late")
    scheduler.add_executor("processpool", "processes")
    with pytest.raises(RuntimeError, match='Job store "later" restricts its jobs'):
        scheduler.add_jobstore(SQLiteJobStore(path + "3", serializer="json"), "later")


def test_callables_in_the_list(start):
    SEEN.clear()
    scheduler = start(allowed_modules=[note])
    scheduler.add_job(note, args=[1])
    wait_until(lambda: SEEN == [((1,), {})])
    with pytest.raises(PayloadRefusedError):
        scheduler.add_job(threading.active_count)


def test_configuration(monkeypatch):
    configured = BackgroundScheduler(
        {
            "apscheduler.jobstores.default.type": "sqlite",
            "apscheduler.jobstores.default.path": "x.db",
            "apscheduler.jobstores.default.signing_key": KEY,
            "apscheduler.jobstores.default.allowed_modules": "one, two.",
        }
    )
    guard = configured._jobstores["default"]._guard
    assert guard.keys == (KEY.encode(),)
    assert [guard.callables._has(module) for module in ("one", "one.x", "two", "two.x", "twox")] == [
        True, False, True, True, False,
    ]  # fmt: skip
    monkeypatch.setenv("DUETIME_SIGNING_KEY", f"{KEY} {'o' * 20}")
    monkeypatch.setenv("DUETIME_ALLOWED_MODULES", "three")
    guard = SQLiteJobStore("x.db")._guard
    assert guard.keys == (KEY.encode(), b"o" * 20)
    assert guard.callables._has("three")
    assert SQLiteJobStore("x.db", signing_key="")._guard.keys == ()


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"signing_key": "short"}, ValueError, "signing_key must have at least 16 bytes, got 5"),
        ({"signing_key": [3]}, TypeError, "signing_key must be a str, bytes, or a list of them, got 'int'"),
        ({"allowed_modules": ["."]}, ValueError, "allowed_modules must be names of modules, got ['.']"),
        ({"allowed_classes": ["x"]}, TypeError, "allowed_classes must be classes, or names such as"),
        ({"serializer": "xml"}, ValueError, "serializer must be 'pickle' or 'json', got 'xml'"),
    ],
)
def test_bad_options(options, error, text):
    with pytest.raises(error) as caught:
        SQLiteJobStore("x.db", **options)
    assert str(caught.value).startswith(text)


def test_keys_are_not_shown():
    store = SQLiteJobStore("x.db", signing_key=KEY)
    assert KEY not in repr(store) + repr(store._guard)


# --- values ------------------------------------------------------------------------------------------

BERLIN = ZoneInfo("Europe/Berlin")

VALUES = [
    None, True, 1 << 70, 1.5, "ä", [1, [2]], {"a": {"b": None}}, (), (1, ("x",)), {1, 2}, frozenset({"x"}), b"\0\xff",
    {1: 2, (1, 2): {3}}, {"$type": "set", "value": []}, START, datetime(2026, 1, 1), date(2026, 1, 2), time(9, 30),
    datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN), datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN, fold=1),
    datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=5.5))), timedelta(days=-1, microseconds=1), Decimal("1.10"),
    UUID(int=5), Path("a/b"),
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_json_values_come_back(value):
    (restored,), kwargs = from_json(to_json((value,), {"key": value}))
    assert kwargs == {"key": restored}
    assert (type(restored), repr(restored)) == (type(value), repr(value))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (float("nan"), "nan (nan is no JSON number)"),
        (object, "<class 'object'> (Object of type type is not JSON serializable)"),
        ([Owner], "[<class 'job_store_contract.Owner'>] (Object of type type is not JSON serializable)"),
        ({"x": {1: 1j}}, "{'x': {1: 1j}} (Object of type complex is not JSON serializable)"),
    ],
    ids=["nan", "class", "in a list", "in a dict"],
)
def test_what_json_refuses(value, text):
    with pytest.raises(TypeError) as caught:
        to_json((0, value), {})
    assert str(caught.value) == f"args[1] cannot be stored as JSON: {text}"
    with pytest.raises(TypeError, match=r"^kwargs\['a'\] cannot be stored as JSON: "):
        to_json((), {"a": value})


def test_deep_values_are_not_stored():
    value: list = []
    for _ in range(100):
        value = [value]
    with pytest.raises(TypeError, match="nested deeper than 64"):
        to_json((value,), {})


@pytest.mark.parametrize("protocol", range(2, 6))
def test_plain_values_can_be_unpickled(protocol):
    values = [value for value in VALUES if protocol > 3 or not getattr(value, "fold", 0)]  # which 3 does not keep
    values += [bytearray(b"x"), Owner, 1j, range(3), BERLIN]
    restored = AllowedClasses([Owner]).loads(pickle.dumps(values, protocol))
    assert repr(restored) == repr(values)


@pytest.mark.parametrize("name", ["os:system", "builtins:eval", "builtins:getattr", "codecs:encode"])
def test_nothing_else_can_be_unpickled(name):
    module, _, function = name.partition(":")
    call = f"c{module}\n{function}\n(S'1'\nS'2'\ntR.".encode()
    with pytest.raises(PayloadRefusedError, match="allowed|encoding"):
        AllowedClasses([]).loads(call)
