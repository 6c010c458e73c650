"""What is done to a cluster. A campaign is a function that gets a Trial and answers what went wrong, and a row here."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .cluster import Cluster
from .stores import Store
from .workload import mixed


@dataclass(frozen=True)
class Trial:
    """One store, one campaign: all that is left to chance comes from `randomness`."""

    store: type[Store]
    directory: Path
    randomness: random.Random
    seconds: float  # how long faults go on, where a campaign goes on for a time
    nodes: int
    exhaustive: bool = False  # every case instead of a sample of them

    def cluster(self, lease_ms: int = 1000, name: str = "") -> Cluster:
        directory = self.directory / name
        directory.mkdir(parents=True, exist_ok=True)
        return Cluster(self.store(directory), lease_ms)

    def mixed_jobs(self) -> list:
        per_second = 12
        return mixed(self.randomness, self.seconds, int(self.seconds * per_second), 12)


def kill(trial: Trial) -> list[str]:
    """SIGKILL a random node every 50 to 500 ms, and start another."""
    with trial.cluster() as cluster:
        cluster.store.start()
        cluster.add_jobs(trial.mixed_jobs())
        for _ in range(trial.nodes):
            cluster.start_node()
        end = time.monotonic() + trial.seconds
        while time.monotonic() < end:
            time.sleep(trial.randomness.uniform(0.05, 0.5))
            trial.randomness.choice(cluster.alive()).kill()
            cluster.start_node()
        return cluster.verdict()


CAMPAIGNS: dict[str, Callable[[Trial], list[str]]] = {campaign.__name__: campaign for campaign in (kill,)}
