"""APScheduler's table in a database that SQLAlchemy speaks to."""

from __future__ import annotations

from typing import Any

from duetime._legacy.states import OldRow

__all__ = ("read_sql",)


def read_sql(engine: Any, table: str, schema: str | None) -> list[OldRow] | None:
    """The rows of the table; ``None`` if there is no such table."""
    from sqlalchemy import column, inspect, select
    from sqlalchemy import table as table_named

    with engine.connect() as connection:
        if not inspect(connection).has_table(table, schema=schema):
            return None
        jobs = table_named(table, column("id"), column("next_run_time"), column("job_state"), schema=schema)
        rows = connection.execute(select(jobs.c.id, jobs.c.next_run_time.is_not(None), jobs.c.job_state))
        return [OldRow(str(id), bool(scheduled), bytes(state)) for id, scheduled, state in rows]
