"""The callables that stored jobs may name."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from importlib import import_module
from types import ModuleType
from typing import Any

from duetime._errors import PayloadRefusedError
from duetime.util import obj_to_ref

__all__ = ("AllowedCallables", "allowed_callables")


def allowed_callables(option: Any) -> AllowedCallables | None:
    """Of the option ``allowed_modules`` or, without one, the environment; ``None``: all.

    :raises TypeError: for an entry that is neither a name nor a callable
    :raises ValueError: for an empty name
    """
    if option is None:
        option = os.environ.get("DUETIME_ALLOWED_MODULES") or None
    if option is None:
        return None
    entries = option.replace(",", " ").split() if isinstance(option, str) else option
    return AllowedCallables(entries)


class AllowedCallables:
    """A closed set of modules and callables.

    :param entries: names of modules, such as ``"reports.jobs"``; names that end with a dot, such as ``"reports."``, for
        a package with all that is in it; and callables themselves
    """

    def __init__(self, entries: Iterable[Any]) -> None:
        names = list(entries)
        self._callables = {obj_to_ref(entry): entry for entry in names if not isinstance(entry, str)}
        modules = [entry for entry in names if isinstance(entry, str)]
        if not all(module.strip(".") for module in modules):
            raise ValueError(f"allowed_modules must be names of modules, got {names!r}")
        self._modules = frozenset(module.rstrip(".") for module in modules)
        self._packages = tuple(module for module in modules if module.endswith("."))

    def _has(self, module: str) -> bool:
        return module in self._modules or module.startswith(self._packages)

    def check(self, reference: str) -> None:
        """Imports nothing.

        :raises PayloadRefusedError: if a job may not call that
        """
        if reference in self._callables:
            return
        module, colon, path = reference.partition(":")
        if not colon or not self._has(module):
            raise PayloadRefusedError(f"its callable {reference!r} is in none of the allowed modules")
        if any(not name or name.startswith("_") for name in path.split(".")):
            raise PayloadRefusedError(f"its callable {reference!r} is private")

    def resolve(self, reference: str) -> Callable[..., Any]:
        """The callable.

        :raises PayloadRefusedError: if a job may not call that
        :raises LookupError: if there is no such callable
        """
        self.check(reference)
        if reference in self._callables:
            found: Callable[..., Any] = self._callables[reference]
            return found
        module, _, path = reference.partition(":")
        return self._walk(_imported(module, reference), path, reference)

    def _walk(self, found: Any, path: str, reference: str) -> Callable[..., Any]:
        for name in path.split("."):
            try:
                found = getattr(found, name)
            except Exception:
                raise LookupError(f"Error resolving reference {reference}: error looking up object") from None
            if isinstance(found, ModuleType):
                raise PayloadRefusedError(f"its callable {reference!r} leads into another module")
        home = getattr(found, "__module__", None)
        if not isinstance(home, str) or not self._has(home):
            raise PayloadRefusedError(f"its callable {reference!r} is from {home}, which is not an allowed module")
        if not callable(found):
            raise LookupError(f"{reference} is not callable")
        made: Callable[..., Any] = found
        return made


def _imported(module: str, reference: str) -> ModuleType:
    try:
        return import_module(module)
    except ImportError as exc:
        raise LookupError(f"Error resolving reference {reference}: could not import module") from exc
