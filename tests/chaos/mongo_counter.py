"""Whether a server that speaks MongoDB's protocol is evidence at all: is its update of one document atomic?

Several processes raise one counter, each step an update of the document that still has the number that was read, as
claims are made. If the steps that were acknowledged are not as many as the counter says, no test on that server counts.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

import pymongo


def raise_counter(port: int, steps: int) -> None:
    """Until so many steps were acknowledged."""
    counters = pymongo.MongoClient("127.0.0.1", port)["chaos"]["counter"]
    done = 0
    while done < steps:
        value = counters.find_one({"_id": "counter"})["value"]
        step = {"$set": {"value": value + 1}, "$push": {"runs": value}}
        done += counters.update_one({"_id": "counter", "value": value}, step).matched_count


def is_atomic(port: int, processes: int, steps: int) -> bool:
    counters = pymongo.MongoClient("127.0.0.1", port)["chaos"]["counter"]
    counters.insert_one({"_id": "counter", "value": 0, "runs": []})
    command = [sys.executable, "-m", "tests.chaos.mongo_counter", str(port), str(steps)]
    clients = [subprocess.Popen(command) for _ in range(processes)]
    ended_well = [client.wait() == 0 for client in clients]
    counter = counters.find_one({"_id": "counter"})
    counters.delete_one({"_id": "counter"})
    exact = processes * steps
    return all(ended_well) and counter["value"] == exact and counter["runs"] == list(range(exact))


def main(arguments: Sequence[str]) -> None:
    raise_counter(int(arguments[0]), int(arguments[1]))


if __name__ == "__main__":
    main(sys.argv[1:])
