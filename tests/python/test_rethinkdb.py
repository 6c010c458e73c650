"""APScheduler has a job store for RethinkDB, duetime has none: whoever asks for it is told what there is."""

from __future__ import annotations

from importlib import import_module

import pytest
from conftest import finish
from duetime.schedulers.background import BackgroundScheduler

MESSAGE = "duetime has no job store for RethinkDB. Expected one of duetime.jobstores.postgresql, mongodb, redis, etcd, "


def test_the_import():
    for _ in range(2):
        with pytest.raises(ModuleNotFoundError, match=MESSAGE):
            import_module("duetime.jobstores.rethinkdb")


def test_the_alias():
    scheduler = BackgroundScheduler(timezone="UTC")
    with pytest.raises(ModuleNotFoundError, match=MESSAGE):
        scheduler.add_jobstore("rethinkdb", database="apscheduler")
    with pytest.raises(ModuleNotFoundError, match=MESSAGE):
        BackgroundScheduler(jobstores={"default": {"type": "rethinkdb", "table": "jobs"}})


def test_the_name_of_apscheduler(program):
    source = """
        import duetime
        duetime.install_as_apscheduler()
        try:
            from apscheduler.jobstores.rethinkdb import RethinkDBJobStore
        except ImportError as exc:
            print(exc)
    """
    assert finish(program(source)).startswith(MESSAGE)
