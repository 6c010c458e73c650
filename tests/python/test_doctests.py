"""The examples in docstrings say what happens."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from types import ModuleType

import duetime.triggers
import pytest


def modules() -> list[str]:
    return [info.name for info in pkgutil.walk_packages(duetime.triggers.__path__, "duetime.triggers.")]


@pytest.mark.parametrize("name", modules())
def test_examples(name: str) -> None:
    module: ModuleType = importlib.import_module(name)
    assert doctest.testmod(module).failed == 0
