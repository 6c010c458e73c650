"""Packages that build on APScheduler, run on duetime by way of its name."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

DEADLINE = 120  # seconds; only ever waited for when something is broken

FLASK = """\
(1, 2)
GET /jobs/decorated 200 id=decorated func=__main__:add_nothing args=[] trigger=cron second=30 day_of_week=mon-fri \
misfire_grace_time=1
POST /jobs/decorated/pause 200 id=decorated func=__main__:add_nothing args=[] trigger=cron second=30 \
day_of_week=mon-fri misfire_grace_time=1
POST /jobs/decorated/resume 200 id=decorated func=__main__:add_nothing args=[] trigger=cron second=30 \
day_of_week=mon-fri misfire_grace_time=1
POST /jobs 200 id=added func=__main__:add args=[3, 4] trigger=date run_date=2999-01-01T00:00:00+00:00 \
misfire_grace_time=1
POST /jobs/added/run 200 id=added func=__main__:add args=[3, 4] trigger=date run_date=2999-01-01T00:00:00+00:00 \
misfire_grace_time=1
True
PATCH /jobs/added 200 id=added func=__main__:add args=[5, 6] trigger=interval minutes=10 misfire_grace_time=1
DELETE /jobs/added 204
DELETE /jobs/added 404
POST /pause 204
POST /resume 204
POST /shutdown 204
GET  200 running=False
"""

DJANGO = """\
True on purpose
fine (trigger: date[2999-01-01 00:00:00 UTC], paused)
fine (trigger: date[2999-01-01 00:00:00 UTC], next run at: 2999-01-01 00:00:00 UTC) {}
None 2
"""

TELEGRAM = """\
["('failing', ValueError('on purpose'))", "('once', 1)", "('repeating', 2)"]
cron[day_of_week='mon,tue', hour='3', minute='30', second='0'] cron[day='last', hour='4', minute='0', second='0'] True
['daily'] True
['monthly', 'repeating'] True
False
"""


@pytest.mark.parametrize(
    ("program", "arguments", "expected"),
    [
        ("flask_program.py", [], FLASK),
        ("django_program.py", ["memory"], DJANGO.format("True")),
        ("django_program.py", ["database"], DJANGO.format("2999-01-01 00:00:00+00:00")),
        ("telegram_program.py", [], TELEGRAM),
    ],
    ids=["flask", "django, memory", "django, database", "telegram"],
)
def test_a_program_prints_what_it_prints_on_apscheduler(
    run_as_apscheduler: Callable[..., subprocess.Popen[str]],
    tmp_path: Path,
    program: str,
    arguments: list[str],
    expected: str,
) -> None:
    file = str(Path(__file__).with_name(program))
    process = run_as_apscheduler(file, *arguments, cwd=tmp_path, stderr=subprocess.PIPE)
    try:
        output, errors = process.communicate(timeout=DEADLINE)
    finally:
        process.kill()
    assert output == expected, errors
