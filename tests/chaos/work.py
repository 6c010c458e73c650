"""The task of all jobs, for nodes in Python; node.cpp has the same for nodes in C++."""

from __future__ import annotations

import os
import time

from duetime.runs import CurrentRun, current_run

node = ""  # the identity of the scheduler of this process
log = -1  # the descriptor of the nodes' common log


def work(milliseconds: int) -> None:
    run = current_run()
    _write("start", run)
    time.sleep(milliseconds / 1000)
    _write("end", run)


def _write(what: str, run: CurrentRun) -> None:
    scheduled = round(run.scheduled_time.timestamp() * 1_000_000)
    now = time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1000
    unknown = 0  # when the claim was asked for
    words = what, run.id, run.job_id, scheduled, run.attempt, node, run.fence, unknown, now
    write_line(" ".join(map(str, words)))


def write_line(text: str) -> None:
    os.write(log, (text + "\n").encode())  # wholly or not at all
