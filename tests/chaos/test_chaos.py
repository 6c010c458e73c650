"""The short form of every campaign on every store; tests/chaos/run goes on for as long as one likes.

What is left to chance comes from a fixed seed. How fast the machine is changes what is hit, never what must hold.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.chaos.campaigns import CAMPAIGNS, Campaign
from tests.chaos.mongo_counter import is_atomic
from tests.chaos.report import report
from tests.chaos.stores import STORES, MongoStore, Store
from tests.chaos.trial import Trial

SEED = 1


PAIRS = [
    pytest.param(store, campaign, id=f"{store.name}-{name}")
    for name, campaign in CAMPAIGNS.items()
    for store in STORES.values()
    if campaign.suits(store)
]


@pytest.mark.parametrize(("store", "campaign"), PAIRS)
def test_the_contract_holds(store: type[Store], campaign: Campaign, tmp_path: Path):
    if (missing := store.missing()) is not None:
        pytest.skip(f"{missing} is missing")
    chance = random.Random(f"{SEED} {store.name} {campaign.run.__name__}")
    wrong = campaign.outcome(Trial(store, tmp_path, chance, seconds=2, nodes=3))
    assert not wrong, f"seed {SEED}\n{report(tmp_path, wrong)}"


def test_the_mongodb_server_is_evidence(tmp_path: Path):
    """Else nothing that is shown on it counts: its updates of one document are atomic."""
    if (missing := MongoStore.missing()) is not None:
        pytest.skip(f"{missing} is missing")
    server = MongoStore(tmp_path)
    server.start()
    try:
        assert is_atomic(server.port, processes=4, steps=100)
    finally:
        server.kill()
