"""duetime against APScheduler 3.11.3, in the same process and interleaved, so that a busy machine slows both.

    python tests/bench/python_bench.py [--rounds N] [--only WORDS] [--json FILE]

Needs both packages, and SQLAlchemy for APScheduler's jobs in a file. Each figure is the best of the rounds; only the
ratios count.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import itertools
import json
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

from python_timing import cpu_per_thousand_fires, lateness, start_with_stored_jobs

PACKAGES = ("apscheduler", "duetime")

EXPRESSIONS: list[dict[str, str]] = [
    {"minute": "*"},
    {"minute": "*/5"},
    {"minute": "0"},
    {"hour": "2", "minute": "30"},
    {"hour": "1", "minute": "30"},
    {"hour": "9", "minute": "0", "day_of_week": "mon-fri"},
    {"hour": "9-17", "minute": "*/15", "day_of_week": "mon-fri"},
    {"hour": "4", "minute": "5", "day_of_week": "sun"},
    {"day": "1", "hour": "0", "minute": "0"},
    {"day": "31", "hour": "0", "minute": "0"},
    {"day": "last", "hour": "0", "minute": "0"},
    {"month": "1", "day": "1", "hour": "0", "minute": "0"},
    {"month": "2", "day": "29", "hour": "0", "minute": "0"},
    {"day": "13", "hour": "0", "minute": "0", "day_of_week": "fri"},
    {"day": "3rd fri", "hour": "10", "minute": "15"},
]


def nothing() -> None:
    pass


class Package:
    """One of the two, by the same names."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.scheduler_class = importlib.import_module(f"{name}.schedulers.background").BackgroundScheduler
        self.cron = importlib.import_module(f"{name}.triggers.cron").CronTrigger
        self.events = importlib.import_module(f"{name}.events")

    def start(self, **options: Any) -> Any:
        scheduler = self.scheduler_class(timezone="UTC", **options)
        scheduler.start(paused=True)
        return scheduler


def seconds(work: Callable[[], object]) -> float:
    gc.collect()
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


# --- what is measured: each answers a rate or a size ------------------------------------------------


def add(package: Package, count: int, trigger: str) -> float:
    arguments = {"interval": {"hours": 1}, "cron": {"hour": "3"}, "date": {"run_date": "2100-01-01"}}[trigger]
    scheduler = package.start()

    def work() -> None:
        for _ in range(count):
            scheduler.add_job(nothing, trigger, **arguments)

    rate = count / seconds(work)
    scheduler.shutdown()
    return rate


def add_bulk(package: Package, count: int) -> float:
    """add_jobs() against one add_job() after the other."""
    scheduler = package.start()
    trigger = package.cron(hour="3", timezone="UTC")
    rows = [{"func": nothing, "trigger": trigger} for _ in range(count)]

    def one_by_one() -> None:
        for row in rows:
            scheduler.add_job(**row)

    rate = count / seconds((lambda: scheduler.add_jobs(rows)) if package.name == "duetime" else one_by_one)
    scheduler.shutdown()
    return rate


def change(package: Package, count: int, what: str) -> float:
    scheduler = package.start()
    ids = [scheduler.add_job(nothing, "interval", hours=1 + i % 50).id for i in range(count)]
    sample = ids[:: max(1, count // 2000)]
    calls: dict[str, Callable[[str], object]] = {
        "get": scheduler.get_job,
        "modify": lambda id: scheduler.modify_job(id, name="other"),
        "reschedule": lambda id: scheduler.reschedule_job(id, trigger="interval", hours=2),
        "pause+resume": lambda id: (scheduler.pause_job(id), scheduler.resume_job(id)),
        "remove": scheduler.remove_job,
    }
    call = calls[what]

    def work() -> None:
        for id in sample:
            call(id)

    rate = len(sample) / seconds(work)
    scheduler.shutdown()
    return rate


def fires(package: Package, count: int) -> float:
    """One-shots that are all due, from resume() to the last call's end."""
    calls = itertools.count(1)
    done = threading.Event()

    def task() -> None:
        if next(calls) == count:
            done.set()

    scheduler = package.start(job_defaults={"misfire_grace_time": None})
    for _ in range(count):
        scheduler.add_job(task)

    def work() -> None:
        scheduler.resume()
        done.wait()

    rate = count / seconds(work)
    scheduler.shutdown()
    return rate


def next_fire_time(package: Package, zone: str) -> float:
    """Calls per second over all expressions; aware datetimes in and out."""
    tz = ZoneInfo(zone)
    start = datetime(2024, 1, 1, tzinfo=timezone.utc)
    starts = [(start + timedelta(days=7.3 * i)).astimezone(tz) for i in range(40)]
    triggers = [package.cron(second="0", timezone=tz, **fields) for fields in EXPRESSIONS]

    def work() -> None:
        for trigger in triggers:
            for moment in starts:
                trigger.get_next_fire_time(None, moment)

    return len(triggers) * len(starts) / seconds(work)


MEMORY_PROGRAM = """
import gc, importlib, sys
sys.path[:0] = {path!r}
name, trigger, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
arguments = {{"interval": {{"hours": 1}}, "cron": {{"hour": "3"}}, "date": {{"run_date": "2100-01-01"}}}}[trigger]
scheduler = importlib.import_module(name + ".schedulers.background").BackgroundScheduler(timezone="UTC")
scheduler.start(paused=True)
def nothing(): pass
def resident():
    gc.collect()
    with open("/proc/self/statm") as file: return int(file.read().split()[1]) * 4096
for _ in range(100): scheduler.add_job(nothing, trigger, **arguments)
before = resident()
for _ in range(count): scheduler.add_job(nothing, trigger, **arguments)
print((resident() - before) / count)
import os; os._exit(0)
"""


def bytes_per_job(package: Package, trigger: str, count: int) -> float:
    """Growth of a fresh process."""
    program = MEMORY_PROGRAM.format(path=sys.path)
    output = subprocess.check_output([sys.executable, "-c", program, package.name, trigger, str(count)], text=True)
    return float(output.split()[-1])


def import_seconds(package: Package) -> float:
    program = f"import time; t = time.perf_counter(); import {package.name}.schedulers.background, "
    program += f"{package.name}.triggers.cron, {package.name}.triggers.interval, {package.name}.triggers.date; "
    program += "print(time.perf_counter() - t)"
    return float(subprocess.check_output([sys.executable, "-c", program], text=True))


# --- the table --------------------------------------------------------------------------------------

Measure = Callable[[Package], float]


def measures(largest: int) -> list[tuple[str, str, bool, Measure]]:
    """Name, unit, whether more is better, and how."""
    rows: list[tuple[str, str, bool, Measure]] = []
    for count in (1_000, 10_000, 100_000):
        if count <= largest:
            rows.append((f"add_job interval {count:,}", "/s", True, lambda p, n=count: add(p, n, "interval")))
            rows.append((f"add_job cron {count:,}", "/s", True, lambda p, n=count: add(p, n, "cron")))
    middle = min(10_000, largest)
    rows.append((f"add_jobs {middle:,}", "/s", True, lambda p: add_bulk(p, middle)))
    for what in ("get", "modify", "reschedule", "pause+resume", "remove"):
        rows.append((f"{what} at {largest:,}", "/s", True, lambda p, w=what: change(p, largest, w)))
    rows.append((f"fires, burst of {middle:,}", "/s", True, lambda p: fires(p, middle)))
    rows.append(("CPU per 1,000 fires", "s", False, lambda p: cpu_per_thousand_fires(p, middle)))
    for idle in (0, middle, largest):
        for percent in (50, 99):
            name = f"lateness p{percent}, {idle:,} asleep"
            rows.append((name, "s", False, lambda p, n=idle, percent=percent: lateness(p, n, percent)))
    rows.append((f"start with {largest:,} stored", "s", False, lambda p: start_with_stored_jobs(p, largest)))
    for zone in ("UTC", "America/New_York"):
        rows.append((f"next fire time, {zone}", "/s", True, lambda p, z=zone: next_fire_time(p, z)))
    for trigger in ("date", "interval", "cron"):
        rows.append((f"bytes per job, {trigger}", "B", False, lambda p, t=trigger: bytes_per_job(p, t, middle)))
    rows.append(("import", "s", False, import_seconds))
    return rows


def run(rounds: int, largest: int, only: str) -> list[dict[str, Any]]:
    packages = [Package(name) for name in PACKAGES]
    table = []
    for name, unit, more_is_better, measure in measures(largest):
        if only not in name:
            continue
        best: dict[str, float] = {}
        choose = max if more_is_better else min
        for _ in range(rounds):
            for package in packages:
                figure = measure(package)
                best[package.name] = choose(best.get(package.name, figure), figure)
        theirs, ours = best["apscheduler"], best["duetime"]
        ratio = ours / theirs if more_is_better else theirs / ours
        table.append({"measure": name, "unit": unit, **best, "ratio": ratio})
        print(f"{name:34} {theirs:14,.4g} {ours:14,.4g} {unit:3} {ratio:8.1f} x", flush=True)
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--largest", type=int, default=100_000)
    parser.add_argument("--only", metavar="WORDS", default="", help="the rows with these words in their names")
    parser.add_argument("--json", metavar="FILE")
    arguments = parser.parse_args()
    logging.disable(logging.CRITICAL)
    print(f"{'':34} {'APScheduler':>14} {'duetime':>14}")
    table = run(arguments.rounds, arguments.largest, arguments.only)
    if arguments.json:
        with open(arguments.json, "w") as file:
            json.dump(table, file, indent=1)


if __name__ == "__main__":
    main()
