"""Jobs in files. What all job stores keep is in job_store_contract.py."""

from __future__ import annotations

import pytest
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
