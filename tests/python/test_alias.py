"""``apscheduler`` means duetime, in this process and in those that it starts."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import DEADLINE

INSTALL = "import duetime; duetime.install_as_apscheduler()\n"


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., str]:
    """Runs a program in a process of its own; its output."""

    def start(source: str, *options: str, launcher: tuple[str, ...] = (), status: int = 0) -> str:
        (tmp_path / "program.py").write_text(textwrap.dedent(source))
        done = subprocess.run(
            [sys.executable, *options, *launcher, "program.py", "one", "--two"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
            capture_output=True,
            text=True,
            timeout=DEADLINE,
        )
        assert done.returncode == status, done.stderr
        return done.stdout + done.stderr

    return start


@pytest.fixture
def launched(run: Callable[..., str]) -> Callable[..., str]:
    """Runs a program by ``python -m duetime run-as-apscheduler``."""
    return lambda source, *options, **kwargs: run(
        source, *options, launcher=("-m", "duetime", "run-as-apscheduler"), **kwargs
    )


def test_every_module_is_the_same_module_under_both_names(run: Callable[..., str]) -> None:
    run(
        INSTALL
        + """
import importlib, pkgutil, apscheduler
skipped = {"apscheduler.__main__", "apscheduler.libduetime"}
names = [module.name for module in pkgutil.walk_packages(apscheduler.__path__, "apscheduler.")]
assert "apscheduler.triggers.cron.fields" in names, names
for name in names:
    if name in skipped:
        continue
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as exc:  # of an event loop or a database that is not installed
        assert exc.name.partition(".")[0] not in ("apscheduler", "duetime"), exc
        continue
    real = "duetime" + name.removeprefix("apscheduler")
    assert module is importlib.import_module(real), name
    assert module.__name__ == module.__spec__.name == real, name
"""
    )


def test_all_forms_of_import_meet(run: Callable[..., str]) -> None:
    run(
        INSTALL
        + """
import apscheduler.schedulers.background as background
from apscheduler import events
from apscheduler.triggers.cron import CronTrigger
import duetime.events, duetime.schedulers.background, duetime.triggers.cron
import apscheduler
assert background is duetime.schedulers.background
assert apscheduler.schedulers.background is background
assert apscheduler.triggers is duetime.triggers  # as background has imported it
assert events is duetime.events
assert CronTrigger is duetime.triggers.cron.CronTrigger
"""
    )


def test_a_patch_by_one_name_is_seen_by_the_other(run: Callable[..., str]) -> None:
    run(
        INSTALL
        + """
from unittest.mock import patch
import duetime.schedulers.base
with patch("apscheduler.schedulers.base.datetime") as patched:
    assert duetime.schedulers.base.datetime is patched
"""
    )


def test_reload_and_find_spec(run: Callable[..., str]) -> None:
    run(
        INSTALL
        + """
import importlib, importlib.util, inspect, sys
assert importlib.util.find_spec("apscheduler").submodule_search_locations
spec = importlib.util.find_spec("apscheduler.triggers.rrule")
assert spec.name == "apscheduler.triggers.rrule" and "RRuleTrigger" in spec.loader.get_source(spec.name)
assert importlib.util.find_spec("apscheduler.no_such_module") is None
import apscheduler.events
module = importlib.reload(apscheduler.events)
assert module is apscheduler.events is sys.modules["duetime.events"]
assert "SchedulerEvent" in inspect.getsource(module)
"""
    )


def test_missing_modules_are_missed_by_their_name(run: Callable[..., str]) -> None:
    output = run(INSTALL + "import apscheduler.triggers.corn", status=1)
    assert "No module named 'apscheduler.triggers.corn'" in output


def test_version(run: Callable[..., str]) -> None:
    output = run(
        INSTALL
        + """
import importlib.metadata
import apscheduler
print(apscheduler.version, apscheduler.__version__, apscheduler.release, apscheduler.version_info)
print(importlib.metadata.version("APScheduler"), duetime.__version__ == apscheduler.version)
"""
    )
    assert output.splitlines() == ["3.11.3 3.11.3 3.11.3 (3, 11, 3)", "3.11.3 False"]


def test_an_apscheduler_that_is_imported_already(run: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "apscheduler").mkdir()
    (tmp_path / "apscheduler/__init__.py").write_text("")
    (tmp_path / "apscheduler/events.py").write_text("theirs = True")
    output = run(
        """
        import sys
        sys.path.insert(0, "")
        import apscheduler.events
        import duetime
        try:
            duetime.install_as_apscheduler()
        except RuntimeError as exc:
            print(exc)
        duetime.install_as_apscheduler(replace=True)
        duetime.install_as_apscheduler()
        import apscheduler.events
        print(hasattr(apscheduler.events, "theirs"))
        """
    )
    first, second = output.splitlines()
    assert first.startswith("APScheduler is imported already (")
    assert second == "False"


def test_third_parties_entry_points(run: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "theirs-1.dist-info").mkdir()
    (tmp_path / "theirs-1.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1\n")
    (tmp_path / "theirs-1.dist-info/entry_points.txt").write_text("[apscheduler.triggers]\nnever = theirs:Never\n")
    (tmp_path / "theirs.py").write_text(
        "from apscheduler.triggers.base import BaseTrigger\n"
        "class Never(BaseTrigger):\n"
        "    def __init__(self, timezone): self.timezone = timezone\n"
        "    def get_next_fire_time(self, previous_fire_time, now): return None\n"
    )
    run(
        INSTALL
        + """
from apscheduler.schedulers.background import BackgroundScheduler
job = BackgroundScheduler(timezone="UTC").add_job(print, "never")
assert type(job.trigger).__name__ == "Never", job.trigger
"""
    )


CHILDREN = """
    import multiprocessing, subprocess, sys

    def look(_):
        import apscheduler.events
        return apscheduler.events.__name__

    if __name__ == "__main__":
        {install}
        for method in ("spawn", "forkserver", "fork"):
            with multiprocessing.get_context(method).Pool(1) as pool:
                print(pool.map(look, [0])[0])
        program = "import apscheduler.events as e; print(e.__name__)"
        print(subprocess.check_output([sys.executable, "-c", program], text=True).strip())
    """


def test_children_are_apscheduler_too(run: Callable[..., str], launched: Callable[..., str]) -> None:
    assert run(CHILDREN.format(install=INSTALL.strip())).split() == ["duetime.events"] * 4
    assert launched(CHILDREN.format(install="")).split() == ["duetime.events"] * 4


def test_children_unpickle_what_they_are_given(launched: Callable[..., str]) -> None:
    output = launched(
        """
        import multiprocessing
        from apscheduler.triggers.date import DateTrigger

        def look(trigger):
            return type(trigger).__module__

        if __name__ == "__main__":
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                print(pool.apply(look, [DateTrigger("2026-11-23", "UTC")]))
        """
    )
    assert output.strip() == "duetime.triggers.date"


def test_children_of_a_program_that_keeps_it_to_itself(run: Callable[..., str]) -> None:
    output = run(
        """
        import os, duetime
        before = os.environ.get("PYTHONPATH")
        duetime.install_as_apscheduler(children=False)
        print(os.environ.get("PYTHONPATH") == before)
        """
    )
    assert output.strip() == "True"


def test_children_that_do_not_use_it_import_nothing_for_it(launched: Callable[..., str]) -> None:
    output = launched(
        """
        import importlib.metadata, sys
        print([name for name in sys.modules if name.startswith("duetime")])
        print([path for path in sys.path if path.endswith("_children")])
        print(importlib.metadata.version("apscheduler"))
        """
    )
    assert output.splitlines() == ["[]", "[]", "3.11.3"]


def test_a_sitecustomize_that_the_alias_hides_is_run(launched: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("print('customized')")
    output = launched(
        """
        import subprocess, sys, sitecustomize, os
        os.environ["PYTHONPATH"] += os.pathsep + os.getcwd()
        program = "import apscheduler; print(apscheduler.version)"
        print(subprocess.check_output([sys.executable, "-c", program], text=True))
        """
    )
    assert output.split() == ["customized", "3.11.3"]


def test_the_launched_program_sees_itself_started_as_usual(launched: Callable[..., str], tmp_path: Path) -> None:
    output = launched(
        """
        import os, sys, apscheduler.events
        print(__name__, sys.argv, os.path.samefile(sys.path[0], os.getcwd()), sys.flags.optimize, sys.warnoptions)
        sys.exit(7)
        """,
        "-O",
        "-W",
        "error",
        status=7,
    )
    assert output.strip() == "__main__ ['program.py', 'one', '--two'] True 1 ['error']"


def test_a_module_is_launched(run: Callable[..., str]) -> None:
    output = run(
        """
        import subprocess, sys
        arguments = ["run-as-apscheduler", "-m", "timeit", "-n", "1", "-r", "1", "import apscheduler.events"]
        print(subprocess.run([sys.executable, "-m", "duetime", *arguments], check=True, capture_output=True).stdout)
        """
    )
    assert "1 loop" in output


@pytest.mark.parametrize(
    ("options", "arguments", "message"),
    [
        ((), (), "expected a program or -m and a module"),
        (("-E",), ("program.py",), "the interpreter's options -E, -I and -S keep the alias from the program"),
    ],
)
def test_what_cannot_be_launched(options: tuple[str, ...], arguments: tuple[str, ...], message: str) -> None:
    source = f"import sys; sys.path[:] = {sys.path!r}; from duetime.__main__ import main; main()"
    done = subprocess.run(
        [sys.executable, *options, "-c", source, "run-as-apscheduler", *arguments],
        capture_output=True,
        text=True,
        timeout=DEADLINE,
    )
    assert done.returncode == 2
    assert message in done.stderr


def test_help_names_the_commands(run: Callable[..., str]) -> None:
    output = run("import runpy, sys; sys.argv[1:] = ['--help']; runpy.run_module('duetime', run_name='__main__')")
    assert "run-as-apscheduler" in output


PICKLES = """
import pickle
from datetime import datetime, timezone
from apscheduler.job import Job
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.calendarinterval import CalendarIntervalTrigger
from apscheduler.triggers.combining import AndTrigger, OrTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.date import DateTrigger
from apscheduler.triggers.interval import IntervalTrigger

now = datetime(2026, 1, 31, 12, tzinfo=timezone.utc)
cron = CronTrigger(
    month="jan-mar,5", day="last,2nd fri,1-31/3", day_of_week="mon-fri", hour="*/2", timezone="Europe/Berlin"
)
interval = IntervalTrigger(hours=5, start_date="2026-01-01", end_date="2026-12-31", timezone="Europe/Berlin")
made = [
    cron,
    interval,
    IntervalTrigger(minutes=7, start_date="2026-01-01", timezone="UTC", jitter=3),
    DateTrigger("2026-11-23 09:00:00", "Asia/Tokyo"),
    CalendarIntervalTrigger(months=1, hour=3, start_date="2026-01-31", timezone="UTC"),
    AndTrigger([cron, interval], jitter=2),
    OrTrigger([cron, interval]),
]
"""


def test_pickles_of_apscheduler_give_our_objects(run: Callable[..., str]) -> None:
    pytest.importorskip("apscheduler", minversion="3.11.3")
    run(
        PICKLES
        + """
job = BackgroundScheduler(timezone="UTC").add_job("os.path:join", interval, ["a", "b"], id="j", next_run_time=now)
for option in ("coalesce", "misfire_grace_time", "max_instances"):
    setattr(job, option, 1)
state = job.__getstate__()
assert type(made[0]).__module__ == "apscheduler.triggers.cron"
texts = [str(trigger) for trigger in made], str(job)
open("made.pickle", "wb").write(pickle.dumps((made, state, texts)))
"""
    )
    run(
        INSTALL
        + PICKLES
        + """
ours = made
made, state, texts = pickle.load(open("made.pickle", "rb"))
for trigger, own in zip(made, ours, strict=True):
    assert type(trigger) is type(own)
    assert repr(trigger) == repr(own), (trigger, own)
    if not getattr(trigger, "jitter", None):
        assert trigger.get_next_fire_time(None, now) == own.get_next_fire_time(None, now)
job = Job.__new__(Job)
job.__setstate__(state)
assert ([str(trigger) for trigger in made], str(job)) == texts
"""
    )


def test_states_of_apscheduler_3_0(run: Callable[..., str]) -> None:
    """Which pickled a tuple where later releases pickle a dictionary, and intervals without jitter."""
    run(
        INSTALL
        + """
import pickle
from datetime import datetime, timedelta, timezone
from apscheduler.triggers.date import DateTrigger
from apscheduler.triggers.interval import IntervalTrigger

class Old:
    def __init__(self, kind, state):
        self.kind, self.state = kind, state
    def __reduce__(self):
        return object.__new__, (self.kind,), self.state

start = datetime(2026, 1, 1, tzinfo=timezone.utc)
date = {"version": 1, "run_date": start}
interval = {
    "version": 1, "timezone": timezone.utc, "start_date": start, "end_date": None, "interval": timedelta(hours=1)
}
for kind, state in ((DateTrigger, date), (IntervalTrigger, interval)):
    trigger = pickle.loads(pickle.dumps(Old(kind, (None, state))))
    assert type(trigger) is kind and trigger.get_next_fire_time(None, start) == start
"""
    )
