"""Jobs in a Redis server. What all job stores keep is in job_store_contract.py."""

from __future__ import annotations

import pickle
import socket
import ssl
import subprocess
import sys

import pytest
from conftest import wait_until
from duetime import events
from duetime.jobstores.redis import RedisJobStore
from duetime.schedulers.background import BackgroundScheduler

from tests.support.leash import leashed

SEEN = []


def note(*args, **kwargs):
    SEEN.append((args, kwargs))


@pytest.fixture(autouse=True)
def _nothing_seen():
    SEEN.clear()


def test_it_lives_through_a_restart_of_the_server(scheduler, clock, redis_server):
    scheduler.add_jobstore(RedisJobStore(unix_socket_path=redis_server.socket, socket_timeout=60))
    scheduler.start()
    told = []
    scheduler.add_listener(
        lambda event: told.append(event.code), events.EVENT_STORE_ERROR | events.EVENT_STORE_RECOVERED
    )
    scheduler.add_job(note, "interval", hours=1, id="lost")  # the server keeps nothing on disk
    redis_server.kill()
    redis_server.start()

    def after_a_second(condition):
        clock.advance(seconds=1)
        return condition()

    wait_until(lambda: after_a_second(lambda: events.EVENT_STORE_RECOVERED in told))
    assert told[0] == events.EVENT_STORE_ERROR
    assert scheduler.get_jobs() == []
    scheduler.add_job(note, "date", misfire_grace_time=None)
    wait_until(lambda: after_a_second(lambda: SEEN))


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
    process = subprocess.Popen(leashed([*command, "--dir", tmp_path, "--save", "", "--logfile", log]))
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
