"""What a campaign is given."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .cluster import Cluster
from .observations import PlannedJob
from .relay import Relay
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
        cluster = Cluster(self.store(directory), lease_ms)
        cluster.store.start()
        return cluster

    def mixed_jobs(self) -> list[PlannedJob]:
        return mixed(self.randomness, self.seconds, int(self.seconds * 8), 8)

    def faults(self, shortest: float, longest: float) -> Iterator[None]:
        """Comes back for `seconds`, each time after a random pause."""
        end = time.monotonic() + self.seconds
        while time.monotonic() < end:
            time.sleep(self.randomness.uniform(shortest, longest))
            yield

    @contextmanager
    def relay(self, store: Store) -> Iterator[Relay]:
        relay = Relay(store.port, self.randomness)
        try:
            yield relay
        finally:
            relay.close()
