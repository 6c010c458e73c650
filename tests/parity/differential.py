"""Random triggers of duetime beside those of the installed APScheduler, fire by fire, in all zones that change offset.

    build/venv/bin/python tests/parity/differential.py --comparisons 5000000 --seed 1 --zones all

One comparison is one next fire time of each of the two. Chains of them start near a change of the clock; every fire is
fed back as the previous one. Where the answers differ, a definition decides (for cron the slow evaluator): ours must be
the right one, and theirs must be wrong in one of the ways named in `Kind`. All else is reported with what reproduces it
(`--seed` and `--chain`), and the program fails.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from random import Random

from comparison import Tally
from cron_chains import and_chain, cron_chain, or_chain
from other_chains import calendar_chain, date_chain, interval_chain
from random_rules import zones_with_changes

Chain = Callable[[Random, str, Tally, str], None]

CHAINS: dict[str, tuple[Chain, int]] = {
    "cron": (cron_chain, 80),
    "interval": (interval_chain, 8),
    "date": (date_chain, 2),
}
if find_spec("duetime.triggers.calendarinterval"):
    CHAINS["calendarinterval"] = (calendar_chain, 6)
if find_spec("duetime.triggers.combining"):
    CHAINS |= {"or": (or_chain, 3), "and": (and_chain, 3)}


def run_numbered(seed: int, number: int, zones: tuple[str, ...], tally: Tally) -> None:
    """Chain `number` of a run; the same for the same seed and zones."""
    random = Random(f"{seed}:{number}")
    (name,) = random.choices(tuple(CHAINS), weights=[weight for _, weight in CHAINS.values()])
    tally.chains[name] += 1
    CHAINS[name][0](random, random.choice(zones), tally, f"--seed {seed} --chain {number}:")


def run(comparisons: int, seed: int, zones: tuple[str, ...]) -> Tally:
    tally = Tally()
    number = 0
    while tally.comparisons < comparisons:
        run_numbered(seed, number, zones, tally)
        number += 1
    return tally


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--comparisons", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--zones", default="all", help="all, or names with commas between them")
    parser.add_argument("--chain", type=int, help="only this one, as a report names it")
    arguments = parser.parse_args()
    zones = zones_with_changes() if arguments.zones == "all" else tuple(arguments.zones.split(","))
    began = time.monotonic()
    if arguments.chain is None:
        tally = run(arguments.comparisons, arguments.seed, zones)
    else:
        tally = Tally()
        run_numbered(arguments.seed, arguments.chain, zones, tally)
    print(tally)
    print(f"{time.monotonic() - began:10.0f}  seconds, {len(zones)} zones, seed {arguments.seed}")
    return 1 if tally.unexplained else 0


if __name__ == "__main__":
    sys.exit(main())
