"""Flask-APScheduler: jobs from the application's configuration and by its HTTP interface."""

from __future__ import annotations

from queue import Queue
from typing import Any

from flask import Flask
from flask_apscheduler import APScheduler

ran: Queue[tuple[int, int]] = Queue()


def add(a: int, b: int) -> None:
    ran.put((a, b))


def main() -> None:
    app = Flask(__name__)
    app.config["JOBS"] = [
        {"id": "configured", "func": "__main__:add", "args": (1, 2), "trigger": "interval", "seconds": 1}
    ]
    app.config["SCHEDULER_API_ENABLED"] = True
    app.config["SCHEDULER_TIMEZONE"] = "UTC"
    scheduler = APScheduler()
    scheduler.init_app(app)
    scheduler.start()
    scheduler.task("cron", id="decorated", week="*", second=30, day_of_week="mon-fri")(add_nothing)
    print(ran.get(timeout=60))

    client = app.test_client()

    def ask(method: str, path: str, body: Any = None) -> None:
        answer = client.open(f"/scheduler{path}", method=method, json=body)
        print(method, path, answer.status_code, *_members(answer.get_json(silent=True)))

    ask("GET", "/jobs/decorated")
    ask("POST", "/jobs/decorated/pause")
    ask("POST", "/jobs/decorated/resume")
    ask("POST", "/jobs", {"id": "added", "func": "__main__:add", "args": [3, 4], "trigger": "date", "run_date": FAR})
    ask("POST", "/jobs/added/run")
    print((3, 4) in [ran.get(timeout=60) for _ in range(ran.qsize())])
    ask("PATCH", "/jobs/added", {"args": [5, 6], "trigger": "interval", "minutes": 10})
    ask("DELETE", "/jobs/added")
    ask("DELETE", "/jobs/added")
    ask("POST", "/pause")
    ask("POST", "/resume")
    ask("POST", "/shutdown")
    ask("GET", "")


FAR = "2999-01-01 00:00:00"
SHOWN = (
    "running",
    "id",
    "func",
    "args",
    "trigger",
    "second",
    "day_of_week",
    "run_date",
    "minutes",
    "misfire_grace_time",
)


def add_nothing() -> None:
    pass


def _members(answer: Any) -> list[str]:
    return [f"{name}={answer[name]}" for name in SHOWN if name in answer] if isinstance(answer, dict) else []


if __name__ == "__main__":
    main()
