"""Jobs in a PostgreSQL database, which processes of any hosts may share."""

from __future__ import annotations

from typing import Any

from duetime.jobstores.persistent import PROTECTION, PersistentJobStore

__all__ = ("PostgreSQLJobStore",)

# Parameters of libpq, by their names in the engine's configuration.
_PARAMETERS = frozenset({
    "host", "port", "user", "password", "database", "passfile", "service", "sslmode", "sslrootcert", "sslcert",
    "sslkey", "sslpassword", "sslcrl", "channel_binding", "gssencmode", "target_session_attrs", "application_name",
})  # fmt: skip


class PostgreSQLJobStore(PersistentJobStore):
    """Keeps jobs and the history of their runs in tables of a PostgreSQL database. Processes that share it run each
    fire once. The engine talks to the server itself, through libpq (Debian's package ``libpq5``); no driver of Python
    is needed.

    :param url: ``postgresql://user:password@host:port/database``, with whatever libpq takes; may be left out
    :param schema: of the tables; the first that exists of the search path unless given
    :param table_prefix: begins the names of the tables
    :param connect_timeout: how many seconds connecting may take
    :param command_timeout: how many seconds one exchange with the server may take
    :param pool_size: how many connections there may be, beside the one that listens for changes
    :param options: ``pickle_protocol``, ``serializer``, ``signing_key``, ``allowed_modules`` and ``allowed_classes`` of
        :class:`~duetime.jobstores.persistent.PersistentJobStore`; the rest is for the connection, goes before ``url``,
        and is called as by libpq: ``host``, ``port``, ``user``, ``password``, ``database``, ``sslmode``,
        ``sslrootcert``, ``sslcert``, ``sslkey``, ...
    """

    def __init__(
        self,
        url: str = "",
        *,
        schema: str | None = None,
        table_prefix: str = "duetime",
        connect_timeout: float = 5.0,
        command_timeout: float = 10.0,
        pool_size: int = 4,
        **options: Any,
    ) -> None:
        protection = {name: options.pop(name) for name in (*PROTECTION, "pickle_protocol") if name in options}
        super().__init__(**protection)
        unknown = sorted(options.keys() - _PARAMETERS)
        if unknown:
            raise TypeError(f"PostgreSQLJobStore got an unexpected keyword argument {unknown[0]!r}")
        self.schema = schema
        self.table_prefix = table_prefix
        self._url = url
        self._connection = {name: value for name, value in options.items() if value is not None}
        self._limits = {
            "connect_timeout_us": round(connect_timeout * 1_000_000),
            "command_timeout_us": round(command_timeout * 1_000_000),
            "pool_size": pool_size,
        }

    def _configuration(self) -> dict[str, Any]:
        optional = {"uri": self._url, "schema": self.schema}
        return {
            "type": "postgresql",
            "table_prefix": self.table_prefix,
            **{name: value for name, value in optional.items() if value},
            **self._limits,
            **self._connection,
        }

    def __repr__(self) -> str:
        return f"<{self.__class__.__name__} (schema={self.schema!r}, table_prefix={self.table_prefix!r})>"
