"""Jobs in etcd, beyond what all job stores keep."""

from __future__ import annotations

import subprocess
import sys
import uuid
from urllib.parse import quote

import pytest
from conftest import finish, notes, wait_until
from duetime import _native
from duetime._errors import JobStoreError
from duetime.jobstores._etcd_gateway import EtcdServer as EtcdAddress
from duetime.jobstores._etcd_gateway import Gateway
from duetime.jobstores._etcd_storage import EtcdStorage
from duetime.jobstores.etcd import EtcdJobStore
from duetime.schedulers.background import BackgroundScheduler
from servers import EtcdServer

SEEN = []


def note(*args):
    SEEN.append(args)


@pytest.fixture(autouse=True)
def _nothing_seen():
    SEEN.clear()


@pytest.fixture
def path():
    """Of its own for each test."""
    return f"/tests/{uuid.uuid4().hex}"


@pytest.fixture
def open_store(clock, etcd_server, path):
    """Schedulers over the same path, one after the other or at the same time."""
    made = []

    def start(paused=False, **options):
        defaults = {"path": path, "host": "127.0.0.1", "port": etcd_server.port, "timeout": 60}
        store = EtcdJobStore(**{**defaults, **options})
        scheduler = BackgroundScheduler(clock=clock, timezone="UTC", jobstores={"default": store})
        scheduler.start(paused)
        made.append(scheduler)
        return scheduler

    yield start
    for scheduler in made:
        if scheduler.running:
            scheduler.shutdown()


@pytest.fixture
def start_server(tmp_path_factory):
    """Servers with options of their own."""
    made = []

    def start(*options, scheme="http"):
        made.append(EtcdServer(tmp_path_factory.mktemp("etcd"), *options, scheme=scheme))
        return made[-1]

    yield start
    for server in made:
        server.kill()


def jobs_or_none(scheduler):
    try:
        return [job.id for job in scheduler.get_jobs()]
    except JobStoreError:
        return None


# --- keys -------------------------------------------------------------------------------------------------------------


def test_stores_of_different_paths_do_not_mix(open_store, path):
    open_store(paused=True).add_job(note, "interval", hours=1, id="job/x")
    for other in (f"{path}/job", f"{path}/", path[:-1]):
        scheduler = open_store(paused=True, path=other)
        assert scheduler.get_jobs() == []
        scheduler.remove_all_jobs()
    assert [job.id for job in open_store(paused=True).get_jobs()] == ["job/x"]


def test_keys_of_apscheduler_are_left_alone(open_store, etcd_server, path):
    etcd_server.keys.put(f"{path}/old", b"no pickle")
    scheduler = open_store(paused=True)
    scheduler.add_job(note, "interval", hours=1, id="x")
    scheduler.remove_all_jobs()
    assert etcd_server.keys.under(path) == [f"{path}/old"]
    assert etcd_server.keys.get(f"{path}/old") == b"no pickle"
    assert [job.id for job in scheduler.get_parked_jobs()] == ["old"]


def test_many_keys_of_apscheduler(open_store, etcd_server, path):
    """More than are read at once."""
    for i in range(150):
        etcd_server.keys.put(f"{path}/{i}", b"no pickle")
    etcd_server.keys.put(f"{path}s/other", b"no pickle")
    assert {job.id for job in open_store(paused=True).get_parked_jobs()} == {str(i) for i in range(150)}


def test_nothing_stays_of_jobs_that_were_removed(open_store, etcd_server, path):
    scheduler = open_store(paused=True)
    scheduler.add_job(note, "interval", hours=1, id="x")
    scheduler.modify_job("x", name="other")
    scheduler.reschedule_job("x", trigger="interval", minutes=5)
    scheduler.remove_job("x")
    left = {key.split("/")[3] for key in etcd_server.keys.under(f"/duetime/{quote(path, safe='')}/")}
    assert left <= {"schema_version", "counter", "note", "expires"}


def test_ids_of_any_characters(open_store):
    ids = sorted([".", "/", "a/b", "%2E", "ä\u2028", "\U0001f600", " "])
    scheduler = open_store(paused=True)
    for id in ids:
        scheduler.add_job(note, "interval", hours=1, id=id)
    assert sorted(job.id for job in scheduler.get_jobs()) == ids
    for id in ids:
        scheduler.remove_job(id)
    assert scheduler.get_jobs() == []


def test_a_newer_schema_is_left_alone(open_store, etcd_server, path):
    etcd_server.keys.put(f"/duetime/{quote(path, safe='')}/schema_version", b"2")
    with pytest.raises(JobStoreError, match="schema version 2, this duetime knows up to 1"):
        open_store(paused=True)


# --- limits of the server ---------------------------------------------------------------------------------------------


def test_large_jobs_come_due_together(open_store, clock):
    """More than a server takes at once."""
    scheduler = open_store()
    for i in range(20):
        scheduler.add_job(note, "interval", minutes=1, args=[bytes(700_000)], id=str(i), misfire_grace_time=None)
    clock.advance(minutes=1)
    wait_until(lambda: len(SEEN) == 20)


def test_a_job_that_is_too_large_for_the_server(open_store, start_server):
    server = start_server("--max-request-bytes", "10000")
    scheduler = open_store(paused=True, port=server.port)
    for size in (30_000, 700_000):
        with pytest.raises(JobStoreError, match="request is too large|message larger than max") as caught:
            scheduler.add_job(note, "interval", hours=1, args=[bytes(size)])
        assert caught.value.code == _native.ERROR_STORE_FULL
    scheduler.add_job(note, "interval", hours=1, id="small")
    assert [job.id for job in scheduler.get_jobs()] == ["small"]
    scheduler.shutdown()


class Compacting(Gateway):
    """After its first answer the revision that it was of is there no more."""

    keys = None

    def call(self, method, request):
        answer = super().call(method, request)
        keys, self.keys = self.keys, None
        if keys is not None:
            keys.put("/tests/anything", b"")
            revision = keys.call("kv/range", {"key": "AA=="})["header"]["revision"]
            keys.call("kv/compaction", {"revision": revision, "physical": True})
        return answer


def test_a_revision_that_goes_while_it_is_read(start_server):
    server = start_server()
    gateway = Compacting(EtcdAddress("127.0.0.1", server.port, timeout=60))
    storage = EtcdStorage(lambda: gateway, "/x")
    storage.open()
    record = {"key": "k", "version": 1, "status": "paused", "next_run_time": None, "document": "d"}
    assert storage.write([{"op": "put", "kind": "job", "key": "k", "if": 0, "record": record}])
    gateway.keys = server.keys
    assert storage.read({"ask": "list", "after": None, "limit": 10}) == {"jobs": [record]}
    assert gateway.keys is None
    storage.close()


# --- connections ------------------------------------------------------------------------------------------------------


def test_a_server_that_is_away_and_comes_back(open_store, own_etcd_server):
    scheduler = open_store(paused=True, port=own_etcd_server.port)
    scheduler.add_job(note, "interval", hours=1, id="x")
    own_etcd_server.kill()
    for call in (scheduler.get_jobs, lambda: scheduler.add_job(note, "interval", hours=1)):
        with pytest.raises(JobStoreError, match="Connection refused") as caught:
            call()
        assert caught.value.code == _native.ERROR_STORE_UNAVAILABLE
    own_etcd_server.start()
    wait_until(lambda: jobs_or_none(scheduler) == ["x"])
    scheduler.shutdown()


def test_a_server_that_does_not_answer(open_store, own_etcd_server):
    scheduler = open_store(paused=True, port=own_etcd_server.port, timeout=1)
    scheduler.add_job(note, "interval", hours=1, id="x")
    own_etcd_server.freeze()
    with pytest.raises(JobStoreError, match="timed out"):
        scheduler.get_jobs()
    own_etcd_server.thaw()
    wait_until(lambda: jobs_or_none(scheduler) == ["x"])
    scheduler.shutdown()


def test_a_write_without_an_answer_may_have_been_done(own_etcd_server):
    storage = EtcdStorage(lambda: gateway, "/x")

    class Stopping(Gateway):
        """The server stops between what a write reads and what it does."""

        def call(self, method, request):
            if request.get("compare"):
                own_etcd_server.freeze()
            return super().call(method, request)

    gateway = Gateway(EtcdAddress("127.0.0.1", own_etcd_server.port, timeout=60))
    storage.open()
    storage.close()
    gateway = Stopping(EtcdAddress("127.0.0.1", own_etcd_server.port, timeout=1))
    storage._calls = gateway
    record = {"key": "k", "version": 1, "expires_at": None, "text": ""}
    with pytest.raises(JobStoreError, match="timed out") as caught:
        storage.write([{"op": "put", "kind": "note", "key": "k", "if": 0, "record": record}])
    assert caught.value.code == _native.ERROR_TIMEOUT
    own_etcd_server.thaw()


def test_a_server_without_the_gateway(open_store, start_server):
    server = start_server("--enable-grpc-gateway=false")
    with pytest.raises(JobStoreError, match="answers 404 '.*' to /v3/kv/txn: expected etcd 3.4 or later"):
        open_store(port=server.port)


@pytest.fixture
def certificate(tmp_path):
    """Of a server, an authority and a client at once: its file, and that of its key."""
    certificate, key = tmp_path / "server.crt", tmp_path / "server.key"
    make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    make += ["-subj", "/O=tests", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-days", "2"]
    subprocess.run([*make, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    return str(certificate), str(key)


def test_jobs_over_tls(open_store, start_server, certificate):
    cert, key = certificate
    options = ("--cert-file", cert, "--key-file", key, "--client-cert-auth", "--trusted-ca-file", cert)
    port = start_server(*options, scheme="https").port
    scheduler = open_store(paused=True, port=port, ca_cert=cert, cert_cert=cert, cert_key=key)
    scheduler.add_job(note, "interval", hours=1, id="x")
    assert [job.id for job in scheduler.get_jobs()] == ["x"]
    scheduler.shutdown()
    with pytest.raises(JobStoreError, match=r"127\.0\.0\.1:\d+: "):
        open_store(port=port, ca_cert=cert)
    with pytest.raises(JobStoreError, match=r"127\.0\.0\.1:\d+: "):
        open_store(port=port)
    with pytest.raises(JobStoreError, match="cannot use ca_cert '/none.crt', .*No such file"):
        open_store(port=port, ca_cert="/none.crt")


def test_a_certificate_of_somebody_else(open_store, start_server, certificate):
    port = start_server("--cert-file", certificate[0], "--key-file", certificate[1], scheme="https").port
    with pytest.raises(JobStoreError, match="certificate verify failed"):
        open_store(port=port, ca_cert="/etc/ssl/certs/ca-certificates.crt")


def ask_for_passwords(keys):
    keys.call("auth/user/add", {"name": "root", "password": "s3cret"})
    keys.call("auth/role/add", {"name": "root"})
    keys.call("auth/user/grant", {"user": "root", "role": "root"})
    keys.call("auth/enable", {})


def test_a_user_and_a_password(open_store, own_etcd_server):
    """Tokens are lost with the server that gave them."""
    ask_for_passwords(own_etcd_server.keys)
    port = own_etcd_server.port
    scheduler = open_store(paused=True, port=port, user="root", password="s3cret")
    scheduler.add_job(note, "interval", hours=1, id="x")
    own_etcd_server.kill()
    own_etcd_server.start()
    wait_until(lambda: jobs_or_none(scheduler) == ["x"])
    scheduler.add_job(note, "interval", hours=1, id="y")
    scheduler.shutdown()
    with pytest.raises(JobStoreError, match="invalid user ID or password") as caught:
        open_store(port=port, user="root", password="wr0ng")
    assert "wr0ng" not in str(caught.value)
    with pytest.raises(JobStoreError, match="user name is empty"):
        open_store(port=port)


def test_secrets_are_not_shown():
    store = EtcdJobStore(user="u", password="s3cret")
    assert "s3cret" not in repr(store) + str(store) + repr(store._server)
    assert repr(store) == "<EtcdJobStore (server='localhost:2379', path='/apscheduler')>"


def test_a_scheduler_starts_again(open_store):
    scheduler = open_store(paused=True)
    scheduler.add_job(note, "interval", hours=1, id="x")
    scheduler.shutdown()
    scheduler.start(paused=True)
    assert [job.id for job in scheduler.get_jobs()] == ["x"]


def test_a_scheduler_starts_again_in_the_child_of_a_fork(program, etcd_server, path):
    source = f"""
        import os, jobs
        from duetime.schedulers.background import BackgroundScheduler
        options = {{"type": "etcd", "path": {path!r}, "host": "127.0.0.1", "port": {etcd_server.port}, "timeout": 60}}
        scheduler = BackgroundScheduler(jobstores={{"default": options}}, timezone="UTC")
        scheduler.start()
        scheduler.add_job(jobs.note, "interval", hours=1, args=["x"], id="x")
        child = os.fork()
        if child == 0:
            scheduler.start()
            scheduler.add_job(jobs.note, "interval", hours=1, args=["y"], id="y")
            scheduler.shutdown()
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        print(sorted(job.id for job in scheduler.get_jobs()))
        scheduler.shutdown()
    """
    assert finish(program(source)).endswith("['x', 'y']\n")


def test_two_processes_share_many_jobs(assert_two_processes_share, etcd_server, path):
    options = {"type": "etcd", "path": path, "host": "127.0.0.1", "port": etcd_server.port, "timeout": 60}
    assert_two_processes_share(options)


# --- clients of the program -------------------------------------------------------------------------------------------

# In programs of their own: where gRPC was in use, other tests could not fork.
WITH_A_CLIENT = """
    import os, sys
    import etcd3, jobs
    from duetime.jobstores.etcd import Etcd3Client, EtcdJobStore
    from duetime.schedulers.background import BackgroundScheduler
    port, path, closes = int(sys.argv[1]), sys.argv[2], "closes" in sys.argv
    client = Etcd3Client("127.0.0.1", port, timeout=60)
    store = EtcdJobStore(path, client, close_connection_on_exit=closes)
    assert store.client is client and "client=<etcd3" in repr(store)
    scheduler = BackgroundScheduler(jobstores={"default": store}, timezone="UTC")
"""


@pytest.fixture
def run_with_a_client(program, etcd_server, path):
    pytest.importorskip("etcd3")

    def run(source, *arguments):
        return finish(program(WITH_A_CLIENT + source, str(etcd_server.port), path, *arguments))

    return run


@pytest.mark.parametrize("how", ["leaves", "closes"])
def test_a_client_of_the_program(run_with_a_client, open_store, tmp_path, how):
    source = """
    from waiting import wait_until
    scheduler.start()
    scheduler.add_job(jobs.note, args=["ran"])
    scheduler.add_job(jobs.note, "interval", hours=1, args=[bytes(700_000)], id="x")
    for i in range(10):
        scheduler.add_job(jobs.note, "interval", hours=1, args=[bytes(700_000)], id=f"large {i}")
    assert len(scheduler.get_jobs()) >= 11
    wait_until(lambda: os.path.exists("notes"))
    scheduler.shutdown()
    try:
        client.get("x")
        print("open")
    except ValueError as error:
        print(error)
    """
    said = run_with_a_client(source, how)
    assert ("closed channel" in said) is (how == "closes")
    assert notes(tmp_path) == ["ran"]
    assert len(open_store(paused=True).get_jobs()) == 11


def test_a_client_of_the_program_reads_what_apscheduler_left(run_with_a_client):
    """In parts that gRPC takes."""
    source = """
    for i in range(10):
        client.put(f"{path}/{i}", bytes(700_000))
    scheduler.start()
    print([job.id for job in scheduler.get_parked_jobs()])
    scheduler.shutdown()
    """
    assert str([str(i) for i in range(10)]) in run_with_a_client(source)


def test_a_client_that_was_closed(run_with_a_client):
    source = """
    client.close()
    try:
        scheduler.start()
    except Exception as error:
        print(type(error).__name__, error)
    """
    assert "JobStoreError" in (said := run_with_a_client(source)), said
    assert "closed channel" in said


def test_a_client_of_another_process(run_with_a_client):
    """Which gRPC cannot be used in."""
    source = """
    store._pid = os.getppid()
    try:
        scheduler.start()
    except Exception as error:
        print(error)
    """
    assert "the client that was given to the EtcdJobStore does not work in the child of a fork" in (
        run_with_a_client(source)
    )


def test_a_client_that_is_asked_for(run_with_a_client):
    source = """
    own = EtcdJobStore(path, host="127.0.0.1", port=port, timeout=60, grpc_options=[("grpc.enable_retries", 1)])
    scheduler = BackgroundScheduler(jobstores={"default": own}, timezone="UTC")
    scheduler.start()
    own.client.put("/tests/anything", "here")
    assert own.client is own.client
    print(own.client.get("/tests/anything")[0])
    scheduler.shutdown()
    """
    assert "b'here'" in run_with_a_client(source)


# --- arguments --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"path": ""}, 'The "path" parameter must not be empty'),
        ({"timeout": 0}, "timeout must be a positive number of seconds, got 0"),
        ({"timeout": "10"}, "timeout must be a positive number of seconds, got '10'"),
        ({"ca_cert": "a", "cert_key": "k"}, "cert_cert and cert_key must be given together"),
        ({"cert_cert": "c", "cert_key": "k"}, "cert_cert was given without ca_cert"),
        ({"user": "u"}, "user and password must be given together"),
    ],
)
def test_bad_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        EtcdJobStore(**options)


def test_an_argument_that_is_not_known():
    with pytest.raises(TypeError, match="EtcdJobStore got an unexpected keyword argument 'hots'"):
        EtcdJobStore(hots="etcd")


def test_without_etcd3(monkeypatch):
    monkeypatch.setitem(sys.modules, "etcd3", None)
    with pytest.raises(ImportError, match="The client of an EtcdJobStore requires etcd3 installed"):
        EtcdJobStore().client  # noqa: B018
