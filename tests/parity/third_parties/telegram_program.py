"""python-telegram-bot's JobQueue: jobs as coroutines, found and ended by way of APScheduler's."""

from __future__ import annotations

import asyncio
from datetime import time, timedelta
from typing import Any

from telegram.ext import ApplicationBuilder

done: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()


async def callback(context: Any) -> None:
    await done.put((context.job.name, context.job.data))


async def failing(context: Any) -> None:
    raise ValueError("on purpose")


async def on_error(update: object, context: Any) -> None:
    await done.put((context.job.name, context.error))


async def main() -> None:
    application = ApplicationBuilder().token("1:token").build()
    application.add_error_handler(on_error)
    queue = application.job_queue
    assert queue is not None
    queue.run_once(callback, 0, data=1, name="once", job_kwargs={"misfire_grace_time": None})
    queue.run_once(failing, timedelta(0), name="failing", job_kwargs={"misfire_grace_time": None})
    repeating = queue.run_repeating(callback, 1, data=2, name="repeating")
    daily = queue.run_daily(callback, time(3, 30), days=(1, 2), name="daily")
    monthly = queue.run_monthly(callback, time(4), day=-1, name="monthly")
    await queue.start()
    print(sorted([str(await asyncio.wait_for(done.get(), 60)) for _ in range(3)]))
    print(daily.job.trigger, monthly.job.trigger, daily.next_t is not None)
    print([job.name for job in queue.get_jobs_by_name("daily")], daily == queue.get_jobs_by_name("daily")[0])
    repeating.enabled = False
    daily.schedule_removal()
    print([job.name for job in queue.jobs()], daily.removed)
    await queue.stop()
    print(queue.scheduler.running)


if __name__ == "__main__":
    asyncio.run(main())
