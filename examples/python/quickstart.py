"""A schedule in an SQLite file, through a kill, a restart and a second process.

    examples/quickstart             makes a file, runs the show on it, checks what came out
    examples/quickstart --keep DIR  the same, and leaves the file and the logs in DIR

The driver (no --node) starts *nodes*: processes of this same program that open the file and run what is due. Each task
appends a line to a log when it starts and when it ends, so that at the end there are two independent accounts: what the
store recorded, and what the tasks did. The promises are judged by comparing the two; nothing else decides.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from duetime.jobstores.sqlite import SQLiteJobStore
from duetime.runs import current_run
from duetime.schedulers.background import BackgroundScheduler
from rich.console import Console, Group
from rich.live import Live
from rich.markup import escape
from rich.table import Table

LEASE_SECONDS = 2  # a dead node's runs are taken over after this long; the default of 30 suits servers
PATIENCE_SECONDS = 60  # how long the driver waits for anything before it calls a promise broken


# --- the tasks ------------------------------------------------------------------------------------------------


def note(**members: object) -> None:
    """Appends one line to the log. O_APPEND keeps lines of several processes whole."""
    line = json.dumps({"pid": os.getpid(), "node": os.environ["QUICKSTART_NODE"], **members}) + "\n"
    log = os.open(os.environ["QUICKSTART_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(log, line.encode())
    finally:
        os.close(log)


def work(seconds: float) -> None:
    """What all jobs of this example run."""
    run = current_run()
    assert run, "called outside of a job"
    fire = {"job": run.job_id, "scheduled": run.scheduled_time.isoformat(), "attempt": run.attempt}
    note(what="start", **fire)
    time.sleep(seconds)
    note(what="end", **fire)


# --- a node -----------------------------------------------------------------------------------------------------


def make_scheduler(file: Path) -> BackgroundScheduler:
    return BackgroundScheduler(
        jobstores={"default": SQLiteJobStore(str(file))},
        timezone="UTC",
        lease=LEASE_SECONDS,
        # Every fire runs, however late: the example counts them.
        job_defaults={"coalesce": False, "misfire_grace_time": None, "max_instances": 20},
    )


def add_jobs(scheduler: BackgroundScheduler) -> None:
    soon = datetime.now(timezone.utc) + timedelta(seconds=4)
    scheduler.add_job(work, "cron", second="*", args=[0.05], id="tick")
    scheduler.add_job(work, "interval", seconds=0.5, args=[0.2], id="heartbeat")
    # Interrupted, it is not run again: that is the default, as the task may have done half its work.
    scheduler.add_job(work, "interval", seconds=6, next_run_time=soon, args=[3], id="import", max_instances=1)
    # Interrupted, it is run again: recover=True says that this is safe.
    scheduler.add_job(work, "date", run_date=soon, args=[3], id="report", recover=True)
    scheduler.add_job(work, "interval", seconds=1, next_run_time=None, args=[0], id="paused")


def run_node(file: Path, with_jobs: bool) -> None:
    """Runs what is due until the driver closes this process's standard input."""
    scheduler = make_scheduler(file)
    scheduler.start()
    if with_jobs:
        add_jobs(scheduler)
    sys.stdin.read()
    scheduler.shutdown(wait=True)


class Node:
    """A process that runs this file with --node."""

    def __init__(self, name: str, directory: Path, with_jobs: bool = False) -> None:
        self.name = name
        self._output = directory / f"node-{name}.txt"
        command = [sys.executable, __file__, "--node", "--file", str(directory / "jobs.db")]
        with self._output.open("wb") as output:
            self._process = subprocess.Popen(
                command + (["--add-jobs"] if with_jobs else []),
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                env={**os.environ, "QUICKSTART_NODE": name, "QUICKSTART_LOG": str(directory / "runs.log")},
            )
        self.pid = self._process.pid

    def alive(self) -> bool:
        return self._process.poll() is None

    def kill(self) -> None:
        """SIGKILL: no handler runs, nothing is flushed."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> int:
        assert self._process.stdin
        self._process.stdin.close()
        return self._process.wait(PATIENCE_SECONDS)

    def output(self) -> str:
        return self._output.read_text(errors="replace").strip()


# --- the two accounts -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """One line of the log that the tasks write."""

    what: str
    job: str
    scheduled: datetime
    attempt: int
    node: str


def read_log(path: Path) -> list[Line]:
    if not path.exists():
        return []
    rows = [json.loads(row) for row in path.read_text().splitlines()]
    return [
        Line(row["what"], row["job"], datetime.fromisoformat(row["scheduled"]), row["attempt"], row["node"])
        for row in rows
    ]


def query(file: Path, sql: str) -> list[tuple]:
    """What another program sees in the file (docs/sqlite_schema.md)."""
    with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        return connection.execute(sql).fetchall()


class Observer:
    """Looks into the store without running anything: a scheduler that is started paused claims nothing."""

    def __init__(self, directory: Path) -> None:
        self.file = directory / "jobs.db"
        self._log = directory / "runs.log"
        self._scheduler = make_scheduler(self.file)
        self._scheduler.start(paused=True)

    def close(self) -> None:
        self._scheduler.shutdown(wait=False)

    def jobs(self) -> list:
        return self._scheduler.get_jobs()

    def documents(self) -> dict[str, str]:
        """The stored jobs as they lie in the file, those included that only wait for their last run to end."""
        return dict(query(self.file, "SELECT id, document FROM duetime_jobs"))

    def runs(self, **filters: object) -> list:
        return self._scheduler.get_runs(**{"limit": 1_000_000, **filters})

    def log(self) -> list[Line]:
        return read_log(self._log)

    def in_mid_run(self, job: str) -> bool:
        lines = [line.what for line in self.log() if line.job == job]
        return lines.count("start") > lines.count("end")


# --- what is seen ------------------------------------------------------------------------------------------------

STYLES = {
    "claimed": "cyan",
    "succeeded": "green",
    "failed": "red",
    "missed": "yellow",
    "refused": "yellow",
    "abandoned": "magenta",
}


def clock(moment: datetime | None) -> str:
    return moment.astimezone().strftime("%H:%M:%S") if moment else ""


def table_of_jobs(observer: Observer) -> Table:
    done = Counter(run.job_id for run in observer.runs() if run.state == "succeeded")
    table = Table(title="jobs in the file", title_justify="left", min_width=78)
    for heading in ("job", "trigger", "next run"):
        table.add_column(heading)
    table.add_column("succeeded", justify="right")
    for job in sorted(observer.jobs(), key=lambda job: job.id):
        table.add_row(job.id, escape(str(job.trigger)), clock(job.next_run_time) or "paused", str(done[job.id]))
    return table


def table_of_runs(observer: Observer) -> Table:
    table = Table(title="latest runs", title_justify="left", min_width=78)
    for heading in ("scheduled", "job", "attempt", "state", "node", "took"):
        table.add_column(heading)
    nodes = {(line.job, line.scheduled, line.attempt): line.node for line in observer.log()}
    for run in observer.runs(limit=10):
        took = f"{(run.ended_at - run.started_at).total_seconds():.1f} s" if run.ended_at and run.started_at else ""
        node = nodes.get((run.job_id, run.scheduled_time, run.attempt), "")
        state = f"[{STYLES.get(run.state, '')}]{run.state}[/]"
        table.add_row(clock(run.scheduled_time), run.job_id, str(run.attempt), state, node, took)
    return table


class Screen:
    """The two tables, live on a terminal; elsewhere printed now and then."""

    INTERVAL_SECONDS = 5  # between two printed tables

    def __init__(self, console: Console, observer: Observer) -> None:
        self._console = console
        self._observer = observer
        self._printed = time.monotonic()
        self._live = Live(console=console, auto_refresh=False, transient=True) if console.is_terminal else None

    def __enter__(self) -> Screen:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            self._live.stop()

    def say(self, text: str) -> None:
        self._console.print(f"[bold]{text}[/]")

    def refresh(self) -> None:
        if self._live:
            self._live.update(self._tables(), refresh=True)
        elif time.monotonic() - self._printed >= self.INTERVAL_SECONDS:
            self.show()

    def show(self) -> None:
        self._console.print(self._tables())
        self._printed = time.monotonic()

    def _tables(self) -> Group:
        return Group(table_of_jobs(self._observer), table_of_runs(self._observer))

    def wait_until(self, what: str, condition: Callable[[], bool]) -> None:
        """Keeps the tables fresh until the condition holds. Its truth is all that counts, not the time it took."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(f"waited {PATIENCE_SECONDS} s in vain: {what}")
            self.refresh()
            time.sleep(0.1)


# --- the show ----------------------------------------------------------------------------------------------------


@dataclass
class Story:
    """What the driver saw happen, for the judgement."""

    before_kill: dict[str, str]  # the stored documents of the jobs
    after_kill: dict[str, str]
    cut_off: list[Line]  # starts without an end at the kill
    exit_statuses: dict[str, int]


def tell(directory: Path, screen: Screen, observer: Observer) -> Story:
    screen.say("1. Node A makes a schedule in an SQLite file and runs it.")
    node_a = Node("A", directory, with_jobs=True)
    with stopping(node_a):
        screen.wait_until(
            "import and report run at the same time on A",
            lambda: expect_alive(node_a) and observer.in_mid_run("import") and observer.in_mid_run("report"),
        )
        before = observer.documents()
        node_a.kill()
    screen.say("2. Node A was killed (SIGKILL) while import and report were running. The file as it left it:")
    cut_off = unfinished(observer.log())
    after = observer.documents()
    screen.show()

    screen.say("3. Node B starts on the file. It adds no job; what it runs is what it finds.")
    node_b = Node("B", directory)
    with stopping(node_b):
        screen.wait_until(
            "B took the dead node's runs over",
            lambda: expect_alive(node_b) and all(is_settled(observer, line) for line in cut_off),
        )
        screen.show()

        screen.say("4. Node C joins: two processes share the file.")
        node_c = Node("C", directory)
        with stopping(node_c):
            screen.wait_until(
                "both B and C execute runs",
                lambda: expect_alive(node_b, node_c) and shared_fairly(observer.log(), "B", "C"),
            )
            screen.show()
            exit_statuses = {node.name: node.stop() for node in (node_b, node_c)}
    return Story(before, after, cut_off, exit_statuses)


@contextlib.contextmanager
def stopping(node: Node) -> Iterator[None]:
    """Leaves no process behind, and shows what a node had to say when something went wrong."""
    try:
        yield
    except BaseException:
        print(f"--- node {node.name} said:\n{node.output()}", file=sys.stderr)
        raise
    finally:
        if node.alive():
            node.kill()


def expect_alive(*nodes: Node) -> bool:
    for node in nodes:
        if not node.alive():
            raise RuntimeError(f"node {node.name} ended on its own")
    return True


def unfinished(log: list[Line]) -> list[Line]:
    ended = {(line.job, line.scheduled, line.attempt) for line in log if line.what == "end"}
    return [line for line in log if line.what == "start" and (line.job, line.scheduled, line.attempt) not in ended]


def is_settled(observer: Observer, line: Line) -> bool:
    return any(run.state != "claimed" for run in observer.runs(job_id=line.job) if run.scheduled_time == line.scheduled)


def shared_fairly(log: list[Line], *nodes: str) -> bool:
    """Each has done enough that the other could have got in its way."""
    joined = max((index for index, line in enumerate(log) if line.node == nodes[-1]), default=None)
    if joined is None:
        return False
    first = next(index for index, line in enumerate(log) if line.node == nodes[-1])
    ended = Counter(line.node for line in log[first:] if line.what == "end")
    return sum(ended.values()) >= 30 and all(ended[node] >= 3 for node in nodes)


# --- the judgement ----------------------------------------------------------------------------------------------


@dataclass
class Promise:
    text: str
    broken: str  # empty: kept


def judge(observer: Observer, story: Story) -> list[Promise]:
    runs, log = observer.runs(), observer.log()
    return [
        Promise(
            "the jobs outlive the process: the same before SIGKILL, after it, and now", differences(observer, story)
        ),
        Promise("the interrupted runs are accounted for: import abandoned, report run again", takeover(runs, story)),
        Promise("the one-shot ran once to its end, and left the store with it, not before", one_shot(observer, story)),
        Promise("the paused job is there and never ran", paused(observer)),
        Promise("no fire was lost: tick and heartbeat have a run for every fire", lost(runs)),
        Promise("no fire was executed twice, by one node or by two", doubles(runs, log)),
        Promise("two nodes shared the work", sharing(log)),
        Promise("the store's history and the tasks' own log agree", disagreement(runs, log)),
        Promise("the package and SQL on the file give the same counts", sql_differences(observer)),
        Promise("the nodes ended cleanly and left no run open", open_ends(runs, story)),
    ]


def differences(observer: Observer, story: Story) -> str:
    """Byte for byte; of the five only the one-shot may be gone at the end."""
    if set(story.before_kill) != {"tick", "heartbeat", "import", "report", "paused"}:
        return f"before the kill: {sorted(story.before_kill)}"
    expected_now = {job: document for job, document in story.before_kill.items() if job != "report"}
    changed = story.before_kill.items() ^ story.after_kill.items() | expected_now.items() ^ observer.documents().items()
    return f"different: {sorted(changed)}" if changed else ""


def takeover(runs: list, story: Story) -> str:
    expected = {"import": ("abandoned", 1), "report": ("succeeded", 2)}
    cut_off = {line.job: line for line in story.cut_off if line.job in expected}
    for job, (state, attempt) in expected.items():
        if job not in cut_off:
            return f"{job} was not interrupted"
        found = [(run.state, run.attempt) for run in runs_of(runs, cut_off[job])]
        if found != [(state, attempt)]:
            return f"{job}: expected one run, {state} in attempt {attempt}; found {found}"
    return ""


def runs_of(runs: list, line: Line) -> list:
    return [run for run in runs if run.job_id == line.job and run.scheduled_time == line.scheduled]


def one_shot(observer: Observer, story: Story) -> str:
    states = [run.state for run in observer.runs(job_id="report")]
    if states != ["succeeded"]:
        return f"runs of report: {states}"
    if "report" not in story.after_kill:
        return "report was gone while it ran"
    return "report is still in the store" if "report" in observer.documents() else ""


def paused(observer: Observer) -> str:
    found = [job.next_run_time for job in observer.jobs() if job.id == "paused"]
    if found != [None]:
        return f"next run times of the paused job: {found}"
    runs = len(observer.runs(job_id="paused")) + sum(line.job == "paused" for line in observer.log())
    return f"it ran {runs} times" if runs else ""


def lost(runs: list) -> str:
    for job, period in (("tick", timedelta(seconds=1)), ("heartbeat", timedelta(seconds=0.5))):
        fires = sorted(run.scheduled_time for run in runs if run.job_id == job)
        gaps = [clock(a) for a, b in itertools.pairwise(fires) if b - a != period]
        if gaps or len(fires) < 5:
            return f"{job}: {len(fires)} fires, gaps after {gaps}"
    return ""


def doubles(runs: list, log: list[Line]) -> str:
    in_store = Counter((run.job_id, run.scheduled_time) for run in runs)
    in_log = Counter((line.job, line.scheduled, line.attempt) for line in log if line.what == "start")
    # A second attempt is a second execution; only recover=True asks for one.
    retried = {(line.job, line.scheduled) for line in log if line.attempt > 1 and line.job != "report"}
    twice = [key for counts in (in_store, in_log) for key, count in counts.items() if count > 1]
    return f"{twice} {retried}" if twice or retried else ""


def sharing(log: list[Line]) -> str:
    return "" if shared_fairly(log, "B", "C") else f"runs ended: {Counter(x.node for x in log if x.what == 'end')}"


def disagreement(runs: list, log: list[Line]) -> str:
    """Succeeded in the store: started once and ended once, in that attempt. Refused: not started. Abandoned: whatever
    the kill left. And the log knows no fire that the store does not."""
    lines = Counter((line.job, line.scheduled, line.attempt, line.what) for line in log)
    fires = {(run.job_id, run.scheduled_time) for run in runs}
    for run in runs:
        key = (run.job_id, run.scheduled_time, run.attempt)
        expected = {"succeeded": (1, 1), "refused": (0, 0)}.get(run.state)
        found = (lines[(*key, "start")], lines[(*key, "end")])
        if run.state == "abandoned" or found == expected:
            continue
        return f"{key}: {run.state}, but the log has {found[0]} starts and {found[1]} ends"
    unknown = [line for line in log if (line.job, line.scheduled) not in fires]
    return f"not in the store: {unknown}" if unknown else ""


def sql_differences(observer: Observer) -> str:
    rows = query(observer.file, "SELECT job_id, state, count(*) FROM duetime_runs GROUP BY job_id, state")
    by_sql = {(job, state): count for job, state, count in rows}
    by_package = Counter((run.job_id, run.state) for run in observer.runs())
    return "" if by_sql == by_package else f"SQL {by_sql}, package {dict(by_package)}"


def open_ends(runs: list, story: Story) -> str:
    claimed = [(run.job_id, run.scheduled_time) for run in runs if run.state == "claimed"]
    statuses = {name: status for name, status in story.exit_statuses.items() if status != 0}
    return f"claimed: {claimed}, exit statuses: {statuses}" if claimed or statuses else ""


def table_of_counts(runs: list) -> Table:
    counts = Counter((run.job_id, run.state) for run in runs)
    states = list(STYLES)
    table = Table(title="runs in the store", title_justify="left", min_width=78)
    table.add_column("job")
    for state in states:
        table.add_column(state, justify="right")
    for job in sorted({run.job_id for run in runs}):
        table.add_row(job, *(str(counts[job, state] or "") for state in states))
    return table


def report(console: Console, observer: Observer, promises: list[Promise]) -> int:
    console.print(table_of_counts(observer.runs()))
    for promise in promises:
        mark = "[red]broken[/]" if promise.broken else "[green]kept[/]  "
        console.print(f"{mark} {promise.text}")
        if promise.broken:
            console.print(f"       {promise.broken}", markup=False)
    broken = sum(bool(promise.broken) for promise in promises)
    log = observer.log()
    started, ended = (sum(line.what == what for line in log) for what in ("start", "end"))
    console.print(
        f"{len(observer.runs())} runs in the store; tasks started {started} times and ended {ended} times; "
        f"{len(promises) - broken} of {len(promises)} promises kept"
    )
    return 1 if broken else 0


def drive(directory: Path) -> int:
    console = Console()
    observer = Observer(directory)
    try:
        with Screen(console, observer) as screen:
            story = tell(directory, screen, observer)
        return report(console, observer, judge(observer, story))
    except (TimeoutError, RuntimeError) as error:
        console.print(f"[red]broken[/] {error}")
        return 1
    finally:
        observer.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--keep", type=Path, metavar="DIR", help="leave the file and the logs in DIR, which must be new"
    )
    parser.add_argument("--node", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--add-jobs", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.node:
        run_node(options.file, options.add_jobs)
        return 0
    if options.keep:
        options.keep.mkdir(parents=True)
        return drive(options.keep)
    with tempfile.TemporaryDirectory(prefix="duetime-") as directory:
        return drive(Path(directory))


if __name__ == "__main__":
    sys.exit(main())
