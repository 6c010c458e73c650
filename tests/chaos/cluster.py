"""Nodes on one store, and what befalls them."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from tests.support.leash import leashed

from .checker import violations
from .observations import Log, Observation, PlannedJob
from .report import RUNS_LOG, RUNS_TEXT
from .stores import Store
from .waiting import DEADLINE, wait_until
from .workload import document

ROOT = Path(__file__).parents[2]
NODE = Path(os.environ.get("DUETIME_CHAOS_NODE", ROOT / "build" / "dev" / "tests" / "duetime_chaos_node"))

_ROOM_FOR_THE_LOG = 1 << 16


def node_needs_descriptors() -> bool:
    """UBSan probes memory through a pipe; where it gets none, it takes every object for a wrong one."""
    return NODE.exists() and b"__ubsan_handle_dynamic_type" in NODE.read_bytes()


class Node:
    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.is_to_die = False

    def kill(self) -> None:
        self.is_to_die = True
        self.process.kill()
        self.process.wait()

    def freeze(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def limit(self, what: int, most: int | None) -> None:
        _, hardest = resource.prlimit(self.process.pid, what)
        resource.prlimit(self.process.pid, what, (hardest if most is None else most, hardest))

    def await_death(self) -> None:
        """Of one that kills itself."""
        self.is_to_die = True
        wait_until(lambda: self.process.poll() is not None, "the node dies at its crash point")

    def end(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(DEADLINE)


class Cluster(AbstractContextManager["Cluster"]):
    """Leaves no process behind, whatever happens."""

    def __init__(self, store: Store, lease_ms: int = 1000) -> None:
        self.store = store
        self.lease_ms = lease_ms
        self.jobs: list[PlannedJob] = []
        self.nodes: list[Node] = []
        self.storms: list[Node] = []
        self.log = store.directory / RUNS_LOG
        self.errors = store.directory / "nodes.log"

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for node in [*self.alive(), *self.storms]:
            node.process.kill()
            node.process.wait()
        self.store.close()

    def alive(self) -> list[Node]:
        return [node for node in self.nodes if node.process.poll() is None]

    def add_jobs(self, jobs: Sequence[PlannedJob], crash: str | None = None) -> None:
        """Through a program that adds them and ends."""
        self.jobs += jobs
        command = [str(NODE), "add", self.store.patient_url, *(["--crash", crash] if crash else [])]
        text = "\n".join(document(job) for job in jobs)
        with self._errors() as errors:
            subprocess.run(command, input=text.encode(), stderr=errors, check=crash is None)

    def start_nodes(self, count: int) -> list[Node]:
        return [self.start_node() for _ in range(count)]

    def start_node(
        self,
        url: str | None = None,
        crash: str | None = None,
        threads: int = 8,
        refuses: bool = False,
        descriptors: int | None = None,
        zones: Path | None = None,
    ) -> Node:
        """
        :param zones: the directory of its time zones; default: the system's
        """
        command = [str(NODE), "run", url or self.store.url(), "--log", str(self.log)]
        command += ["--lease-ms", str(self.lease_ms), "--threads", str(threads), "--refuse", str(int(refuses))]
        command += ["--crash", crash] if crash else []
        command += ["--descriptors", str(descriptors)] if descriptors is not None else []
        with self._errors() as errors:
            environment = {**os.environ, "TZDIR": str(zones)} if zones is not None else None
            process = subprocess.Popen(
                leashed(command), stdin=subprocess.PIPE, stdout=errors, stderr=errors, env=environment
            )
        self.nodes.append(Node(process))
        return self.nodes[-1]

    def start_python_node(self) -> Node:
        command = [sys.executable, "-m", "tests.chaos.python_node", self.store.url(), "--log", str(self.log)]
        command += ["--lease-ms", str(self.lease_ms)]
        with self._errors() as errors:
            process = subprocess.Popen(leashed(command), stdin=subprocess.PIPE, stdout=errors, stderr=errors, cwd=ROOT)
        self.nodes.append(Node(process))
        return self.nodes[-1]

    def start_storm(self, name: str, seed: int, calls: int) -> Node:
        """A program that changes jobs of its own for a while; it ends by itself."""
        command = [str(NODE), "storm", self.store.patient_url, "--log", str(self.log), "--name", name]
        command += ["--seed", str(seed), "--calls", str(calls)]
        with self._errors() as errors:
            process = subprocess.Popen(leashed(command), stdin=subprocess.PIPE, stdout=errors, stderr=errors)
        self.storms.append(Node(process))
        return self.storms[-1]

    def _errors(self) -> BinaryIO:
        return self.errors.open("ab")

    def is_up(self, node: Node) -> bool:
        return node.process.pid in Log.read(self.log).pids

    def await_up(self, node: Node) -> None:
        wait_until(lambda: self.is_up(node), "the node is up")

    def fill(self) -> None:
        """Nothing more can be written to the store."""
        if self.store.file is None:
            self.store.fill()
        else:
            # The nodes' log is a file, too.
            self._limit_files(max(self.store.file.stat().st_size, self.log.stat().st_size + _ROOM_FOR_THE_LOG))

    def empty(self) -> None:
        if self.store.file is None:
            self.store.empty()
        else:
            self._limit_files(None)

    def _limit_files(self, size: int | None) -> None:
        for node in self.alive():
            node.limit(resource.RLIMIT_FSIZE, size)

    def await_settled(self) -> None:
        """All that was due has ended, and every job with it: there is no dead lane, and nothing was forgotten."""
        wait_until(lambda: not self.store.jobs() and not self.store.claimed(), "all jobs have ended")

    def end_nodes(self) -> None:
        for node in self.alive():
            node.end()

    def observe(self) -> Observation:
        return Observation(
            self.jobs,
            self.store.runs(),
            Log.read(self.log).lines,
            self.store.jobs(),
            self.lease_ms * 1000,
            self.store.leases_are_exact,
        )

    def verdict(self) -> list[str]:
        """Waits until all is done, ends the nodes, and says what went wrong."""
        wrong = []
        try:
            self.await_settled()
        except TimeoutError as error:
            wrong.append(f"dead lane: {error}")
        self.end_nodes()
        seen = self.observe()
        (self.store.directory / RUNS_TEXT).write_text("\n".join(map(str, seen.runs)))
        return wrong + self.bad_exits() + violations(seen)

    def bad_exits(self) -> list[str]:
        return [
            f"a node that nobody killed ended with {node.process.returncode}"
            for node in [*self.nodes, *self.storms]
            if not node.is_to_die and node.process.returncode != 0
        ]
