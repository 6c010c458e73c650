"""Records in a ZooKeeper tree."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from hashlib import sha256
from typing import Any
from urllib.parse import quote, unquote

from kazoo.exceptions import BadVersionError, KazooException, NodeExistsError, NoNodeError

from duetime import _native
from duetime._errors import JobStoreError
from duetime.jobstores.storage import RecordStorage

__all__ = ("ZooKeeperStorage",)

_SCHEMA_VERSION = 1
_TIMEOUT = 15.0  # of a call, in seconds
_LARGEST_WRITE = 1_000_000  # bytes; servers hang up on more than 1,048,575 unless told otherwise
_LONGEST_INLINE = 4096  # bytes of a document; a longer one has nodes of its own, each of one request
_LONGEST_PART = 500_000
_BYTES_PER_OPERATION = 100  # beside path and data
_PARTS = "document_parts"  # a member of jobs: the names of those nodes
_NO_TEXT = b"\xff"
_CONFLICTS = (NoNodeError, NodeExistsError, BadVersionError)

# What a record can be found by, beside its key: an index node has it in its name.
_FOUND_BY: dict[str, dict[str, Callable[[str], Any]]] = {
    "job": {"next_run_time": int},
    "claim": {"lease_until": int, "claim_id": str, "job_id": str},
    "run": {"ended_at": int, "scheduled_time": int, "state": str, "job_id": str},
    "note": {"expires_at": int},
}

Record = dict[str, Any]


def _quoted(text: str) -> str:
    """As a name, or a part of one; nodes must not be called ``.`` or ``..``, nor nothing."""
    return quote(text, safe="").replace(".", "%2E") or "%"


def _index_name(kind: str, record: Record) -> str:
    """Each version of a record has another, so that it guards the record: nodes that are made again count their own
    versions from 0."""
    found_by = (record[name] for name in (*_FOUND_BY[kind], "version", "key"))
    return ",".join("" if value is None else _quoted(str(value)) for value in found_by)


def _entry(kind: str, name: str) -> Record:
    """Those members of a record that its index node tells."""
    readers: dict[str, Callable[[str], Any]] = {**_FOUND_BY[kind], "version": int, "key": str}
    return {
        member: read(unquote(text)) if text else None
        for (member, read), text in zip(readers.items(), name.split(","), strict=True)
    }


def _written(record: Record) -> tuple[bytes, dict[str, bytes]]:
    """A record as its node has it, and the nodes of its document, by their names.

    A document stands on its own: whatever became of its bytes, the rest can be read.
    """
    members = {name: value for name, value in record.items() if name != "document"}
    document = (record.get("document") or "").encode()
    if len(document) <= _LONGEST_INLINE:
        return json.dumps(members).encode() + b"\n" + document, {}
    starts = range(0, len(document), _LONGEST_PART)
    prefix = f"{_quoted(record['key'])},{sha256(document).hexdigest()}"
    parts = {f"{prefix},{i}": document[start : start + _LONGEST_PART] for i, start in enumerate(starts)}
    return json.dumps({**members, _PARTS: list(parts)}).encode(), parts


def _record(kind: str, data: bytes) -> Record:
    members, _, document = data.partition(b"\n")
    record: Record = json.loads(members)
    if kind == "job":
        record["document"] = _text_or_none(document)
    return record


def _text_or_none(data: bytes) -> str | None:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


class ZooKeeperStorage(RecordStorage):
    """:param connect: answers a connected client; the same one again, unless this is the child of a fork
    :param path: under which everything is
    """

    max_operations = 64

    def __init__(self, connect: Callable[[], Any], path: str) -> None:
        self._connect = connect
        self._path = path
        self._client: Any = None  # while it is open
        self._listings: dict[str, tuple[tuple[int, ...], list[Record]]] = {}

    @property
    def name(self) -> str:
        return f"zookeeper:{self._path}"

    # --- life ---------------------------------------------------------------------------------------

    def open(self) -> None:
        client = self._connect()
        with self._translated(client):
            for kind in _FOUND_BY:
                client.ensure_path(self._records_path(kind))
                client.ensure_path(self._index_path(kind))
            client.ensure_path(self._part_node(""))
            self._create_number(client, "schema_version", _SCHEMA_VERSION)
            self._create_number(client, "counter", 0)
            version = int(client.get(f"{self._path}/schema_version")[0])
        if version > _SCHEMA_VERSION:
            raise JobStoreError(
                f"schema version {version}, this duetime knows up to {_SCHEMA_VERSION}", _native.ERROR_NEWER_VERSION
            )
        self._listings = {}
        self._client = client

    def _create_number(self, client: Any, name: str, value: int) -> None:
        with suppress(NodeExistsError):
            client.create(f"{self._path}/{name}", str(value).encode())

    def close(self) -> None:
        self._client = None

    def forked(self) -> None:
        self._client = None

    def _opened(self) -> Any:
        if self._client is None:
            raise JobStoreError("the store is not open", _native.ERROR_STORE_UNAVAILABLE)
        return self._client

    @contextmanager
    def _translated(self, client: Any, code: int = _native.ERROR_STORE_UNAVAILABLE) -> Iterator[None]:
        try:
            yield
        except (KazooException, client.handler.timeout_exception) as error:
            raise JobStoreError(f"{type(error).__name__} {error}".rstrip(), code) from None

    # --- paths --------------------------------------------------------------------------------------

    def _records_path(self, kind: str) -> str:
        return f"{self._path}/{kind}s"

    def _index_path(self, kind: str) -> str:
        return f"{self._path}/{kind}s_index"

    def _record_node(self, kind: str, key: str) -> str:
        return f"{self._records_path(kind)}/{_quoted(key)}"

    def _index_node(self, kind: str, record: Record) -> str:
        return f"{self._index_path(kind)}/{_index_name(kind, record)}"

    def _part_node(self, name: str) -> str:
        return f"{self._path}/documents/{name}".rstrip("/")

    # --- counter ------------------------------------------------------------------------------------

    def draw(self, count: int) -> int:
        client = self._opened()
        node = f"{self._path}/counter"
        with self._translated(client):
            while True:
                data, stat = client.get_async(node).get(timeout=_TIMEOUT)
                try:
                    client.set_async(node, str(int(data) + count).encode(), stat.version).get(timeout=_TIMEOUT)
                except BadVersionError:
                    continue  # another node was faster
                return int(data) + 1

    # --- questions ----------------------------------------------------------------------------------

    def read(self, question: dict[str, Any]) -> dict[str, Any]:
        client = self._opened()
        answer: Callable[[Any, dict[str, Any]], dict[str, Any]] = getattr(self, f"_answer_{question['ask']}")
        with self._translated(client):
            client.sync_async(self._path).get(timeout=_TIMEOUT)  # servers may lag behind what others have written
            return answer(client, question)

    def _contents(self, client: Any, nodes: Sequence[str]) -> list[bytes | None]:
        """For each node what is in it, or ``None``; asked for all at once."""
        asked = [client.get_async(node) for node in nodes]
        found: list[bytes | None] = []
        for each in asked:
            try:
                found.append(each.get(timeout=_TIMEOUT)[0])
            except NoNodeError:
                found.append(None)
        return found

    def _without_parts(self, client: Any, kind: str, keys: Sequence[str]) -> list[Record | None]:
        contents = self._contents(client, [self._record_node(kind, key) for key in keys])
        return [None if data is None else _record(kind, data) for data in contents]

    def _records(self, client: Any, kind: str, keys: Sequence[str]) -> list[Record | None]:
        """For each key its record, or ``None``."""
        return [
            self._with_document(client, record) if record is not None and _PARTS in record else record
            for record in self._without_parts(client, kind, keys)
        ]

    def _with_document(self, client: Any, record: Record) -> Record | None:
        """Its document is ``None`` if it is lost; one that was replaced meanwhile is read anew."""
        contents = self._contents(client, [self._part_node(name) for name in record[_PARTS]])
        parts = [data for data in contents if data is not None]
        if len(parts) < len(contents):
            now = self._without_parts(client, "job", [record["key"]])[0]
            if now is None or now["version"] != record["version"]:
                return self._with_document(client, now) if now is not None and _PARTS in now else now
            parts = [_NO_TEXT]
        members = {name: value for name, value in record.items() if name != _PARTS}
        return {**members, "document": _text_or_none(b"".join(parts))}

    def _existing(self, client: Any, kind: str, keys: Sequence[str]) -> list[Record]:
        return [record for record in self._records(client, kind, keys) if record is not None]

    def _entries(self, client: Any, kind: str) -> list[Record]:
        """The whole index, which is fetched only when it is not what it was."""
        path = self._index_path(kind)
        stat = client.exists_async(path).get(timeout=_TIMEOUT)
        known = self._listings.get(kind)
        if known is not None and stat is not None and known[0] == _moment(stat):
            return known[1]
        names, stat = client.get_children_async(path, include_data=True).get(timeout=_TIMEOUT)
        entries = [_entry(kind, name) for name in names]
        self._listings[kind] = (_moment(stat), entries)
        return entries

    def _select(
        self,
        client: Any,
        kind: str,
        wanted: Callable[[Record], bool],
        place: Callable[[Record], Any] = lambda record: record["key"],
        limit: int | None = None,
    ) -> list[Record]:
        """The first records, by their places. Those that changed after the index was read are looked at as they are."""
        entries = {entry["key"]: entry for entry in self._entries(client, kind) if wanted(entry)}
        read: set[str] = set()
        while True:
            page = sorted(entries.values(), key=place)[:limit]
            unread = [entry["key"] for entry in page if entry["key"] not in read]
            if not unread:
                return page
            read.update(unread)
            for key, record in zip(unread, self._records(client, kind, unread), strict=True):
                if record is not None and wanted(record):
                    entries[key] = record
                else:
                    del entries[key]

    def _with_claims(
        self, client: Any, question: dict[str, Any], jobs: list[Record], keys: Sequence[str]
    ) -> dict[str, Any]:
        if not question["with_claims"]:
            return {"jobs": jobs}
        return {"jobs": jobs, "claims": self._claims_of(client, keys)}

    def _claims_of(self, client: Any, job_ids: Sequence[str]) -> list[Record]:
        wanted = set(job_ids)
        return self._select(client, "claim", lambda claim: claim["job_id"] in wanted)

    def _answer_jobs(self, client: Any, question: dict[str, Any]) -> dict[str, Any]:
        keys = question["keys"]
        return self._with_claims(client, question, self._existing(client, "job", keys), keys)

    def _answer_due(self, client: Any, question: dict[str, Any]) -> dict[str, Any]:
        behind = _behind("next_run_time", question["after"])

        def due(job: Record) -> bool:
            at = job["next_run_time"]
            return at is not None and at <= question["until"] and behind(job)

        jobs = self._select(client, "job", due, _place("next_run_time"), question["limit"])
        return self._with_claims(client, question, jobs, [job["key"] for job in jobs])

    def _answer_list(self, client: Any, question: dict[str, Any]) -> dict[str, Any]:
        after = question["after"]
        jobs = self._select(client, "job", lambda job: after is None or job["key"] > after, limit=question["limit"])
        return {"jobs": jobs}

    def _answer_count(self, client: Any, question: dict[str, Any]) -> dict[str, Any]:
        return {"count": len(self._entries(client, "job"))}

    def _answer_claims(self, client: Any, question: dict[str, Any]) -> dict[str, Any]:
        if "job_ids" in question:
            return {"claims": self._claims_of(client, question["job_ids"])}
        if "claim_id" in question:
            return {"claims": self._select(client, "claim", lambda claim: claim["claim_id"] == question["claim_id"])}
        behind = _behind("lease_until", question["after"])
        return {"claims": self._select(client, "claim", behind, _place("lease_until"), question["limit"])}

    def _answer_runs(self, client: Any, question: dict[str, Any]) -> dict[str, Any]:
        return {"runs": self._existing(client, "run", question["keys"])}

    def _answer_history(self, client: Any, question: dict[str, Any]) -> dict[str, Any]:
        def wanted(run: Record) -> bool:
            return (
                question["job_id"] in (None, run["job_id"])
                and question["state"] in (None, run["state"])
                and (question["scheduled_from"] is None or run["scheduled_time"] >= question["scheduled_from"])
                and (question["scheduled_until"] is None or run["scheduled_time"] <= question["scheduled_until"])
            )

        def latest_first(run: Record) -> Any:
            return -run["scheduled_time"], -int(run["key"], 16)

        return {"runs": self._select(client, "run", wanted, latest_first, question["limit"])}

    def _answer_old_runs(self, client: Any, question: dict[str, Any]) -> dict[str, Any]:
        latest_first = sorted(self._entries(client, "run"), key=lambda run: -run["ended_at"])
        before = question["ended_before"]
        kept = latest_first[: question["beyond"]]
        old = latest_first[question["beyond"] :]
        old += [run for run in kept if before is not None and run["ended_at"] < before]
        return {"runs": self._existing(client, "run", [run["key"] for run in old[: question["limit"]]])}

    def _answer_notes(self, client: Any, question: dict[str, Any]) -> dict[str, Any]:
        return {"notes": self._existing(client, "note", question["keys"])}

    def _answer_old_notes(self, client: Any, question: dict[str, Any]) -> dict[str, Any]:
        def old(note: Record) -> bool:
            return note["expires_at"] is not None and note["expires_at"] < question["expired_before"]

        return {"notes": self._select(client, "note", old, limit=question["limit"])}

    # --- writes -------------------------------------------------------------------------------------

    def write(self, operations: list[dict[str, Any]]) -> bool:
        client = self._opened()
        with self._translated(client):
            found = self._guarded(client, operations)
        if found is None:
            return False
        transaction = client.transaction()
        for each, record in zip(operations, found, strict=True):
            if each["op"] == "put":
                self._add_put(client, transaction, each, record)
            else:
                self._add_other(transaction, each, record)
        _require_size(transaction)
        with self._translated(client, _native.ERROR_TIMEOUT):
            return _took_effect(transaction.commit_async().get(timeout=_TIMEOUT))

    def _guarded(self, client: Any, operations: list[dict[str, Any]]) -> list[Record | None] | None:
        """For each operation the record as it is; ``None`` if a guard does not hold."""
        found: list[Record | None] = [None] * len(operations)
        for kind in _FOUND_BY:
            places = [i for i, each in enumerate(operations) if each["kind"] == kind and each["if"]]
            records = self._without_parts(client, kind, [operations[i]["key"] for i in places])
            for i, record in zip(places, records, strict=True):
                if record is None or record["version"] != operations[i]["if"]:
                    return None
                found[i] = record
        return found

    def _add_put(self, client: Any, transaction: Any, operation: dict[str, Any], found: Record | None) -> None:
        kind, record = operation["kind"], operation["record"]
        node = self._record_node(kind, operation["key"])
        data, parts = _written(record)
        had = set(_parts_of(found))
        new = {name: part for name, part in parts.items() if name not in had}
        with self._translated(client):
            self._create_parts(client, new)
        for name in new:
            transaction.check(self._part_node(name), -1)  # another node may have removed the same
        if found is None:
            transaction.create(node, data)
        else:
            self._add_removals(transaction, kind, found, had - set(parts))
            transaction.set_data(node, data)
        transaction.create(self._index_node(kind, record), b"")

    def _create_parts(self, client: Any, parts: dict[str, bytes]) -> None:
        """Before the write that makes them count."""
        for each in [client.create_async(self._part_node(name), part) for name, part in parts.items()]:
            with suppress(NodeExistsError):  # the name is made of the content
                each.get(timeout=_TIMEOUT)

    def _add_removals(self, transaction: Any, kind: str, found: Record, parts: set[str]) -> None:
        transaction.delete(self._index_node(kind, found))
        for name in sorted(parts):
            transaction.delete(self._part_node(name))

    def _add_other(self, transaction: Any, operation: dict[str, Any], found: Record | None) -> None:
        kind = operation["kind"]
        node = self._record_node(kind, operation["key"])
        if found is None:  # there is no operation that checks absence
            transaction.create(node, b"")
            transaction.delete(node)
        elif operation["op"] == "check":
            transaction.check(self._index_node(kind, found), -1)
        else:
            self._add_removals(transaction, kind, found, set(_parts_of(found)))
            transaction.delete(node)


def _parts_of(record: Record | None) -> list[str]:
    parts: list[str] = [] if record is None else record.get(_PARTS, [])
    return parts


def _moment(stat: Any) -> tuple[int, ...]:
    """Another for each state of the children."""
    return stat.czxid, stat.pzxid, stat.cversion


def _place(member: str) -> Callable[[Record], Any]:
    return lambda record: (record[member], record["key"])


def _behind(member: str, after: Sequence[Any] | None) -> Callable[[Record], bool]:
    if after is None:
        return lambda record: True
    return lambda record: (record[member], record["key"]) > tuple(after)


def _require_size(transaction: Any) -> None:
    size = sum(
        _BYTES_PER_OPERATION + len(each.path) + len(getattr(each, "data", None) or b"")
        for each in transaction.operations
    )
    if size > _LARGEST_WRITE:
        raise JobStoreError(
            f"{size} bytes are more than a ZooKeeper server takes at once, expected at most {_LARGEST_WRITE}",
            _native.ERROR_STORE_FULL,
        )


def _took_effect(results: Sequence[Any]) -> bool:
    failures = [result for result in results if isinstance(result, Exception)]
    if not failures:
        return True
    if any(isinstance(failure, _CONFLICTS) for failure in failures):
        return False
    # Nothing was done: no permission, say.
    names = ", ".join(sorted({type(failure).__name__ for failure in failures}))
    raise JobStoreError(names, _native.ERROR_STORE_UNAVAILABLE)
