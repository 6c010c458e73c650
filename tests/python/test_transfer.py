"""export_jobs() and import_jobs(), also to and from the real APScheduler."""

from __future__ import annotations

import base64
import json
import pickle
import sys
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from duetime.jobstores.base import ConflictingIdError
from duetime.jobstores.sqlite import SQLiteJobStore
from duetime.schedulers.background import BackgroundScheduler
from duetime.testing import ManualClock
from duetime.triggers.calendarinterval import CalendarIntervalTrigger
from duetime.triggers.combining import AndTrigger, OrTrigger
from duetime.triggers.cron import CronTrigger
from duetime.triggers.crontab import CrontabTrigger, QuartzTrigger
from duetime.triggers.date import DateTrigger
from duetime.triggers.exclusion import ExclusionCalendar, NotTrigger
from duetime.triggers.interval import IntervalTrigger
from duetime.triggers.rrule import RRuleTrigger
from old_data import OLD_JOBS, run_apscheduler

START = datetime(2026, 11, 23, 9, 0, 0, tzinfo=timezone.utc)
BERLIN = ZoneInfo("Europe/Berlin")

SHARED = {
    "date": DateTrigger("2031-04-05 06:07:08.000009", "Europe/Berlin"),
    "interval": IntervalTrigger(
        hours=7, start_date="2031-03-04", end_date="2031-05-01", timezone="Asia/Tokyo", jitter=3
    ),
    "cron": CronTrigger(
        year="2031-2040",
        month="jan-mar,oct,12",
        day="last,2nd fri,last sun,1-20/3",
        hour="5/7",
        minute=30,
        start_date="2031-03-02",
        end_date="2039-01-01",
        timezone="America/New_York",
    ),
    "week": CronTrigger(week="10-20/2", day_of_week="mon-wed,sun", second="*/40", timezone="UTC"),
    "calendar": CalendarIntervalTrigger(months=1, days=2, hour=9, start_date="2031-03-31", timezone=BERLIN),
    "or": OrTrigger(
        [
            CronTrigger(hour=5, timezone="UTC"),
            AndTrigger([CronTrigger(day=3, hour=2, timezone="UTC"), CronTrigger(hour="*/2", timezone="UTC")], jitter=2),
        ]
    ),
}
OURS = {
    "vixie": CronTrigger(hour=2, timezone="Europe/Berlin", dst="vixie"),
    "crontab": CrontabTrigger("*/15 9-17 * * mon-fri", "Europe/Berlin", jitter=2),
    "quartz": QuartzTrigger("0 0 12 L * ?", "UTC"),
    "rrule": RRuleTrigger("FREQ=MONTHLY;BYDAY=-1FR;COUNT=10", datetime(2031, 3, 1, 9), timezone="Europe/Berlin"),
    "not": NotTrigger(CronTrigger(hour=2, timezone="UTC"), [ExclusionCalendar(weekdays=["sat", "sun"])]),
    "mixed": OrTrigger([CronTrigger(hour=5, timezone="UTC"), CrontabTrigger("0 7 * * *", "UTC")]),
}

VALUES = [
    None, True, 1, 2.5, "text", b"bytes", (1, 2), {1, 2}, frozenset({3}), 1 + 2j, bytearray(b"x"),
    date(2031, 1, 2), time(1, 2, 3), datetime(2031, 1, 2, 3, 4, 5, 6), datetime(2031, 1, 2, tzinfo=BERLIN), BERLIN,
    timedelta(days=1, seconds=2), timezone.utc, timezone(timedelta(hours=2)), Decimal("1.50"), UUID(int=7),
    {"nested": [Decimal(1), {"deep": date(2031, 1, 2)}]},
]  # fmt: skip


@pytest.fixture
def make() -> Iterator[Callable[..., BackgroundScheduler]]:
    """Schedulers, started and paused."""
    made = []

    def start(**jobstores: Any) -> BackgroundScheduler:
        scheduler = BackgroundScheduler(jobstores=jobstores, timezone="Europe/Berlin", clock=ManualClock(START))
        scheduler.start(paused=True)
        made.append(scheduler)
        return scheduler

    yield start
    for scheduler in made:
        scheduler.shutdown()


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "old_jobs.py").write_text(OLD_JOBS)
    yield tmp_path
    sys.modules.pop("old_jobs", None)


def copied(source: BackgroundScheduler, target: BackgroundScheduler, **options: Any) -> str:
    buffer = StringIO()
    source.export_jobs(buffer)
    target.import_jobs(StringIO(buffer.getvalue()), **options)
    return buffer.getvalue()


def document_of(**changes: Any) -> dict[str, Any]:
    """An export of one job."""
    scheduler = BackgroundScheduler(timezone="UTC", clock=ManualClock(START))
    scheduler.start(paused=True)
    scheduler.add_job(print, "cron", hour=1, id="job")
    buffer = StringIO()
    scheduler.export_jobs(buffer)
    scheduler.shutdown()
    document: dict[str, Any] = json.loads(buffer.getvalue())
    document["jobs"][0].update(changes)
    return document


def pickled(value: Any) -> dict[str, str]:
    return {"__apscheduler_pickle__": base64.b64encode(pickle.dumps(value)).decode()}


@pytest.mark.parametrize("id", [*SHARED, *OURS])
def test_triggers_come_back(make: Callable[..., BackgroundScheduler], id: str) -> None:
    trigger: Any = {**SHARED, **OURS}[id]
    source, target = make(), make()
    source.add_job(print, trigger, id=id)
    copied(source, target)
    job, back = source.get_job(id), target.get_job(id)
    assert job is not None
    assert back is not None
    assert repr(back.trigger) == repr(trigger)
    assert back.next_run_time == job.next_run_time
    assert back.trigger.preview(5, START) == trigger.preview(5, START)  # without jitter


def test_attributes_come_back(make: Callable[..., BackgroundScheduler]) -> None:
    source, target = make(), make()
    source.add_job(
        print, "cron", ["a"], {"end": ""}, "full", "Full", 42, False, 7, START, executor="other", recover=True, hour=1
    )
    source.add_job(print, "cron", id="paused", misfire_grace_time=None, next_run_time=None, hour=1)
    copied(source, target)
    full, paused = target.get_job("full"), target.get_job("paused")
    assert full is not None
    assert paused is not None
    assert (full.name, full.misfire_grace_time, full.coalesce, full.max_instances) == ("Full", 42, False, 7)
    assert (full.executor, full.func, full.args, full.kwargs) == ("other", print, ["a"], {"end": ""})
    assert (full.next_run_time, full.recover) == (START, True)
    assert (paused.next_run_time, paused.misfire_grace_time, paused.recover) == (None, None, False)


def test_arguments_come_back(make: Callable[..., BackgroundScheduler], tmp_path: Path) -> None:
    source, target = make(), make(default=SQLiteJobStore(tmp_path / "jobs.db"))
    source.add_job(print, "cron", VALUES, id="job", hour=1)
    copied(source, target)
    job = target.get_job("job")
    assert job is not None
    for value, back in zip(VALUES, job.args, strict=True):
        assert back == (list(value) if isinstance(value, tuple) else value)  # as in all JSON
        assert type(back) is (list if isinstance(value, tuple) else type(value))


def test_imported_jobs_run(make: Callable[..., BackgroundScheduler], directory: Path) -> None:
    source, target = make(), make()
    source.add_job("old_jobs:note", "date", [1, 2], {"k": 3}, run_date=START)
    copied(source, target)
    target.resume()
    target._clock.advance(seconds=1)  # type: ignore[union-attr]
    assert (directory / "notes").read_text() == "1 2 3\n"


def test_the_real_apscheduler_reads_what_is_exported(make: Callable[..., BackgroundScheduler], directory: Path) -> None:
    pytest.importorskip("apscheduler", minversion="3.11.3")
    source = make()
    for id, trigger in SHARED.items():
        source.add_job("old_jobs:note", trigger, ["a", START], {"k": 1}, id=id, next_run_time=START)
    source.export_jobs(directory / "jobs.json")
    output = run_apscheduler(
        directory,
        """
import json
from datetime import timezone
from apscheduler.schedulers.background import BackgroundScheduler
scheduler = BackgroundScheduler(timezone="UTC")
scheduler.start(paused=True)
scheduler.import_jobs("jobs.json")
print(json.dumps({job.id: [repr(job.trigger), str(job.next_run_time), job.args[1].isoformat()]
                  for job in scheduler.get_jobs()}))
scheduler.export_jobs("back.json")
""",
    )
    read = json.loads(output)
    assert read.keys() == SHARED.keys()
    for id, (trigger, next_run_time, argument) in read.items():
        assert trigger == repr(SHARED[id]), id
        assert datetime.fromisoformat(next_run_time) == START
        assert datetime.fromisoformat(argument) == START

    target = make()
    target.import_jobs(directory / "back.json")
    for id, trigger in SHARED.items():
        back = target.get_job(id)
        assert back is not None
        assert repr(back.trigger) == repr(trigger)
        assert back.args == ["a", START]


def test_objects_of_the_program_need_trust(make: Callable[..., BackgroundScheduler], directory: Path) -> None:
    import old_jobs  # type: ignore[import-not-found]

    source, target = make(), make()
    source.add_job("old_jobs:note", "cron", ["a", [old_jobs.Account("Ada")]], id="job", hour=1)
    with pytest.raises(ValueError, match=r"job 'job': args\[1\]\[0\]: an object of old_jobs.Account; .*trusted=True"):
        copied(source, target)
    assert target.get_jobs() == []
    copied(source, target, trusted=True)
    job = target.get_job("job")
    assert job is not None
    assert job.args[1][0].owner == "Ada"  # type: ignore[index]


class Marker:
    """Leaves a file where something made one, or set its state."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __getstate__(self) -> dict[str, str]:
        return {"path": self.path}

    def __setstate__(self, state: dict[str, str]) -> None:
        Path(state["path"]).touch()

    def __reduce__(self) -> Any:
        return Path.touch, (Path(self.path),)


@pytest.mark.parametrize("member", ["trigger", "args", "kwargs", "next_run_time", "name", "id", "misfire_grace_time"])
@pytest.mark.parametrize("form", ["pickle", "class", "unknown module"])
def test_nothing_of_the_file_is_run(
    make: Callable[..., BackgroundScheduler], directory: Path, member: str, form: str
) -> None:
    touched = str(directory / "touched")
    value: Any = {
        "pickle": pickled(Marker(touched)),
        "class": {"__apscheduler_class__": f"{__name__}:Marker", "__apscheduler_state__": {"path": touched}},
        "unknown module": {"__apscheduler_class__": "old_jobs:Account", "__apscheduler_state__": {"owner": 1}},
    }[form]
    document = document_of(**{member: {"args": [value], "kwargs": {"k": value}}.get(member, value)})
    scheduler = make()
    with pytest.raises(ValueError, match="job "):
        scheduler.import_jobs(StringIO(json.dumps(document)))
    assert not (directory / "touched").exists()
    assert not (directory / "imported").exists()
    assert scheduler.get_jobs() == []


def test_trigger_documents_of_python_are_refused(make: Callable[..., BackgroundScheduler], directory: Path) -> None:
    hidden = {"type": "python", "class": "x", "timezone": "UTC"}
    hidden["pickle"] = pickled(Marker(str(directory / "touched")))["__apscheduler_pickle__"]
    for document in (hidden, {"type": "or", "triggers": [hidden]}, {"type": "not", "trigger": hidden}, [], None):
        state = document_of(trigger={"__duetime_trigger__": document})
        with pytest.raises(ValueError, match="trigger document"):
            make().import_jobs(StringIO(json.dumps(state)))
    assert not (directory / "touched").exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[]", "expected an object with jobs"),
        ('{"version": 2, "jobs": []}', "unrecognized version: 2"),
        ('{"jobs": []}', "unrecognized version: None"),
        ('{"version": 1}', "jobs: expected a list"),
        ('{"version": 1, "jobs": [1]}', "expected its members"),
        ('{"version": 1, "jobs": [{"id": "a"}]}', "job 'a'"),
        ("{", "Expecting"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_files_of_another_shape(make: Callable[..., BackgroundScheduler], text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make().import_jobs(StringIO(text))


def test_a_damaged_pickle(make: Callable[..., BackgroundScheduler]) -> None:
    for damaged in ("!", "gASV", 7):
        document = document_of(next_run_time={"__apscheduler_pickle__": damaged})
        with pytest.raises(ValueError, match="job 'job'"):
            make().import_jobs(StringIO(json.dumps(document)))


def test_all_or_none(make: Callable[..., BackgroundScheduler]) -> None:
    document = document_of()
    document["jobs"].append({**document["jobs"][0], "id": "taken"})
    scheduler = make()
    scheduler.add_job(print, "cron", hour=1, id="taken")
    with pytest.raises(ConflictingIdError, match="taken"):
        scheduler.import_jobs(StringIO(json.dumps(document)))
    assert [job.id for job in scheduler.get_jobs()] == ["taken"]
    with pytest.raises(KeyError, match="other"):
        scheduler.import_jobs(StringIO(json.dumps(document)), "other")


def test_export_needs_a_running_scheduler(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="the scheduler must have been started for job export to work"):
        BackgroundScheduler(timezone="UTC").export_jobs(tmp_path / "jobs.json")
    assert not (tmp_path / "jobs.json").exists()


def test_export_of_one_store(make: Callable[..., BackgroundScheduler], tmp_path: Path) -> None:
    scheduler = make(other={"type": "memory"})
    scheduler.add_job(print, "cron", hour=1, id="a")
    scheduler.add_job(print, "cron", hour=1, id="b", jobstore="other")
    for store, ids in ((None, ["b", "a"]), ("default", ["a"]), ("other", ["b"]), ("none", [])):
        scheduler.export_jobs(str(tmp_path / "jobs.json"), store)
        document = json.loads((tmp_path / "jobs.json").read_text())
        assert (document["version"], document["scheduler_version"]) == (1, "3.11.3")
        assert sorted(job["id"] for job in document["jobs"]) == sorted(ids)


def test_what_cannot_be_exported_leaves_the_file_alone(
    make: Callable[..., BackgroundScheduler], tmp_path: Path
) -> None:
    (tmp_path / "jobs.json").write_text("before")
    scheduler = make()
    scheduler.add_job(lambda: None, "cron", hour=1)
    with pytest.raises(ValueError, match="cannot be serialized"):
        scheduler.export_jobs(tmp_path / "jobs.json")
    assert (tmp_path / "jobs.json").read_text() == "before"


def test_import_before_the_start() -> None:
    scheduler = BackgroundScheduler(jobstores={"default": {"type": "memory"}}, timezone="UTC", clock=ManualClock(START))
    scheduler.import_jobs(StringIO(json.dumps(document_of())))
    (job,) = scheduler.get_jobs()
    assert job.pending
    scheduler.start(paused=True)
    stored = scheduler.get_job("job")
    assert stored is not None
    assert stored.next_run_time == datetime(2026, 11, 24, 1, tzinfo=timezone.utc)
    scheduler.shutdown()
