"""The servers of the stores: nothing of them is left behind, however a test ends."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.chaos.cluster import ROOT
from tests.chaos.stores import STORES, PostgresqlStore, Store
from tests.chaos.waiting import wait_until
from tests.support.postgresql_server import children_of

SERVERS = [pytest.param(store, id=store.name) for store in STORES.values() if store.has_server]

# Says when the server is frozen, with all that belongs to it.
_RUNNER = """
import sys
from pathlib import Path
from tests.chaos.stores import STORES
store = STORES[sys.argv[1]](Path(sys.argv[2]))
store.start()
if sys.argv[3] == "frozen":
    store.freeze()
print(store.process.pid, flush=True)
sys.stdin.read()
"""


def _is_running(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("state", ["running", "frozen"])
@pytest.mark.parametrize("store", SERVERS)
def test_a_runner_that_is_killed_leaves_no_server_behind(store: type[Store], state: str, tmp_path: Path):
    if (missing := store.missing()) is not None:
        pytest.skip(f"{missing} is missing")
    runner = subprocess.Popen(
        [sys.executable, "-c", _RUNNER, store.name, str(tmp_path), state],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT,
    )  # fmt: skip
    assert runner.stdout is not None
    server = int(runner.stdout.readline())
    processes = [server, *children_of(server)]
    runner.kill()
    runner.wait()
    wait_until(lambda: not any(map(_is_running, processes)), "the server has ended")


def test_the_data_of_a_server_is_kept_in_the_directory_of_the_trial(tmp_path: Path):
    if (missing := PostgresqlStore.missing()) is not None:
        pytest.skip(f"{missing} is missing")
    store = PostgresqlStore(tmp_path)
    store.start()
    store.close()
    assert (tmp_path / "data" / "PG_VERSION").exists()
    assert (tmp_path / "postgresql.log").exists()
