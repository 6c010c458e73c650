"""What was planned, what was seen, and what the store says: the nouns of the checker."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

CLAIMED = "claimed"
SUCCEEDED = "succeeded"
REFUSED = "refused"
ABANDONED = "abandoned"


@dataclass(frozen=True)
class PlannedJob:
    """A job of the workload and all its fires, in microseconds since 1970. They end, so a run of chaos does."""

    id: str
    fires: tuple[int, ...]
    work_ms: int = 0
    recover: bool = False
    max_instances: int = 1
    zone: str = ""  # in whose present hour it fires every second; else its fires are instants

    @property
    def repeats(self) -> bool:
        return len(self.fires) > 1


@dataclass(frozen=True)
class Run:
    """A run as the store keeps it, claimed or ended."""

    id: str
    job: str
    scheduled: int
    attempt: int
    state: str
    owner: str
    fence: int
    claimed_at: int = 0
    ended_at: int | None = None


@dataclass(frozen=True)
class Line:
    """What a node wrote when it started or ended a run.

    `claimed` is when it asked for the claim (0: it does not know), `at` when it wrote; both are the host's boot time,
    the same for all nodes.
    """

    what: str
    run: str
    job: str
    scheduled: int
    attempt: int
    node: str
    fence: int
    claimed: int
    at: int


@dataclass(frozen=True)
class Word:
    """What a storm of calls wrote (storm.h): from `at` on, the job is "stopped", or may be "going" again."""

    what: str
    job: str
    at: int


@dataclass(frozen=True)
class Log:
    lines: tuple[Line, ...]
    pids: dict[int, str]  # process id -> node
    words: tuple[Word, ...] = ()

    @staticmethod
    def read(path: Path) -> Log:
        return Log.parse(path.read_text().splitlines() if path.exists() else [])

    @staticmethod
    def parse(texts: Iterable[str]) -> Log:
        lines: list[Line] = []
        pids: dict[int, str] = {}
        words: list[Word] = []
        for text in texts:
            what, *rest = text.split(" ")
            if what == "up":
                pids[int(rest[1])] = rest[0]
            elif what in ("stopped", "going"):
                words.append(Word(what, rest[0], int(rest[1])))
            else:
                run, job, scheduled, attempt, node, *numbers = rest
                lines.append(Line(what, run, job, int(scheduled), int(attempt), node, *map(int, numbers)))
        return Log(tuple(lines), pids, tuple(words))


@dataclass(frozen=True)
class Observation:
    """One run of a campaign, after all that was due has ended (or was given the time to)."""

    jobs: Sequence[PlannedJob]
    runs: Sequence[Run]
    lines: Sequence[Line]
    jobs_left: Sequence[str]
    lease_us: int = 1_000_000
    leases_are_exact: bool = True  # never shorter, by the clock that the nodes share
