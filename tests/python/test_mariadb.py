"""Jobs in a MariaDB server, through SQLAlchemy: they outlive their process, and processes share them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import timedelta

import pytest
from conftest import START, finish, notes, wait_until
from duetime import events
from duetime.jobstores.base import ConflictingIdError, JobLookupError
from duetime.jobstores.sqlalchemy import SQLAlchemyJobStore
from duetime.schedulers.background import BackgroundScheduler
from sqlalchemy import create_engine, text

from tests.support.leash import leashed

SEEN = []


def note(*args, **kwargs):
    SEEN.append((args, kwargs))


@pytest.fixture(autouse=True)
def _nothing_seen():
    SEEN.clear()


class Server:
    def __init__(self, directory):
        self.directory = directory
        self.socket = str(directory / "s.sock")
        self.url = f"mysql+pymysql://root@localhost/test?unix_socket={self.socket}"
        (directory / "data").mkdir()
        program = "/usr/sbin/mariadbd" if os.path.exists("/usr/sbin/mariadbd") else "mariadbd"
        # Without system tables, which need a package more: whoever reaches the socket may do everything.
        self.command = [
            program, "--no-defaults", f"--datadir={directory / 'data'}", "--user=root", f"--socket={self.socket}",
            "--skip-networking", "--skip-grant-tables", "--innodb-log-file-size=8M",
        ]  # fmt: skip
        self.start()

    def start(self):
        log = (self.directory / "log").open("ab")
        self.process = subprocess.Popen(leashed(self.command), stdout=log, stderr=log)
        wait_until(self.answers)

    def answers(self):
        try:
            with create_engine(self.url.replace("/test", "/")).connect() as connection:
                connection.execute(text("CREATE DATABASE IF NOT EXISTS test CHARACTER SET latin1"))
            return True
        except Exception:
            assert self.process.poll() is None, (self.directory / "log").read_text()
            return False

    def stop(self):
        self.process.terminate()
        self.process.wait()


@pytest.fixture(scope="module")
def shared_server(tmp_path_factory):
    made = Server(tmp_path_factory.mktemp("mariadb"))
    yield made
    made.stop()


@pytest.fixture
def server(shared_server):
    """With an empty database."""
    engine = create_engine(shared_server.url)
    with engine.connect() as connection:
        connection.execute(text("DROP DATABASE test"))
        connection.execute(text("CREATE DATABASE test CHARACTER SET latin1"))
    engine.dispose()
    return shared_server


@pytest.fixture
def open_store(clock, server):
    made = []

    def start(paused=False, **options):
        store = SQLAlchemyJobStore(url=server.url, **options)
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
    first.add_job(note, "cron", hour=3, args=[1, ("a", {2})], kwargs={"key": START}, id="Größe 👩", name="named")
    first.add_job(note, "interval", hours=1, id="paused", next_run_time=None)
    for id in ("a", "A", "a ", "é", "e\u0301"):
        first.add_job(note, "interval", hours=1, id=id)
    before = {job.id: (str(job), job.args, job.kwargs) for job in first.get_jobs()}
    first.shutdown()

    second = open_store(paused=True)
    assert {job.id: (str(job), job.args, job.kwargs) for job in second.get_jobs()} == before
    assert len(before) == 7
    assert second.get_job("paused").next_run_time is None
    with pytest.raises(ConflictingIdError):
        second.add_job(note, "interval", hours=1, id="a ")
    second.remove_job("a ")
    with pytest.raises(JobLookupError):
        second.remove_job("a ")
    second.remove_all_jobs()
    assert second.get_jobs() == []


def test_jobs_run(open_store, clock):
    scheduler = open_store()
    scheduler.add_job(note, "interval", minutes=1, args=[1], kwargs={"a": 2})
    clock.advance(minutes=1)
    wait_until(lambda: scheduler.get_runs(state="succeeded"))
    assert SEEN == [((1,), {"a": 2})]


def test_changes_are_stored(open_store):
    first = open_store(paused=True)
    first.add_job(note, "interval", hours=1, args=[1], id="x")
    first.modify_job("x", args=[2], name="new")
    first.reschedule_job("x", trigger="interval", minutes=5)
    first.shutdown()
    (job,) = open_store(paused=True).get_jobs()
    assert (job.args, job.name, job.next_run_time) == ((2,), "new", START + timedelta(minutes=5))


def test_a_large_argument(open_store):
    scheduler = open_store(paused=True)
    scheduler.add_job(note, "interval", hours=1, args=[os.urandom(700_000)], id="large")
    assert len(scheduler.get_job("large").args[0]) == 700_000


def test_large_jobs_come_due_together(open_store, clock):
    scheduler = open_store()
    for i in range(40):
        scheduler.add_job(note, "interval", minutes=1, args=[bytes(700_000)], id=str(i), misfire_grace_time=None)
    clock.advance(minutes=1)
    wait_until(lambda: len(SEEN) == 40)


def test_a_job_that_another_scheduler_added_runs(open_store, clock):
    runs, adds = open_store(), open_store(paused=True)
    adds.add_job(note, "date", run_date=START, misfire_grace_time=None)

    def seen_by_polling():
        clock.advance(seconds=1)
        return SEEN

    wait_until(seen_by_polling)
    wait_until(lambda: runs.get_jobs() == [])


def test_schedulers_share_each_fire(open_store, clock):
    schedulers = [open_store() for _ in range(3)]
    for i in range(20):
        schedulers[0].add_job(note, "interval", minutes=1, args=[i], misfire_grace_time=None)
    clock.advance(minutes=1)
    wait_until(lambda: len(schedulers[0].get_runs(state="succeeded")) == 20)
    assert sorted(args[0] for args, _ in SEEN) == list(range(20))


def test_stores_of_different_tables_do_not_mix(open_store):
    one, other = open_store(paused=True), open_store(paused=True, tablename="other")
    one.add_job(note, "interval", hours=1, id="x")
    assert other.get_jobs() == []
    other.remove_all_jobs()
    assert [job.id for job in one.get_jobs()] == ["x"]


def test_a_job_that_cannot_be_read_stays_as_it_is(open_store, server):
    scheduler = open_store(paused=True)
    scheduler.add_job(note, "interval", hours=1, id="bad")
    scheduler.add_job(note, "interval", hours=1, id="good")
    with create_engine(server.url).begin() as connection:
        connection.execute(text("UPDATE duetime_jobs SET document = x'FF00' WHERE `key` = 'bad'"))
    assert [job.id for job in scheduler.get_jobs()] == ["good"]
    with create_engine(server.url).connect() as connection:
        query = text("SELECT document FROM duetime_jobs WHERE `key` = 'bad'")
        assert connection.execute(query).scalar_one() == b"\xff\x00"


def test_a_newer_schema_is_left_alone(open_store, server):
    open_store(paused=True).shutdown()
    with create_engine(server.url).begin() as connection:
        connection.execute(text("UPDATE duetime_meta SET value = 2 WHERE `key` = 'schema_version'"))
    with pytest.raises(Exception, match="schema version 2, this duetime knows up to 1"):
        open_store(paused=True)


def test_jobs_of_apscheduler_are_copied_once(open_store, server):
    apscheduler = pytest.importorskip("apscheduler.schedulers.background")
    from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore as OldStore

    old = apscheduler.BackgroundScheduler(timezone="UTC", jobstores={"default": OldStore(url=server.url)})
    old.start(paused=True)
    old.add_job("os:getpid", "interval", hours=1, id="old")
    old.add_job("os:getpid", "interval", hours=1, id="paused", next_run_time=None)
    old.shutdown()
    scheduler = open_store(paused=True)
    assert sorted(job.id for job in scheduler.get_jobs()) == ["old", "paused"]
    assert scheduler.get_job("paused").next_run_time is None
    scheduler.remove_job("old")
    assert [job.id for job in open_store(paused=True).get_jobs()] == ["paused"]


PROGRAM = """
    import sys, jobs
    from duetime.jobstores.sqlalchemy import SQLAlchemyJobStore
    from duetime.schedulers.background import BackgroundScheduler
    scheduler = BackgroundScheduler(jobstores={{"default": SQLAlchemyJobStore(url={url!r})}})
    scheduler.start(paused=sys.argv[1] == "add")
    if sys.argv[1] == "add":
        for i in range(int(sys.argv[2])):
            scheduler.add_job(jobs.note, "date", args=[str(i)], misfire_grace_time=None)
    print("ready", flush=True)
    sys.stdin.readline()
    scheduler.shutdown()
"""


def test_two_processes_share_many_jobs(program, server, tmp_path):
    source = PROGRAM.format(url=server.url)
    adding = program(source, "add", "200")
    assert adding.stdout.readline() == "ready\n"
    adding.send_signal(signal.SIGKILL)
    adding.wait()
    processes = [program(source, "run"), program(source, "run")]
    wait_until(lambda: len(notes(tmp_path)) >= 200)
    for process in processes:
        finish(process)
    assert sorted(map(int, notes(tmp_path))) == list(range(200))


def test_a_killed_process_loses_no_job_that_it_did_not_start(program, server, tmp_path):
    source = PROGRAM.format(url=server.url)
    finish_line = 200
    adding = program(source, "add", str(finish_line))
    assert adding.stdout.readline() == "ready\n"
    doomed = program(source, "run")
    wait_until(lambda: notes(tmp_path))
    doomed.send_signal(signal.SIGKILL)
    doomed.wait()
    begun = set(notes(tmp_path))
    other = program(source, "run")

    def all_ended():
        with create_engine(server.url).connect() as connection:
            return connection.execute(text("SELECT count(*) FROM duetime_jobs")).scalar_one() == 0

    wait_until(all_ended)
    finish(other)
    finish(adding)
    lines = notes(tmp_path)
    assert len(lines) == len(set(lines))
    assert begun <= set(lines)
    with create_engine(server.url).connect() as connection:
        abandoned = connection.execute(text("SELECT count(*) FROM duetime_runs WHERE state = 'abandoned'")).scalar_one()
    # What the killed one had claimed ended there, or was abandoned: never silence, never twice.
    assert len(lines) >= finish_line - abandoned
    assert len(lines) <= finish_line


def test_a_forked_child_starts_anew(program, server, tmp_path):
    source = f"""
        import os, jobs
        from duetime.jobstores.sqlalchemy import SQLAlchemyJobStore
        from duetime.schedulers.background import BackgroundScheduler

        def make():
            return BackgroundScheduler(jobstores={{"default": SQLAlchemyJobStore(url={server.url!r})}})

        scheduler = make()
        scheduler.start()
        for i in range(20):
            child = os.fork()
            if child == 0:
                own = make()
                own.start(paused=True)
                own.add_job(jobs.note, "date", args=[str(i)], misfire_grace_time=None)
                own.shutdown()
                os._exit(0)
            assert os.waitpid(child, 0)[1] == 0
        while not os.path.exists("notes") or len(open("notes").readlines()) < 20:
            scheduler.get_jobs()
        scheduler.shutdown()
    """
    finish(program(source))
    assert sorted(map(int, notes(tmp_path))) == list(range(20))


def test_it_lives_through_a_restart_of_the_server(clock, tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("mariadb"))
    store = SQLAlchemyJobStore(url=server.url)
    scheduler = BackgroundScheduler(clock=clock, timezone="UTC", jobstores={"default": store})
    told = []
    scheduler.add_listener(
        lambda event: told.append(event.code), events.EVENT_STORE_ERROR | events.EVENT_STORE_RECOVERED
    )

    def after_a_second(condition):
        clock.advance(seconds=1)
        return condition()

    try:
        scheduler.start()
        scheduler.add_job(note, "date", run_date=START + timedelta(days=1), misfire_grace_time=None)
        server.stop()
        wait_until(lambda: after_a_second(lambda: events.EVENT_STORE_ERROR in told))
        server.start()
        wait_until(lambda: after_a_second(lambda: events.EVENT_STORE_RECOVERED in told))
        assert len(scheduler.get_jobs()) == 1
        clock.advance(days=1)
        wait_until(lambda: after_a_second(lambda: SEEN))
    finally:
        scheduler.shutdown()
        server.stop()


def test_an_engine_of_the_program(clock, server):
    engine = create_engine(server.url)
    scheduler = BackgroundScheduler(clock=clock, timezone="UTC")
    scheduler.add_jobstore("sqlalchemy", engine=engine)
    scheduler.start(paused=True)
    scheduler.add_job(note, "interval", hours=1, id="x")
    assert [job.id for job in scheduler.get_jobs()] == ["x"]
    scheduler.shutdown()


def test_secrets_are_not_shown(clock):
    store = SQLAlchemyJobStore(url="mysql+pymysql://u:s3cret@127.0.0.1:1/d?ssl_key=s3cret")
    assert "s3cret" not in repr(store)
    assert "127.0.0.1:1/d" in repr(store)
    scheduler = BackgroundScheduler(clock=clock, timezone="UTC", jobstores={"default": store})
    with pytest.raises(Exception, match="Can't connect") as caught:
        scheduler.start()
    assert "s3cret" not in str(caught.value)
    assert not scheduler.running


def test_sqlalchemy_is_only_imported_where_it_is_needed(program):
    assert "ok" in finish(
        program("""
        import sys
        import duetime.jobstores.sqlalchemy, duetime.jobstores.storage
        assert "sqlalchemy" not in sys.modules
        print("ok")
    """)
    )
    assert "sqlalchemy" in sys.modules
