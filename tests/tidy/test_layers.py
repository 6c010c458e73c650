"""The arrows between the layers, read from the include lines."""

import pytest
from layers import ALLOWED, SOURCE_SUFFIXES, violations
from repository import ROOT, project_files, read

SOURCES = [name for name in project_files() if name.endswith(SOURCE_SUFFIXES)]


def test_every_layer_of_the_engine_has_sources():
    """Guards the test itself: a renamed directory must not leave it with nothing to read."""
    engine = [directory for directory in ALLOWED if directory.startswith(("core/", "capi/"))]
    assert [directory for directory in engine if not any(name.startswith(directory) for name in SOURCES)] == []


def test_includes_follow_the_arrows():
    found = [
        str(violation)
        for name in SOURCES
        for violation in violations(name, read(name), lambda path: (ROOT / path).is_file())
    ]
    assert found == []


def test_json_is_included_with_its_memory():
    """One file of the engine that took nlohmann/json.hpp by itself would make another std::allocator of it."""
    line = "#include <nlohmann/json.hpp>"
    found = [name for name in SOURCES if line in read(name).splitlines() and not name.startswith("tests/capi/")]
    assert found == ["core/base/json.h"]


# file, its include line, what must be said about it ("" for nothing)
CASES = [
    ("core/base/a.cpp", '#include "core/base/error.h"', ""),
    ("core/base/a.cpp", "#include <vector>", ""),
    ("core/base/a.cpp", '#include "core/time/clock.h"', "must not know"),
    ("core/time/a.h", '#include "core/triggers/trigger.h"', "must not know"),
    ("core/triggers/a.h", '#include "core/jobs/job.h"', "must not know"),
    ("core/jobs/a.h", '#include "core/jobstores/job_store.h"', "must not know"),
    ("core/jobstores/a.cpp", '#include "core/jobs/job.h"', ""),
    ("core/jobstores/a.cpp", '#include "core/executors/executor.h"', "must not know"),
    ("core/executors/a.cpp", '#include "core/events/event.h"', "must not know"),
    ("core/events/a.cpp", '#include "core/jobstores/job_store.h"', "must not know"),
    ("core/events/a.cpp", "  #  include <core/scheduler/scheduler.h>", "must not know"),
    ("core/scheduler/a.cpp", '#include "core/events/event.h"', ""),
    ("core/scheduler/a.cpp", "#include <duetime/job.h>", "must not know"),
    ("core/scheduler/a.cpp", '#include "scheduler.h"', "repository root"),
    ("core/scheduler/a.cpp", '#include "../events/event.h"', "repository root"),
    ("core/other/a.cpp", "#include <vector>", "lies in no layer"),
    ("capi/src/a.cpp", '#include "core/scheduler/scheduler.h"', ""),
    ("capi/src/a.cpp", "#include <duetime/job.h>", ""),
    ("capi/include/duetime/a.h", "#include <duetime/job.h>", ""),
    ("capi/include/duetime/a.h", '#include "core/base/error.h"', "must not know"),
    ("bindings/python/a.cpp", "#include <duetime/job.h>", ""),
    ("bindings/python/a.cpp", '#include "core/jobs/job.h"', "must not know"),
    ("bindings/swig/a.i", '%include "core/jobs/job.h"', "must not know"),
    ("examples/c/a.c", '#include "core/jobs/job.h"', "must not know"),
    ("tests/capi/a.cpp", '#include "core/jobs/job.h"', "must not know"),
]

EXISTING = {
    "core/base/error.h",
    "core/time/clock.h",
    "core/triggers/trigger.h",
    "core/jobs/job.h",
    "core/jobstores/job_store.h",
    "core/executors/executor.h",
    "core/events/event.h",
    "core/scheduler/scheduler.h",
    "capi/include/duetime/job.h",
}


@pytest.mark.parametrize(("file", "line", "expected"), CASES)
def test_the_reader_sees_what_is_wrong(file, line, expected):
    text = f"// a comment\n#pragma once\n{line}\nint x;\n"
    found = violations(file, text, EXISTING.__contains__)
    if expected:
        assert len(found) == 1
        assert expected in found[0].why
    else:
        assert found == []
