"""SQLAlchemyJobStore, and what it takes over from APScheduler."""

from __future__ import annotations

import logging
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path
from subprocess import Popen
from typing import Any

import pytest
from conftest import finish
from duetime.job import Job
from duetime.jobstores.base import PayloadRefusedError
from duetime.jobstores.sqlalchemy import SQLAlchemyJobStore
from duetime.schedulers.background import BackgroundScheduler
from duetime.testing import ManualClock
from old_data import jobs_of_apscheduler, old_table, write_old_data

pytest.importorskip("apscheduler", minversion="3.11.3")
pytest.importorskip("sqlalchemy")

NOW = datetime(2031, 3, 1, tzinfo=timezone.utc)
LATER = datetime(2031, 3, 1, 12, tzinfo=timezone.utc)

FILL = """
for name, trigger in TRIGGERS.items():
    expect(name, trigger)
    add(name, trigger)
for name, trigger in PYTZ_TRIGGERS.items():
    expect(name, trigger)
    add_raw(name, state_of(name, trigger))
for protocol in range(6):
    name = f"protocol-{protocol}"
    expect(name, TRIGGERS["cron-rich"])
    add_raw(name, state_of(name, TRIGGERS["cron-rich"], (1, b"", b"bytes")), protocol=protocol)
for kind in ("date", "interval", "cron-rich"):
    name = f"tuple-{kind}"
    expect(name, TRIGGERS[kind])
    add_raw(name, state_of(name, TRIGGERS[kind]), dumps=old_dumps, protocol=2)
"""


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Of ``jobs.db`` and of ``old_jobs``, which can be imported here."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    sys.modules.pop("old_jobs", None)


@pytest.fixture
def take_over(directory: Path) -> Iterator[Callable[..., BackgroundScheduler]]:
    """Starts a scheduler of ours on ``jobs.db``, paused unless said otherwise."""
    made = []

    def start(paused: bool = True, **options: Any) -> BackgroundScheduler:
        store = SQLAlchemyJobStore(url="sqlite:///jobs.db", **options)
        scheduler = BackgroundScheduler(jobstores={"default": store}, timezone="UTC", clock=ManualClock(NOW))
        scheduler.start(paused)
        made.append(scheduler)
        return scheduler

    yield start
    for scheduler in made:
        if scheduler.running:
            scheduler.shutdown()


def fires_of(job: Job, count: int) -> list[int]:
    fires: list[int] = []
    previous, now = None, NOW
    while len(fires) < count:
        previous = job.trigger.get_next_fire_time(previous, now)
        if previous is None:
            break
        now = previous
        fires.append(round(previous.timestamp() * 1_000_000))
    return fires


def ids_of(scheduler: BackgroundScheduler) -> list[str]:
    return sorted(job.id for job in scheduler.get_jobs())


def test_every_kind_of_trigger_is_taken_over(
    directory: Path, take_over: Callable[..., BackgroundScheduler], caplog: pytest.LogCaptureFixture
) -> None:
    expected = write_old_data(directory, FILL)
    with caplog.at_level(logging.INFO):
        scheduler = take_over()
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert f"Copied {len(expected)} jobs of apscheduler:apscheduler_jobs" in caplog.text
    jobs = {job.id: job for job in scheduler.get_jobs()}
    assert jobs.keys() == expected.keys()
    assert not (directory / "imported").exists()
    for id, job in jobs.items():
        assert job.next_run_time == NOW, id
        assert fires_of(job, len(expected[id]["fires"])) == expected[id]["fires"], id
        if not id.startswith("calendar"):  # whose text is that of Python's default
            assert str(job.trigger) == expected[id]["trigger"], id
        if id.startswith("protocol"):
            assert list(job.args) == [1, b"", b"bytes"], id


def test_all_attributes_are_taken_over(directory: Path, take_over: Callable[..., BackgroundScheduler]) -> None:
    write_old_data(
        directory,
        """
add("full", TRIGGERS["date"], LATER := NOW + timedelta(hours=12), [1, "two"], {"end": {3}}, name="Full",
    misfire_grace_time=42, coalesce=False, max_instances=7, executor="other")
add("paused", TRIGGERS["cron"], None, misfire_grace_time=None)
""",
    )
    scheduler = take_over()
    full = scheduler.get_job("full")
    assert full is not None
    assert (full.name, full.misfire_grace_time, full.coalesce, full.max_instances) == ("Full", 42, False, 7)
    assert (full.executor, full.func_ref, full.next_run_time) == ("other", "old_jobs:note", LATER)
    assert (list(full.args), full.kwargs) == ([1, "two"], {"end": {3}})
    paused = scheduler.get_job("paused")
    assert paused is not None
    assert paused.next_run_time is None
    assert paused.misfire_grace_time is None


def test_arguments_of_the_programs_classes_are_made_when_the_job_runs(
    directory: Path, take_over: Callable[..., BackgroundScheduler]
) -> None:
    write_old_data(directory, 'add("job", TRIGGERS["cron"], args=[old_jobs.Account("Ada"), PYTZ], kwargs={"k": 1})')
    scheduler = take_over()
    scheduler.print_jobs()
    (job,) = scheduler.get_jobs()
    assert job.next_run_time == NOW
    assert not (directory / "imported").exists()
    scheduler.resume()
    scheduler._clock.advance(seconds=1)  # type: ignore[union-attr]
    assert (directory / "notes").read_text() == "Ada Europe/Berlin 1\n"
    assert job.args[0].owner == "Ada"


def test_old_jobs_are_not_signed(directory: Path, take_over: Callable[..., BackgroundScheduler]) -> None:
    """Anybody could have written them; somebody has to say that they are good."""
    write_old_data(directory, 'add("job", TRIGGERS["cron"], args=[old_jobs.Account("Ada")])')
    scheduler = take_over(signing_key="k" * 32, allowed_modules=["old_jobs"])
    (job,) = scheduler.get_jobs()
    with pytest.raises(PayloadRefusedError, match="no signature"):
        job.args  # noqa: B018
    store = scheduler._jobstores["default"]
    assert isinstance(store, SQLAlchemyJobStore)
    assert store.sign_jobs() == 1
    scheduler.resume()
    scheduler._clock.advance(seconds=1)  # type: ignore[union-attr]
    assert (directory / "notes").read_text() == "Ada\n"
    scheduler.shutdown()
    (job,) = take_over().get_jobs()  # which has no key, and no need of one
    assert job.args[0].owner == "Ada"


def test_a_job_with_such_arguments_can_be_changed(
    directory: Path, take_over: Callable[..., BackgroundScheduler]
) -> None:
    write_old_data(directory, 'add("job", TRIGGERS["cron"], args=[old_jobs.Account("Ada")])')
    scheduler = take_over()
    scheduler.modify_job("job", name="renamed")
    scheduler.reschedule_job("job", trigger="interval", hours=1)
    job = scheduler.get_job("job")
    assert job is not None
    assert (job.name, job.args[0].owner) == ("renamed", "Ada")
    scheduler.modify_job("job", args=["Grace"])
    job = scheduler.get_job("job")
    assert job is not None
    assert list(job.args) == ["Grace"]


UNREADABLE = {
    "truncated": "add_raw(name, pickle.dumps(state_of(name, TRIGGERS['cron']))[:-20])",
    "empty": "add_raw(name, b'')",
    "text": "add_raw(name, b'not a pickle at all')",
    "trigger-runs": "add_raw(name, state_of(name, Evil('os:system', 'touch pwned')))",
    "zone-runs": "add_raw(name, state_of(name, with_zone(CronTrigger(hour=1), Evil('os:system', 'touch pwned'))))",
    "state-runs": "add_raw(name, Evil('os:system', 'touch pwned'))",
    "evaluates": "add_raw(name, Evil('builtins:eval', 'open(\"pwned\", \"w\")'))",
    "gets-attribute": "add_raw(name, b\"cbuiltins\\ngetattr\\n(cos\\nsystem\\nS'__call__'\\ntR(S'touch pwned'\\ntR.\")",
    "patches-class": "add_raw(name, b\"capscheduler.triggers.cron\\nCronTrigger\\n(N(dS'x'\\nI1\\nstb.\")",
    "extension": "add_raw(name, b'\\x80\\x02\\x82\\x01.')",
    "persistent": "add_raw(name, b'Px\\n.')",
    "own-trigger": "add_raw(name, state_of(name, Own()))",
    "newer": "add_raw(name, {**state_of(name, TRIGGERS['cron']), 'version': 2})",
    "other-id": "add_raw(name, state_of('another', TRIGGERS['cron']))",
    "no-function": "add_raw(name, state_of(name, TRIGGERS['cron'], func=None))",
    "bad-zone": "add_raw(name, state_of(name, with_zone(CronTrigger(hour=1), Path('Nowhere/Land'))))",
    "negative": "add_raw(name, state_of(name, IntervalTrigger(hours=-1)))",
    "large": "add_raw(name, state_of(name, TRIGGERS['cron'], ('x' * 2**20,)))",
}

EVIL = """
class Evil:
    def __init__(self, reference, argument):
        self.reference, self.argument = reference, argument
    def __reduce__(self):
        from apscheduler.util import ref_to_obj
        return ref_to_obj(self.reference), (self.argument,)

def Path(name):
    class Zone:
        def __reduce__(self):
            return getattr, (ZoneInfo, name)
    return Zone()

class Own(CronTrigger):
    pass
"""


def test_what_cannot_be_read_is_left_and_reported(
    directory: Path, take_over: Callable[..., BackgroundScheduler], caplog: pytest.LogCaptureFixture
) -> None:
    statements = [f"name = {id!r}\n{statement}" for id, statement in UNREADABLE.items()]
    write_old_data(directory, EVIL + "\n".join(statements) + '\nadd("good", TRIGGERS["cron"])')
    before = old_table(directory)
    scheduler = take_over()
    assert not (directory / "pwned").exists()
    assert not (directory / "imported").exists()
    assert ids_of(scheduler) == ["good"]
    parked = {job.id: job for job in scheduler.get_parked_jobs()}
    assert parked.keys() == UNREADABLE.keys()
    for id, job in parked.items():
        assert job.jobstore == "default"
        assert job.reason
        assert (
            f"Job {id!r} of apscheduler:apscheduler_jobs cannot be read and was left there: {job.reason}" in caplog.text
        )
    assert "Own" in parked["own-trigger"].reason
    assert "version 2" in parked["newer"].reason
    scheduler.shutdown()
    assert old_table(directory) == before


def test_arguments_that_run_something_do_so_only_with_their_job(
    directory: Path, take_over: Callable[..., BackgroundScheduler]
) -> None:
    write_old_data(
        directory, EVIL + "add_raw('job', state_of('job', TRIGGERS['cron'], (Evil('os:system', 'touch pwned'),)))"
    )
    scheduler = take_over()
    scheduler.print_jobs()
    assert ids_of(scheduler) == ["job"]
    assert not (directory / "pwned").exists()


def test_the_second_start_takes_nothing_over(directory: Path, take_over: Callable[..., BackgroundScheduler]) -> None:
    write_old_data(directory, 'add("a", TRIGGERS["cron"])\nadd("b", TRIGGERS["cron"])')
    first = take_over()
    first.remove_job("a")
    first.shutdown()
    assert ids_of(take_over()) == ["b"]


def test_a_table_that_comes_later_is_taken_over_too(
    directory: Path, take_over: Callable[..., BackgroundScheduler]
) -> None:
    first = take_over()
    first.add_job("math:sqrt", "interval", hours=1, args=[1], id="ours")
    first.shutdown()
    write_old_data(directory, 'add("theirs", TRIGGERS["cron"])\nadd("ours", TRIGGERS["cron"])')
    second = take_over()
    assert ids_of(second) == ["ours", "theirs"]
    ours = second.get_job("ours")
    assert ours is not None
    assert ours.func_ref == "math:sqrt"


def test_one_can_go_back(directory: Path, take_over: Callable[..., BackgroundScheduler]) -> None:
    write_old_data(directory, "for name, trigger in TRIGGERS.items(): add(name, trigger)")
    before, shown = old_table(directory), jobs_of_apscheduler(directory)
    scheduler = take_over()
    assert ids_of(scheduler) == sorted(shown)
    scheduler.remove_all_jobs()
    scheduler.shutdown()
    assert old_table(directory) == before
    assert jobs_of_apscheduler(directory) == shown


def test_of_two_processes_one_takes_over(
    directory: Path, take_over: Callable[..., BackgroundScheduler], program: Callable[..., Popen[str]]
) -> None:
    write_old_data(directory, 'for i in range(200): add(f"job-{i}", TRIGGERS["cron"])')
    source = """
        import logging, sys
        from duetime.schedulers.background import BackgroundScheduler
        logging.basicConfig(level=logging.INFO, stream=sys.stdout)
        scheduler = BackgroundScheduler(jobstores={"default": {"type": "sqlalchemy", "url": "sqlite:///jobs.db"}})
        print("ready", flush=True)
        sys.stdin.readline()
        scheduler.start(paused=True)
        print("found", len(scheduler.get_jobs()))
        scheduler.shutdown()
    """
    processes = [program(source) for _ in range(3)]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    output = [finish(process) for process in processes]
    assert [text.count("found 200\n") for text in output] == [1, 1, 1]
    assert sum(text.count("Copied 200 jobs") for text in output) == 1


def test_tables_of_one_file_are_stores_of_their_own(
    directory: Path, take_over: Callable[..., BackgroundScheduler]
) -> None:
    write_old_data(directory, 'add("job", TRIGGERS["cron"])')
    first = take_over()
    other = SQLAlchemyJobStore(url="sqlite:///jobs.db", tablename="other_jobs")
    first.add_jobstore(other, "other")
    first.add_jobstore(SQLAlchemyJobStore(url="sqlite:///jobs.db", tablename="o" * 63), "long")
    first.add_job("math:sqrt", args=[1], id="job", jobstore="other", trigger="interval", hours=1)
    first.add_job("math:sqrt", args=[1], id="job", jobstore="long", trigger="interval", hours=1)
    assert [len(first.get_jobs(alias)) for alias in ("default", "other", "long")] == [1, 1, 1]


# --- the class -------------------------------------------------------------------------------------


def test_it_keeps_jobs_in_the_file(directory: Path, take_over: Callable[..., BackgroundScheduler]) -> None:
    first = take_over()
    first.add_job("math:sqrt", "interval", hours=1, args=[4], id="job")
    first.shutdown()
    assert ids_of(take_over()) == ["job"]


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///some.db",
        "sqlite+pysqlite:///some.db",
        "sqlite:///some.db?timeout=9",
        "sqlite:///file:some.db?uri=true",
    ],
)
def test_urls_of_files(directory: Path, url: str) -> None:
    store = SQLAlchemyJobStore(url)
    store.start(None, "alone")  # type: ignore[arg-type]
    assert (directory / "some.db").exists()
    assert store.get_all_jobs() == []
    store.shutdown()


def test_absolute_urls(tmp_path: Path) -> None:
    store = SQLAlchemyJobStore(f"sqlite:///{tmp_path / 'absolute.db'}")
    store.start(None, "alone")  # type: ignore[arg-type]
    assert store.get_all_jobs() == []
    assert (tmp_path / "absolute.db").exists()


@pytest.mark.parametrize(
    "url", ["sqlite://", "sqlite:///", "sqlite:///:memory:", "sqlite:///file:x?mode=memory&uri=true"]
)
def test_urls_of_memory(directory: Path, url: str, caplog: pytest.LogCaptureFixture) -> None:
    scheduler = BackgroundScheduler(jobstores={"default": SQLAlchemyJobStore(url)}, timezone="UTC")
    with caplog.at_level(logging.INFO):
        scheduler.start(paused=True)
    assert "in memory" in caplog.text
    scheduler.add_job("math:sqrt", "interval", hours=1, args=[4], id="job")
    with pytest.raises(ValueError, match="cannot be serialized"):
        scheduler.add_job(lambda: None, "interval", hours=1)
    assert ids_of(scheduler) == ["job"]
    scheduler.shutdown()
    assert list(directory.iterdir()) == []


def test_an_engine_names_the_database(directory: Path) -> None:
    from sqlalchemy import create_engine

    engine = create_engine("sqlite:///engine.db")
    store = SQLAlchemyJobStore(engine=engine)
    assert store.engine is engine
    store.start(None, "alone")  # type: ignore[arg-type]
    assert store.get_all_jobs() == []
    assert (directory / "engine.db").exists()
    assert repr(store) == "<SQLAlchemyJobStore (url=sqlite:///engine.db)>"
    store.shutdown()


def test_an_engine_may_be_a_reference() -> None:
    import duetime.jobstores.sqlalchemy as module

    global an_engine
    an_engine = module.create_engine("sqlite:///")
    assert SQLAlchemyJobStore(engine=f"{__name__}:an_engine").engine is an_engine


def test_a_url_object_is_a_url() -> None:
    from sqlalchemy import make_url

    assert repr(SQLAlchemyJobStore(make_url("sqlite:///x.db"))) == "<SQLAlchemyJobStore (url=sqlite:///x.db)>"


def test_the_old_table_is_declared_where_the_program_wants_it() -> None:
    from sqlalchemy import MetaData

    metadata = MetaData()
    store = SQLAlchemyJobStore("sqlite:///x.db", metadata=metadata, tablename="old", tableschema="main")
    assert list(metadata.tables) == ["main.old"]
    assert store.jobs_t is metadata.tables["main.old"]


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({}, ValueError, 'Need either "engine" or "url" defined'),
        ({"url": ""}, ValueError, 'Need either "engine" or "url" defined'),
        ({"url": "postgresql+asyncpg://u:secret@h/d"}, NotImplementedError, "for asyncio only"),
        ({"url": "oracle://u:secret@h/d"}, NotImplementedError, "'oracle' are not supported yet"),
        ({"url": "mysql+aiomysql://u:secret@h/d"}, NotImplementedError, "for asyncio only"),
        ({"url": "sqlite+aiosqlite:///x"}, NotImplementedError, r"'sqlite\+aiosqlite'"),
        ({"url": "u:secret@h"}, ValueError, "url cannot be read"),
        ({"url": "sqlite://secret/x.db"}, ValueError, "has no host"),
        *(
            ({"url": "sqlite://", "tablename": name}, ValueError, "tablename must be a letter")
            for name in ('a"b', "x; drop", "", "1a", "é", "x" * 64, None, "a\n")
        ),
        ({"url": "sqlite://", "tableschema": "x; drop"}, ValueError, "tableschema must be None or 'main'"),
    ],
)
def test_what_is_refused(arguments: dict[str, Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words) as caught:
        SQLAlchemyJobStore(**arguments)
    assert "secret" not in str(caught.value)


def test_sqlalchemy_is_not_imported_for_a_url(program: Callable[..., Popen[str]]) -> None:
    source = """
        import sys
        from duetime.jobstores.sqlalchemy import SQLAlchemyJobStore
        assert "sqlite3" not in sys.modules
        store = SQLAlchemyJobStore("sqlite:///jobs.db")
        store.start(None, "alone")
        assert store.get_all_jobs() == []
        assert "sqlalchemy" not in sys.modules
    """
    assert finish(program(source)) == ""


def test_other_text_in_the_table_does_no_harm(directory: Path, take_over: Callable[..., BackgroundScheduler]) -> None:
    write_old_data(directory, 'add("good", TRIGGERS["cron"])')
    with closing(sqlite3.connect("jobs.db")) as connection:
        connection.execute("INSERT INTO apscheduler_jobs VALUES (CAST(x'ff41' AS TEXT), 1.5, 'text')")
        connection.execute("INSERT INTO apscheduler_jobs VALUES (7, 'soon', 5)")
        connection.commit()
    scheduler = take_over()
    assert ids_of(scheduler) == ["good"]
    assert sorted(job.id for job in scheduler.get_parked_jobs()) == ["7", "\\xffA"]
