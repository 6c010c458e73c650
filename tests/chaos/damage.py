"""Campaigns of bytes: documents and files that something has damaged."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

from .cluster import NODE, Cluster
from .trial import Trial
from .waiting import wait_until
from .workload import due_at_once

Mutation = Callable[[bytes, random.Random], bytes]


def truncated(document: bytes, chance: random.Random) -> bytes:
    return document[: chance.randrange(len(document))]


def flipped(document: bytes, chance: random.Random) -> bytes:
    changed = bytearray(document)
    changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def scrambled(document: bytes, chance: random.Random) -> bytes:
    return chance.randbytes(len(document))


def deep(document: bytes, chance: random.Random) -> bytes:
    return b"[" * 100_000


def of_a_newer_version(document: bytes, chance: random.Random) -> bytes:
    return json.dumps(json.loads(document) | {"version": 2, "more": "than we know"}).encode()


def without_a_member(document: bytes, chance: random.Random) -> bytes:
    members = json.loads(document)
    del members[chance.choice(sorted(members))]
    return json.dumps(members).encode()


def with_a_strange_member(document: bytes, chance: random.Random) -> bytes:
    members = json.loads(document)
    members[chance.choice(sorted(members))] = chance.choice((None, -1, 1e300, "", [], {}, 2**63, "\x00"))
    return json.dumps(members).encode()


MUTATIONS: tuple[Mutation, ...] = (
    truncated, flipped, flipped, flipped, scrambled, deep, of_a_newer_version, without_a_member, with_a_strange_member,
)  # fmt: skip


def payloads(trial: Trial) -> list[str]:
    """Documents of jobs are damaged. What can still be read runs, what cannot stays as it is, and all others run."""
    count = 400 if trial.exhaustive else 40
    with trial.cluster() as cluster:
        cluster.add_jobs(due_at_once(count, name="damaged"))
        cluster.jobs.clear()
        damaged = _damage(cluster, trial.randomness)
        cluster.add_jobs(due_at_once(20, name="well"))
        cluster.start_nodes(trial.nodes)
        wait_until(lambda: not set(cluster.store.jobs()) - set(damaged), "the others have ended")
        wait_until(lambda: not cluster.store.claimed(), "what could be read has ended")
        cluster.end_nodes()
        left, executed = cluster.store.jobs(), {run.job for run in cluster.store.runs()}
        changed = [id for id in left if cluster.store.document(id) != damaged[id]]
        lost = [id for id in damaged if id not in executed and id not in left]
        return cluster.bad_exits() + [f"changed: {id}" for id in changed] + [f"lost: {id}" for id in lost]


def _damage(cluster: Cluster, chance: random.Random) -> dict[str, bytes]:
    damaged = {}
    for number, id in enumerate(sorted(cluster.store.jobs())):
        mutation = MUTATIONS[number % len(MUTATIONS)]
        cluster.store.set_document(id, mutation(cluster.store.document(id), chance))
        damaged[id] = cluster.store.document(id)  # some stores keep texts only
    return damaged


def files(trial: Trial) -> list[str]:
    """SQLite files with flipped bits, missing ends and pages of zeros: an error or an answer, never a crash."""
    count = 10_000 if trial.exhaustive else 60
    with trial.cluster() as cluster:
        cluster.add_jobs(due_at_once(30))
        path = Path(cluster.store.directory) / "jobs.db"
        with sqlite3.connect(path) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        whole = path.read_bytes()
    wrong = []
    for first in range(0, count, 100):
        directory = trial.directory / f"files{first}"
        directory.mkdir()
        for number in range(min(100, count - first)):
            (directory / f"{number}.db").write_bytes(_damaged_file(whole, trial.randomness))
        wrong += _probe(sorted(directory.iterdir()))
        if not wrong:
            shutil.rmtree(directory)
    return wrong


def _damaged_file(whole: bytes, chance: random.Random) -> bytes:
    kind = chance.randrange(4)
    if kind == 0:
        return whole[: chance.randrange(len(whole))]
    changed = bytearray(whole)
    if kind == 1:
        page = chance.randrange(len(whole) // 4096) * 4096
        changed[page : page + 4096] = bytes(4096)
    else:
        for _ in range(1 if kind == 2 else 200):
            changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _probe(paths: list[Path]) -> list[str]:
    urls = "\n".join(f"sqlite:///{path}" for path in paths)
    probe = subprocess.run([NODE, "probe", "-"], input=urls.encode(), capture_output=True, timeout=600, check=False)
    answers = probe.stdout.decode(errors="replace").splitlines()
    if probe.returncode == 0 and len(answers) == len(paths):
        return []
    return [f"{paths[len(answers)]}: the probe ended with {probe.returncode}: {probe.stderr.decode(errors='replace')}"]
