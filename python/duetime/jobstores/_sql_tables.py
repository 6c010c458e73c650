"""The tables of a job store in a database that SQLAlchemy speaks to."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, String, Table, Text
from sqlalchemy.dialects import mysql
from sqlalchemy.types import TypeDecorator

__all__ = ("Tables",)

_LONG_TEXT = 2**24 - 1  # bytes


class _Key(TypeDecorator[str]):
    """A text that differs if a single byte does, in the order of its bytes: MySQL's collations take trailing blanks,
    case and accents for less than that."""

    impl = String
    cache_ok = True

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self._size = size

    def load_dialect_impl(self, dialect: Any) -> Any:
        if dialect.name in ("mysql", "mariadb"):
            return dialect.type_descriptor(mysql.VARBINARY(self._size))
        return dialect.type_descriptor(self.impl_instance)

    def process_bind_param(self, value: str | None, dialect: Any) -> Any:
        return value.encode() if value is not None and dialect.name in ("mysql", "mariadb") else value

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        return value.decode() if isinstance(value, bytes) else value


class _Document(TypeDecorator[str]):
    """UTF-8; what is something else is read as ``None``."""

    impl = LargeBinary(_LONG_TEXT)
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> Any:
        return None if value is None else value.encode()

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        try:
            return None if value is None else bytes(value).decode()
        except UnicodeDecodeError:
            return None


def _number(name: str, nullable: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=nullable)


def _identity(name: str) -> Column[str]:
    return Column(name, String(32), nullable=False)


class Tables:
    """:ivar of_kind: the table of each kind of record, whose columns are the record's members"""

    def __init__(self, prefix: str, schema: str | None) -> None:
        self.metadata = MetaData(schema=schema)
        self.meta = Table(
            f"{prefix}_meta",
            self.metadata,
            Column("key", String(32), primary_key=True),
            _number("value"),
            mysql_engine="InnoDB",
        )
        self.of_kind = {
            "job": self._jobs(f"{prefix}_jobs"),
            "claim": self._claims(f"{prefix}_claims"),
            "run": self._runs(f"{prefix}_runs"),
            "note": self._notes(f"{prefix}_notes"),
        }

    def _table(self, name: str, key_size: int, *rest: Any) -> Table:
        key: Column[str] = Column("key", _Key(key_size), primary_key=True)
        table: Table = Table(
            name,
            self.metadata,
            key,
            _number("version"),
            *rest,
            mysql_engine="InnoDB",
            mysql_charset="utf8mb4",
            mysql_collate="utf8mb4_bin",
        )
        return table

    def _jobs(self, name: str) -> Table:
        return self._table(
            name,
            191,
            Column("status", String(16), nullable=False),
            _number("next_run_time", nullable=True),
            _number("fire_time", nullable=True),
            Column("task", Text, nullable=False),
            Column("executor", Text, nullable=False),
            _number("revision"),
            _number("fence"),
            Column("document", _Document),
            Index(f"{name}_due", "status", "next_run_time", "key"),
        )

    def _claims(self, name: str) -> Table:
        return self._table(
            name,
            32,
            Column("job_id", _Key(191), nullable=False, index=True),
            _identity("claim_id"),
            _identity("owner"),
            _number("fence"),
            _number("lease_until"),
            Column("released", Integer, nullable=False),
            _number("claimed_at"),
            _number("boot_time"),
            Column("task", Text, nullable=False),
            _number("job_revision"),
            Column("runs", _Document, nullable=False),
            Index(f"{name}_by_call", "claim_id"),
            Index(f"{name}_by_lease", "lease_until", "key"),
        )

    def _runs(self, name: str) -> Table:
        return self._table(
            name,
            32,
            Column("job_id", _Key(191), nullable=False),
            Column("task", Text, nullable=False),
            _number("job_revision"),
            _number("scheduled_time"),
            Column("attempt", Integer, nullable=False),
            Column("state", String(16), nullable=False),
            _identity("owner"),
            _number("fence"),
            _number("claimed_at"),
            _number("started_at", nullable=True),
            _number("ended_at"),
            Column("error", _Document, nullable=False),
            Index(f"{name}_by_job", "job_id", "scheduled_time"),
            Index(f"{name}_by_time", "scheduled_time", "key"),
            Index(f"{name}_by_end", "ended_at"),
        )

    def _notes(self, name: str) -> Table:
        return self._table(
            name,
            1100,
            Column("text", _Document, nullable=False),
            _number("expires_at", nullable=True),
            Index(f"{name}_by_expiry", "expires_at"),
        )
