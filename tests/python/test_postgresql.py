"""Jobs in a PostgreSQL database. What all job stores keep is in job_store_contract.py."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import uuid

import pytest
from conftest import START, wait_until
from duetime import events
from duetime.jobstores._postgresql_uri import uri_of
from duetime.jobstores.base import ConflictingIdError
from duetime.jobstores.postgresql import PostgreSQLJobStore
from duetime.jobstores.sqlalchemy import SQLAlchemyJobStore
from duetime.schedulers.background import BackgroundScheduler

SEEN = []


def note(*args, **kwargs):
    SEEN.append((args, kwargs))


@pytest.fixture(autouse=True)
def _nothing_seen():
    SEEN.clear()


def prefix():
    return f"tests_{uuid.uuid4().hex}"


def store_in(server, **options):
    options = {"table_prefix": prefix(), "command_timeout": 60, **options}
    return PostgreSQLJobStore(host=str(server.directory), user="postgres", database="postgres", **options)


def url_of(server, driver=""):
    return f"postgresql{driver}://postgres@/postgres?host={server.directory}"


def test_unknown_arguments():
    with pytest.raises(TypeError, match="unexpected keyword argument 'pasword'"):
        PostgreSQLJobStore(pasword="s3cret")


@pytest.mark.parametrize("option", ["table_prefix", "schema"])
@pytest.mark.parametrize("name", ['a"b', "x; drop", "x" * 64, "1a"])
def test_names_of_tables_and_schemas(scheduler, postgresql_server, option, name):
    scheduler.add_jobstore(store_in(postgresql_server, **{option: name}))
    with pytest.raises(ValueError, match=re.escape(name)):
        scheduler.start()


def test_no_password_is_shown(scheduler, postgresql_server):
    store = PostgreSQLJobStore("postgresql://somebody:s3cret@localhost:1/db", connect_timeout=1)
    assert "s3cret" not in repr(store)
    scheduler.add_jobstore(store)
    with pytest.raises(Exception) as caught:
        scheduler.start()
    assert "s3cret" not in str(caught.value)


def test_it_lives_through_a_restart_of_the_server(scheduler, clock, own_postgresql_server):
    server = own_postgresql_server
    scheduler.add_jobstore(store_in(server))
    scheduler.start()
    told = []
    scheduler.add_listener(
        lambda event: told.append(event.code), events.EVENT_STORE_ERROR | events.EVENT_STORE_RECOVERED
    )
    scheduler.add_job(note, "interval", hours=1, id="kept")
    server.stop()

    def after_a_second(condition):
        clock.advance(seconds=1)
        return condition()

    scheduler.wakeup()
    wait_until(lambda: after_a_second(lambda: events.EVENT_STORE_ERROR in told))
    server.start()
    wait_until(lambda: after_a_second(lambda: events.EVENT_STORE_RECOVERED in told))
    assert [job.id for job in scheduler.get_jobs()] == ["kept"]
    scheduler.add_job(note, "date", misfire_grace_time=None)
    wait_until(lambda: after_a_second(lambda: SEEN))


def test_in_a_schema_of_its_own(scheduler, postgresql_server):
    psycopg = pytest.importorskip("psycopg")
    schema = prefix()
    scheduler.add_jobstore(store_in(postgresql_server, schema=schema, table_prefix="jobs"))
    scheduler.start()
    scheduler.add_job(note, "interval", hours=1, id="here")
    with psycopg.connect(host=str(postgresql_server.directory), user="postgres") as connection:
        assert connection.execute(f"SELECT id FROM {schema}.jobs_jobs").fetchall() == [("here",)]


# --- over TLS ---------------------------------------------------------------------------------------------------


def make_certificate(directory, name):
    """Self-signed, for 127.0.0.1: its own authority."""
    key, certificate = directory / f"{name}.key", directory / f"{name}.crt"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    names = ["-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*command, *names, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    return key, certificate


@pytest.fixture
def tls_server(own_postgresql_server):
    """Asks for TLS and a password over the network."""
    psycopg = pytest.importorskip("psycopg")
    server = own_postgresql_server
    key, certificate = make_certificate(server.directory, "server")
    key.chmod(0o600)
    if os.geteuid() == 0:
        shutil.chown(key, "postgres")
    with psycopg.connect(host=str(server.directory), user="postgres", autocommit=True) as connection:
        connection.execute("ALTER USER postgres PASSWORD 's3cret'")
    (server.directory / "data" / "pg_hba.conf").write_text(
        "local all all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n"
    )
    server.stop("fast")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server.start(
        "listen_addresses=127.0.0.1", f"port={port}", "ssl=on", f"ssl_cert_file={certificate}", f"ssl_key_file={key}"
    )
    return {"host": "127.0.0.1", "port": port, "user": "postgres", "database": "postgres"}, certificate


def test_over_tls_with_a_password(scheduler, tls_server):
    server, certificate = tls_server
    store = PostgreSQLJobStore(password="s3cret", sslmode="verify-full", sslrootcert=str(certificate), **server)
    scheduler.add_jobstore(store)
    scheduler.start()
    scheduler.add_job(note)
    wait_until(lambda: SEEN)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"password": "s3cret", "sslmode": "disable"}, "no encryption"),
        ({"password": "wr0ng", "sslmode": "require"}, "password authentication failed"),
        ({"password": "s3cret", "sslmode": "verify-full", "sslrootcert": "/no/such.crt"}, "such.crt"),
        ({"password": "s3cret", "sslmode": "verify-full", "sslrootcert": "another"}, "certificate verify failed"),
    ],
)
def test_without_the_right_certificate_or_password(scheduler, tls_server, tmp_path, options, words):
    server, _ = tls_server
    if options.get("sslrootcert") == "another":
        options = {**options, "sslrootcert": str(make_certificate(tmp_path, "another")[1])}
    scheduler.add_jobstore(PostgreSQLJobStore(**options, **server))
    with pytest.raises(Exception, match=words) as caught:
        scheduler.start()
    assert options["password"] not in str(caught.value)


# --- by way of SQLAlchemy --------------------------------------------------------------------------------------


def test_sqlalchemys_urls_name_the_native_store(scheduler, postgresql_server):
    table = prefix()
    scheduler.add_jobstore("sqlalchemy", url=url_of(postgresql_server, "+psycopg"), tablename=table)
    scheduler.start()
    scheduler.add_job(note, args=[1])
    wait_until(lambda: SEEN == [((1,), {})])
    store = PostgreSQLJobStore(url_of(postgresql_server), table_prefix=f"duetime_{table}")
    with_python = BackgroundScheduler(timezone="UTC", jobstores={"default": store})
    with_python.start(paused=True)
    assert [run.state for run in with_python.get_runs()] == ["succeeded"]
    with_python.shutdown()


def test_sqlalchemys_engines_name_it_too(scheduler, postgresql_server):
    sqlalchemy = pytest.importorskip("sqlalchemy")
    engine = sqlalchemy.create_engine(url_of(postgresql_server, "+psycopg2"))
    scheduler.add_jobstore(SQLAlchemyJobStore(engine=engine, tablename=prefix()))
    scheduler.start()
    scheduler.add_job(note, "interval", hours=1, id="job")
    assert scheduler.get_job("job").next_run_time > START


@pytest.mark.parametrize(
    ("url", "arguments", "uri"),
    [
        ("postgresql://u:p%40w@db:5433/jobs", {}, "postgresql://u:p%40w@db:5433/jobs"),
        ("postgresql+psycopg://db", {}, "postgresql://db/"),
        ("postgresql://u@/jobs?host=/run/pg", {}, "postgresql://u@/jobs?host=%2Frun%2Fpg"),
        ("postgresql://db/jobs?sslmode=require", {}, "postgresql://db/jobs?sslmode=require"),
        ("postgresql://db/jobs", {"sslmode": "verify-full"}, "postgresql://db/jobs?sslmode=verify-full"),
        ("postgresql://[::1]:5432/jobs", {"database": "x"}, "postgresql://[::1]:5432/jobs?dbname=x"),
    ],
)
def test_uris(url, arguments, uri):
    assert uri_of(url, arguments) == uri


def test_jobs_of_apscheduler_are_copied_once(postgresql_server):
    apscheduler = pytest.importorskip("apscheduler.schedulers.background")
    from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore as OldStore

    table, url = prefix(), url_of(postgresql_server, "+psycopg")
    old = apscheduler.BackgroundScheduler(timezone="UTC", jobstores={"default": OldStore(url=url, tablename=table)})
    old.start(paused=True)
    old.add_job("os:getpid", "interval", hours=1, id="old")
    old.add_job("os:getpid", "interval", hours=1, id="paused", next_run_time=None)
    old.shutdown()
    for expected in (["old", "paused"], ["paused"]):
        store = SQLAlchemyJobStore(url=url, tablename=table)
        scheduler = BackgroundScheduler(timezone="UTC", jobstores={"default": store})
        scheduler.start(paused=True)
        assert sorted(job.id for job in scheduler.get_jobs()) == expected
        if "old" in expected:
            scheduler.remove_job("old")
        scheduler.shutdown()


# --- within the program's own transaction -----------------------------------------------------------------------


def open_connection(server, driver):
    module = pytest.importorskip(driver)
    return module.connect(host=str(server.directory), user="postgres", dbname="postgres")


@pytest.mark.parametrize("driver", ["psycopg", "psycopg2"])
def test_a_job_is_added_when_the_transaction_commits(scheduler, postgresql_server, driver):
    scheduler.add_jobstore(store_in(postgresql_server))
    scheduler.start()
    scheduler.add_job(note, "interval", hours=1, id="taken")
    connection = open_connection(postgresql_server, driver)
    scheduler.add_job(note, args=["never"], connection=connection)
    connection.rollback()
    scheduler.add_job(note, args=["committed"], id="new", connection=connection)
    with pytest.raises(ConflictingIdError):
        scheduler.add_job(note, id="taken", connection=connection)
    assert scheduler.get_job("new") is None
    connection.commit()
    wait_until(lambda: SEEN)
    assert SEEN == [(("committed",), {})]
    scheduler.add_job(note, "interval", minutes=1, id="taken", replace_existing=True, connection=connection)
    connection.commit()
    assert scheduler.get_job("taken").trigger.interval.total_seconds() == 60
    connection.close()


def test_a_long_transaction_holds_up_nobody(scheduler, postgresql_server):
    scheduler.add_jobstore(store_in(postgresql_server))
    scheduler.start()
    with open_connection(postgresql_server, "psycopg") as connection:
        scheduler.add_job(note, args=["in the transaction"], connection=connection)
        scheduler.add_job(note, args=["beside it"])
        wait_until(lambda: SEEN)
        assert SEEN == [(("beside it",), {})]
    wait_until(lambda: len(SEEN) == 2)


def test_by_sqlalchemys_connections_and_sessions(scheduler, postgresql_server):
    sqlalchemy = pytest.importorskip("sqlalchemy")
    orm = pytest.importorskip("sqlalchemy.orm")
    scheduler.add_jobstore(store_in(postgresql_server))
    scheduler.start()
    engine = sqlalchemy.create_engine(url_of(postgresql_server, "+psycopg"))
    with engine.begin() as connection:
        scheduler.add_job(note, args=["connection"], connection=connection)
    with orm.Session(engine) as session, session.begin():
        scheduler.add_job(note, args=["session"], connection=session)
    wait_until(lambda: len(SEEN) == 2)
    engine.dispose()


# --- several processes ------------------------------------------------------------------------------------------

NODE = """
import json, sys, time
from duetime.jobstores.postgresql import PostgreSQLJobStore
from duetime.schedulers.background import BackgroundScheduler
scheduler = BackgroundScheduler(timezone="UTC", jobstores={"default": PostgreSQLJobStore(**json.loads(sys.argv[1]))})
scheduler.start()
print("started", flush=True)
sys.stdin.read()
scheduler.shutdown()
"""


def test_two_processes_run_each_job_once(scheduler, postgresql_server, tmp_path):
    options = {"host": str(postgresql_server.directory), "user": "postgres", "database": "postgres"}
    options["table_prefix"] = prefix()
    nodes = [
        subprocess.Popen(
            [sys.executable, "-c", NODE, json.dumps(options)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    for node in nodes:
        assert node.stdout.readline() == "started\n"
    adding = BackgroundScheduler(timezone="UTC", jobstores={"default": PostgreSQLJobStore(**options)})
    adding.start(paused=True)
    adding.add_jobs(
        {"func": "os:mkdir", "args": [str(tmp_path / str(number))], "misfire_grace_time": None} for number in range(200)
    )
    wait_until(lambda: len(adding.get_runs(state="succeeded", limit=1000)) == 200)
    assert adding.get_runs(state="failed") == []  # a directory is made once only
    assert len({run.node for run in adding.get_runs(limit=1000)}) <= 2
    adding.shutdown()
    for node in nodes:
        node.communicate("")
        assert node.returncode == 0
