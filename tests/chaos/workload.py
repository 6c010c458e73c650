"""Jobs for a cluster: one-shots and repetitions, short and long, all of which end."""

from __future__ import annotations

import json
import random
import time
from datetime import datetime, timezone
from zoneinfo import ZoneInfo

from .observations import PlannedJob

TASK = "tests.chaos.work:work"


def now_us() -> int:
    return time.time_ns() // 1000


def mixed(randomness: random.Random, seconds: float, one_shots: int, repeated: int) -> list[PlannedJob]:
    begin = now_us() + 1_000_000
    jobs = [_one_shot(randomness, i, begin, seconds) for i in range(one_shots)]
    jobs += [_repeated(randomness, i, begin, seconds) for i in range(repeated)]
    return jobs + [_overlapping(randomness, i, begin, seconds) for i in range(max(1, repeated // 4))]


def due_at_once(
    count: int, work_ms: int = 0, recover: bool = False, delay_us: int = 0, name: str = "now"
) -> list[PlannedJob]:
    due = now_us() + delay_us
    return [PlannedJob(f"{name}-{i}", (due,), work_ms, recover) for i in range(count)]


def every_second(count: int, zone: str, seconds: float) -> list[PlannedJob]:
    """Of the hour that it is in the zone, or the next."""
    fires = _fires((now_us() // 1_000_000 + 1) * 1_000_000, 1_000_000, seconds)
    return [PlannedJob(f"often-{i}", fires, zone=zone) for i in range(count)]


def _one_shot(randomness: random.Random, number: int, begin: int, seconds: float) -> PlannedJob:
    due = begin + int(randomness.random() * seconds * 1e6)
    return PlannedJob(f"once-{number}", (due,), randomness.choice((0, 0, 5, 50)), randomness.random() < 0.5)


def _repeated(randomness: random.Random, number: int, begin: int, seconds: float) -> PlannedJob:
    interval = randomness.choice((200_000, 333_333, 1_000_000))
    fires = _fires(begin, interval, seconds)
    return PlannedJob(f"often-{number}", fires, randomness.choice((0, 5, 30)), randomness.random() < 0.5)


def _overlapping(randomness: random.Random, number: int, begin: int, seconds: float) -> PlannedJob:
    """Takes longer than its interval, so that its limit is always reached."""
    fires = _fires(begin, 200_000, seconds)
    return PlannedJob(f"long-{number}", fires, 500, randomness.random() < 0.5, randomness.choice((1, 2)))


def _fires(begin: int, interval: int, seconds: float) -> tuple[int, ...]:
    return tuple(range(begin, begin + int(seconds * 1e6) + 1, interval))


def document(job: PlannedJob) -> str:
    """The job document: never too late, and every fire for itself, so that none may be missing."""
    return json.dumps(
        {
            "version": 1,
            "id": job.id,
            "task": TASK,
            "payload": {"encoding": "json", "data": json.dumps({"args": [job.work_ms]})},
            "trigger": _trigger(job),
            "coalesce": False,
            "misfire_grace_us": None,
            "max_instances": job.max_instances,
            "recover": job.recover,
        }
    )


def _trigger(job: PlannedJob) -> dict[str, object]:
    if not job.repeats:
        return {"type": "date", "run_time": _instant(job.fires[0])}
    limits = {"start": _instant(job.fires[0]), "end": _instant(job.fires[-1])}
    if job.zone:
        hour = datetime.fromtimestamp(job.fires[0] // 1_000_000, ZoneInfo(job.zone)).hour
        fields = {"hour": f"{hour},{(hour + 1) % 24}", "minute": "*", "second": "*"}
        return {"type": "cron", "fields": fields, "timezone": job.zone, **limits}
    return {"type": "interval", "interval_us": job.fires[1] - job.fires[0], **limits}


def _instant(micros: int) -> str:
    seconds, rest = divmod(micros, 1_000_000)
    return f"{datetime.fromtimestamp(seconds, timezone.utc):%Y-%m-%dT%H:%M:%S}.{rest:06d}Z"
