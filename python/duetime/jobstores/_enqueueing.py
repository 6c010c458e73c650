"""Jobs added within a transaction of the caller's own connection to the database that a job store lies in."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from inspect import iscoroutinefunction
from typing import Any

__all__ = ("execute_on",)

_Execute = Callable[[str, Sequence[Any]], int]  # answers how many rows were changed

# How drivers write parameters, by their module's ``paramstyle``.
_MARKS = {"qmark": "?", "format": "%s", "pyformat": "%s"}


def execute_on(connection: Any, statements: str) -> bool:
    """Runs the engine's statements; neither begins nor ends the transaction.

    :param connection: of a driver with the DB-API (sqlite3, psycopg, Django's wrapper), of SQLAlchemy, or its session
    :param statements: as the engine answers them, in JSON
    :return: ``False`` if the id of a job is taken: it was not added
    """
    execute = _executor_of(connection)
    for statement in json.loads(statements):
        changed = execute(statement["sql"], statement["parameters"])
        if statement["must_change"] and changed == 0:
            return False
    return True


def _executor_of(connection: Any) -> _Execute:
    if hasattr(connection, "run_sync"):
        raise TypeError(
            f"{_name_of(connection)} is asynchronous; expected a synchronous connection, such as its run_sync() gives"
        )
    if not hasattr(connection, "exec_driver_sql") and callable(getattr(connection, "connection", None)):
        connection = connection.connection()  # a session's
    if hasattr(connection, "exec_driver_sql"):
        return _sqlalchemy_executor(connection)
    if callable(getattr(connection, "cursor", None)):
        return _driver_executor(connection)
    raise TypeError(f"connection must be one of a database driver or of SQLAlchemy, got {_name_of(connection)}")


def _sqlalchemy_executor(connection: Any) -> _Execute:
    mark = _mark(connection.dialect.paramstyle, connection)

    def execute(sql: str, parameters: Sequence[Any]) -> int:
        result = connection.exec_driver_sql(sql.replace("?", mark), tuple(parameters))
        return int(result.rowcount)

    return execute


def _driver_executor(connection: Any) -> _Execute:
    package = type(connection).__module__.partition(".")[0]
    # Django's wrapper takes the same mark for every database.
    style = "format" if package == "django" else getattr(sys.modules.get(package), "paramstyle", None)
    mark = _mark(style, connection)

    def execute(sql: str, parameters: Sequence[Any]) -> int:
        cursor = connection.cursor()
        if iscoroutinefunction(cursor.execute):
            raise TypeError(f"{_name_of(connection)} is asynchronous; expected a synchronous connection")
        try:
            cursor.execute(sql.replace("?", mark), tuple(parameters))
            return int(cursor.rowcount)
        finally:
            cursor.close()

    return execute


def _mark(style: Any, connection: Any) -> str:
    try:
        return _MARKS[style]
    except KeyError:
        raise TypeError(
            f"{_name_of(connection)} has the parameter style {style!r}; expected {', '.join(_MARKS)}"
        ) from None


def _name_of(connection: Any) -> str:
    kind = type(connection)
    return f"{kind.__module__}.{kind.__qualname__}"
