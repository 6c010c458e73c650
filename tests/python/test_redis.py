"""Jobs in a Redis server: they outlive their process, however it ends, and processes share them."""

from __future__ import annotations

import pickle
import signal
import socket
import ssl
import subprocess
import sys
from datetime import timedelta

import pytest
from conftest import START, finish, notes, wait_until
from duetime import events
from duetime.jobstores.base import ConflictingIdError, JobLookupError
from duetime.jobstores.redis import RedisJobStore
from duetime.schedulers.background import BackgroundScheduler

SEEN = []


def note(*args, **kwargs):
    SEEN.append((args, kwargs))


@pytest.fixture(autouse=True)
def _nothing_seen():
    SEEN.clear()


def answers(path):
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(path))
            connection.sendall(b"PING\r\n")
            return connection.recv(100) == b"+PONG\r\n"
    except OSError:
        return False


class Server:
    def __init__(self, directory):
        self.directory = directory
        self.socket = str(directory / "redis.sock")
        self.start()

    def start(self):
        command = ["redis-server", "--port", "0", "--unixsocket", self.socket, "--dir", str(self.directory)]
        self.process = subprocess.Popen([*command, "--save", ""], stdout=subprocess.DEVNULL)
        wait_until(lambda: answers(self.socket))

    def kill(self):
        self.process.kill()
        self.process.wait()


@pytest.fixture
def server(tmp_path_factory):
    made = Server(tmp_path_factory.mktemp("redis"))
    yield made
    made.kill()


@pytest.fixture
def open_store(clock, server):
    """Schedulers over the same server, one after the other or at the same time."""
    made = []

    def start(paused=False, **options):
        store = RedisJobStore(unix_socket_path=server.socket, socket_timeout=60, **options)
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
    first.add_job(note, "cron", hour=3, args=[1, ("a", {2})], kwargs={"key": START}, id="x", name="named")
    first.add_job(note, "interval", hours=1, id="paused", next_run_time=None)
    before = {job.id: (str(job), job.args, job.kwargs) for job in first.get_jobs()}
    first.shutdown()

    second = open_store(paused=True)
    assert {job.id: (str(job), job.args, job.kwargs) for job in second.get_jobs()} == before
    assert second.get_job("paused").next_run_time is None
    with pytest.raises(ConflictingIdError):
        second.add_job(note, "interval", hours=1, id="x")
    second.remove_job("x")
    with pytest.raises(JobLookupError):
        second.remove_job("x")
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


def test_a_job_that_another_scheduler_added_runs_at_once(open_store):
    runs, adds = open_store(), open_store(paused=True)
    adds.add_job(note, "date", run_date=START, misfire_grace_time=None)
    wait_until(lambda: SEEN)
    assert runs.get_jobs() == []


def test_schedulers_share_each_fire(open_store, clock):
    schedulers = [open_store() for _ in range(3)]
    for i in range(20):
        schedulers[0].add_job(note, "interval", minutes=1, args=[i], misfire_grace_time=None)
    clock.advance(minutes=1)
    wait_until(lambda: len(schedulers[0].get_runs(state="succeeded")) == 20)
    assert sorted(args[0] for args, _ in SEEN) == list(range(20))


def test_stores_of_different_keys_do_not_mix(open_store):
    one, other = open_store(paused=True), open_store(paused=True, jobs_key="other {jobs}")
    one.add_job(note, "interval", hours=1, id="x")
    assert other.get_jobs() == []
    other.remove_all_jobs()
    assert [job.id for job in one.get_jobs()] == ["x"]


def test_json_arguments(open_store):
    scheduler = open_store(paused=True, serializer="json")
    scheduler.add_job(note, "interval", hours=1, args=[1, "two"], kwargs={"three": [4]}, id="x")
    assert scheduler.get_job("x").args == (1, "two")
    with pytest.raises((TypeError, ValueError)):
        scheduler.add_job(note, "interval", hours=1, args=[object()])


def test_it_lives_through_a_restart_of_the_server(open_store, clock, server):
    scheduler = open_store()
    told = []
    scheduler.add_listener(
        lambda event: told.append(event.code), events.EVENT_STORE_ERROR | events.EVENT_STORE_RECOVERED
    )
    scheduler.add_job(note, "interval", hours=1, id="lost")  # the server keeps nothing on disk
    server.kill()
    server.start()

    def after_a_second(condition):
        clock.advance(seconds=1)
        return condition()

    wait_until(lambda: after_a_second(lambda: events.EVENT_STORE_RECOVERED in told))
    assert told[0] == events.EVENT_STORE_ERROR
    assert scheduler.get_jobs() == []
    scheduler.add_job(note, "date", misfire_grace_time=None)
    wait_until(lambda: after_a_second(lambda: SEEN))


def test_a_killed_process_loses_nothing(program, server, tmp_path):
    source = f"""
        import sys, jobs
        from duetime.jobstores.redis import RedisJobStore
        from duetime.schedulers.background import BackgroundScheduler
        scheduler = BackgroundScheduler(jobstores={{"default": RedisJobStore(unix_socket_path={server.socket!r})}})
        scheduler.start(paused=sys.argv[1] == "add")
        if sys.argv[1] == "add":
            for i in range(20):
                scheduler.add_job(jobs.note, "date", args=[str(i)], misfire_grace_time=None)
        print("ready", flush=True)
        sys.stdin.readline()
        scheduler.shutdown()
    """
    adding = program(source, "add")
    assert adding.stdout.readline() == "ready\n"
    adding.send_signal(signal.SIGKILL)
    adding.wait()
    running = program(source, "run")
    wait_until(lambda: len(notes(tmp_path)) == 20)
    assert sorted(map(int, notes(tmp_path))) == list(range(20))
    finish(running)


def test_the_alias(clock, server):
    scheduler = BackgroundScheduler(clock=clock, timezone="UTC")
    scheduler.add_jobstore("redis", unix_socket_path=server.socket, jobs_key="example.jobs")
    scheduler.start(paused=True)
    scheduler.add_job(note, "interval", hours=1, id="x")
    assert [job.id for job in scheduler.get_jobs()] == ["x"]
    scheduler.shutdown()


@pytest.mark.parametrize("name", ["db", "jobs_key", "run_times_key"])
def test_empty_parameters(name):
    with pytest.raises(ValueError, match=f'The "{name}" parameter must not be empty'):
        RedisJobStore(**{name: None})


def test_parameters_as_apscheduler_has_them():
    store = RedisJobStore(2, "jobs", "times", 4)
    assert (store.jobs_key, store.run_times_key, store.pickle_protocol) == ("jobs", "times", 4)
    assert RedisJobStore().pickle_protocol == pickle.HIGHEST_PROTOCOL


def test_connection_arguments_are_mapped():
    store = RedisJobStore(
        db="3", host="h", port=7, username="u", password=b"p", socket_timeout=1.5, decode_responses=True, ssl=False
    )
    assert store._configuration() == {
        "type": "redis", "host": "h", "port": 7, "db": 3, "username": "u", "password": "p",
        "command_timeout_us": 1_500_000, "key_prefix": "duetime",
    }  # fmt: skip


def test_unknown_connection_arguments_are_named():
    with pytest.raises(TypeError, match="unexpected keyword argument 'hots'"):
        RedisJobStore(hots="h")
    with pytest.raises(TypeError, match="unexpected keyword argument 'ssl_ciphers'"):
        RedisJobStore(ssl=True, ssl_ciphers="ALL")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, {"verify": "full"}),
        ({"ssl_ca_certs": "/ca.crt"}, {"verify": "full", "ca": "/ca.crt"}),
        ({"ssl_certfile": "/c", "ssl_keyfile": "/k"}, {"verify": "full", "cert": "/c", "key": "/k"}),
        ({"ssl_check_hostname": False}, {"verify": "ca"}),
        ({"ssl_cert_reqs": ssl.CERT_REQUIRED}, {"verify": "full"}),
        ({"ssl_cert_reqs": "none"}, {"verify": "none"}),
        ({"ssl_cert_reqs": None}, {"verify": "none"}),
        ({"ssl_cert_reqs": ssl.CERT_NONE, "ssl_check_hostname": False}, {"verify": "none"}),
    ],
)
def test_tls_arguments_are_mapped(arguments, expected):
    configuration = RedisJobStore(host="h", ssl=True, **arguments)._configuration()
    assert {"tls": True, **expected} == {
        name: configuration[name] for name in ("tls", "ca", "cert", "key", "verify") if name in configuration
    }


def test_tls_arguments_that_would_do_nothing_are_errors():
    with pytest.raises(ValueError, match="ssl_ca_certs was given without ssl=True"):
        RedisJobStore(ssl_ca_certs="/ca.crt")
    with pytest.raises(ValueError, match="ssl_cert_reqs must be 'required', 'optional' or 'none', got 'maybe'"):
        RedisJobStore(ssl=True, ssl_cert_reqs="maybe")


@pytest.fixture
def tls_server(tmp_path):
    """A server with a certificate of its own making: its port, and the file of the certificate."""
    certificate, key, log = tmp_path / "server.crt", tmp_path / "server.key", tmp_path / "redis.log"
    make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    make += ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days", "2"]
    subprocess.run([*make, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = ["redis-server", "--port", "0", "--tls-port", str(port), "--tls-cert-file", certificate]
    command += ["--tls-key-file", key, "--tls-ca-cert-file", certificate, "--tls-auth-clients", "no"]
    process = subprocess.Popen([*command, "--dir", tmp_path, "--save", "", "--logfile", log])
    wait_until(lambda: log.exists() and "Ready to accept connections" in log.read_text())
    yield port, str(certificate)
    process.kill()
    process.wait()


def test_jobs_over_tls(tls_server, clock):
    port, certificate = tls_server
    store = RedisJobStore(host="localhost", port=port, ssl=True, ssl_ca_certs=certificate)
    scheduler = BackgroundScheduler(clock=clock, timezone="UTC", jobstores={"default": store})
    scheduler.start(paused=True)
    scheduler.add_job(note, "interval", hours=1, id="x")
    assert [job.id for job in scheduler.get_jobs()] == ["x"]
    assert store.redis.hlen("{duetime}:jobs") == 1  # redis-py takes the same arguments
    scheduler.shutdown()
    distrustful = RedisJobStore(host="localhost", port=port, ssl=True)
    with pytest.raises(Exception, match="certificate verify failed"):
        distrustful.lookup_job("x")


def test_secrets_are_not_shown():
    store = RedisJobStore(host="h", password="s3cret")
    assert "s3cret" not in repr(store) + str(store)


def test_a_server_that_is_not_there_is_told_without_the_password(tmp_path):
    store = RedisJobStore(unix_socket_path=str(tmp_path / "none.sock"), password="s3cret")
    scheduler = BackgroundScheduler(timezone="UTC", jobstores={"default": store})
    with pytest.raises(Exception, match="cannot connect to Redis") as caught:
        scheduler.start()
    assert "s3cret" not in str(caught.value)
    assert not scheduler.running


def test_the_client_is_only_made_when_it_is_asked_for(monkeypatch):
    monkeypatch.setitem(sys.modules, "redis", None)
    store = RedisJobStore(host="h")
    with pytest.raises(ImportError, match="requires redis installed"):
        store.redis  # noqa: B018
