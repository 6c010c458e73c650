"""Triggers, job stores and executors by alias."""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = ("PluginTable",)


class _BuiltIn:
    """Looks like an entry point, but needs no package metadata: frozen programs have none."""

    def __init__(self, reference: str) -> None:
        self.reference = reference

    def load(self) -> Any:
        """:raises ImportError: which tells what the module needs"""
        module, _, name = self.reference.partition(":")
        return getattr(import_module(module), name)


class PluginTable(dict[str, Any]):
    """Alias -> something with ``load()``. Third parties' entry points are read when an alias is not built in."""

    def __init__(self, group: str, built_in: dict[str, str]) -> None:
        super().__init__({alias: _BuiltIn(reference) for alias, reference in built_in.items()})
        self._group = group
        self._entry_points_read = False

    def find(self, alias: str) -> Any | None:
        """The plugin of that alias, or ``None``."""
        if alias not in self and not self._entry_points_read:
            self._read_entry_points()
        return self.get(alias)

    def _read_entry_points(self) -> None:
        from importlib.metadata import entry_points

        for entry_point in entry_points(group=self._group):
            # APScheduler's own classes, where it is installed too, are no subclasses of ours.
            if not entry_point.value.startswith("apscheduler."):
                self.setdefault(entry_point.name, entry_point)
        self._entry_points_read = True
