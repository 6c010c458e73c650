"""Records in etcd, each under a key of its own, beside an index: keys in the orders in which records are asked for."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from typing import Any, NamedTuple, Protocol
from urllib.parse import quote

from duetime import _native
from duetime._errors import JobStoreError
from duetime.jobstores._etcd_gateway import EtcdError
from duetime.jobstores.storage import RecordStorage

__all__ = ("EtcdCalls", "EtcdStorage")

_SCHEMA_VERSION = 1
_KEYS_AT_ONCE = 100  # etcd takes 128 operations at once
_PAGE = 1000
_LEAST_INSTANT = -(2**63)

Message = dict[str, Any]  # of etcd's interface, in JSON


class EtcdCalls(Protocol):
    """Speaks to etcd."""

    def call(self, method: str, request: Message) -> Message:
        """The answer to ``Range`` or ``Txn``.

        :raises EtcdError: without one
        """

    def close(self) -> None: ...

    def forked(self) -> None:
        """In the child of a fork: lets go of connections without a word to the server."""


class _Pair(NamedTuple):
    key: bytes
    value: bytes
    revision: int  # of etcd, that wrote it


class _Range(NamedTuple):
    pairs: list[_Pair]
    total: int  # beyond the limit, too
    revision: int  # of which this is


class _Found(NamedTuple):
    """A record, and the revision that wrote it."""

    record: dict[str, Any]
    revision: int


class EtcdStorage(RecordStorage):
    """:param connect: makes what speaks to etcd; it is closed with the storage
    :param path: where APScheduler would have its jobs
    """

    # A put or a removal comes to five operations at most, which is a claim that another call takes over: the record,
    # and an old and a new key of both its lease and its call. Of the 128 that etcd takes that leaves some.
    max_operations = 25

    def __init__(self, connect: Callable[[], EtcdCalls], path: str) -> None:
        self._connect = connect
        self._path = path
        # Not below APScheduler's path, whose remove_all_jobs() takes all that begins like it.
        self._root = f"/duetime/{quote(path, safe='')}/".encode()
        self._calls: EtcdCalls | None = None  # while it is open

    @property
    def name(self) -> str:
        return f"etcd:{self._path}"

    # --- life ---------------------------------------------------------------------------------------

    def open(self) -> None:
        self._calls = self._connect()
        key = self._root + b"schema_version"
        with _translated():
            self._transact([_is_absent(key)], [_put(key, b"%d" % _SCHEMA_VERSION)])
            version = int(self._range(key).pairs[0].value)
        if version > _SCHEMA_VERSION:
            raise JobStoreError(
                f"schema version {version}, this duetime knows up to {_SCHEMA_VERSION}", _native.ERROR_NEWER_VERSION
            )

    def close(self) -> None:
        calls, self._calls = self._calls, None
        if calls is not None:
            calls.close()

    def forked(self) -> None:
        calls, self._calls = self._calls, None
        if calls is not None:
            calls.forked()

    # --- calls --------------------------------------------------------------------------------------

    def _call(self, method: str, request: Message) -> Message:
        calls = self._calls
        if calls is None:
            raise JobStoreError("the store is not open", _native.ERROR_STORE_UNAVAILABLE)
        return calls.call(method, request)

    def _range(self, key: bytes, end: bytes | None = None, **options: Any) -> _Range:
        return _range_from(self._call("Range", _range_request(key, end, **options)))

    def _transact(self, compare: list[Message], success: list[Message]) -> bool:
        return bool(self._call("Txn", {"compare": compare, "success": success}).get("succeeded", False))

    def _ranges(self, requests: list[Message]) -> tuple[list[_Pair], int]:
        """What all of them find at one moment, and the revision that was the latest."""
        answer = self._call("Txn", {"success": [{"request_range": request} for request in requests]})
        found = [_pairs_from(each["response_range"]) for each in answer.get("responses", [])]
        return [pair for pairs in found for pair in pairs], _revision_of(answer)

    def _get(self, keys: Sequence[bytes], revision: int) -> tuple[list[_Pair], int]:
        """What is under these keys, as of one revision, 0 being the latest; and which one that was."""
        found = []
        for first in range(0, len(keys), _KEYS_AT_ONCE):
            part, revision = self._get_at_once(keys[first : first + _KEYS_AT_ONCE], revision)
            found += part
        return found, revision

    def _get_at_once(self, keys: Sequence[bytes], revision: int) -> tuple[list[_Pair], int]:
        try:
            pairs, latest = self._ranges([_range_request(key, revision=revision) for key in keys])
        except EtcdError as error:
            if not error.is_exhausted or len(keys) == 1:
                raise
            return self._get_halves(keys, revision)
        return pairs, revision or latest

    def _get_halves(self, keys: Sequence[bytes], revision: int) -> tuple[list[_Pair], int]:
        """Clients refuse answers that are too long: those of gRPC of 4 MiB unless told otherwise."""
        middle = len(keys) // 2
        first, revision = self._get_at_once(keys[:middle], revision)
        second, revision = self._get_at_once(keys[middle:], revision)
        return first + second, revision

    # --- counter ------------------------------------------------------------------------------------

    def draw(self, count: int) -> int:
        with _translated():
            while True:
                drawn = self._draw(count)
                if drawn is not None:
                    return drawn

    def _draw(self, count: int) -> int | None:
        """``None`` if another node was faster."""
        key = self._root + b"counter"
        pairs = self._range(key).pairs
        last = int(pairs[0].value) if pairs else 0
        guard = _is_at(key, pairs[0].revision) if pairs else _is_absent(key)
        return last + 1 if self._transact([guard], [_put(key, b"%d" % (last + count))]) else None

    # --- questions ----------------------------------------------------------------------------------

    def read(self, question: dict[str, Any]) -> dict[str, Any]:
        answer: Callable[[dict[str, Any]], dict[str, Any]] = getattr(self, f"_answer_{question['ask']}")
        with _translated():
            try:
                return answer(question)
            except EtcdError as error:
                if not error.is_compacted:
                    raise
                return answer(question)  # that revision went while it was read: of a later one

    def _key(self, kind: str, key: str) -> bytes:
        return self._root + f"{kind}/{key}".encode()

    def _records(self, kind: str, keys: Sequence[str], revision: int = 0) -> tuple[list[dict[str, Any]], int]:
        kinds = ("job", "document") if kind == "job" else (kind,)
        pairs, revision = self._get([self._key(each, key) for key in keys for each in kinds], revision)
        values = {pair.key: pair.value for pair in pairs}
        records = [json.loads(values[there]) for key in keys if (there := self._key(kind, key)) in values]
        if kind == "job":
            for record in records:
                del record["digest"]
                record["document"] = _text_of(values.get(self._key("document", record["key"])))
        return records, revision

    def _found_by(
        self, kind: str, first: bytes, end: bytes, limit: int = 0, revision: int = 0
    ) -> tuple[list[dict[str, Any]], int]:
        """The records of the index's keys in this range, in their order."""
        entries = self._range(first, end, limit=limit, revision=revision)
        keys = [entry.value.decode() for entry in entries.pairs]
        return self._records(kind, keys, revision or entries.revision)

    def _claims_of(self, job_ids: Sequence[str], revision: int = 0) -> list[dict[str, Any]]:
        keys: list[str] = []
        for first in range(0, len(job_ids), _KEYS_AT_ONCE):
            prefixes = [self._root + _claim_of(job_id) for job_id in job_ids[first : first + _KEYS_AT_ONCE]]
            pairs, latest = self._ranges([_range_request(each, _end_of(each), revision=revision) for each in prefixes])
            revision = revision or latest
            keys += [pair.value.decode() for pair in pairs]
        return self._records("claim", keys, revision)[0]

    def _with_claims(
        self, question: dict[str, Any], jobs: list[dict[str, Any]], keys: Sequence[str], revision: int
    ) -> dict[str, Any]:
        return {"jobs": jobs, "claims": self._claims_of(keys, revision) if question["with_claims"] else []}

    def _answer_jobs(self, question: dict[str, Any]) -> dict[str, Any]:
        jobs, revision = self._records("job", question["keys"])
        return self._with_claims(question, jobs, question["keys"], revision)

    def _answer_due(self, question: dict[str, Any]) -> dict[str, Any]:
        first, end = self._behind(b"due/", question["after"])[0], self._root + b"due/" + _time(question["until"]) + b"0"
        if first >= end:
            return {"jobs": [], "claims": []}
        jobs, revision = self._found_by("job", first, end, question["limit"])
        return self._with_claims(question, jobs, [job["key"] for job in jobs], revision)

    def _behind(self, index: bytes, after: Sequence[Any] | None) -> tuple[bytes, bytes]:
        prefix = self._root + index
        first = prefix if after is None else prefix + _at(after[0], after[1]) + b"\0"
        return first, _end_of(prefix)

    def _answer_list(self, question: dict[str, Any]) -> dict[str, Any]:
        first = self._key("job", "") if question["after"] is None else self._key("job", question["after"]) + b"\0"
        prefix = self._key("job", "")
        found = self._range(first, _end_of(prefix), limit=question["limit"], keys_only=True)
        keys = [pair.key[len(prefix) :].decode() for pair in found.pairs]
        return {"jobs": self._records("job", keys, found.revision)[0]}

    def _answer_count(self, question: dict[str, Any]) -> dict[str, Any]:
        jobs = self._key("job", "")
        return {"count": self._range(jobs, _end_of(jobs), count_only=True).total}

    def _answer_claims(self, question: dict[str, Any]) -> dict[str, Any]:
        if "job_ids" in question:
            return {"claims": self._claims_of(question["job_ids"])}
        if "claim_id" in question:
            prefix = self._root + _claim_by(question["claim_id"])
            return {"claims": self._found_by("claim", prefix, _end_of(prefix))[0]}
        first, end = self._behind(b"lease/", question["after"])
        return {"claims": self._found_by("claim", first, end, question["limit"])[0]}

    def _answer_runs(self, question: dict[str, Any]) -> dict[str, Any]:
        return {"runs": self._records("run", question["keys"])[0]}

    def _answer_history(self, question: dict[str, Any]) -> dict[str, Any]:
        runs: list[dict[str, Any]] = []
        for page in self._latest(question):
            runs += [run for run in page if question["state"] in (None, run["state"])]
            if len(runs) >= question["limit"]:
                break
        return {"runs": runs[: question["limit"]]}

    def _latest(self, question: dict[str, Any]) -> Iterator[list[dict[str, Any]]]:
        """Runs of the job and the time that the question names, the latest first."""
        job_id, since, until = (question[name] for name in ("job_id", "scheduled_from", "scheduled_until"))
        prefix = self._root + (b"ran/" if job_id is None else _ran_of(job_id))
        first = prefix if since is None else prefix + _time(since)
        end = _end_of(prefix) if until is None else prefix + _time(until) + b"0"
        order = {"sort_order": "DESCEND", "sort_target": "KEY"}
        revision = 0
        while first < end:
            entries = self._range(first, end, limit=_PAGE, revision=revision, **order)
            revision = revision or entries.revision
            yield self._records("run", [entry.value.decode() for entry in entries.pairs], revision)[0]
            if len(entries.pairs) < _PAGE:
                return
            end = entries.pairs[-1].key

    def _answer_old_runs(self, question: dict[str, Any]) -> dict[str, Any]:
        prefix = self._root + b"ended/"
        ended = self._range(prefix, _end_of(prefix), count_only=True)
        beyond = min(question["limit"], ended.total - question["beyond"])
        end, limit = _end_of(prefix), beyond
        if beyond <= 0:
            if question["ended_before"] is None:
                return {"runs": []}
            end, limit = prefix + _time(question["ended_before"]), question["limit"]
        return {"runs": self._found_by("run", prefix, end, limit, ended.revision)[0]}

    def _answer_notes(self, question: dict[str, Any]) -> dict[str, Any]:
        return {"notes": self._records("note", question["keys"])[0]}

    def _answer_old_notes(self, question: dict[str, Any]) -> dict[str, Any]:
        prefix = self._root + b"expires/"
        end = prefix + _time(question["expired_before"])
        return {"notes": self._found_by("note", prefix, end, question["limit"])[0]}

    # --- writes -------------------------------------------------------------------------------------

    def write(self, operations: list[dict[str, Any]]) -> bool:
        """Finds what there is, for the index has keys of it, then writes if none of that has changed."""
        keys = [self._key(each["kind"], each["key"]) for each in operations]
        with _translated():
            pairs, _ = self._get(keys, 0)
        found = {pair.key: _Found(json.loads(pair.value), pair.revision) for pair in pairs}
        guards: list[Message] = []
        changes: list[Message] = []
        for key, each in zip(keys, operations, strict=True):
            there = found.get(key)
            if (there.record["version"] if there else 0) != each["if"]:
                return False
            guards.append(_is_at(key, there.revision) if there else _is_absent(key))
            changes += self._changes(key, each, there)
        with _translated(_native.ERROR_TIMEOUT):
            return self._transact(guards, changes)

    def _changes(self, key: bytes, operation: dict[str, Any], there: _Found | None) -> Iterable[Message]:
        if operation["op"] == "check":
            return
        kind = operation["kind"]
        record = operation["record"] if operation["op"] == "put" else None
        before = _index(kind, there.record) if there else frozenset()
        after = _index(kind, record) if record else frozenset()
        yield _put(key, _formatted(record, there)) if record else _delete(key)
        if kind == "job":
            yield from self._document_changes(operation["key"], record, there)
        yield from (_delete(self._root + entry) for entry in before - after)
        yield from (_put(self._root + entry, operation["key"].encode()) for entry in after - before)

    def _document_changes(self, job_id: str, record: dict[str, Any] | None, there: _Found | None) -> Iterable[Message]:
        """A document is long, and most writes leave it as it was: etcd refuses requests that are too long."""
        key = self._key("document", job_id)
        if record is None:
            yield _delete(key)
        elif record["document"] is not None and not (there and there.record["digest"] == _digest(record["document"])):
            yield _put(key, record["document"].encode())


# --- the shape of keys and values ---------------------------------------------------------------------


def _time(instant: int) -> bytes:
    """In the order of time."""
    return b"%016x" % (instant - _LEAST_INSTANT)


def _at(instant: int, key: str) -> bytes:
    return _time(instant) + b"/" + key.encode()


def _claim_of(job_id: str) -> bytes:
    return f"claim_of/{job_id.encode().hex()}/".encode()


def _claim_by(claim_id: str) -> bytes:
    return f"claim_by/{claim_id}/".encode()


def _ran_of(job_id: str) -> bytes:
    return f"ran_of/{job_id.encode().hex()}/".encode()


def _index(kind: str, record: dict[str, Any]) -> frozenset[bytes]:
    """Under which keys a record is found, beside its own."""
    key = record["key"]
    if kind == "job":
        due = record["status"] == "scheduled"
        return frozenset({b"due/" + _at(record["next_run_time"], key)} if due else ())
    if kind == "claim":
        lease = b"lease/" + _at(record["lease_until"], key)
        return frozenset(
            {lease, _claim_of(record["job_id"]) + key.encode(), _claim_by(record["claim_id"]) + key.encode()}
        )
    if kind == "run":
        scheduled = _at(record["scheduled_time"], key)
        return frozenset(
            {b"ran/" + scheduled, _ran_of(record["job_id"]) + scheduled, b"ended/" + _at(record["ended_at"], key)}
        )
    expires = record["expires_at"]
    return frozenset(() if expires is None else {b"expires/" + _at(expires, key)})


def _digest(document: str) -> str:
    return sha256(document.encode()).hexdigest()


def _formatted(record: dict[str, Any], there: _Found | None) -> bytes:
    """Of a job's document the digest only. One that cannot be read stays, and so does its digest."""
    if "document" not in record:
        return json.dumps(record).encode()
    rest = dict(record)
    document = rest.pop("document")
    if document is not None:
        rest["digest"] = _digest(document)
    else:
        rest["digest"] = there.record["digest"] if there else None
    return json.dumps(rest).encode()


def _text_of(value: bytes | None) -> str | None:
    try:
        return None if value is None else value.decode()
    except UnicodeDecodeError:
        return None


# --- messages -----------------------------------------------------------------------------------------


def _text(data: bytes) -> str:
    return b64encode(data).decode()


def _end_of(prefix: bytes) -> bytes:
    """Behind all that begins so; prefixes end with a slash."""
    return prefix[:-1] + bytes([prefix[-1] + 1])


def _range_request(key: bytes, end: bytes | None = None, **options: Any) -> Message:
    return {"key": _text(key), "range_end": _text(end or b""), **options}


def _put(key: bytes, value: bytes) -> Message:
    return {"request_put": {"key": _text(key), "value": _text(value)}}


def _delete(key: bytes) -> Message:
    return {"request_delete_range": {"key": _text(key)}}


def _is_at(key: bytes, revision: int) -> Message:
    return {"key": _text(key), "target": "MOD", "result": "EQUAL", "mod_revision": revision}


def _is_absent(key: bytes) -> Message:
    return {"key": _text(key), "target": "VERSION", "result": "EQUAL", "version": 0}


def _revision_of(answer: Message) -> int:
    return int(answer["header"]["revision"])


def _pairs_from(answer: Message) -> list[_Pair]:
    """What is zero or empty is not in a message."""
    return [
        _Pair(b64decode(pair["key"]), b64decode(pair.get("value", "")), int(pair["mod_revision"]))
        for pair in answer.get("kvs", [])
    ]


def _range_from(answer: Message) -> _Range:
    return _Range(_pairs_from(answer), int(answer.get("count", 0)), _revision_of(answer))


@contextmanager
def _translated(lost: int = _native.ERROR_STORE_UNAVAILABLE) -> Iterator[None]:
    """:param lost: what it means that there is no answer: that may be so after all was done"""
    try:
        yield
    except EtcdError as error:
        code = _native.ERROR_STORE_UNAVAILABLE if error.refused else lost
        raise JobStoreError(str(error), _native.ERROR_STORE_FULL if error.is_full else code) from None
