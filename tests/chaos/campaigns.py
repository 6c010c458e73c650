"""What is done to a cluster. A campaign is a function that gets a Trial and answers what went wrong."""

from __future__ import annotations

import resource
import shutil
import time
import traceback
import zoneinfo
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from .checker import overtaken_starts, started_after_stop
from .cluster import Cluster, Node, node_needs_descriptors
from .crash_points import ABSENT, CASES, JOB, Case
from .damage import files, payloads
from .observations import Log, PlannedJob
from .stores import Store
from .trial import Trial
from .waiting import wait_until
from .workload import due_at_once, every_second, mixed, now_us

# --- nodes


def kill(trial: Trial) -> list[str]:
    """SIGKILL a random node every 50 to 500 ms, and start another."""
    with trial.cluster() as cluster:
        cluster.add_jobs(trial.mixed_jobs())
        cluster.start_nodes(trial.nodes)
        for _ in trial.faults(0.05, 0.5):
            trial.randomness.choice(cluster.alive()).kill()
            cluster.start_node()
        return cluster.verdict()


def mixed_languages(trial: Trial) -> list[str]:
    """As `kill`, with nodes in C++ and in Python on one store."""
    with trial.cluster(2000) as cluster:
        starts = cluster.start_node, cluster.start_python_node
        cluster.add_jobs(trial.mixed_jobs())
        for number in range(trial.nodes):
            starts[number % 2]()
        for _ in trial.faults(0.5, 2):
            trial.randomness.choice(cluster.alive()).kill()
            trial.randomness.choice(starts)()
        return cluster.verdict()


_CASES_AT_ONCE = 4  # they mostly wait for leases to end


def crash_points(trial: Trial) -> list[str]:
    """A node dies just before or after a call of its store: each point has one outcome that is right."""

    def tried(numbered: tuple[int, Case]) -> list[str]:
        number, case = numbered
        with trial.cluster(lease_ms=2000, name=f"case{number}") as cluster:
            return [f"{cluster.store.directory.name}, {case.name}: {text}" for text in _crash(cluster, case)]

    with ThreadPoolExecutor(_CASES_AT_ONCE) as pool:
        return [text for wrong in pool.map(tried, enumerate(CASES)) for text in wrong]


def _crash(cluster: Cluster, case: Case) -> list[str]:
    job = PlannedJob(JOB, (now_us(),), case.work_ms, case.recover)
    if case.adding:
        cluster.add_jobs([job], crash=case.crashes[0])
        if case.outcome is ABSENT:
            cluster.jobs.clear()
    else:
        cluster.add_jobs([job])
        for crash in case.crashes:
            cluster.start_node(crash=crash, refuses=case.refuses(crash)).await_death()
    cluster.start_node()
    wrong = cluster.verdict()
    return [*wrong, *case.compare(cluster.observe())]


def freeze(trial: Trial) -> list[str]:
    """A node is stopped for three leases, in the middle of its runs, and goes on. What waited in it does not start."""
    threads, lease = 2, 1.0
    with trial.cluster(int(lease * 1000)) as cluster:
        cluster.add_jobs([*due_at_once(30, 100, recover=True), *trial.mixed_jobs()])
        cluster.start_node(threads=threads)
        for _ in trial.faults(0.1, 1):
            node = cluster.start_node(threads=threads)
            cluster.await_up(node)
            time.sleep(trial.randomness.uniform(0, 0.3))
            node.freeze()
            time.sleep(3 * lease)
            node.thaw()
            node.end()
        wrong = cluster.verdict()
        # Only what was between the last look and the start when its thread was stopped.
        late = overtaken_starts(Log.read(cluster.log))
        return wrong + [f"{node} started {count} runs late" for node, count in late.items() if count > threads]


# --- the store


def stop_store(trial: Trial) -> list[str]:
    """The server is stopped, or the file locked, for a second, half a lease, three leases."""
    lease = 1.5
    with trial.cluster(int(lease * 1000)) as cluster:
        cluster.add_jobs(trial.mixed_jobs())
        cluster.start_nodes(trial.nodes)
        for _ in trial.faults(0.2, 1):
            cluster.store.freeze()
            time.sleep(trial.randomness.choice((1, lease / 2, 3 * lease)))
            cluster.store.thaw()
        return cluster.verdict()


def restart_store(trial: Trial) -> list[str]:
    """The server is killed, or ends well, and comes back with what it acknowledged."""
    with trial.cluster(2000) as cluster:
        cluster.add_jobs(trial.mixed_jobs())
        cluster.start_nodes(trial.nodes)
        for _ in trial.faults(0.5, 2):
            end = cluster.store.kill if trial.randomness.random() < 0.7 else cluster.store.stop
            end()
            time.sleep(trial.randomness.choice((0, 0.1, 1)))
            cluster.store.start()
        return cluster.verdict()


def lose_store(trial: Trial) -> list[str]:
    """The server comes back with nothing. What it lost is lost; the nodes must notice, and run what is added then."""
    with trial.cluster() as cluster:
        cluster.add_jobs(trial.mixed_jobs())
        cluster.start_nodes(trial.nodes)
        for node in cluster.nodes:
            cluster.await_up(node)
        cluster.store.kill()
        cluster.store.forget()
        cluster.store.start()
        lost = {job.id for job in cluster.jobs}
        cluster.jobs.clear()
        cluster.add_jobs(due_at_once(20))
        return [text for text in cluster.verdict() if not _is_about(text, lost)]


def _is_about(text: str, jobs: set[str]) -> bool:
    """What nodes still had at hand when the store was lost is executed, and then nobody knows it."""
    return text.startswith("unknown run") and text.split(" ")[2] in jobs


def full(trial: Trial) -> list[str]:
    """No room is left in the store for a while."""
    with trial.cluster() as cluster:
        cluster.add_jobs(trial.mixed_jobs())
        cluster.start_nodes(trial.nodes)
        for _ in trial.faults(0.1, 0.5):
            cluster.fill()
            time.sleep(trial.randomness.uniform(0.1, 1.5))
            cluster.empty()
        return cluster.verdict()


# --- the way to the store


def cut(trial: Trial) -> list[str]:
    """The connection is reset after each number of bytes of requests, and of replies."""
    counts = range(1, 4097) if trial.exhaustive else sorted(trial.randomness.sample(range(1, 2000), 15))
    with trial.cluster() as cluster, trial.relay(cluster.store) as relay:
        seconds = 4.0 if not trial.exhaustive else 1200.0
        cluster.add_jobs(mixed(trial.randomness, seconds, int(seconds * 10), 2))
        cluster.start_node(cluster.store.url(relay.port))
        cluster.start_node()
        for count in counts:
            for direction in ("sent", "received"):
                relay.cut_after(direction, count)
                wait_until(lambda d=direction: relay.is_cut(d) or not cluster.store.jobs(), "the connection is cut")
        return cluster.verdict()


def noise(trial: Trial) -> list[str]:
    """Chunks that are late, bytes that come one by one, storms of resets."""
    with trial.cluster(3000) as cluster, trial.relay(cluster.store) as relay:
        cluster.add_jobs(trial.mixed_jobs())
        for _ in range(trial.nodes):
            cluster.start_node(cluster.store.url(relay.port))
        for _ in trial.faults(0.02, 0.5):
            relay.max_delay = trial.randomness.choice((0, 0, 0.02, 0.3))
            relay.one_byte = trial.randomness.random() < 0.2
            if trial.randomness.random() < 0.5:
                relay.reset_all()
        relay.max_delay, relay.one_byte = 0, False
        return cluster.verdict()


def partition(trial: Trial) -> list[str]:
    """One node's way to the store is cut without a word, again and again; the others take over what it had."""
    with trial.cluster() as cluster, trial.relay(cluster.store) as relay:
        cluster.add_jobs(trial.mixed_jobs())
        cluster.start_node(cluster.store.url(relay.port))
        cluster.start_nodes(trial.nodes - 1)
        for _ in trial.faults(0.1, 1):
            relay.block()
            time.sleep(trial.randomness.choice((0.2, 1, 2.5)))
            relay.heal()
        return cluster.verdict()


# --- what nodes know


def zones(trial: Trial) -> list[str]:
    """Two nodes take their time zones from other databases. They do not agree on what is due, only on what was done."""
    zone = "Europe/Berlin"
    other = trial.directory / "zoneinfo"
    (other / zone).parent.mkdir(parents=True)
    shutil.copy(Path(zoneinfo.TZPATH[0]) / "Asia/Kolkata", other / zone)
    with trial.cluster() as cluster:
        cluster.add_jobs(every_second(20, zone, 10 * trial.seconds))
        cluster.start_node()
        cluster.start_node(zones=other)
        wrong = [text for text in cluster.verdict() if not text.startswith("lost fire")]
        return wrong + ([] if Log.read(cluster.log).lines else ["nothing ran"])


# --- limits of the machine


def at_once(trial: Trial) -> list[str]:
    """All nodes want the same jobs at the same instant."""
    count, nodes = (trial.store.crowd, 8) if trial.exhaustive else (300, trial.nodes)
    with trial.cluster(10_000) as cluster:
        for node in cluster.start_nodes(nodes):
            cluster.await_up(node)
        cluster.add_jobs(due_at_once(count, delay_us=2_000_000))
        return cluster.verdict()


def storm(trial: Trial) -> list[str]:
    """Two programs add, pause, move and remove jobs, while the nodes that run them are killed."""
    with trial.cluster() as cluster:
        for node in cluster.start_nodes(trial.nodes):
            cluster.await_up(node)
        calls = 20_000 if trial.exhaustive else 150
        storms = [cluster.start_storm(name, trial.randomness.randrange(1 << 30), calls) for name in ("one", "two")]
        while any(each.process.poll() is None for each in storms):
            time.sleep(trial.randomness.uniform(0.2, 1))
            trial.randomness.choice(cluster.alive()).kill()
            cluster.start_node()
        cluster.await_settled()
        cluster.end_nodes()
        log = Log.read(cluster.log)
        return cluster.bad_exits() + started_after_stop(log) + ([] if log.lines else ["nothing ran"])


_CANNOT_START = "start: "
_NO_PROGRAM = 127  # the loader's own answer


def descriptors(trial: Trial) -> list[str]:
    """A node with few descriptors starts wholly or fails with a reason; one that runs out of them later goes on."""
    wrong = []
    with trial.cluster() as cluster:
        cluster.add_jobs(trial.mixed_jobs())
        for limit in range(4, 40, 1 if trial.exhaustive else 6):
            node = cluster.start_node(descriptors=limit)
            wrong += [f"with {limit} descriptors: {text}" for text in _settle(cluster, node)]
        nodes = cluster.start_nodes(trial.nodes)
        for _ in trial.faults(0.1, 0.5):
            victim = trial.randomness.choice(nodes)
            victim.limit(resource.RLIMIT_NOFILE, trial.randomness.randrange(0, 20))
            time.sleep(0.3)
            victim.limit(resource.RLIMIT_NOFILE, None)
        return wrong + cluster.verdict()


def _settle(cluster: Cluster, node: Node) -> list[str]:
    """It is up, or says why it is not, and is killed; or it ended by itself with an error."""
    told = cluster.errors.read_text().count(_CANNOT_START)
    wait_until(
        lambda: (
            cluster.is_up(node)
            or node.process.poll() is not None
            or cluster.errors.read_text().count(_CANNOT_START) > told
        ),
        "the node is up, or has said why not",
    )
    ended = node.process.poll()
    node.kill()
    return [] if ended in (None, 1, _NO_PROGRAM) else [f"it ended with {ended}"]


# --- what there is


@dataclass(frozen=True)
class Campaign:
    run: Callable[[Trial], list[str]]
    suits: Callable[[type[Store]], bool] = lambda store: True

    def outcome(self, trial: Trial) -> list[str]:
        """What went wrong, be it that it came to no end."""
        try:
            return self.run(trial)
        except Exception:
            return [traceback.format_exc()]


def _has_server(store: type[Store]) -> bool:
    return store.has_server


CAMPAIGNS = {
    campaign.run.__name__: campaign
    for campaign in (
        Campaign(kill),
        Campaign(mixed_languages),
        Campaign(crash_points),
        Campaign(freeze),
        Campaign(stop_store),
        Campaign(restart_store, lambda store: store.can_be_killed and store.has_server),
        Campaign(lose_store, lambda store: store.can_forget),
        Campaign(full, lambda store: store.can_be_filled),
        Campaign(cut, _has_server),
        Campaign(noise, _has_server),
        Campaign(partition, _has_server),
        Campaign(zones),
        Campaign(at_once),
        Campaign(storm),
        Campaign(payloads),
        Campaign(files, lambda store: not store.has_server),
        Campaign(descriptors, lambda store: not node_needs_descriptors()),
    )
}
