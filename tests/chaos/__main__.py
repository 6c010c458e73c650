"""Faults against duetime: nodes are killed, stopped and cut off, stores too, and afterwards it is checked that no fire
was lost, none run twice, and that all went on. CONTRIBUTING.md tells more; campaigns.py has what is done.

A failure prints its seed, what was violated, and of the logs what is about it; their directory stays. The environment
variable DUETIME_CHAOS_NODE names another build of the node than that of the dev preset.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import textwrap
import time
from pathlib import Path

from .campaigns import CAMPAIGNS
from .report import report
from .stores import STORES
from .trial import Trial


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("tests/chaos/run", description=__doc__)
    parser.add_argument("--store", action="append", choices=STORES, help="which stores; default: all")
    parser.add_argument("--campaign", action="append", choices=CAMPAIGNS, help="which campaigns; default: all")
    parser.add_argument("--seconds", type=float, default=60, help="how long faults go on in each, default 60")
    parser.add_argument("--nodes", type=int, default=4, help="of each cluster, default 4")
    parser.add_argument("--seed", type=int, help="of all random choices; default: a new one, which is printed")
    parser.add_argument("--exhaustive", action="store_true", help="every case, where a campaign goes through cases")
    parser.add_argument("--rounds", type=int, default=1, help="how often, each round with the next seed")
    return parser.parse_args()


def trial(store: str, campaign: str, seed: int, options: argparse.Namespace) -> bool:
    directory = Path(tempfile.mkdtemp(prefix=f"chaos-{store}-{campaign}-"))
    chance = random.Random(f"{seed} {store} {campaign}")
    made = Trial(STORES[store], directory, chance, options.seconds, options.nodes, options.exhaustive)
    began = time.monotonic()
    wrong = CAMPAIGNS[campaign].outcome(made)
    took = time.monotonic() - began
    print(f"{store:8} {campaign:13} seed {seed}: {'VIOLATED' if wrong else 'held'} ({took:.0f} s)", flush=True)
    if wrong:
        print(textwrap.indent(report(directory, wrong), "  "), flush=True)
    else:
        shutil.rmtree(directory, ignore_errors=True)
    return not wrong


def main() -> int:
    options = arguments()
    first = options.seed if options.seed is not None else random.SystemRandom().randrange(1_000_000)
    held = True
    for seed in range(first, first + options.rounds):
        for campaign in options.campaign or CAMPAIGNS:
            for store in options.store or STORES:
                if not CAMPAIGNS[campaign].suits(STORES[store]):
                    continue
                if (what := STORES[store].missing()) is not None:
                    print(f"{store}: not tried, {what} is missing")
                    continue
                held = trial(store, campaign, seed, options) and held
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
