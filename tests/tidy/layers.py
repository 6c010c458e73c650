"""The layers of the source tree and which of them may include which.

An arrow points from what is included to what includes it::

    base <- time <- triggers <- jobs <- {jobstores, executors, events} <- scheduler <- capi <- bindings

``jobstores``, ``executors`` and ``events`` do not know each other. The C ABI's public headers and everything that
stands on them (bindings, examples, tests of the C ABI) know nothing of ``core/``.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

_BELOW_JOBS = ["base", "time", "triggers", "jobs"]
_CORE = [*_BELOW_JOBS, "jobstores", "executors", "events", "scheduler"]


def _core(*layers: str) -> list[str]:
    return [f"core/{layer}/" for layer in layers]


# Where a file lies -> the directories from which it may include, by path from the repository root.
ALLOWED = {
    "core/base/": _core("base"),
    "core/time/": _core("base", "time"),
    "core/triggers/": _core("base", "time", "triggers"),
    "core/jobs/": _core(*_BELOW_JOBS),
    "core/jobstores/": _core(*_BELOW_JOBS, "jobstores"),
    "core/executors/": _core(*_BELOW_JOBS, "executors"),
    "core/events/": _core(*_BELOW_JOBS, "events"),
    "core/scheduler/": _core(*_CORE),
    "capi/include/": ["capi/include/"],
    "capi/src/": [*_core(*_CORE), "capi/src/", "capi/include/"],
    "bindings/": ["bindings/", "capi/include/"],
    "examples/": ["examples/", "capi/include/"],
    "tests/capi/": ["tests/capi/", "tests/support/", "capi/include/"],
    "tests/packaging/": ["capi/include/"],
    "tests/core/": ["tests/core/", "tests/support/", *_core(*_CORE)],
    "tests/support/": ["tests/support/", *_core(*_CORE)],
    "tests/fuzz/": ["tests/fuzz/", "tests/support/", *_core(*_BELOW_JOBS, "jobstores")],
    "tests/chaos/": ["tests/chaos/", "tests/support/", *_core(*_CORE)],
    "tests/no_memory/": ["tests/no_memory/", "tests/support/", *_core(*_CORE)],
    "tests/bench/": ["tests/bench/", "tests/support/", "capi/include/", *_core(*_CORE)],
}

SOURCE_SUFFIXES = (".h", ".hpp", ".c", ".cpp", ".i")

_INCLUDE = re.compile(r'^[ \t]*[#%][ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)


@dataclass(frozen=True)
class Violation:
    file: str
    included: str
    why: str

    def __str__(self) -> str:
        return f"{self.file} includes {self.included}: {self.why}"


def violations(file: str, text: str, exists: Callable[[str], bool]) -> list[Violation]:
    """What is wrong with the include lines of ``text``, the content of ``file``.

    ``exists`` says whether the repository has a file of that path.
    """
    home = next((directory for directory in ALLOWED if file.startswith(directory)), None)
    if home is None:
        return [Violation(file, "(anything)", "lies in no layer")]
    found = []
    for bracket, name in _INCLUDE.findall(text):
        why = _objection(home, bracket, name, exists)
        if why:
            found.append(Violation(file, name, why))
    return found


def _objection(home: str, bracket: str, name: str, exists: Callable[[str], bool]) -> str | None:
    path = f"capi/include/{name}" if name.startswith("duetime/") else name
    if not exists(path):
        return "is not written from the repository root" if bracket == '"' else None
    if not any(path.startswith(directory) for directory in ALLOWED[home]):
        return f"{home} must not know it"
    return None
