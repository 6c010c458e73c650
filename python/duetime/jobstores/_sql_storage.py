"""Records in a database that SQLAlchemy speaks to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy import and_, delete, exc, func, insert, or_, select, text, update
from sqlalchemy.engine import Connection, Engine

from duetime import _native
from duetime._errors import JobStoreError
from duetime.jobstores._sql_tables import Tables
from duetime.jobstores.storage import RecordStorage

__all__ = ("SQLStorage",)

_SCHEMA_VERSION = 1
_KEYS_AT_ONCE = 500
_LONGEST_INSERT = 2**21  # characters

# What MySQL and MariaDB answer: nothing was done, and the same may work at once; there is no room.
_DEADLOCKS = frozenset({1020, 1213})
_FULL = frozenset({1021, 1041, 1114})

Result = TypeVar("Result")


def _number_of(error: exc.DBAPIError) -> int | None:
    args = getattr(error.orig, "args", ())
    return args[0] if args and isinstance(args[0], int) else None


def _parts(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for first in range(0, len(items), _KEYS_AT_ONCE):
        yield items[first : first + _KEYS_AT_ONCE]


def _parts_by_size(records: Sequence[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Servers refuse statements that are too long: MySQL those of 16 MiB unless told otherwise."""
    part: list[dict[str, Any]] = []
    size = 0
    for record in records:
        length = sum(len(value) for value in record.values() if isinstance(value, str))
        if part and (len(part) == _KEYS_AT_ONCE or size + length > _LONGEST_INSERT):
            yield part
            part, size = [], 0
        part.append(record)
        size += length
    if part:
        yield part


class _ConflictError(Exception):
    """A guard does not hold."""


@contextmanager
def _translated(code: int = _native.ERROR_STORE_UNAVAILABLE) -> Iterator[None]:
    """The database's own words, without the statement and its values."""
    try:
        yield
    except exc.DBAPIError as error:
        if _number_of(error) in _FULL:
            code = _native.ERROR_STORE_FULL
        raise JobStoreError(str(error.orig), code) from None
    except exc.SQLAlchemyError as error:
        raise JobStoreError(str(error), code) from None


class SQLStorage(RecordStorage):
    """:param owned: the engine is disposed of when the storage is closed"""

    has_clock = True

    def __init__(self, engine: Engine, owned: bool, name: str, prefix: str, schema: str | None) -> None:
        self._database = engine.execution_options(isolation_level="READ COMMITTED")
        self._owned = owned
        self._name = name
        self._tables = Tables(prefix, schema)
        self._engine: Engine | None = None  # while it is open

    @property
    def name(self) -> str:
        return self._name

    # --- life ---------------------------------------------------------------------------------------

    def open(self) -> None:
        engine = self._database
        with _translated():
            self._tables.metadata.create_all(engine)
            self._insert_meta(engine, "schema_version", _SCHEMA_VERSION)
            self._insert_meta(engine, "counter", 0)
            with engine.connect() as connection:
                version = self._meta(connection, "schema_version")
        if version > _SCHEMA_VERSION:
            raise JobStoreError(
                f"schema version {version}, this duetime knows up to {_SCHEMA_VERSION}", _native.ERROR_NEWER_VERSION
            )
        self._engine = engine

    def _insert_meta(self, engine: Engine, key: str, value: int) -> None:
        with engine.connect() as connection:
            if self._meta(connection, key) is not None:
                return
        try:
            with engine.begin() as connection:
                connection.execute(insert(self._tables.meta).values(key=key, value=value))
        except exc.IntegrityError:
            pass  # another node was faster

    def _meta(self, connection: Connection, key: str) -> Any:
        meta = self._tables.meta
        return connection.execute(select(meta.c.value).where(meta.c.key == key)).scalar()

    def close(self) -> None:
        if self._owned and self._engine is not None:
            self._engine.dispose()
        self._engine = None

    def forked(self) -> None:
        if self._engine is not None:
            self._engine.dispose(close=False)
        self._engine = None

    def _opened(self) -> Engine:
        if self._engine is None:
            raise JobStoreError("the store is not open", _native.ERROR_STORE_UNAVAILABLE)
        return self._engine

    # --- clock and counter --------------------------------------------------------------------------

    def now(self) -> int:
        with _translated(), self._opened().connect() as connection:
            seconds = connection.execute(text("SELECT UNIX_TIMESTAMP(NOW(6))")).scalar_one()
        return int(seconds * 1_000_000)

    def draw(self, count: int) -> int:
        meta = self._tables.meta
        raised = update(meta).where(meta.c.key == "counter").values(value=meta.c.value + count)
        with _translated(), self._opened().begin() as connection:
            connection.execute(raised)
            last: int = self._meta(connection, "counter")
        return last - count + 1

    # --- questions ----------------------------------------------------------------------------------

    def read(self, question: dict[str, Any]) -> dict[str, Any]:
        answer: Callable[[Connection, dict[str, Any]], dict[str, Any]] = getattr(self, f"_answer_{question['ask']}")
        with _translated(), self._opened().connect() as connection:
            return answer(connection, question)

    def _rows(self, connection: Connection, kind: str, refine: Callable[[Any, Any], Any]) -> list[dict[str, Any]]:
        table = self._tables.of_kind[kind]
        return [dict(row) for row in connection.execute(refine(select(table), table.c)).mappings()]

    def _rows_in(self, connection: Connection, kind: str, column: str, keys: Sequence[str]) -> list[dict[str, Any]]:
        rows = []
        for part in _parts(keys):
            rows += self._rows(connection, kind, _of(column, part))
        return rows

    def _with_claims(
        self, connection: Connection, question: dict[str, Any], jobs: list[dict[str, Any]], keys: Sequence[str]
    ) -> dict[str, Any]:
        if not question["with_claims"]:
            return {"jobs": jobs}
        return {"jobs": jobs, "claims": self._rows_in(connection, "claim", "job_id", keys)}

    def _answer_jobs(self, connection: Connection, question: dict[str, Any]) -> dict[str, Any]:
        keys = question["keys"]
        return self._with_claims(connection, question, self._rows_in(connection, "job", "key", keys), keys)

    def _answer_due(self, connection: Connection, question: dict[str, Any]) -> dict[str, Any]:
        def due(query: Any, c: Any) -> Any:
            query = query.where(c.status == "scheduled", c.next_run_time <= question["until"])
            query = _behind(query, c.next_run_time, c.key, question["after"])
            return query.order_by(c.next_run_time, c.key).limit(question["limit"])

        jobs = self._rows(connection, "job", due)
        return self._with_claims(connection, question, jobs, [job["key"] for job in jobs])

    def _answer_list(self, connection: Connection, question: dict[str, Any]) -> dict[str, Any]:
        def page(query: Any, c: Any) -> Any:
            if question["after"] is not None:
                query = query.where(c.key > question["after"])
            return query.order_by(c.key).limit(question["limit"])

        return {"jobs": self._rows(connection, "job", page)}

    def _answer_count(self, connection: Connection, question: dict[str, Any]) -> dict[str, Any]:
        jobs = self._tables.of_kind["job"]
        return {"count": connection.execute(select(func.count()).select_from(jobs)).scalar_one()}

    def _answer_claims(self, connection: Connection, question: dict[str, Any]) -> dict[str, Any]:
        if "job_ids" in question:
            return {"claims": self._rows_in(connection, "claim", "job_id", question["job_ids"])}
        if "claim_id" in question:
            return {"claims": self._rows_in(connection, "claim", "claim_id", [question["claim_id"]])}

        def page(query: Any, c: Any) -> Any:
            query = _behind(query, c.lease_until, c.key, question["after"])
            return query.order_by(c.lease_until, c.key).limit(question["limit"])

        return {"claims": self._rows(connection, "claim", page)}

    def _answer_runs(self, connection: Connection, question: dict[str, Any]) -> dict[str, Any]:
        return {"runs": self._rows_in(connection, "run", "key", question["keys"])}

    def _answer_history(self, connection: Connection, question: dict[str, Any]) -> dict[str, Any]:
        def latest(query: Any, c: Any) -> Any:
            for name in ("job_id", "state"):
                if question[name] is not None:
                    query = query.where(c[name] == question[name])
            if question["scheduled_from"] is not None:
                query = query.where(c.scheduled_time >= question["scheduled_from"])
            if question["scheduled_until"] is not None:
                query = query.where(c.scheduled_time <= question["scheduled_until"])
            return query.order_by(c.scheduled_time.desc(), c.key.desc()).limit(question["limit"])

        return {"runs": self._rows(connection, "run", latest)}

    def _answer_old_runs(self, connection: Connection, question: dict[str, Any]) -> dict[str, Any]:
        def beyond(query: Any, c: Any) -> Any:
            return query.order_by(c.ended_at.desc()).offset(question["beyond"]).limit(question["limit"])

        def older(query: Any, c: Any) -> Any:
            return query.where(c.ended_at < question["ended_before"]).limit(question["limit"])

        runs = self._rows(connection, "run", beyond)
        if not runs and question["ended_before"] is not None:
            runs = self._rows(connection, "run", older)
        return {"runs": runs}

    def _answer_notes(self, connection: Connection, question: dict[str, Any]) -> dict[str, Any]:
        return {"notes": self._rows_in(connection, "note", "key", question["keys"])}

    def _answer_old_notes(self, connection: Connection, question: dict[str, Any]) -> dict[str, Any]:
        def old(query: Any, c: Any) -> Any:
            return query.where(c.expires_at < question["expired_before"]).limit(question["limit"])

        return {"notes": self._rows(connection, "note", old)}

    # --- writes -------------------------------------------------------------------------------------

    def write(self, operations: list[dict[str, Any]]) -> bool:
        """Some statements per kind of record, however many operations there are."""
        with _translated(), self._opened().connect() as connection:
            try:
                for kind in sorted(self._tables.of_kind):
                    self._write_kind(connection, kind, [each for each in operations if each["kind"] == kind])
            except (_ConflictError, exc.IntegrityError):
                return False
            except exc.DBAPIError as error:
                if _number_of(error) in _DEADLOCKS:
                    return False
                raise
            with _translated(_native.ERROR_TIMEOUT):
                connection.commit()
        return True

    def _write_kind(self, connection: Connection, kind: str, operations: list[dict[str, Any]]) -> None:
        table = self._tables.of_kind[kind]
        self._require_versions(connection, table, {each["key"]: each["if"] for each in operations if each["if"]})
        absent = [each["key"] for each in operations if not each["if"] and each["op"] == "check"]
        self._require_versions(connection, table, dict.fromkeys(absent, 0))
        gone = [each["key"] for each in operations if each["if"] and each["op"] != "check"]
        for part in _parts(gone):
            connection.execute(delete(table).where(table.c.key.in_(part)))
        records = [each["record"] for each in operations if each["op"] == "put"]
        for part in _parts_by_size(records):
            connection.execute(insert(table).values([_row(table, record) for record in part]))

    def _require_versions(self, connection: Connection, table: Any, versions: dict[str, int]) -> None:
        found = dict.fromkeys(versions, 0)
        for part in _parts(sorted(versions)):
            query = select(table.c.key, table.c.version).where(table.c.key.in_(part)).order_by(table.c.key)
            for key, version in connection.execute(query.with_for_update()):
                found[key] = version
        if found != versions:
            raise _ConflictError


def _of(column: str, values: Sequence[str]) -> Callable[[Any, Any], Any]:
    return lambda query, c: query.where(c[column].in_(values))


def _behind(query: Any, column: Any, key: Any, after: Sequence[Any] | None) -> Any:
    if after is None:
        return query
    return query.where(or_(column > after[0], and_(column == after[0], key > after[1])))


def _row(table: Any, record: dict[str, Any]) -> dict[str, Any]:
    names: Iterable[str] = table.c.keys()
    return {name: record[name] for name in names}
