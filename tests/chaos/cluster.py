"""Nodes on one store, and what befalls them."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType

from .checker import violations
from .observations import Fault, Log, Observation, PlannedJob
from .stores import Store
from .waiting import wait_until
from .workload import document

ROOT = Path(__file__).parents[2]
NODE = ROOT / "build" / "dev" / "tests" / "duetime_chaos_node"


def boot_time_us() -> int:
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1000


class Node:
    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.faults: list[int] = []  # boot times

    def kill(self) -> None:
        self.faults.append(boot_time_us())
        self.process.kill()
        self.process.wait()

    def freeze(self) -> None:
        self.faults.append(boot_time_us())
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def await_death(self) -> None:
        """Of one that kills itself."""
        before = boot_time_us()
        wait_until(lambda: self.process.poll() is not None, "the node dies at its crash point")
        self.faults.append(before)

    def end(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


class Cluster(AbstractContextManager["Cluster"]):
    """Leaves no process behind, whatever happens."""

    def __init__(self, store: Store, lease_ms: int = 1000) -> None:
        self.store = store
        self.lease_ms = lease_ms
        self.jobs: list[PlannedJob] = []
        self.nodes: list[Node] = []
        self.store_was_hurt = False
        self.log = store.directory / "runs.log"

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for node in self.alive():
            node.process.kill()
            node.process.wait()

    def alive(self) -> list[Node]:
        return [node for node in self.nodes if node.process.poll() is None]

    def add_jobs(self, jobs: Sequence[PlannedJob], url: str | None = None, crash: str | None = None) -> int:
        """Through a program that adds them and ends; its exit status."""
        self.jobs += jobs
        command = [str(NODE), "add", url or self.store.url(), *(["--crash", crash] if crash else [])]
        text = "\n".join(document(job) for job in jobs)
        with self._errors() as errors:
            return subprocess.run(command, input=text.encode(), stderr=errors, check=False).returncode

    def start_node(
        self, url: str | None = None, crash: str | None = None, threads: int = 8, python: bool = False
    ) -> Node:
        program = [sys.executable, "-m", "tests.chaos.python_node"] if python else [str(NODE), "run"]
        command = [*program, url or self.store.url(), "--log", str(self.log), "--lease-ms", str(self.lease_ms)]
        command += ["--threads", str(threads), *(["--crash", crash] if crash else [])]
        with self._errors() as errors:
            process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=errors, stderr=subprocess.STDOUT, cwd=ROOT
            )
        node = Node(process)
        self.nodes.append(node)
        return node

    def _errors(self):
        return (self.store.directory / "nodes.log").open("ab")

    def await_up(self, node: Node) -> None:
        wait_until(lambda: node.process.pid in Log.read(self.log).pids, "the node is up")

    def await_settled(self) -> None:
        """All that was due has ended, and every job with it: there is no dead lane, and nothing was forgotten."""
        wait_until(lambda: not self.store.jobs() and not self.store.claimed(), "all jobs have ended")

    def end_nodes(self) -> None:
        for node in self.alive():
            node.end()

    def observe(self) -> Observation:
        log = Log.read(self.log)
        faults = [
            Fault(log.pids[node.process.pid], since)
            for node in self.nodes
            for since in node.faults
            if node.process.pid in log.pids
        ]
        return Observation(
            self.jobs,
            self.store.runs(),
            log.lines,
            self.store.jobs(),
            faults,
            self.lease_ms * 1000,
            self.store_was_hurt,
        )

    def verdict(self) -> list[str]:
        """Waits until all is done, ends the nodes, and says what went wrong."""
        wrong = []
        try:
            self.await_settled()
        except TimeoutError as error:
            wrong.append(f"dead lane: {error}")
        self.end_nodes()
        return wrong + self._bad_exits() + violations(self.observe())

    def _bad_exits(self) -> list[str]:
        return [
            f"a node that nobody killed ended with {node.process.returncode}"
            for node in self.nodes
            if not node.faults and node.process.returncode != 0
        ]
