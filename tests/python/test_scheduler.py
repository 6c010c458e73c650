from __future__ import annotations

import io
import logging
import pickle
import sys
import threading
from datetime import timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from conftest import START, wait_until
from duetime import events
from duetime.executors.pool import ThreadPoolExecutor
from duetime.jobstores.base import ConflictingIdError, JobLookupError
from duetime.jobstores.memory import MemoryJobStore
from duetime.jobstores.sqlite import SQLiteJobStore
from duetime.schedulers import SchedulerAlreadyRunningError, SchedulerNotRunningError
from duetime.schedulers.background import BackgroundScheduler
from duetime.schedulers.base import STATE_PAUSED, STATE_RUNNING, STATE_STOPPED
from duetime.schedulers.blocking import BlockingScheduler
from duetime.triggers.cron import CronTrigger


def work(*args, **kwargs):
    pass


def ids(jobs):
    return [job.id for job in jobs]


class TestConfiguration:
    def test_objects(self, tmp_path):
        store = SQLiteJobStore(tmp_path / "jobs.db")
        scheduler = BackgroundScheduler(
            jobstores={"file": store, "default": MemoryJobStore()},
            executors={"default": ThreadPoolExecutor(20), "small": {"type": "threadpool", "max_workers": 5}},
            job_defaults={"coalesce": False, "max_instances": 3},
            timezone=ZoneInfo("Europe/Berlin"),
        )
        assert scheduler._jobstores["file"] is store
        assert scheduler._executors["small"].max_workers == 5
        assert scheduler._job_defaults == {"misfire_grace_time": 1, "coalesce": False, "max_instances": 3}
        assert scheduler.timezone == ZoneInfo("Europe/Berlin")

    def test_dotted_strings(self, tmp_path):
        scheduler = BackgroundScheduler(
            {
                "apscheduler.jobstores.file": {"type": "sqlite", "path": str(tmp_path / "jobs.db")},
                "apscheduler.jobstores.mem.class": "duetime.jobstores.memory:MemoryJobStore",
                "apscheduler.executors.default": {
                    "class": "duetime.executors.pool:ThreadPoolExecutor",
                    "max_workers": "20",
                },
                "apscheduler.job_defaults.coalesce": "false",
                "apscheduler.job_defaults.max_instances": "3",
                "apscheduler.job_defaults.misfire_grace_time": None,
                "apscheduler.timezone": "UTC",
                "apscheduler.daemon": "no",
                "other.timezone": "nonsense",
            }
        )
        assert scheduler._job_defaults == {"misfire_grace_time": None, "coalesce": False, "max_instances": 3}
        assert scheduler._executors["default"].max_workers == 20
        assert isinstance(scheduler._jobstores["mem"], MemoryJobStore)
        assert scheduler._daemon is False

    def test_configure_later(self):
        scheduler = BackgroundScheduler()
        scheduler.configure({"timezone": "UTC"}, prefix="", jobstores={"a": MemoryJobStore()})
        assert str(scheduler.timezone) == "UTC"
        assert list(scheduler._jobstores) == ["a"]

    def test_logger(self):
        assert BackgroundScheduler(logger=logging.getLogger("x"))._logger.name == "x"
        assert BackgroundScheduler()._logger.name == "apscheduler.scheduler"

    @pytest.mark.parametrize(
        ("options", "error", "text"),
        [
            (
                {"executors": {"A": {}}},
                ValueError,
                'Cannot create executor "A" -- either "type" or "class" must be defined',
            ),
            (
                {"jobstores": {"A": {}}},
                ValueError,
                'Cannot create job store "A" -- either "type" or "class" must be defined',
            ),
            (
                {"executors": {"A": 3}},
                TypeError,
                "Expected executor instance or dict for executors['A'], got int instead",
            ),
            (
                {"jobstores": {"A": 3}},
                TypeError,
                "Expected job store instance or dict for jobstores['A'], got int instead",
            ),
            (
                {"jobstores": {"A": {"type": "nope"}}},
                LookupError,
                'No jobstore by the name "nope" was found',
            ),
            ({"job_defaults": {"coalesce": "perhaps"}}, ValueError, 'Unable to interpret value "perhaps" as boolean'),
            ({"timezone": 3}, TypeError, "Expected tzinfo, got int instead"),
        ],
    )
    def test_errors(self, options, error, text):
        with pytest.raises(error) as caught:
            BackgroundScheduler(**options)
        assert str(caught.value) == text

    def test_unknown_options_are_pointed_out(self):
        with pytest.warns(UserWarning, match="'misfire_grace_time' is not known .* job_defaults"):
            BackgroundScheduler(misfire_grace_time=5)
        with pytest.warns(UserWarning, match="'foo' is not known and has no effect$"):
            BackgroundScheduler(foo=5)

    def test_not_while_running(self, running):
        with pytest.raises(SchedulerAlreadyRunningError, match="^Scheduler is already running$"):
            running.configure(timezone="UTC")


class TestLife:
    def test_states(self, scheduler):
        assert (scheduler.state, scheduler.running) == (STATE_STOPPED, False)
        scheduler.start(paused=True)
        assert (scheduler.state, scheduler.running) == (STATE_PAUSED, True)
        scheduler.resume()
        assert (scheduler.state, scheduler.running) == (STATE_RUNNING, True)
        scheduler.pause()
        assert scheduler.state == STATE_PAUSED
        scheduler.shutdown()
        assert (scheduler.state, scheduler.running) == (STATE_STOPPED, False)

    @pytest.mark.parametrize("method", ["shutdown", "pause", "resume", "get_parked_jobs", "health"])
    def test_not_running(self, scheduler, method):
        with pytest.raises(SchedulerNotRunningError, match="^Scheduler is not running$"):
            getattr(scheduler, method)()

    def test_second_start_does_no_harm(self, running):
        with pytest.raises(SchedulerAlreadyRunningError):
            running.start()
        assert running.running
        running.shutdown()

    def test_a_thread_of_its_name(self, running):
        assert "APScheduler" in [thread.name for thread in threading.enumerate()]
        running.shutdown()
        assert "APScheduler" not in [thread.name for thread in threading.enumerate()]

    def test_starts_again(self, clock):
        ran = threading.Semaphore(0)
        scheduler = BackgroundScheduler(clock=clock, timezone="UTC", executors={"default": ThreadPoolExecutor(2)})
        for _ in range(3):
            scheduler.start()
            assert scheduler.get_jobs() == []
            scheduler.add_job(ran.release)
            assert ran.acquire(timeout=60)
            scheduler.shutdown()

    def test_paused_runs_nothing(self, scheduler, clock):
        ran = []
        scheduler.add_job(ran.append, "interval", hours=1, args=[1], misfire_grace_time=None)
        scheduler.start(paused=True)
        clock.advance(hours=1)
        scheduler.get_jobs()
        assert ran == []
        scheduler.resume()
        wait_until(lambda: ran == [1])

    def test_shutdown_waits(self, running):
        begun, go_on, ended = threading.Event(), threading.Event(), []

        def slow():
            begun.set()
            go_on.wait()
            ended.append(1)

        running.add_job(slow)
        assert begun.wait(60)
        stopper = threading.Thread(target=running.shutdown)
        stopper.start()
        wait_until(lambda: not running.running)
        assert ended == []
        go_on.set()
        stopper.join(60)
        assert ended == [1]

    def test_shutdown_without_waiting(self, running):
        begun, go_on, ended = threading.Event(), threading.Event(), threading.Event()

        def slow():
            begun.set()
            go_on.wait()
            ended.set()

        running.add_job(slow)
        assert begun.wait(60)
        running.shutdown(wait=False)
        assert not ended.is_set()
        go_on.set()
        assert ended.wait(60)

    @pytest.mark.parametrize("wait", [True, False])
    def test_shutdown_from_a_job(self, running, wait):
        done = threading.Event()

        def stop():
            running.shutdown(wait)
            done.set()

        running.add_job(stop)
        assert done.wait(60)
        assert not running.running

    def test_shutdown_from_a_listener(self, running):
        done = threading.Event()

        def stop(event):
            running.shutdown()
            done.set()

        running.add_listener(stop, events.EVENT_JOB_EXECUTED)
        running.add_job(work)
        assert done.wait(60)

    def test_uwsgi_without_threads(self, scheduler, monkeypatch):
        monkeypatch.setitem(sys.modules, "uwsgi", SimpleNamespace(has_threads=False))
        with pytest.raises(RuntimeError, match="running under uWSGI, but threads have been disabled"):
            scheduler.start()
        assert not scheduler.running

    def test_a_part_that_cannot_start_leaves_it_stopped(self, scheduler, tmp_path):
        scheduler.add_jobstore(SQLiteJobStore(tmp_path / "no_such_directory" / "jobs.db"), "file")
        scheduler.add_job(work, id="x")
        with pytest.raises(Exception, match="no_such_directory"):
            scheduler.start()
        assert scheduler.state == STATE_STOPPED
        assert ids(scheduler.get_jobs()) == ["x"]
        scheduler.remove_jobstore("file")
        scheduler.start()
        assert ids(scheduler.get_jobs()) in (["x"], [])  # it is due at once

    def test_blocking(self, clock):
        scheduler = BlockingScheduler(clock=clock, timezone="UTC")
        scheduler.add_job(scheduler.shutdown)
        scheduler.start()
        assert not scheduler.running

    def test_cannot_be_pickled(self, scheduler):
        with pytest.raises(TypeError, match="^Schedulers cannot be serialized\\. Ensure that"):
            pickle.dumps(scheduler)


class TestParts:
    def test_duplicates(self, scheduler):
        scheduler.add_executor("threadpool", max_workers=2)
        with pytest.raises(ValueError, match='^This scheduler already has an executor by the alias of "default"$'):
            scheduler.add_executor("threadpool")
        scheduler.add_jobstore("memory")
        with pytest.raises(ValueError, match='^This scheduler already has a job store by the alias of "default"$'):
            scheduler.add_jobstore("memory")

    def test_wrong_types(self, scheduler):
        with pytest.raises(TypeError, match="^Expected an executor instance or a string, got int instead$"):
            scheduler.add_executor(3)
        with pytest.raises(TypeError, match="^Expected a job store instance or a string, got int instead$"):
            scheduler.add_jobstore(3)

    def test_unknown_aliases(self, scheduler):
        with pytest.raises(KeyError, match="No such executor: x"):
            scheduler.remove_executor("x")
        with pytest.raises(KeyError, match="No such job store: x"):
            scheduler.remove_jobstore("x")

    def test_while_running(self, running):
        running.add_executor("threadpool", "more", max_workers=1)
        running.add_jobstore("memory", "more")
        done = threading.Event()
        running.add_job(done.set, jobstore="more", executor="more")
        assert done.wait(60)
        running.add_job(work, "interval", hours=1, jobstore="more", id="x")
        running.remove_executor("more")
        running.remove_jobstore("more")
        assert running.get_job("x") is None

    @pytest.mark.parametrize("workers", [0, -1])
    def test_too_few_workers(self, workers):
        with pytest.raises(ValueError, match="^max_workers must be greater than 0$"):
            ThreadPoolExecutor(workers)

    def test_pool_options(self, clock):
        made = []
        pool = ThreadPoolExecutor(
            1, {"thread_name_prefix": "mine", "initializer": made.append, "initargs": ("worker",)}
        )
        scheduler = BackgroundScheduler(clock=clock, timezone="UTC", executors={"default": pool})
        names = []
        scheduler.add_job(lambda: names.append(threading.current_thread().name))
        scheduler.start()
        wait_until(lambda: names)
        scheduler.shutdown()
        assert (names, made) == (["mine_0"], ["worker"])
        with pytest.raises(TypeError, match="unexpected keyword argument 'foo'"):
            ThreadPoolExecutor(1, {"foo": 1})


class TestJobs:
    def test_pending(self, scheduler, caplog):
        caplog.set_level(logging.INFO)
        scheduler.add_job(work, "interval", hours=1, id="a")
        scheduler.add_job(work, "interval", hours=1, id="b", jobstore="other")
        assert (
            caplog.messages == ["Adding job tentatively -- it will be properly scheduled when the scheduler starts"] * 2
        )
        assert ids(scheduler.get_jobs()) == ["a", "b"]
        assert ids(scheduler.get_jobs("other")) == ["b"]
        assert scheduler.get_job("b").pending
        scheduler.remove_job("b")
        with pytest.raises(JobLookupError):
            scheduler.remove_job("b")
        scheduler.pause_job("a")
        scheduler.start()
        assert scheduler.get_job("a").next_run_time is None

    def test_conflict(self, running):
        running.add_job(work, "interval", hours=1, id="a")
        with pytest.raises(ConflictingIdError) as caught:
            running.add_job(work, "interval", hours=1, id="a")
        assert caught.value.args == ("Job identifier (a) conflicts with an existing job",)

    def test_replace(self, running, clock):
        running.add_job(work, "interval", hours=1, id="a")
        clock.advance(minutes=30)
        running.add_job(work, "interval", hours=1, id="a", name="new", replace_existing=True)
        (job,) = running.get_jobs()
        assert (job.name, job.next_run_time) == ("new", START + timedelta(hours=1, minutes=30))

    def test_not_found(self, running):
        assert running.get_job("a") is None
        for call in (running.remove_job, running.pause_job, running.resume_job, running.modify_job):
            with pytest.raises(JobLookupError) as caught:
                call("a")
            assert caught.value.args == ("No job by the id of a was found",)
        with pytest.raises(JobLookupError):
            running.reschedule_job("a", trigger="interval", hours=1)

    def test_unknown_store(self, running):
        with pytest.raises(KeyError, match="No such job store: q"):
            running.add_job(work, jobstore="q")
        assert running.get_jobs("q") == []
        with pytest.raises(JobLookupError):
            running.pause_job("a", "q")

    def test_unknown_trigger(self, scheduler):
        with pytest.raises(LookupError, match='^No trigger by the name "corn" was found$'):
            scheduler.add_job(work, "corn")
        with pytest.raises(TypeError, match="^Expected a trigger instance or string, got int instead$"):
            scheduler.add_job(work, 3)

    def test_bad_arguments(self, scheduler):
        with pytest.raises(ValueError, match="^The target callable does not accept"):
            scheduler.add_job(lambda: None, kwargs={"a": 1})
        with pytest.raises(ValueError, match="^The target callable does not accept"):
            scheduler.add_job(lambda: None, kwargs={"a": 1})
        with pytest.raises(TypeError, match="unexpected keyword argument 'foo'"):
            scheduler.add_job(work, "interval", foo=1)
        assert scheduler.get_jobs() == []

    def test_order(self, running):
        running.add_job(work, "interval", hours=2, id="late")
        running.add_job(work, "interval", hours=1, id="b")
        running.add_job(work, "interval", hours=1, id="a")
        running.add_job(work, "interval", hours=1, id="paused", next_run_time=None)
        assert ids(running.get_jobs()) == ["a", "b", "late", "paused"]

    def test_explicit_first_run(self, running):
        job = running.add_job(work, "interval", hours=1, next_run_time="2026-11-23 09:00:05")
        assert job.next_run_time == START + timedelta(seconds=5)

    def test_never_firing_trigger_is_kept_paused(self, running):
        job = running.add_job(work, CronTrigger(year=2020, timezone="UTC"), id="never")
        assert job.next_run_time is None
        assert running.get_job("never").next_run_time is None
        assert running.resume_job("never") is None
        assert running.get_job("never") is None

    def test_add_jobs(self, running):
        made = running.add_jobs(
            {"func": work, "trigger": "interval", "hours": hour, "id": f"job{hour}", "args": [hour]}
            for hour in range(1, 6)
        )
        assert ids(made) == ids(running.get_jobs()) == ["job1", "job2", "job3", "job4", "job5"]
        assert made[1].next_run_time == START + timedelta(hours=2)

    def test_add_jobs_adds_all_or_none(self, running):
        running.add_job(work, "interval", hours=1, id="taken")
        with pytest.raises(ConflictingIdError, match=r"Job identifier \(taken\) conflicts"):
            running.add_jobs({"func": work, "trigger": "interval", "hours": 1, "id": id} for id in ("a", "taken", "b"))
        assert ids(running.get_jobs()) == ["taken"]

    def test_remove_all(self, running):
        running.add_jobstore("memory", "other")
        running.add_job(work, "interval", hours=1, id="a")
        running.add_job(work, "interval", hours=1, id="b", jobstore="other")
        running.remove_all_jobs("other")
        assert ids(running.get_jobs()) == ["a"]
        running.remove_all_jobs()
        assert running.get_jobs() == []

    def test_same_id_in_two_stores(self, running):
        running.add_jobstore("memory", "other")
        running.add_job(work, "interval", hours=1, id="a")
        running.add_job(work, "interval", hours=2, id="a", jobstore="other")
        assert running.get_job("a").next_run_time == START + timedelta(hours=1)
        assert running.get_job("a", "other").next_run_time == START + timedelta(hours=2)
        running.remove_job("a")
        assert running.get_job("a").next_run_time == START + timedelta(hours=2)

    def test_decorator(self, scheduler):
        @scheduler.scheduled_job("interval", hours=1, id="a", name="named")
        def decorated():
            return 5

        assert decorated() == 5
        scheduler.start()
        assert scheduler.get_job("a").name == "named"

    def test_print_jobs(self, scheduler):
        def printed(*args):
            out = io.StringIO()
            scheduler.print_jobs(*args, out=out)
            return out.getvalue()

        assert printed() == "Pending jobs:\n    No pending jobs\n"
        scheduler.add_job(work, "interval", hours=1)
        assert printed() == "Pending jobs:\n    work (trigger: interval[1:00:00], pending)\n"
        scheduler.add_jobstore("memory", "other")
        scheduler.start()
        assert printed() == (
            "Jobstore default:\n    work (trigger: interval[1:00:00], next run at: 2026-11-23 10:00:00 UTC)\n"
            "Jobstore other:\n    No scheduled jobs\n"
        )
        assert printed("other") == "Jobstore other:\n    No scheduled jobs\n"

    def test_deprecated_pending(self, running):
        with pytest.warns(DeprecationWarning, match='^The "pending" option is deprecated'):
            running.get_jobs(pending=True)

    def test_log_lines(self, running, caplog):
        caplog.set_level(logging.INFO)
        running.add_job(work, "interval", hours=1, id="a", name="n")
        running.remove_job("a")
        assert caplog.messages == ['Added job "n" to job store "default"', "Removed job a"]


class TestListeners:
    def test_codes_and_order(self, scheduler):
        seen = []
        scheduler.add_listener(lambda event: seen.append(event.code))
        scheduler.add_job(work, "interval", hours=1, id="a")
        scheduler.start()
        scheduler.modify_job("a", name="b")
        scheduler.pause_job("a")
        scheduler.resume_job("a")
        scheduler.remove_job("a")
        scheduler.remove_all_jobs()
        scheduler.pause()
        scheduler.resume()
        scheduler.add_executor("threadpool", "x")
        scheduler.remove_executor("x")
        scheduler.add_jobstore("memory", "y")
        scheduler.remove_jobstore("y")
        scheduler.shutdown()
        assert seen == [
            events.EVENT_EXECUTOR_ADDED,
            events.EVENT_JOBSTORE_ADDED,
            events.EVENT_JOB_ADDED,
            events.EVENT_SCHEDULER_STARTED,
            events.EVENT_JOB_MODIFIED,
            events.EVENT_JOB_MODIFIED,
            events.EVENT_JOB_MODIFIED,
            events.EVENT_JOB_REMOVED,
            events.EVENT_ALL_JOBS_REMOVED,
            events.EVENT_SCHEDULER_PAUSED,
            events.EVENT_SCHEDULER_RESUMED,
            events.EVENT_EXECUTOR_ADDED,
            events.EVENT_EXECUTOR_REMOVED,
            events.EVENT_JOBSTORE_ADDED,
            events.EVENT_JOBSTORE_REMOVED,
            events.EVENT_SCHEDULER_SHUTDOWN,
        ]

    def test_fields(self, running):
        seen = []
        running.add_listener(seen.append, events.EVENT_JOB_ADDED | events.EVENT_EXECUTOR_ADDED)
        running.add_job(work, "interval", hours=1, id="a")
        running.add_executor("threadpool", "x")
        assert (type(seen[0]), seen[0].job_id, seen[0].jobstore) == (events.JobEvent, "a", "default")
        assert seen[0].alias is None
        assert (type(seen[1]), seen[1].alias) == (events.SchedulerEvent, "x")

    def test_removed(self, running):
        seen = []
        running.add_listener(seen.append)
        running.remove_listener(seen.append)
        running.add_job(work, "interval", hours=1)
        assert seen == []

    def test_what_a_listener_raises_is_logged(self, running, caplog):
        def bad(event):
            raise SystemExit("no")

        running.add_listener(bad, events.EVENT_JOB_ADDED)
        running.add_job(work, "interval", hours=1)
        assert caplog.messages == ["Error notifying listener"]

    def test_a_listener_may_call_the_scheduler(self, running):
        added = threading.Event()

        def more(event):
            if event.job_id == "a":
                running.add_job(work, "interval", hours=1, id="b")
                added.set()

        running.add_listener(more, events.EVENT_JOB_ADDED)
        running.add_job(work, "interval", hours=1, id="a")
        assert added.is_set()
        assert ids(running.get_jobs()) == ["a", "b"]

    def test_values(self):
        assert events.EVENT_ALL == 131071
        assert events.EVENT_SCHEDULER_START == events.EVENT_SCHEDULER_STARTED == 1
        assert events.EVENT_ALL_DUETIME & events.EVENT_ALL == events.EVENT_ALL
