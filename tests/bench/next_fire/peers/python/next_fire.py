"""Python's side of tests/bench/next_fire/run, which describes what a driver reads and writes.

A peer whose package is missing is left out. Times go in as aware datetimes and, but for croniter-rs, which answers
naive ones, come out as such.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

Next = Callable[[datetime], "datetime | None"]
Pass = Callable[[list[datetime]], None]
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


@dataclass
class Question:
    """One expression in one zone: for a single answer, and for all of them with as little around as can be."""

    next: Next
    ask_all: Pass


def ask_trigger(get_next_fire_time: Callable[[datetime, datetime], datetime | None]) -> Question:
    def ask_all(starts: list[datetime]) -> None:
        for start in starts:
            get_next_fire_time(start, start)

    return Question(lambda start: get_next_fire_time(start, start), ask_all)


def ask_apscheduler(spellings: dict[str, Any], zone: tzinfo) -> Question:
    from apscheduler.triggers.cron import CronTrigger

    return ask_trigger(CronTrigger(timezone=zone, **spellings["fields"]).get_next_fire_time)


def ask_duetime(spellings: dict[str, Any], zone: tzinfo) -> Question:
    if "fields" in spellings:
        from duetime.triggers.cron import CronTrigger

        return ask_trigger(CronTrigger(timezone=zone, **spellings["fields"]).get_next_fire_time)
    from duetime import _native

    document = {
        "type": "cron",
        "dialect": "crontab",
        "expression": spellings["crontab"],
        "timezone": str(zone),
        "dst": POLICIES["duetime Python"],
    }
    trigger = _native.Trigger.from_document(json.dumps(document))
    return ask_trigger(lambda previous, now: trigger.next_fire_time(previous, now, zone))


def ask_iterator(get_next: Callable[[type, datetime], datetime]) -> Question:
    def ask_all(starts: list[datetime]) -> None:
        for start in starts:
            get_next(datetime, start)

    return Question(lambda start: get_next(datetime, start), ask_all)


def crontab(spellings: dict[str, Any]) -> dict[str, Any]:
    """Arguments of croniter's: only with `day_or` off must the day of the month and of the week both match."""
    if "crontab_and" in spellings:
        return {"expr_format": spellings["crontab_and"], "day_or": False}
    return {"expr_format": spellings["crontab"]}


def ask_croniter(spellings: dict[str, Any], zone: tzinfo) -> Question:
    from croniter import croniter

    return ask_iterator(croniter(start_time=EPOCH.astimezone(zone), **crontab(spellings)).get_next)


def ask_croniter_rs(spellings: dict[str, Any], zone: tzinfo) -> Question:
    from croniter_rs import croniter

    arguments = crontab(spellings)
    return ask_iterator(croniter(arguments.pop("expr_format"), EPOCH.astimezone(zone), **arguments).get_next)


def ask_cronsim(spellings: dict[str, Any], zone: tzinfo) -> Question:
    """It takes the start where it takes the expression, so each question parses anew."""
    from cronsim import CronSim

    text = spellings.get("cronsim") or spellings["crontab"]

    def ask_all(starts: list[datetime]) -> None:
        for start in starts:
            next(CronSim(text, start))

    return Question(lambda start: next(CronSim(text, start), None), ask_all)


PEERS: dict[str, tuple[str, Callable[[dict[str, Any], tzinfo], Question]]] = {
    "duetime Python": ("duetime", ask_duetime),
    "APScheduler": ("apscheduler", ask_apscheduler),
    "croniter": ("croniter", ask_croniter),
    "croniter-rs": ("croniter_rs", ask_croniter_rs),
    "cronsim": ("cronsim", ask_cronsim),
}

POLICIES = {"duetime Python": "apscheduler"}


@dataclass
class Cell:
    line: dict[str, str]
    question: Question
    starts: list[datetime]

    def answers(self) -> list[int | None]:
        return [self.answer(start) for start in self.starts]

    def answer(self, start: datetime) -> int | None:
        try:
            fire = self.question.next(start)
        except Exception:  # of a package that says so that there is none
            return None
        if fire is None:
            return None
        if fire.tzinfo is None:
            fire = fire.replace(tzinfo=start.tzinfo)
            if fire - EPOCH <= start - EPOCH:  # an hour that comes twice: a naive answer may mean either
                fire = fire.replace(fold=1)
        return (fire - EPOCH) // timedelta(seconds=1)

    def nanoseconds(self) -> float:
        passes = 0
        began = time.perf_counter_ns()
        while passes == 0 or time.perf_counter_ns() - began < 1_000_000:
            self.question.ask_all(self.starts)
            passes += 1
        return (time.perf_counter_ns() - began) / (passes * len(self.starts))


def is_there(package: str) -> bool:
    try:
        importlib.import_module(package)
    except ImportError:
        return False
    return True


def make_cells(work: dict[str, Any]) -> list[Cell]:
    peers = {name: ask for name, (package, ask) in PEERS.items() if is_there(package)}
    cells = []
    for expression in work["expressions"]:
        for zone in work["zones"]:
            tz = ZoneInfo(zone)
            starts = [datetime.fromtimestamp(start, tz) for start in work["starts"]]
            for peer, ask in peers.items():
                line = {"peer": peer, "expression": expression["name"], "zone": zone}
                try:
                    cells.append(Cell(line, ask(expression["spellings"], tz), starts))
                except KeyError:
                    print(json.dumps(line | {"absent": "cannot be expressed"}))
                except Exception as exc:  # whatever a package says of an expression that it does not take
                    print(json.dumps(line | {"absent": str(exc)}))
    return cells


def done() -> None:
    print(json.dumps({"done": True}), flush=True)


def main() -> None:
    with open(sys.argv[1]) as file:
        cells = make_cells(json.load(file))
    for cell in cells:
        peer = cell.line["peer"]
        policy = {"policy": POLICIES[peer]} if peer in POLICIES else {}
        print(json.dumps(cell.line | policy | {"answers": cell.answers()}))
    done()
    for _ in sys.stdin:
        for cell in cells:
            print(json.dumps(cell.line | {"ns": cell.nanoseconds()}))
        done()


if __name__ == "__main__":
    main()
