"""A failure of a campaign tells what is needed to understand it."""

from __future__ import annotations

from pathlib import Path

from tests.chaos.report import report


def test_the_report_has_the_history_of_each_job_and_the_ends_of_the_logs(tmp_path: Path):
    for name in ("case1", "case12"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "runs.txt").write_text("Run(id='a', job='once-1')\nRun(id='b', job='once-12')\n")
        (tmp_path / name / "runs.log").write_text("start a once-1 5 1\nstart b once-12 5 1\n")
        (tmp_path / name / "nodes.log").write_text("".join(f"line {i}\n" for i in range(1000)))
    text = report(tmp_path, ["case1: executed twice: once-1 at 5 (a)"])
    assert text.splitlines() == [
        "case1: executed twice: once-1 at 5 (a)",
        f"directory: {tmp_path}",
        "--- once-1 in case1, by the store",
        "Run(id='a', job='once-1')",
        "--- once-1 in case1, by the nodes",
        "start a once-1 5 1",
        "--- the end of case1/nodes.log",
        *(f"line {i}" for i in range(975, 1000)),
        "--- the end of case1/runs.log",
        "start a once-1 5 1",
        "start b once-12 5 1",
    ]


def test_it_does_not_go_on_for_ever(tmp_path: Path):
    (tmp_path / "nodes.log").write_text("long " * 1000)
    text = report(tmp_path, [f"lost: often-{i} at 5" for i in range(1000)])
    assert "and 975 more violations" in text
    assert len(text) < 10_000
