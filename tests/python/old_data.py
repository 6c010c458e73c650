"""Data that the real APScheduler 3.11.3 wrote, in a process of its own."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

# What old jobs call. It leaves a trace when it is imported.
OLD_JOBS = """
from pathlib import Path

HERE = Path(__file__).parent
(HERE / "imported").touch()

class Account:
    def __init__(self, owner):
        self.owner = owner

def note(*args, **kwargs):
    with open(HERE / "notes", "a") as file:
        print(*(getattr(arg, "owner", arg) for arg in args), *kwargs.values(), file=file)
"""

_WRITE = '''
import copy, copyreg, io, json, pickle, sys
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import dateutil.tz, pytz
from apscheduler.job import Job
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.calendarinterval import CalendarIntervalTrigger
from apscheduler.triggers.combining import AndTrigger, OrTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.date import DateTrigger
from apscheduler.triggers.interval import IntervalTrigger

import old_jobs

BERLIN, NOW = ZoneInfo("Europe/Berlin"), datetime(2031, 3, 1, tzinfo=timezone.utc)
PYTZ = pytz.timezone("Europe/Berlin")

TRIGGERS = {
    "date": DateTrigger("2031-04-05 06:07:08", "Europe/Berlin"),
    "date-offset": DateTrigger("2031-04-05 06:07:08.000009+02:30"),
    "interval": IntervalTrigger(hours=7, start_date="2031-03-04", end_date="2031-05-01", timezone="Asia/Tokyo"),
    "interval-utc": IntervalTrigger(seconds=0.25, start_date="2031-03-04", timezone="UTC"),
    "cron": CronTrigger(hour="*/3", timezone=BERLIN),
    "cron-rich": CronTrigger(
        year="2031-2040", month="jan-mar,oct,12", day="last,2nd fri,last sun,1-20/3", hour="5/7", minute=30,
        start_date="2031-03-02", end_date="2039-01-01", timezone="America/New_York"),
    "cron-week": CronTrigger(week="10-20/2", day_of_week="mon-wed,sun", second="*/40", timezone="UTC"),
    "crontab": CronTrigger.from_crontab("*/15 0 1,15 * 1-5", "UTC"),
    "calendar": CalendarIntervalTrigger(
        months=1, days=2, hour=9, minute=30, start_date="2031-03-31", end_date="2032-01-01", timezone=BERLIN),
    "and": AndTrigger([CronTrigger(hour="1-5", timezone="UTC"), CronTrigger(minute="*/30", timezone="UTC")]),
    "or": OrTrigger([CronTrigger(hour=5, timezone="UTC"), AndTrigger([CronTrigger(day=3, timezone="UTC")])]),
}

def with_zone(trigger, zone, **attributes):
    """As versions that kept zones of pytz, and whatever the program gave."""
    MEANT[id(trigger)] = meant = copy.copy(trigger)
    trigger.timezone = zone
    for name, value in attributes.items():
        setattr(trigger, name, value)
        setattr(meant, name, value.astimezone(meant.timezone))
    return trigger

MEANT = {}  # the same with a zone that APScheduler 3.11 counts with

PYTZ_TRIGGERS = {
    "pytz-cron": with_zone(
        CronTrigger(hour=2, timezone="Europe/Berlin"), PYTZ, start_date=PYTZ.localize(datetime(2031, 3, 5))),
    "pytz-interval": with_zone(
        IntervalTrigger(days=1, timezone="Europe/Berlin"), PYTZ, start_date=PYTZ.localize(datetime(2031, 3, 5))),
    "pytz-utc": with_zone(CronTrigger(hour=2, timezone="UTC"), pytz.utc),
    "pytz-fixed": with_zone(CronTrigger(hour=2, timezone=timezone(timedelta(hours=5.5))), pytz.FixedOffset(330)),
    "pytz-static": with_zone(CronTrigger(hour=2, timezone="Etc/GMT+5"), pytz.timezone("Etc/GMT+5")),
    "dateutil": with_zone(CronTrigger(hour=2, timezone="Europe/Berlin"), dateutil.tz.gettz("Europe/Berlin")),
    "dateutil-utc": with_zone(CronTrigger(hour=2, timezone="UTC"), dateutil.tz.tzutc()),
    "dateutil-offset": with_zone(
        CronTrigger(hour=2, timezone=timezone(timedelta(hours=3))), dateutil.tz.tzoffset("X", 10800)),
}
# The second 02:30 of the night in which clocks are put back.
PYTZ_TRIGGERS["pytz-fold"] = DateTrigger(PYTZ.localize(datetime(2031, 10, 26, 2, 30), is_dst=False))

class OldPickler(pickle.Pickler):
    """As APScheduler 3.0, whose triggers had slots and no __getstate__()."""
    def reducer_override(self, obj):
        if not hasattr(type(obj), "get_next_fire_time") or isinstance(obj, type):
            return NotImplemented
        state = dict(obj.__getstate__())
        state.pop("version"), state.pop("jitter", None)
        return copyreg.__newobj__, (type(obj),), (None, state)

def old_dumps(state, protocol):
    buffer = io.BytesIO()
    OldPickler(buffer, protocol).dump(state)
    return buffer.getvalue()

store = SQLAlchemyJobStore(url="sqlite:///jobs.db")
scheduler = BackgroundScheduler(jobstores={"default": store}, timezone="Europe/Berlin")
scheduler.start(paused=True)

expected = {}
def expect(name, trigger):
    trigger = MEANT.get(id(trigger), trigger)
    fires, previous, now = [], None, NOW
    while len(fires) < (1 if isinstance(trigger, AndTrigger) else 6):  # whose second one APScheduler does not find
        previous = trigger.get_next_fire_time(previous, now)
        if previous is None:
            break
        now = previous
        fires.append(round(previous.timestamp() * 1_000_000))
    expected[name] = {"trigger": str(trigger), "fires": fires}

def add(id, trigger, next_run_time=NOW, args=(), kwargs={}, **options):
    scheduler.add_job(old_jobs.note, trigger, args, kwargs, id, next_run_time=next_run_time, **options)

def add_raw(id, state, dumps=pickle.dumps, protocol=pickle.HIGHEST_PROTOCOL, timestamp=NOW.timestamp()):
    data = state if isinstance(state, bytes) else dumps(state, protocol)
    with store.engine.begin() as connection:
        connection.execute(store.jobs_t.insert().values(id=id, next_run_time=timestamp, job_state=data))

def state_of(id, trigger, args=(), **changes):
    return {"version": 1, "id": id, "func": "old_jobs:note", "trigger": trigger, "executor": "default", "args": args,
            "kwargs": {}, "name": "note", "misfire_grace_time": 1, "coalesce": True, "max_instances": 1,
            "next_run_time": NOW, **changes}
'''

_READ = """
import json
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.background import BackgroundScheduler

scheduler = BackgroundScheduler(jobstores={"default": SQLAlchemyJobStore(url="sqlite:///jobs.db")})
scheduler.start(paused=True)
print(json.dumps({job.id: str(job.trigger) for job in scheduler.get_jobs()}))
"""


def run_apscheduler(directory: Path, source: str) -> str:
    """Runs a program on the real APScheduler; its output."""
    done = subprocess.run([sys.executable, "-c", source], cwd=directory, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def write_old_data(directory: Path, source: str) -> Any:
    """Runs statements that fill ``jobs.db``, and answers what they expect of its triggers."""
    (directory / "old_jobs.py").write_text(OLD_JOBS)
    output = run_apscheduler(directory, _WRITE + source + "\nprint(json.dumps(expected))")
    (directory / "imported").unlink()
    return json.loads(output)


def jobs_of_apscheduler(directory: Path) -> Any:
    """What the real APScheduler finds in ``jobs.db``: triggers by job."""
    return json.loads(run_apscheduler(directory, _READ))


def old_table(directory: Path) -> Iterable[Any]:
    """All of APScheduler's table."""
    with closing(sqlite3.connect(directory / "jobs.db")) as connection:
        schema = connection.execute("SELECT sql FROM sqlite_master WHERE tbl_name = 'apscheduler_jobs'").fetchall()
        return schema + connection.execute("SELECT rowid, * FROM apscheduler_jobs ORDER BY rowid").fetchall()
