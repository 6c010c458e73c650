"""Jobs added within the caller's own transaction: there if it commits, never there if it does not."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest
from conftest import START, wait_until
from duetime.jobstores.base import ConflictingIdError
from duetime.jobstores.sqlite import SQLiteJobStore
from duetime.schedulers.background import BackgroundScheduler
from duetime.schedulers.base import STATE_STOPPED

SEEN = []


def note(value=None):
    SEEN.append(value)


@pytest.fixture(autouse=True)
def _nothing_seen():
    SEEN.clear()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "jobs.db"


@pytest.fixture
def scheduler(clock, path):
    scheduler = BackgroundScheduler(clock=clock, timezone="UTC", jobstores={"default": SQLiteJobStore(path)})
    scheduler.start()
    yield scheduler
    if scheduler.state != STATE_STOPPED:
        scheduler.shutdown()


@pytest.fixture
def connection(path):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, item TEXT)")
        connection.commit()
        yield connection


def orders(connection):
    return connection.execute("SELECT count(*) FROM orders").fetchone()[0]


def test_a_committed_job_runs(scheduler, connection):
    connection.execute("INSERT INTO orders (item) VALUES ('tea')")
    job = scheduler.add_job(note, args=["tea"], id="ship", connection=connection)
    assert scheduler.get_job("ship") is None
    assert job.next_run_time == START
    connection.commit()
    wait_until(lambda: SEEN == ["tea"])
    assert orders(connection) == 1


def test_a_job_that_is_rolled_back_never_was(scheduler, connection):
    connection.execute("INSERT INTO orders (item) VALUES ('tea')")
    scheduler.add_job(note, "interval", minutes=1, id="ship", connection=connection)
    connection.rollback()
    assert scheduler.get_jobs() == []
    assert orders(connection) == 0


def test_the_caller_sees_it_as_any_other_job(scheduler, connection):
    scheduler.add_job(note, "cron", hour=5, id="ship", name="Ship", misfire_grace_time=60, connection=connection)
    connection.commit()
    job = scheduler.get_job("ship")
    assert (job.name, job.misfire_grace_time, job.next_run_time.hour) == ("Ship", 60, 5)
    job.pause()
    assert scheduler.get_job("ship").next_run_time is None
    job.remove()


def test_a_taken_id_is_said_at_once_and_leaves_the_transaction_alone(scheduler, connection):
    scheduler.add_job(note, "interval", hours=1, id="ship")
    connection.execute("INSERT INTO orders (item) VALUES ('tea')")
    with pytest.raises(ConflictingIdError, match="ship"):
        scheduler.add_job(note, "interval", minutes=1, id="ship", connection=connection)
    connection.commit()
    assert orders(connection) == 1
    assert scheduler.get_job("ship").trigger.interval == timedelta(hours=1)


def test_replacing_begins_the_job_anew(scheduler, connection):
    first = scheduler.add_job(note, "interval", hours=1, id="ship")
    first.pause()
    scheduler.add_job(note, "interval", minutes=1, id="ship", replace_existing=True, connection=connection)
    assert scheduler.get_job("ship").next_run_time is None
    connection.commit()
    job = scheduler.get_job("ship")
    assert (job.trigger.interval, job.next_run_time) == (timedelta(minutes=1), START + timedelta(minutes=1))


def test_several_jobs_of_one_transaction(scheduler, connection):
    for number in range(20):
        scheduler.add_job(note, args=[number], id=f"job {number}", connection=connection)
    connection.commit()
    wait_until(lambda: len(SEEN) == 20)
    assert sorted(SEEN) == list(range(20))


def test_a_process_that_runs_no_jobs_adds_some(clock, path, scheduler, connection):
    """A web server's worker beside one that runs the jobs."""
    web = BackgroundScheduler(clock=clock, timezone="UTC", jobstores={"default": SQLiteJobStore(path)})
    web.add_job(note, args=["from the web"], connection=connection)
    connection.commit()
    wait_until(lambda: SEEN == ["from the web"])
    assert web.state == STATE_STOPPED


def test_a_job_whose_trigger_never_fires_is_kept_paused(scheduler, connection):
    scheduler.add_job(note, "interval", hours=1, end_date=START - timedelta(days=1), id="late", connection=connection)
    connection.commit()
    assert scheduler.get_job("late").next_run_time is None


def test_by_way_of_sqlalchemy(scheduler, path):
    sqlalchemy = pytest.importorskip("sqlalchemy")
    orm = pytest.importorskip("sqlalchemy.orm")
    engine = sqlalchemy.create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        scheduler.add_job(note, args=["connection"], connection=connection)
    with orm.Session(engine) as session, session.begin():
        scheduler.add_job(note, args=["session"], connection=session)
    with engine.connect() as connection:
        scheduler.add_job(note, args=["never"], id="never", connection=connection)
        connection.rollback()
    wait_until(lambda: len(SEEN) == 2)
    assert set(SEEN) == {"connection", "session"}
    engine.dispose()


@pytest.mark.parametrize(
    ("connection", "text"), [("a path", "builtins.str"), (object(), "builtins.object"), (5, "builtins.int")]
)
def test_what_is_no_connection_is_refused(scheduler, connection, text):
    with pytest.raises(TypeError, match=text):
        scheduler.add_job(note, id="job", connection=connection)
    assert scheduler.get_jobs() == []


def test_an_asynchronous_connection_is_refused(scheduler):
    class AsyncConnection:
        def run_sync(self, function):
            raise AssertionError

    with pytest.raises(TypeError, match="synchronous"):
        scheduler.add_job(note, connection=AsyncConnection())


def test_a_store_without_sql_says_so(clock, connection):
    scheduler = BackgroundScheduler(clock=clock, timezone="UTC")
    scheduler.start(paused=True)
    with pytest.raises(NotImplementedError, match="memory"):
        scheduler.add_job(note, connection=connection)
    scheduler.shutdown()


def test_a_database_without_the_tables_is_the_callers_mistake(scheduler, tmp_path):
    with closing(sqlite3.connect(tmp_path / "other.db")) as other, pytest.raises(sqlite3.OperationalError):
        scheduler.add_job(note, connection=other)
