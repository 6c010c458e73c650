"""django-apscheduler: its job store in the database, or the record of executions on top of the one in memory."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import django
from django.conf import settings
from django.core.management import call_command

settings.configure(
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": "django.sqlite3",
            "OPTIONS": {"timeout": 60, "transaction_mode": "IMMEDIATE"},
        }
    },
    INSTALLED_APPS=["django_apscheduler"],
    USE_TZ=True,
)
django.setup()
call_command("migrate", verbosity=0)

from apscheduler.schedulers.background import BackgroundScheduler  # noqa: E402
from django_apscheduler.jobstores import DjangoJobStore, DjangoMemoryJobStore  # noqa: E402
from django_apscheduler.models import DjangoJob, DjangoJobExecution  # noqa: E402

IDS = ("fine", "broken", "far")


def fine() -> None:
    pass


def broken() -> None:
    raise ValueError("on purpose")


def wait_until(condition: Callable[[], bool]) -> None:
    give_up = time.monotonic() + 60
    while not condition() and time.monotonic() < give_up:
        time.sleep(0.05)


def has_run(id: str, status: str) -> bool:
    return DjangoJobExecution.objects.filter(job_id=id, status=status).exists()


def main(in_memory: bool) -> None:
    if in_memory:  # executions refer to rows of the table of jobs
        DjangoJob.objects.bulk_create([DjangoJob(id=id, job_state=b"") for id in IDS])
    scheduler = BackgroundScheduler(timezone="UTC")
    scheduler.add_jobstore(DjangoMemoryJobStore() if in_memory else DjangoJobStore(), "default")
    scheduler.add_job(fine, "interval", seconds=1, id="fine")
    scheduler.add_job(broken, "interval", seconds=1, id="broken")
    far = scheduler.add_job(fine, "date", run_date="2999-01-01", id="far")
    scheduler.start()
    wait_until(lambda: has_run("fine", "Executed") and has_run("broken", "Error!"))
    print(has_run("fine", "Executed"), DjangoJobExecution.objects.filter(job_id="broken").earliest("id").exception)
    far.pause()
    print(scheduler.get_job("far"))
    far.resume()
    print(scheduler.get_job("far"), in_memory or DjangoJob.objects.get(id="far").next_run_time)
    scheduler.remove_job("far")
    print(scheduler.get_job("far"), len(scheduler.get_jobs()))
    scheduler.shutdown()


if __name__ == "__main__":
    main(sys.argv[1] == "memory")
