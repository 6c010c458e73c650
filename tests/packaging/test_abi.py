"""The ABI is what capi/abi.xml says: nothing that programs were linked with is gone or has another shape. How to renew
the baseline after an addition is in CONTRIBUTING.md."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BASELINE = ROOT / "capi" / "abi.xml"
LIBRARY = ROOT / "build" / "package" / "libduetime.so"


def difference(baseline: Path) -> tuple[int, str]:
    done = subprocess.run(
        ["abidiff", "--exported-interfaces-only", str(baseline), str(LIBRARY)], capture_output=True, text=True
    )
    return done.returncode, done.stdout + done.stderr


def test_the_library_has_the_abi_of_the_baseline() -> None:
    status, report = difference(BASELINE)
    assert status == 0, f"{report}\nIf these are additions only, renew the baseline (CONTRIBUTING.md)."


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("name='duetime_scheduler_start'", "name='duetime_scheduler_begin'"),
        ("layout-offset-in-bits='64'", "layout-offset-in-bits='96'"),
    ],
)
def test_a_change_is_seen(old: str, new: str, tmp_path: Path) -> None:
    text = BASELINE.read_text()
    assert old in text
    changed = tmp_path / "abi.xml"
    changed.write_text(text.replace(old, new))
    assert difference(changed)[0] != 0
