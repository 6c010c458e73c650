"""Jobs in a database that is named as SQLAlchemy names it."""

from __future__ import annotations

import os
import pickle
import re
from collections.abc import Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from duetime import _native
from duetime._legacy.importing import copy_in
from duetime._legacy.sqlite import read_sqlite
from duetime._legacy.states import OldRow
from duetime.jobstores.persistent import PersistentJobStore
from duetime.util import maybe_ref

if TYPE_CHECKING:
    from duetime.schedulers.base import BaseScheduler

__all__ = ("SQLAlchemyJobStore",)

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")
_DEFAULT_TABLE = "apscheduler_jobs"
_LONGEST_PREFIX = 48  # of the engine's tables
_DEFAULT_TIMEOUT = 5.0
_WITH_SERVERS = frozenset({"mysql", "mariadb", "postgresql"})
_ASYNCHRONOUS = frozenset({"aiomysql", "asyncmy", "asyncpg", "psycopg_async"})
_TIMEOUTS = {"connect_timeout": 10, "read_timeout": 30, "write_timeout": 30}  # of PyMySQL, which has none


class SQLAlchemyJobStore(PersistentJobStore):
    """Keeps jobs in a database. To those of SQLite and PostgreSQL the engine talks itself; SQLAlchemy only helps to
    name them. To others, such as MySQL and MariaDB, SQLAlchemy talks.

    Jobs live in tables of their own (docs/sqlite_schema.md, docs/postgresql_schema.md, docs/sql_tables.md), beside
    which other tables may stand. Jobs that APScheduler 3 left in ``tablename`` are copied at the first start, and stay
    where they are.

    :param url: ``sqlite:///relative.db``, ``sqlite:////absolute.db``, or ``sqlite://``, which is memory: its jobs end
        with the scheduler; ``postgresql://user:password@host/database``, ``mysql+pymysql://...``
    :param engine: an SQLAlchemy engine, or a reference to one, whose database is meant; it is used instead of ``url``
    :param tablename: APScheduler's table. Job stores of one database with different names have different jobs
    :param metadata: a :class:`~sqlalchemy.schema.MetaData`, or a reference to one, in which APScheduler's table is to
        be declared
    :param pickle_protocol: of arguments
    :param tableschema: where the tables are, in databases that have schemas; ``None`` or ``"main"`` for SQLite
    :param engine_options: as for :func:`~sqlalchemy.create_engine`; of them, ``connect_args["timeout"]`` says how many
        seconds to wait for another process's write to a file of SQLite. For PostgreSQL, ``connect_args`` may have
        parameters of libpq (``sslmode``, ``sslrootcert``, ...), which the engine of ``engine`` does not tell
    :param protection: ``serializer``, ``signing_key``, ``allowed_modules`` and ``allowed_classes`` of
        :class:`~duetime.jobstores.persistent.PersistentJobStore`
    :raises ValueError: without ``url`` and ``engine``, or for a name that is none
    :raises NotImplementedError: for another database
    """

    def __init__(
        self,
        url: Any = None,
        engine: Any = None,
        tablename: str = _DEFAULT_TABLE,
        metadata: Any = None,
        pickle_protocol: int = pickle.HIGHEST_PROTOCOL,
        tableschema: str | None = None,
        engine_options: Mapping[str, Any] | None = None,
        **protection: Any,
    ) -> None:
        super().__init__(pickle_protocol=pickle_protocol, **protection)
        self._tablename = _checked_name("tablename", tablename)
        self._engine_options = dict(engine_options or {})
        self._given_engine = maybe_ref(engine) if engine else None
        if self._given_engine is None and not url:
            raise ValueError('Need either "engine" or "url" defined')
        self._url = url if self._given_engine is None else self._given_engine.url
        self._database = _database_of(self._url)
        if self._database.is_sqlite and tableschema not in (None, "main"):
            raise ValueError(f"tableschema must be None or 'main' for a database of SQLite, got {tableschema!r}")
        self._tableschema = tableschema
        self._metadata = maybe_ref(metadata)
        if self._metadata is not None:
            self._declare_table()

    # --- what the engine is told --------------------------------------------------------------------

    def _configuration(self) -> dict[str, Any]:
        if self._database.is_postgresql:
            return self._postgresql_configuration()
        if self._database.path is None:
            return {"type": "memory"}
        return {
            "type": "sqlite",
            "path": self._database.path,
            "table_prefix": self._table_prefix,
            "busy_timeout_us": round(self._timeout * 1_000_000),
        }

    def _postgresql_configuration(self) -> dict[str, Any]:
        from duetime.jobstores._postgresql_uri import uri_of

        arguments = self._engine_options.get("connect_args") or {}
        schema = {} if self._tableschema is None else {"schema": self._tableschema}
        uri = uri_of(self._url, arguments)
        return {"type": "postgresql", "uri": uri, "table_prefix": self._table_prefix, **schema}

    def _add_to(self, engine: _native.Scheduler, alias: str) -> None:
        if self._database.is_sqlite or self._database.is_postgresql:
            super()._add_to(engine, alias)
            return
        from duetime.jobstores._sql_storage import SQLStorage
        from duetime.jobstores.storage import add_storage

        database = self.engine  # what is missing is to be said now
        storage = SQLStorage(
            database, self._given_engine is None, self._database.shown, self._table_prefix, self._tableschema
        )
        add_storage(engine, alias, storage)

    @property
    def _table_prefix(self) -> str:
        """Of our tables: another for each name of APScheduler's table, as SQLite tells names apart."""
        if self._tablename.lower() == _DEFAULT_TABLE:
            return "duetime"
        prefix = f"duetime_{self._tablename}"
        if len(prefix) <= _LONGEST_PREFIX:
            return prefix
        digest = sha256(self._tablename.lower().encode()).hexdigest()[:12]
        return f"{prefix[: _LONGEST_PREFIX - 13]}_{digest}"

    @property
    def _timeout(self) -> float:
        arguments = self._engine_options.get("connect_args") or {}
        return float(arguments.get("timeout", self._database.timeout))

    # --- life ---------------------------------------------------------------------------------------

    def start(self, scheduler: BaseScheduler, alias: str) -> None:
        if not self._database.is_sqlite:
            super().start(scheduler, alias)
            source = f"apscheduler:{self._tablename}"
            self._unread_jobs = copy_in(self, source, self._read_old_jobs, self.pickle_protocol, self.serializer)
            return
        if self._database.path is None:
            super().start(scheduler, alias)
            self._logger.info('Job store "%s" is a database in memory: its jobs end with the scheduler', alias)
            return
        source = f"apscheduler:{self._tablename.lower()}"
        rows = read_sqlite(
            self._database.path, self._tablename, f"{self._table_prefix}_meta", f"import:{source}", self._timeout
        )
        super().start(scheduler, alias)
        self._unread_jobs = copy_in(self, source, lambda: rows, self.pickle_protocol, self.serializer)  # opens it, too

    def _read_old_jobs(self) -> list[OldRow] | None:
        """What APScheduler left, which only programs that have the database's driver can have."""
        from duetime._legacy.sql import read_sql

        try:
            engine = self.engine
        except ImportError:
            if self._database.is_postgresql:
                return None
            raise
        return read_sql(engine, self._tablename, self._tableschema)

    def shutdown(self) -> None:
        engine = self.__dict__.get("engine", self._given_engine)
        if engine is not None:
            engine.dispose()
        super().shutdown()

    # --- what programs read -------------------------------------------------------------------------

    def __getattr__(self, name: str) -> Any:
        """``engine`` and ``jobs_t`` are there for programs that ask for them, which needs SQLAlchemy."""
        if name == "engine":
            self.engine = self._given_engine if self._given_engine is not None else self._make_engine()
        elif name == "jobs_t":
            self._declare_table()
        else:
            raise AttributeError(f"{self.__class__.__name__!r} object has no attribute {name!r}")
        return self.__dict__[name]

    def _make_engine(self) -> Any:
        from sqlalchemy import create_engine

        options = self._engine_options
        if not self._database.is_sqlite:
            # A connection that the server has dropped is found out about before it is used.
            options = {"pool_pre_ping": True, **options}
        if self._database.driver == "pymysql":
            options = {**options, "connect_args": {**_TIMEOUTS, **(options.get("connect_args") or {})}}
        return create_engine(self._url, **options)

    def _declare_table(self) -> None:
        """APScheduler's table, which is only read here."""
        from sqlalchemy import Column, Float, LargeBinary, MetaData, Table, Unicode

        self.jobs_t = Table(
            self._tablename,
            MetaData() if self._metadata is None else self._metadata,
            Column("id", Unicode(191), primary_key=True),
            Column("next_run_time", Float(25), index=True),
            Column("job_state", LargeBinary, nullable=False),
            schema=self._tableschema,
        )

    def __repr__(self) -> str:
        return f"<{self.__class__.__name__} (url={self._database.shown})>"


def __getattr__(name: str) -> Any:
    """APScheduler's module has these, and programs take them from there."""
    if name in ("MetaData", "Table", "create_engine"):
        import sqlalchemy

        return getattr(sqlalchemy, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class _Database(NamedTuple):
    """:ivar path: of SQLite's file; ``None``: in memory"""

    path: str | None
    timeout: float
    shown: str  # without password and query
    is_sqlite: bool = True
    is_postgresql: bool = False
    driver: str = ""


def _checked_name(parameter: str, name: Any) -> str:
    if isinstance(name, str) and _NAME.fullmatch(name):
        return name
    raise ValueError(
        f"{parameter} must be a letter or _, then at most 62 letters, digits and _, got {str(name)[:80]!r}"
    )


def _database_of(url: Any) -> _Database:
    """From a URL as text, or as SQLAlchemy has it.

    Error texts leave the URL out: there may be a password in it.
    """
    text = url if isinstance(url, str) else url.render_as_string(hide_password=True)
    match = re.fullmatch(r"([A-Za-z0-9_]+)(?:\+([A-Za-z0-9_]+))?://(.*)", text, re.DOTALL)
    if match is None:
        raise ValueError("The url cannot be read: expected dialect://..., such as sqlite:///jobs.db")
    dialect, driver, rest = match.groups()
    if dialect.lower() in _WITH_SERVERS:
        return _database_of_server(text)
    if dialect.lower() != "sqlite" or driver not in (None, "pysqlite"):
        kind = dialect if driver is None else f"{dialect}+{driver}"
        raise NotImplementedError(
            f"SQLAlchemyJobStore: databases of the dialect {kind!r} are not supported yet; expected 'sqlite', "
            "'postgresql', 'mysql' or 'mariadb'"
        )
    if rest and not rest.startswith("/"):
        raise ValueError(
            "The url of an SQLite database has no host: expected sqlite:///relative or sqlite:////absolute"
        )
    return _sqlite_database(rest[1:])


def _database_of_server(text: str) -> _Database:
    from sqlalchemy.engine import make_url

    url = make_url(text)
    if url.get_driver_name() in _ASYNCHRONOUS:
        raise NotImplementedError(f"SQLAlchemyJobStore: the driver {url.drivername!r} is for asyncio only")
    server = url.host or "localhost"
    if url.port is not None:
        server = f"{server}:{url.port}"
    shown = f"{url.drivername}://{server}/{url.database or ''}"
    is_postgresql = url.get_backend_name() == "postgresql"
    return _Database(None, _DEFAULT_TIMEOUT, shown, False, is_postgresql, url.get_driver_name())


def _sqlite_database(rest: str) -> _Database:
    name, _, query = rest.partition("?")
    options = dict(parse_qsl(query))
    path: str | None = name and os.path.abspath(name)
    if name.startswith("file:") and options.get("uri", "").lower() in ("true", "1", "yes", "on"):
        path = _path_of_file_url(name, options)
    if name in ("", ":memory:"):
        path = None
    shown = f"sqlite:///{name}" if name else "sqlite://"
    return _Database(path, float(options.get("timeout", _DEFAULT_TIMEOUT)), shown)


def _path_of_file_url(name: str, options: Mapping[str, str]) -> str | None:
    if options.get("mode") == "memory":
        return None
    path = unquote(urlsplit(name).path)
    return None if path == ":memory:" else os.path.abspath(path)
