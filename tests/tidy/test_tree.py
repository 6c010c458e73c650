"""What may lie at the top of the tree, and what no file may contain."""

import re

import pytest
from repository import ROOT, project_files, read

TOP = {
    "CMakeLists.txt",
    "CMakePresets.json",
    "pyproject.toml",
    "README.md",
    "LICENSE",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "core",
    "capi",
    "bindings",
    "python",
    "tests",
    "examples",
    "docs",
}

TEXT_SUFFIXES = {
    ".c", ".cfg", ".cmake", ".cpp", ".cs", ".h", ".hpp", ".i", ".in", ".java", ".json", ".map", ".md", ".py", ".pyi",
    ".sh", ".sql", ".toml", ".txt", ".xml", ".yaml", ".yml", "",
}  # fmt: skip


def text_files() -> list[str]:
    return [name for name in project_files() if (ROOT / name).suffix in TEXT_SUFFIXES]


def test_the_top_of_the_tree_has_only_the_names_of_the_design():
    names = {name.split("/")[0] for name in project_files()}
    assert {name for name in names if not name.startswith(".")} - TOP == set()


def test_the_top_of_the_tree_is_complete():
    assert {name for name in TOP if not (ROOT / name).exists()} == set()


# A path of somebody's machine, or a place to download from, works for its author only. Written so that this file
# does not contain what it looks for.
FOREIGN = re.compile(
    r"(?<![\w./-])/(?:work|root|home|Users)/[\w.]"
    r"|\b(?:pypi|pythonhosted|npmjs|crates)\.(?:org|io)\b"
    r"|\b(?:repo1?|central)\.(?:maven|sonatype)\.\w+"
    r"|\b(?:deb|security|ftp\.\w+)\.debian\.org\b"
    r"|\b(?:proxy\.golang|nuget)\.org\b"
    r"|\b(?:extra-)?index-url\b|\btrusted-host\b"
)


def test_no_file_names_a_machine_or_a_registry():
    found = [
        f"{name}:{number}: {line.strip()}"
        for name in text_files()
        if name != "tests/tidy/test_tree.py"
        for number, line in enumerate(read(name).splitlines(), start=1)
        if FOREIGN.search(line)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("line", "is_foreign"),
    [
        ("see /home/me/duetime", True),
        ("cd /work/here", True),
        ("pip install --index-url=http://mirror", True),
        ("https://pypi.org/project/x", True),
        ("deb http://deb.debian.org/debian bookworm main", True),
        ("#include <sys/work/x.h>", False),
        ("/usr/share/zoneinfo", False),
        ("sqlite:////var/lib/app/jobs.db", False),
        ("on PyPI", False),
    ],
)
def test_the_pattern_finds_what_it_should(line, is_foreign):
    assert bool(FOREIGN.search(line)) == is_foreign


def test_text_files_end_with_one_newline_and_have_no_trailing_blanks():
    bad = []
    for name in text_files():
        text = read(name)
        if text and (not text.endswith("\n") or text.endswith("\n\n")):
            bad.append(f"{name}: end of file")
        bad += [f"{name}:{n}" for n, line in enumerate(text.splitlines(), start=1) if line != line.rstrip()]
    assert bad == []
