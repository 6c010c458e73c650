"""Jobs in files. What all job stores keep is in job_store_contract.py."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from conftest import wait_until
from duetime import _native
from duetime.jobstores.sqlite import SQLiteJobStore
from duetime.schedulers.background import BackgroundScheduler


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"path": ""}, ValueError, 'The "path" parameter must not be empty'),
        ({"path": 3}, TypeError, "expected str, bytes or os.PathLike object, not int"),
        ({"path": "x", "synchronous": "no"}, ValueError, "synchronous must be 'full' or 'normal', got 'no'"),
    ],
)
def test_options(options, error, text):
    with pytest.raises(error) as caught:
        SQLiteJobStore(**options)
    assert str(caught.value) == text


def test_by_alias(tmp_path):
    scheduler = BackgroundScheduler()
    scheduler.add_jobstore("sqlite", path=str(tmp_path / "jobs.db"))
    assert repr(scheduler._jobstores["default"]) == f"<SQLiteJobStore (path='{tmp_path}/jobs.db')>"


def test_a_stored_job_that_says_it_is_living_is_parked(scheduler, clock, tmp_path):
    """No store keeps objects: somebody wrote the name of their task into the file."""
    path = tmp_path / "jobs.db"
    scheduler.add_jobstore(SQLiteJobStore(path, serializer="json"))
    scheduler.start(paused=True)
    scheduler.add_job(print, "interval", hours=1, id="forged")
    with closing(sqlite3.connect(path)) as file, file:
        file.execute(
            "UPDATE duetime_jobs SET task = ?1, document = json_set(document, '$.task', ?1)", [_native.LIVE_TASK]
        )
    scheduler.resume()
    clock.advance(hours=1)
    wait_until(lambda: [job.id for job in scheduler.get_parked_jobs()] == ["forged"])
    assert scheduler.running
