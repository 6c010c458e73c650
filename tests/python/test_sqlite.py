"""Jobs in files. What all job stores keep is in job_store_contract.py."""

from __future__ import annotations

import pytest
from conftest import START
from duetime.jobstores.sqlite import SQLiteJobStore
from duetime.schedulers.background import BackgroundScheduler


def note(*args, **kwargs):
    pass


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"args": [1, START]}, "args[1] cannot be stored as JSON: datetime.datetime("),
        ({"args": [(1, 2)]}, "args[0] cannot be stored as JSON: (1, 2) would come back as [1, 2]"),
        ({"kwargs": {"a": {1: 2}}}, "kwargs['a'] cannot be stored as JSON: {1: 2} would come back as {'1': 2}"),
        ({"args": [float("nan")]}, "args[0] cannot be stored as JSON: nan"),
    ],
)
def test_what_json_refuses(running, tmp_path, arguments, text):
    running.add_jobstore(SQLiteJobStore(tmp_path / "jobs.db", serializer="json"), "file")
    with pytest.raises(TypeError) as caught:
        running.add_job(note, jobstore="file", **arguments)
    assert str(caught.value).startswith(text)
    assert running.get_jobs() == []


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
