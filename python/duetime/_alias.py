"""Being ``apscheduler``: every module of this package under APScheduler's name too.

A finder answers for ``apscheduler`` and what is below it with the very module objects of ``duetime``. So a class is the
same class, and a patch the same patch, whichever name a program, a plug-in or a pickle uses.

The finder and the loaders have no base class: that of `importlib.abc` would take longer to import than all else here.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import CodeType, ModuleType
from typing import Any

import duetime

__all__ = ("announce_to_children", "install_as_apscheduler")

_NAME = "apscheduler"
_CHILDREN = os.path.join(os.path.dirname(__file__), "_children")


def install_as_apscheduler(*, replace: bool = False, children: bool = True) -> None:
    """As :func:`duetime.install_as_apscheduler`."""
    if not _is_installed():
        _forget_apscheduler(replace)
        sys.meta_path.insert(0, _AliasFinder())
    if children:
        announce_to_children()


def announce_to_children() -> None:
    """Lets this process's future children be ``apscheduler`` too: they find a ``sitecustomize`` first on their path."""
    path = os.environ.get("PYTHONPATH", "")
    directories = path.split(os.pathsep) if path else []
    if _CHILDREN not in directories:
        os.environ["PYTHONPATH"] = os.pathsep.join([_CHILDREN, *directories])


def _is_installed() -> bool:
    return any(isinstance(finder, _AliasFinder) for finder in sys.meta_path)


def _forget_apscheduler(replace: bool) -> None:
    package = sys.modules.get(_NAME)
    if package is None:
        return
    if not replace:
        origin = getattr(package, "__file__", None)
        raise RuntimeError(
            f"APScheduler is imported already ({origin}): call duetime.install_as_apscheduler() before any import of "
            "apscheduler, start the program with 'python -m duetime run-as-apscheduler', or give replace=True"
        )
    for name in [name for name in sys.modules if name.partition(".")[0] == _NAME]:
        del sys.modules[name]


class _AliasFinder:
    """Stands before all other finders: also where APScheduler is installed, it is not looked at."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        package, _, rest = fullname.partition(".")
        if package != _NAME:
            return None
        return _submodule_spec(fullname, f"duetime.{rest}") if rest else _package_spec()

    def find_distributions(self, context: Any) -> Iterable[Any]:
        """For programs that ask which version of APScheduler is installed."""
        if (context.name or "").lower() != _NAME:
            return []
        from duetime._alias_metadata import AliasDistribution  # late: what it imports is big

        return [AliasDistribution()]


def _package_spec() -> ModuleSpec:
    loader: Any = _PackageLoader()
    spec = ModuleSpec(_NAME, loader, origin=duetime.__file__, is_package=True)
    spec.submodule_search_locations = list(duetime.__path__)
    return spec


class _PackageLoader:
    """The name ``apscheduler`` itself is a module of its own: it has another version."""

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module: Any = ModuleType(_NAME, duetime.__doc__)
        module.__file__ = spec.origin
        module.__version__ = module.version = module.release = duetime.apscheduler_version
        module.version_info = tuple(int(part) for part in duetime.apscheduler_version.split("."))
        module.__getattr__ = _package_attribute
        return module  # type: ignore[no-any-return]

    def exec_module(self, module: ModuleType) -> None:
        """There is nothing to run."""


def _package_attribute(name: str) -> Any:
    """Modules that were imported as ``duetime...`` only, by those that a program imported as ``apscheduler...``."""
    value = getattr(duetime, name, None)
    if isinstance(value, ModuleType):
        return value
    raise AttributeError(f"module {_NAME!r} has no attribute {name!r}")


def _submodule_spec(alias: str, name: str) -> ModuleSpec | None:
    found = find_spec(name)
    if found is None:
        return None
    loader: Any = _AliasLoader(name, found.loader)
    spec = ModuleSpec(alias, loader, origin=found.origin)
    spec.submodule_search_locations = found.submodule_search_locations
    return spec


class _AliasLoader:
    """Answers with the module of another name."""

    def __init__(self, name: str, loader: Any) -> None:
        self._name = name
        self._loader = loader
        self._spec: ModuleSpec | None = None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = import_module(self._name)
        self._spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self._spec  # the import system has put the alias's there

    def is_package(self, fullname: str) -> bool:
        return bool(self._loader.is_package(self._name))

    def get_code(self, fullname: str) -> CodeType | None:
        code: CodeType | None = self._loader.get_code(self._name)
        return code

    def get_source(self, fullname: str) -> str | None:
        source: str | None = self._loader.get_source(self._name)
        return source
