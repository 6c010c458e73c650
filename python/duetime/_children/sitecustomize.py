"""Found first by the children of a program that is ``apscheduler`` (see ``duetime.install_as_apscheduler()``).

Makes them ``apscheduler`` too, but imports nothing for it before they import ``apscheduler``, and runs the
``sitecustomize`` that it hides.
"""

from __future__ import annotations

import os
import sys
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec, module_from_spec


class _AliasWhenNeeded:
    """A finder that installs the alias at the first import of ``apscheduler``, where this interpreter has duetime."""

    _asked = False

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if self._asked or fullname.partition(".")[0] != "apscheduler":
            return None
        return find_spec(fullname) if self._install() else None

    def find_distributions(self, context: object) -> list[object]:
        if not self._asked and (getattr(context, "name", None) or "").lower() == "apscheduler":
            self._install()
        return []  # the alias's finder is asked next

    def _install(self) -> bool:
        self._asked = True
        try:
            from duetime import install_as_apscheduler
        except ImportError:
            return False
        install_as_apscheduler()
        return True


def _run_hidden() -> None:
    """What a process without this directory on its path would have run."""
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [directory for directory in sys.path if os.path.abspath(directory) != here]
    spec = PathFinder.find_spec("sitecustomize", sys.path)
    if spec is not None and spec.loader is not None:
        sys.modules["sitecustomize"] = module = module_from_spec(spec)
        spec.loader.exec_module(module)


sys.meta_path.insert(0, _AliasWhenNeeded())
_run_hidden()
