"""The scheduler: what all of them share."""

from __future__ import annotations

import json
import sys
import threading
import warnings
from abc import ABCMeta, abstractmethod
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from datetime import datetime, timedelta, timezone, tzinfo
from functools import cache
from logging import Logger, getLogger
from threading import RLock
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from duetime import _native
from duetime._errors import engine_errors, translate
from duetime._zones import forget_time_zones, share_search_path
from duetime.events import (
    EVENT_ALL,
    EVENT_ALL_DUETIME,
    EVENT_ALL_JOBS_REMOVED,
    EVENT_EXECUTOR_ADDED,
    EVENT_EXECUTOR_REMOVED,
    EVENT_JOB_ADDED,
    EVENT_JOB_MAX_INSTANCES,
    EVENT_JOB_MODIFIED,
    EVENT_JOB_REMOVED,
    EVENT_JOB_SUBMITTED,
    EVENT_JOBSTORE_ADDED,
    EVENT_JOBSTORE_REMOVED,
    EVENT_SCHEDULER_PAUSED,
    EVENT_SCHEDULER_RESUMED,
    EVENT_SCHEDULER_SHUTDOWN,
    EVENT_SCHEDULER_STARTED,
    JobEvent,
    JobSubmissionEvent,
    SchedulerEvent,
)
from duetime.executors._bridge import EngineBridge
from duetime.executors.base import BaseExecutor, MaxInstancesReachedError, in_job
from duetime.executors.pool import EnginePool, ProcessPoolExecutor, ThreadPoolExecutor, threads_are_greenlets
from duetime.job import Job
from duetime.jobstores.base import BaseJobStore, ConflictingIdError, JobLookupError, NativeJobStore, is_run_by_engine
from duetime.jobstores.memory import MemoryJobStore
from duetime.runs import ParkedJob, Run, read_parked, read_runs
from duetime.schedulers import SchedulerAlreadyRunningError, SchedulerNotRunningError
from duetime.schedulers._callbacks import Callbacks
from duetime.schedulers._configuration import job_defaults_of, nested, warn_of_unknown
from duetime.schedulers._hosting import EngineWatch, PatchedClock, is_time_patched
from duetime.schedulers._lane import LaneThread, StoreLane
from duetime.schedulers._plugins import PluginTable
from duetime.schedulers._processes import watch
from duetime.schedulers._standby import Standby, lock_path
from duetime.triggers._python import register_python_triggers
from duetime.triggers.base import BaseTrigger
from duetime.triggers.interval import IntervalTrigger
from duetime.util import astimezone, convert_to_datetime, get_localzone, maybe_ref, undefined

if TYPE_CHECKING:
    from duetime._guard import PayloadGuard
    from duetime.testing import ManualClock

__all__ = ("STATE_PAUSED", "STATE_RUNNING", "STATE_STOPPED", "BaseScheduler")

#: it does not run
STATE_STOPPED = 0
#: it runs jobs
STATE_RUNNING = 1
#: it was started, but runs no jobs until it is resumed
STATE_PAUSED = 2

_LOG_LEVEL = 20  # of the engine's own lines; it has none below

# Events of these come from the engine; the rest are dispatched here.
_ENGINE_EVENTS = EVENT_ALL_DUETIME & ~(
    EVENT_SCHEDULER_STARTED
    | EVENT_SCHEDULER_SHUTDOWN
    | EVENT_SCHEDULER_PAUSED
    | EVENT_SCHEDULER_RESUMED
    | EVENT_EXECUTOR_ADDED
    | EVENT_EXECUTOR_REMOVED
    | EVENT_JOBSTORE_ADDED
    | EVENT_JOBSTORE_REMOVED
    | EVENT_ALL_JOBS_REMOVED
)

# Told when a pass is over, as listeners of APScheduler know it.
_LATE_EVENTS = EVENT_JOB_SUBMITTED | EVENT_JOB_MAX_INSTANCES

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])


class BaseScheduler(metaclass=ABCMeta):
    """Holds job stores, executors and listeners, and runs jobs when they are due.

    Options, all of them optional:

    - ``logger``: a :class:`~logging.Logger` or a reference to one; by default ``apscheduler.scheduler``
    - ``timezone``: for triggers that have none themselves; by default that of the machine
    - ``jobstore_retry_interval``: seconds between tries of a job store that fails, at most; 10
    - ``job_defaults``: ``misfire_grace_time`` (1), ``coalesce`` (true), ``max_instances`` (1)
    - ``jobstores``, ``executors``: by alias, objects or the options of one
    - ``clock``: (ours) a :class:`duetime.testing.ManualClock`, which then drives the scheduler
    - ``lease``: (ours) after how many seconds without a sign of life the runs of a process that shares a job store
      count as abandoned; 30
    - ``history_max_age``: (ours) for how many seconds, or a :class:`~datetime.timedelta`, job stores remember runs that
      have ended; a week. ``history_max_count``: how many of them each job store remembers at most; 10,000
    - ``lock_file``: (ours) the path of a file; of the processes that name the same, one runs jobs, and another takes
      over when it ends. By default that in the environment variable ``DUETIME_LOCK_FILE``, if any

    :ivar state: :data:`STATE_STOPPED`, :data:`STATE_RUNNING` or :data:`STATE_PAUSED`

    All methods may be called from any thread, also from jobs and listeners.
    """

    _trigger_plugins: ClassVar[Any] = PluginTable(
        "apscheduler.triggers",
        {
            "and": "duetime.triggers.combining:AndTrigger",
            "calendarinterval": "duetime.triggers.calendarinterval:CalendarIntervalTrigger",
            "cron": "duetime.triggers.cron:CronTrigger",
            "crontab": "duetime.triggers.crontab:CrontabTrigger",
            "date": "duetime.triggers.date:DateTrigger",
            "interval": "duetime.triggers.interval:IntervalTrigger",
            "not": "duetime.triggers.exclusion:NotTrigger",
            "or": "duetime.triggers.combining:OrTrigger",
            "quartz": "duetime.triggers.crontab:QuartzTrigger",
            "rrule": "duetime.triggers.rrule:RRuleTrigger",
        },
    )
    _executor_plugins: ClassVar[Any] = PluginTable(
        "apscheduler.executors",
        {
            "asyncio": "duetime.executors.asyncio:AsyncIOExecutor",
            "debug": "duetime.executors.debug:DebugExecutor",
            "gevent": "duetime.executors.gevent:GeventExecutor",
            "processpool": "duetime.executors.pool:ProcessPoolExecutor",
            "threadpool": "duetime.executors.pool:ThreadPoolExecutor",
            "tornado": "duetime.executors.tornado:TornadoExecutor",
            "twisted": "duetime.executors.twisted:TwistedExecutor",
        },
    )
    _jobstore_plugins: ClassVar[Any] = PluginTable(
        "apscheduler.jobstores",
        {
            "etcd": "duetime.jobstores.etcd:EtcdJobStore",
            "memory": "duetime.jobstores.memory:MemoryJobStore",
            "mongodb": "duetime.jobstores.mongodb:MongoDBJobStore",
            "postgresql": "duetime.jobstores.postgresql:PostgreSQLJobStore",
            "redis": "duetime.jobstores.redis:RedisJobStore",
            "rethinkdb": "duetime.jobstores.rethinkdb:RethinkDBJobStore",
            "sqlalchemy": "duetime.jobstores.sqlalchemy:SQLAlchemyJobStore",
            "sqlite": "duetime.jobstores.sqlite:SQLiteJobStore",
            "zookeeper": "duetime.jobstores.zookeeper:ZooKeeperJobStore",
        },
    )
    _trigger_classes: ClassVar[dict[str, Any]] = {}
    _executor_classes: ClassVar[dict[str, Any]] = {}
    _jobstore_classes: ClassVar[dict[str, Any]] = {}

    #: Whether the program drives it through ``_process_jobs()``; otherwise the engine's threads do.
    _driven_by_program: ClassVar[bool] = True
    #: whether a manual clock drives it, instead of its program's loop
    _driven_by_clock: ClassVar[bool] = False
    #: The options that it knows, for hints where one is misspelt.
    _known_options: ClassVar[tuple[str, ...]] = (
        "clock",
        "executors",
        "history_max_age",
        "history_max_count",
        "job_defaults",
        "jobstore_retry_interval",
        "jobstores",
        "lease",
        "lock_file",
        "logger",
        "timezone",
    )

    _engine: _native.Scheduler | None = None
    _started_in_parent = False
    _clock: ManualClock | None = None
    _hosted = False
    _played = False
    _interrupted = False
    _patched_clock: PatchedClock | None = None
    _watch: EngineWatch | None = None
    _late_events: list[SchedulerEvent] | None = None

    def __init__(self, gconfig: Mapping[str, Any] = {}, **options: Any) -> None:
        super().__init__()
        self._executors: dict[str, BaseExecutor] = {}
        self._jobstores: dict[str, BaseJobStore] = {}
        self._listeners: list[tuple[Callable[[Any], object], int]] = []
        self._pending_jobs: list[tuple[Job, str, bool]] = []
        self._ids_being_added: dict[str, str] = {}
        self._bridges: dict[str, EngineBridge] = {}
        self._lanes: dict[str, StoreLane] = {}
        self._lane_threads: dict[str, LaneThread] = {}
        self._guards: dict[str, PayloadGuard | None] = {}
        self._looks_at_jobs = False
        self._make_locks()
        self._standby = Standby(self, None)
        self._state = STATE_STOPPED
        self.configure(gconfig, **options)

    def _make_locks(self) -> None:
        self._executors_lock = self._create_lock()
        self._jobstores_lock = self._create_lock()
        self._listeners_lock = self._create_lock()

    def __getstate__(self) -> Any:
        raise TypeError(
            "Schedulers cannot be serialized. Ensure that you are not passing a scheduler instance as an argument "
            "to a job, or scheduling an instance method where the instance contains a scheduler as an attribute."
        )

    # --- configuration ------------------------------------------------------------------------------

    def configure(self, gconfig: Mapping[str, Any] = {}, prefix: str | None = "apscheduler.", **options: Any) -> None:
        """Replaces the configuration.

        :param gconfig: options with dotted keys, of which those that begin with ``prefix`` count
        :param options: override those
        :raises SchedulerAlreadyRunningError: if it runs
        """
        if self.state != STATE_STOPPED:
            raise SchedulerAlreadyRunningError
        config = nested(gconfig, prefix or "")
        config.update(options)
        self._configure(config)

    def _configure(self, config: dict[str, Any]) -> None:
        self._logger: Logger = maybe_ref(config.pop("logger", None)) or getLogger("apscheduler.scheduler")
        self.timezone: tzinfo = astimezone(config.pop("timezone", None)) or get_localzone()
        self.jobstore_retry_interval = float(config.pop("jobstore_retry_interval", 10))
        self._clock = config.pop("clock", None)
        self._lease = float(config.pop("lease", 30))
        self._lock_path = lock_path(config.pop("lock_file", None))
        self._history_max_age = _seconds("history_max_age", config.pop("history_max_age", 7 * 86_400))
        self._history_max_count = _count("history_max_count", config.pop("history_max_count", 10_000))

        self._job_defaults: dict[str, Any] = job_defaults_of(config.pop("job_defaults", {}), stacklevel=5)

        self._executors.clear()
        for alias, value in config.pop("executors", {}).items():
            self.add_executor(self._make_part("executor", alias, value), alias)
        self._jobstores.clear()
        for alias, value in config.pop("jobstores", {}).items():
            self.add_jobstore(self._make_part("jobstore", alias, value), alias)
        warn_of_unknown(config, self._known_options, "scheduler option", stacklevel=5)

    def _make_part(self, kind: str, alias: str, value: Any) -> Any:
        """An executor or job store from an object or its options."""
        base_class, words = _PARTS[kind]
        if isinstance(value, base_class):
            return value
        if not isinstance(value, MutableMapping):
            raise TypeError(
                f"Expected {words} instance or dict for {kind}s['{alias}'], got {value.__class__.__name__} instead"
            )
        options = dict(value)
        reference = options.pop("class", None)
        plugin = options.pop("type", None)
        if plugin:
            return self._create_plugin_instance(kind, plugin, options)
        if reference:
            return maybe_ref(reference)(**options)
        raise ValueError(f'Cannot create {words} "{alias}" -- either "type" or "class" must be defined')

    # --- life ---------------------------------------------------------------------------------------

    @property
    def state(self) -> int:
        return self._state

    @state.setter
    def state(self, value: int) -> None:
        self._state = value

    @property
    def running(self) -> bool:
        """Whether it was started and its threads are alive."""
        if self._state == STATE_STOPPED:
            return False
        threads_live = all(thread.is_alive() for thread in list(self._lane_threads.values()))
        return threads_live and (self._engine is None or self._engine.state != STATE_STOPPED)

    def start(self, paused: bool = False) -> None:
        """Opens the job stores, starts the executors and begins to run jobs.

        If a part cannot be started, nothing is: the scheduler stays stopped, with its pending jobs. Where it was Ctrl-C
        that struck, a :meth:`shutdown` afterwards, as programs have it in a ``finally``, does nothing.

        :param paused: runs no jobs until :meth:`resume`
        :raises SchedulerAlreadyRunningError: if it runs
        :raises RuntimeError: under uWSGI without threads
        """
        if self.state != STATE_STOPPED:
            raise SchedulerAlreadyRunningError
        self._check_uwsgi()
        self._interrupted = False
        self._hosted = self._wants_hosting()
        self._played = self._wants_clock()
        try:
            self._engine = self._make_engine()
            self._start_parts()
            self._standby = Standby(self, self._lock_path)
            self._state = STATE_PAUSED if paused else STATE_RUNNING
            self._standby.join()
            self._start_lanes(paused or self._standby.waiting)
            self._standby.align()
            del self._pending_jobs[:]
        except BaseException as exc:
            self._undo_start()
            self._interrupted = isinstance(exc, KeyboardInterrupt)
            raise
        watch(self)
        self._started_in_parent = False
        self._dispatch_event(SchedulerEvent(EVENT_SCHEDULER_STARTED))
        if not paused:
            self.wakeup()

    def _wants_hosting(self) -> bool:
        """Whether ``_process_jobs()`` is to do the work: the program has its own loop, or a test its own time."""
        if self._driven_by_program or threads_are_greenlets() or self._is_overridden("_process_jobs"):
            return True
        return self._wants_clock() if self._clock is not None else is_time_patched(datetime)

    def _wants_clock(self) -> bool:
        """Whether the clock is to drive us: a program that calls ``_process_jobs()`` itself keeps that task."""
        if self._clock is None or not self._clock._drives or self._is_overridden("_process_jobs"):
            return False
        return self._driven_by_clock

    def _is_overridden(self, *names: str) -> bool:
        """Whether a subclass or the program has put something else in the place of our methods."""
        foreign = _foreign_names(type(self))
        return any(name in foreign or name in self.__dict__ for name in names)

    def _make_engine(self) -> _native.Scheduler:
        share_search_path()
        register_python_triggers()
        self._callbacks = Callbacks(self)
        with engine_errors():
            engine = _native.Scheduler(
                self._callbacks,
                self._callbacks.log,
                _LOG_LEVEL,
                self._engine_clock(),
                round(self._lease * 1_000_000),
                round(self.jobstore_retry_interval * 1_000_000),
                round(self._history_max_age * 1_000_000),
                self._history_max_count,
                self._hosted,
            )
        engine.set_listener(self._callbacks.deliver, self._wanted_events())
        return engine

    def _engine_clock(self) -> _native.ManualClock | None:
        """``None``: the system's."""
        if self._clock is not None:
            return self._clock._native
        self._patched_clock = None
        if self._hosted and is_time_patched(datetime):
            self._patched_clock = PatchedClock(datetime.now(timezone.utc))
            return self._patched_clock._native
        return None

    def _start_parts(self) -> None:
        self._guards = {alias: store._guard for alias, store in self._stores()}
        self._looks_at_jobs = any(guard is not None and guard.looks_at_jobs for guard in self._guards.values())
        with self._executors_lock:
            if "default" not in self._executors:
                self.add_executor(self._create_default_executor(), "default")
            for alias, executor in self._executors.items():
                self._start_executor(executor, alias)
        with self._jobstores_lock:
            if "default" not in self._jobstores:
                self.add_jobstore(self._create_default_jobstore(), "default")
            for alias, store in self._jobstores.items():
                store.start(self, alias)
            for job, jobstore_alias, replace_existing in self._pending_jobs:
                self._real_add_job(job, jobstore_alias, replace_existing)

    def _set_guard(self, alias: str, guard: PayloadGuard | None) -> None:
        """For job stores that are added, or get other keys, while the scheduler runs.

        :raises RuntimeError: if an executor cannot do any more what the guard demands
        """
        if guard is not None and not self._can_obey(alias, guard):
            raise RuntimeError(
                f'Job store "{alias}" restricts its jobs, and the executors were started without knowing that: '
                "add it before start()"
            )
        self._guards[alias] = guard

    def _can_obey(self, alias: str, guard: PayloadGuard) -> bool:
        if guard.looks_at_jobs and not self._looks_at_jobs:
            return False
        told_at_start = self.state == STATE_STOPPED or self._guards.get(alias) is not None
        return told_at_start or not any(isinstance(each, ProcessPoolExecutor) for each in self._executors.values())

    def _start_executor(self, executor: BaseExecutor, alias: str) -> None:
        if isinstance(executor, EnginePool):
            executor._looks_at_jobs = self._looks_at_jobs
        executor.start(self, alias)
        if self._engine is None or (isinstance(executor, EnginePool) and executor._runs_in_engine()):
            return
        bridge = self._bridges[alias] = EngineBridge(self, alias, executor)
        capacity = executor.capacity if isinstance(executor.capacity, int) else 0
        with engine_errors():
            self._engine.add_executor(alias, capacity, bridge.submit, bridge.shutdown)

    def _start_lanes(self, paused: bool) -> None:
        assert self._engine is not None
        with engine_errors():
            self._engine.start(paused)
        if self._played and self._clock is not None:
            self._clock._join(self)
            return
        if self._hosted:
            self._watch = self._make_watch(self._engine.wakeup_fd())
            return
        for alias, store in self._stores():
            if not is_run_by_engine(store):
                self._start_lane_thread(alias, store)

    def _make_watch(self, descriptor: int) -> EngineWatch | None:
        """Calls :meth:`wakeup` when ``descriptor`` is readable; schedulers whose loop can do that itself have none."""
        engine_watch = EngineWatch(self, descriptor)
        engine_watch.start()
        return engine_watch

    def _start_lane_thread(self, alias: str, store: BaseJobStore) -> None:
        thread = self._lane_threads[alias] = LaneThread(self._lane_of(alias, store), self)
        thread.start()

    def _undo_start(self) -> None:
        self._state = STATE_STOPPED
        self._standby.leave()
        self._stop_lanes()
        engine = self._engine
        if engine is not None:
            self._stop_engine(engine, False)
        for executor in list(self._executors.values()):
            self._guarded(executor.shutdown, False)
        for store in list(self._jobstores.values()):
            self._guarded(store.shutdown)
        self._bridges.clear()
        self._drop_engine()

    def _guarded(self, call: Callable[..., object], *args: Any) -> None:
        try:
            call(*args)
        except Exception:
            self._logger.debug("%r failed", call, exc_info=True)

    def _drop_engine(self) -> None:
        self._engine = None

    @abstractmethod
    def shutdown(self, wait: bool = True) -> None:
        """Starts no more jobs, and closes executors and job stores. It may be started again.

        Jobs that go on are told to end, if they look: ``duetime.runs.current_run().cancelled``.

        :param wait: return only when running jobs have ended (a job that calls this does not wait for itself)
        :raises SchedulerNotRunningError: if it does not run
        """
        if self._was_interrupted():
            return
        self._begin_shutdown(wait)
        self._finish_shutdown(wait)

    def _was_interrupted(self) -> bool:
        """Whether Ctrl-C struck in :meth:`start` and nobody has asked since."""
        interrupted, self._interrupted = self._interrupted, False
        return interrupted

    def _begin_shutdown(self, wait: bool) -> None:
        """What is done where the scheduler lives: no more jobs are handed over, and executors that live there stop."""
        with self._jobstores_lock:
            if self.state == STATE_STOPPED:
                raise SchedulerNotRunningError
            self._state = STATE_STOPPED
        self._standby.stop_serving()
        for alias, bridge in list(self._bridges.items()):
            if not bridge.executor._shutdown_blocks:
                try:
                    bridge.shutdown(wait)
                except Exception:
                    self._logger.exception('Error shutting down executor "%s"', alias)

    def _finish_shutdown(self, wait: bool) -> None:
        """What may block, in any thread."""
        try:
            self._finish_runs(wait)
        finally:
            self._standby.leave()
        for _, store in self._stores():
            store.shutdown()
        if wait and not _native.in_task() and not in_job():
            self._drop_engine()  # closes the job stores' files; a task that is inside still needs the engine
        self._deliver_event(SchedulerEvent(EVENT_SCHEDULER_SHUTDOWN))

    def _finish_runs(self, wait: bool) -> None:
        self._stop_lanes()
        if self._engine is not None:
            self._stop_engine(self._engine, wait)
        for alias, executor in list(self._executors.items()):
            bridge = self._bridges.pop(alias, None)
            if bridge is None or not bridge.stops(executor):
                executor.shutdown(wait)
        if wait:
            self._await_runs()

    def _await_runs(self) -> None:  # noqa: B027 -- most executors can wait themselves
        """For executors whose ``shutdown()`` could not wait."""

    def _stop_lanes(self) -> None:
        if self._watch is not None:
            self._watch.stop()
            self._watch = None
        threads = list(self._lane_threads.values())
        self._lane_threads.clear()
        for thread in threads:
            thread.stop()
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join()

    @staticmethod
    def _stop_engine(engine: _native.Scheduler, wait: bool) -> None:
        try:
            engine.shutdown(wait)
        except _native.Error as exc:
            if exc.code != _native.ERROR_NOT_RUNNING:
                raise

    def _stop_at_exit(self) -> None:
        self._state = STATE_STOPPED
        self._standby.stop_serving()
        self._stop_lanes()
        if self._engine is not None:
            self._stop_engine(self._engine, True)
        for bridge in list(self._bridges.values()):
            bridge.let_go()
        self._standby.leave()

    def _after_fork_in_child(self) -> None:
        """The engine belongs to the parent; this process has a stopped scheduler that may be started."""
        self._make_locks()
        self._started_in_parent = self._started_in_parent or self._state != STATE_STOPPED
        self._state = STATE_STOPPED
        self._standby = Standby(self, None)
        self._watch = None
        self._late_events = None
        self._lane_threads.clear()
        self._bridges.clear()
        self._drop_engine()

    def pause(self) -> None:
        """Runs no more jobs until :meth:`resume`.

        :raises SchedulerNotRunningError: if it does not run
        """
        if self.state == STATE_STOPPED:
            raise SchedulerNotRunningError
        if self.state == STATE_PAUSED:
            return
        self._state = STATE_PAUSED
        if self._engine is not None:
            self._engine.pause()
        self._dispatch_event(SchedulerEvent(EVENT_SCHEDULER_PAUSED))

    def resume(self) -> None:
        """Runs jobs again.

        :raises SchedulerNotRunningError: if it does not run
        """
        if self.state == STATE_STOPPED:
            raise SchedulerNotRunningError
        if self.state == STATE_RUNNING:
            return
        self._state = STATE_RUNNING
        self._standby.align()
        self._dispatch_event(SchedulerEvent(EVENT_SCHEDULER_RESUMED))
        self.wakeup()
        self._wake_lanes()

    @abstractmethod
    def wakeup(self) -> None:
        """Tells the scheduler that there may be something to do. Called from any thread."""

    # --- running jobs -------------------------------------------------------------------------------

    def _process_jobs(self) -> float | None:
        """Runs what is due, and says after how many seconds to be called again; ``None``: after :meth:`wakeup`.

        For schedulers that are driven by their program; where the engine's threads do the work there is nothing to
        do here.
        """
        if self._played:
            return None  # the clock's advance() does the work
        if self._state == STATE_PAUSED:
            self._logger.debug("Scheduler is paused -- not processing jobs")
            return self._process_ends()
        if self._standby.waiting:
            self._logger.debug("Standing by -- not processing jobs")
            return self._process_ends()
        self._logger.debug("Looking for jobs to run")
        now = self._now()
        events: list[SchedulerEvent] = []
        wakeups = [self._run_engine(now, events)]
        wakeups += [self._lane_of(alias, store).run(now, events) for alias, store in self._driven_stores()]
        for event in events:
            self._dispatch_event(event)
        if self._watch is not None:
            self._watch.processed()
        return self._seconds_until(min((time for time in wakeups if time is not None), default=None))

    def _process_ends(self) -> float | None:
        """While paused, runs that go on are still kept, and their ends recorded."""
        if self._engine is None or not self._hosted:
            return None
        events: list[SchedulerEvent] = []
        wakeup = self._run_engine(self._now(), events)
        for event in events:
            self._dispatch_event(event)
        if self._watch is not None:
            self._watch.processed()
        return self._seconds_until(wakeup)

    def _run_foreign_lanes(self, now: datetime) -> datetime | None:
        """For a clock that drives us: the part of :meth:`_process_jobs` that is not the engine's."""
        if not self._runs_jobs():
            return None
        events: list[SchedulerEvent] = []
        wakeups = [self._lane_of(alias, store).run(now, events) for alias, store in self._driven_stores()]
        for event in events:
            self._dispatch_event(event)
        return min((time for time in wakeups if time is not None), default=None)

    def _has_foreign_runs(self) -> bool:
        """Whether an executor has jobs of job stores written in Python."""
        return bool(self._foreign_stores()) and any(executor._instances for executor in list(self._executors.values()))

    def _run_engine(self, now: datetime, events: list[SchedulerEvent]) -> datetime | None:
        if self._engine is None or not self._hosted or self._state == STATE_STOPPED:
            return None
        if self._patched_clock is not None:
            self._patched_clock.show(now)
        self._late_events = events
        try:
            with engine_errors():
                wakeup = self._engine.run_pending()
            return None if wakeup is None else _native.to_datetime(wakeup, self.timezone)
        finally:
            self._late_events = None

    def _seconds_until(self, wakeup: datetime | None) -> float | None:
        if wakeup is None:
            self._logger.debug("No jobs; waiting until a job is added")
            return None
        seconds = max(wakeup.timestamp() - self._now().timestamp(), 0.0)
        self._logger.debug("Next wakeup is due at %s (in %f seconds)", wakeup, seconds)
        return min(seconds, threading.TIMEOUT_MAX)

    def _runs_jobs(self) -> bool:
        return self._state == STATE_RUNNING and not self._standby.waiting

    def _foreign_stores(self) -> list[tuple[str, BaseJobStore]]:
        """Those written in Python."""
        return [(alias, store) for alias, store in self._stores() if not is_run_by_engine(store)]

    def _driven_stores(self) -> list[tuple[str, BaseJobStore]]:
        """Of those, the ones that have no thread."""
        return [(alias, store) for alias, store in self._foreign_stores() if alias not in self._lane_threads]

    def _lane_of(self, alias: str, store: BaseJobStore) -> StoreLane:
        lane = self._lanes.get(alias)
        if lane is None or lane.store is not store:
            lane = self._lanes[alias] = StoreLane(self, alias, store)
        return lane

    def _wake_lanes(self) -> None:
        for thread in list(self._lane_threads.values()):
            thread.wake()

    def _notice_change(self, store: BaseJobStore) -> None:
        """A job of that store may be due earlier; the engine knows it of its own stores."""
        if (self._hosted or not is_run_by_engine(store)) and self._runs_jobs():
            self.wakeup()
            self._wake_lanes()

    def _call_in_host(self, call: Callable[..., object], *args: Any) -> None:
        """Calls where this scheduler's jobs are handed over and listeners told: in its event loop, if it has one."""
        call(*args)

    def _submit(self, executor: BaseExecutor, job: Job, run_times: list[datetime]) -> None:
        """For lanes: what ``submit_job()`` of the executor does, where this scheduler's jobs are handed over."""
        executor.submit_job(job, run_times)

    def _deliver_event(self, event: SchedulerEvent) -> None:
        """Tells listeners of what the engine's threads, or a lane, have done."""
        late = self._late_events
        if late is not None and event.code & _LATE_EVENTS:
            late.append(event)
        else:
            self._call_in_host(self._dispatch_event, event)

    # --- executors and job stores -------------------------------------------------------------------

    def add_executor(self, executor: BaseExecutor | str, alias: str = "default", **executor_opts: Any) -> None:
        """Adds an executor.

        :param executor: an executor, or the alias of its kind, made from ``executor_opts``
        :raises ValueError: if there is one by that alias
        """
        with self._executors_lock:
            if alias in self._executors:
                raise ValueError(f'This scheduler already has an executor by the alias of "{alias}"')
            if isinstance(executor, str):
                executor = self._create_plugin_instance("executor", executor, executor_opts)
            if not isinstance(executor, BaseExecutor):
                raise TypeError(f"Expected an executor instance or a string, got {executor.__class__.__name__} instead")
            if self.state != STATE_STOPPED:
                self._start_executor(executor, alias)
            self._executors[alias] = executor
        for lane in list(self._lanes.values()):
            lane.release_executor(alias)
            self._notice_change(lane.store)
        self._dispatch_event(SchedulerEvent(EVENT_EXECUTOR_ADDED, alias))

    def remove_executor(self, alias: str, shutdown: bool = True) -> None:
        """Removes an executor.

        :param shutdown: also stop it, when its running jobs have ended
        :raises KeyError: if there is none by that alias
        """
        with self._executors_lock:
            executor = self._lookup_executor(alias)
            del self._executors[alias]
        bridge = self._bridges.pop(alias, None)
        if bridge is not None:
            bridge.detach()
            self._close_executor(alias, False)
        if shutdown:
            executor.shutdown()
        self._dispatch_event(SchedulerEvent(EVENT_EXECUTOR_REMOVED, alias))

    def add_jobstore(self, jobstore: BaseJobStore | str, alias: str = "default", **jobstore_opts: Any) -> None:
        """Adds a job store.

        :param jobstore: a job store, or the alias of its kind, made from ``jobstore_opts``
        :raises ValueError: if there is one by that alias
        """
        with self._jobstores_lock:
            if alias in self._jobstores:
                raise ValueError(f'This scheduler already has a job store by the alias of "{alias}"')
            if isinstance(jobstore, str):
                jobstore = self._create_plugin_instance("jobstore", jobstore, jobstore_opts)
            if not isinstance(jobstore, BaseJobStore):
                raise TypeError(f"Expected a job store instance or a string, got {jobstore.__class__.__name__} instead")
            if self.state != STATE_STOPPED:
                jobstore.start(self, alias)
            self._jobstores[alias] = jobstore
        if self.state != STATE_STOPPED and not self._hosted and not is_run_by_engine(jobstore):
            self._start_lane_thread(alias, jobstore)
        self._dispatch_event(SchedulerEvent(EVENT_JOBSTORE_ADDED, alias))
        if self.state != STATE_STOPPED:
            self.wakeup()

    def remove_jobstore(self, alias: str, shutdown: bool = True) -> None:
        """Removes a job store; its jobs stay in it.

        :param shutdown: also close it
        :raises KeyError: if there is none by that alias
        """
        with self._jobstores_lock:
            jobstore = self._lookup_jobstore(alias)
            del self._jobstores[alias]
        self._lanes.pop(alias, None)
        thread = self._lane_threads.pop(alias, None)
        if thread is not None:
            thread.stop()
        if is_run_by_engine(jobstore) and self.state != STATE_STOPPED and self._engine is not None:
            with engine_errors():
                self._engine.remove_store(alias, False)
        if shutdown:
            jobstore.shutdown()
        self._dispatch_event(SchedulerEvent(EVENT_JOBSTORE_REMOVED, alias))

    def _open_store(self, alias: str, store: NativeJobStore) -> None:
        """For job stores of the engine, from their ``start()``."""
        assert self._engine is not None
        with engine_errors():
            store._add_to(self._engine, alias)

    def _open_thread_pool(self, alias: str, workers: int, logger: Logger, on_start: Callable[[], object]) -> None:
        """For executors of the engine, from their ``start()``."""
        assert self._engine is not None
        with engine_errors():
            self._engine.add_thread_pool(alias, workers, logger, on_start)

    def _open_process_pool(
        self,
        alias: str,
        program: list[str],
        make_setup: Callable[[dict[str, PayloadGuard]], bytes],
        workers: int,
        max_tasks_per_child: int,
        timeout: int,
        codec: Any,
        logger: Logger,
        on_start: Callable[[], object],
    ) -> None:
        """For executors of the engine, from their ``start()``."""
        assert self._engine is not None
        setup = make_setup({store: guard for store, guard in self._guards.items() if guard is not None})
        with engine_errors():
            self._engine.add_process_pool(
                alias, program, setup, workers, max_tasks_per_child, timeout, codec, logger, on_start
            )

    def _close_executor(self, alias: str, wait: bool) -> None:
        """For executors of the engine, from their ``shutdown()``; a stopped scheduler has stopped them already."""
        if self.state == STATE_STOPPED or self._engine is None:
            return
        with engine_errors():
            self._engine.remove_executor(alias, wait)

    # --- listeners ----------------------------------------------------------------------------------

    def add_listener(self, callback: Callable[[Any], object], mask: int = EVENT_ALL) -> None:
        """Calls ``callback(event)`` for events whose code is in ``mask``. What it raises is logged."""
        with self._listeners_lock:
            self._listeners.append((callback, mask))
            self._listen()

    def remove_listener(self, callback: Callable[[Any], object]) -> None:
        """Removes a listener."""
        with self._listeners_lock:
            for i, (listener, _) in enumerate(self._listeners):
                if listener == callback:
                    del self._listeners[i]
                    break
            self._listen()

    def _wanted_events(self) -> int:
        wanted = 0
        for _, mask in self._listeners:
            wanted |= mask
        return wanted & _ENGINE_EVENTS

    def _listen(self) -> None:
        """Asks the engine for the events that somebody listens for, and for no others."""
        if self._engine is not None:
            self._engine.set_listener(self._callbacks.deliver, self._wanted_events())

    def _dispatch_event(self, event: SchedulerEvent) -> None:
        with self._listeners_lock:
            listeners = tuple(self._listeners)
        for callback, mask in listeners:
            if event.code & mask:
                try:
                    callback(event)
                except BaseException:
                    self._logger.exception("Error notifying listener")

    # --- adding jobs --------------------------------------------------------------------------------

    def add_job(
        self,
        func: Callable[..., Any] | str,
        trigger: BaseTrigger | str | None = None,
        args: Iterable[Any] | None = None,
        kwargs: Mapping[str, Any] | None = None,
        id: str | None = None,
        name: str | None = None,
        misfire_grace_time: Any = undefined,
        coalesce: Any = undefined,
        max_instances: Any = undefined,
        next_run_time: Any = undefined,
        jobstore: str = "default",
        executor: str = "default",
        replace_existing: bool = False,
        recover: bool = False,
        connection: Any = None,
        **trigger_args: Any,
    ) -> Job:
        """Adds a job; before :meth:`start`, tentatively.

        :param func: a callable, or a reference ``"module:name"`` to one
        :param trigger: an object, or the alias of its kind, made from ``trigger_args``; ``None``: run once, now
        :param args: positional arguments, ``kwargs`` keyword arguments for ``func``
        :param id: unique in its job store; a random one by default
        :param name: for people; that of ``func`` by default
        :param misfire_grace_time: by how many seconds a run may be late; ``None``: any
        :param coalesce: make one run of several due times
        :param max_instances: how many runs may go on at the same time
        :param next_run_time: when to run first, whatever the trigger says; ``None``: add it paused
        :param jobstore: alias of the job store, ``executor`` of the executor
        :param replace_existing: take the place of a job with the same id. In a job store that outlives the process, a
            job with the same trigger goes on from where it stands, paused or due; without one it begins anew
        :param recover: (ours) run again what a process that died was running
        :param connection: (ours) add the job in the transaction of this connection, which the caller commits or rolls
            back: of a database driver (sqlite3, psycopg, Django's), or of SQLAlchemy, or its session, to the database
            that the job store lies in. No event tells of the job; ``replace_existing`` begins it anew
        :raises ConflictingIdError: if the id is taken
        :raises KeyError: if there is no such job store
        """
        job = Job._create(
            self,
            id,
            func,
            tuple(args) if args is not None else (),
            dict(kwargs) if kwargs is not None else {},
            self._create_trigger(trigger, trigger_args),
            executor,
            name,
        )
        defaults = _NO_DEFAULTS if self._state == STATE_STOPPED else self._job_defaults
        _set_option(job, "misfire_grace_time", misfire_grace_time, defaults)
        _set_option(job, "coalesce", coalesce, defaults)
        _set_option(job, "max_instances", max_instances, defaults)
        if next_run_time is not undefined:
            job._modify(next_run_time=next_run_time)
        if recover:
            job.recover = True

        if connection is not None:
            self._add_on(connection, job, jobstore, replace_existing)
            return job
        if self._state == STATE_STOPPED and self._add_pending(job, jobstore, replace_existing):
            return job
        self._real_add_job(job, jobstore, replace_existing)
        return job

    def _add_on(self, connection: Any, job: Job, jobstore: str, replace_existing: bool) -> None:
        """In a transaction of the caller's, also before :meth:`start`."""
        if self._state == STATE_STOPPED:
            self._fill_defaults(job)
        store = self._lookup_jobstore(jobstore)
        if not isinstance(store, NativeJobStore):
            raise TypeError(f"{store.__class__.__name__} cannot add jobs by way of a connection")
        self._find_first_run(job)
        store._add_on(connection, job, replace=replace_existing)
        job._jobstore_alias = jobstore
        self._logger.info('Added job "%s" to job store "%s", in a transaction', job.name, jobstore)

    def _add_pending(self, job: Job, jobstore: str, replace_existing: bool) -> bool:
        """False: it was started meanwhile."""
        with self._jobstores_lock:
            if self._state != STATE_STOPPED:
                return False
            self._pending_jobs.append((job, jobstore, replace_existing))
        self._logger.info("Adding job tentatively -- it will be properly scheduled when the scheduler starts")
        if self._started_in_parent:
            self._logger.warning("The scheduler was started before this process was forked and runs in the parent only")
        return True

    def add_jobs(self, jobs: Iterable[Mapping[str, Any]], jobstore: str = "default") -> list[Job]:
        """(ours) Adds many jobs to one job store, all or none of them: one transaction for thousands.

        :param jobs: for each, the arguments of :meth:`add_job` by name, without ``jobstore`` and
            ``replace_existing``
        :raises ConflictingIdError: if an id is taken; no job was added
        """
        made = [self._make_job(**arguments) for arguments in jobs]
        if self._state == STATE_STOPPED:
            for job in made:
                self._add_pending(job, jobstore, False)
            return made
        store = self._lookup_jobstore(jobstore)
        if not is_run_by_engine(store):
            raise TypeError(f"{store.__class__.__name__} cannot add many jobs at once")
        store._add_many(made)
        return made

    def _make_job(
        self,
        func: Callable[..., Any] | str,
        trigger: BaseTrigger | str | None = None,
        args: Iterable[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
        id: str | None = None,
        **options: Any,
    ) -> Job:
        """A job from the arguments of :meth:`add_job`; what is no attribute of jobs goes to the trigger."""
        attributes = {name: options.pop(name) for name in _JOB_OPTIONS.intersection(options)}
        name, executor = attributes.pop("name", None), attributes.pop("executor", "default")
        made_trigger = self._create_trigger(trigger, options)
        job = Job._create(self, id, func, tuple(args), dict(kwargs or {}), made_trigger, executor, name)
        for option, default in self._job_defaults.items():
            if option not in attributes:
                setattr(job, option, default)
        if attributes:
            job._modify(**attributes)
        return job

    def scheduled_job(
        self,
        trigger: BaseTrigger | str,
        args: Iterable[Any] | None = None,
        kwargs: Mapping[str, Any] | None = None,
        id: str | None = None,
        name: str | None = None,
        misfire_grace_time: Any = undefined,
        coalesce: Any = undefined,
        max_instances: Any = undefined,
        next_run_time: Any = undefined,
        jobstore: str = "default",
        executor: str = "default",
        recover: bool = False,
        **trigger_args: Any,
    ) -> Callable[[FunctionT], FunctionT]:
        """:meth:`add_job` as a decorator; it replaces a job with the same id.

        For persistent job stores give an ``id``, or each start of the program adds the job once more.
        """

        if recover:
            trigger_args["recover"] = recover

        def inner(func: FunctionT) -> FunctionT:
            self.add_job(
                func,
                trigger,
                args,
                kwargs,
                id,
                name,
                misfire_grace_time,
                coalesce,
                max_instances,
                next_run_time,
                jobstore,
                executor,
                True,
                **trigger_args,
            )
            return func

        return inner

    def _fill_defaults(self, job: Job) -> None:
        for name, value in self._job_defaults.items():
            if not hasattr(job, name):
                job._modify(**{name: value})

    def _real_add_job(self, job: Job, jobstore_alias: str, replace_existing: bool) -> None:
        """Puts the job into its store."""
        if self._state == STATE_STOPPED:
            self._fill_defaults(job)
        store = self._lookup_jobstore(jobstore_alias)
        if is_run_by_engine(store):
            if self._patched_clock is not None or (replace_existing and store.living):
                self._find_first_run(job)
            self._add_to_engine(store, job, replace_existing)
            job._jobstore_alias = jobstore_alias
        else:
            self._find_first_run(job)
            self._add_to_foreign(store, job, replace_existing)
            job._jobstore_alias = jobstore_alias
            self._dispatch_event(JobEvent(EVENT_JOB_ADDED, job.id, jobstore_alias))
        self._logger.info('Added job "%s" to job store "%s"', job.name, jobstore_alias)
        if self._standby.waiting:
            self._standby.warn_of(job, store)
        self._notice_change(store)

    def _add_to_engine(self, store: NativeJobStore, job: Job, replace_existing: bool) -> None:
        if not self._listeners:
            store._add(job, replace=replace_existing)
            return
        self._ids_being_added[job.id] = job.id
        try:
            store._add(job, replace=replace_existing)
        finally:
            self._ids_being_added.pop(job.id, None)

    def _find_first_run(self, job: Job) -> None:
        """What the engine finds itself where it knows the time."""
        if not hasattr(job, "next_run_time"):
            job._modify(next_run_time=job.trigger.get_next_fire_time(None, self._now()))

    @staticmethod
    def _add_to_foreign(store: BaseJobStore, job: Job, replace_existing: bool) -> None:
        try:
            store.add_job(job)
        except ConflictingIdError:
            if not replace_existing:
                raise
            store.update_job(job)

    # --- changing jobs ------------------------------------------------------------------------------

    def modify_job(self, job_id: str, jobstore: str | None = None, **changes: Any) -> Job:
        """Changes attributes of a job.

        A new trigger alone leaves the next run time as it is; see :meth:`reschedule_job`.

        :param jobstore: alias of its job store; ``None``: search all
        :raises JobLookupError: if there is no such job
        """
        job, jobstore = self._lookup_job(job_id, jobstore)
        job._modify(**changes)
        if jobstore is None:
            self._dispatch_event(JobEvent(EVENT_JOB_MODIFIED, job_id, jobstore))
            return job
        store = self._lookup_jobstore(jobstore)
        if is_run_by_engine(store):
            store._update(job, changes)
        else:
            store.update_job(job)
            self._dispatch_event(JobEvent(EVENT_JOB_MODIFIED, job_id, jobstore))
        self._notice_change(store)
        return job

    def reschedule_job(
        self, job_id: str, jobstore: str | None = None, trigger: BaseTrigger | str | None = None, **trigger_args: Any
    ) -> Job:
        """Gives a job another trigger, and the next run time that it says.

        :raises JobLookupError: if there is no such job
        """
        new_trigger = self._create_trigger(trigger, trigger_args)
        next_run_time = new_trigger.get_next_fire_time(None, self._now())
        return self.modify_job(job_id, jobstore, trigger=new_trigger, next_run_time=next_run_time)

    def pause_job(self, job_id: str, jobstore: str | None = None) -> Job:
        """Stops running a job until :meth:`resume_job`.

        :raises JobLookupError: if there is no such job
        """
        if not self._has_native_stores_only() or self._is_overridden("modify_job"):
            return self.modify_job(job_id, jobstore, next_run_time=None)
        assert self._engine is not None
        paused = self._job_call(self._engine.pause_job, job_id, jobstore)
        assert paused is not None
        return paused

    def resume_job(self, job_id: str, jobstore: str | None = None) -> Job | None:
        """Runs a job again from now on; removes it, and returns ``None``, if its trigger is spent.

        :raises JobLookupError: if there is no such job
        """
        if (
            self._has_native_stores_only()
            and self._patched_clock is None
            and not self._is_overridden("_lookup_job", "modify_job", "remove_job")
        ):
            assert self._engine is not None
            return self._job_call(self._engine.resume_job, job_id, jobstore)
        job, alias = self._lookup_job(job_id, jobstore)
        next_run_time = job.trigger.get_next_fire_time(None, self._now())
        if next_run_time:
            return self.modify_job(job_id, alias, next_run_time=next_run_time)
        self.remove_job(job_id, alias)
        return None

    def reload_time_zones(self, move_next_runs: bool = False) -> int:
        """Reads the tz database again and gives the jobs whose zone has changed triggers with the new data.

        :param move_next_runs: also set their next run times to what the triggers say from now on
        :return: how many jobs' zones have changed
        """
        forget_time_zones()
        if self._engine is None:
            _native.reload_time_zones()
            return 0
        with engine_errors():
            return self._engine.reload_time_zones(move_next_runs)

    def _has_native_stores_only(self) -> bool:
        """Whether the engine alone can be asked about any job."""
        if self._state == STATE_STOPPED or self._engine is None:
            return False
        return all(is_run_by_engine(store) for store in list(self._jobstores.values()))

    def _job_call(
        self, call: Callable[[str | None, str], _native.Job | None], job_id: str, jobstore: str | None
    ) -> Job | None:
        try:
            snapshot = call(jobstore, job_id)
        except _native.Error as exc:
            if exc.code == _native.ERROR_NOT_FOUND:
                raise JobLookupError(job_id) from None
            raise translate(exc) from None
        return None if snapshot is None else self._job_from_snapshot(snapshot)

    def _job_from_snapshot(self, snapshot: _native.Job) -> Job:
        store = self._lookup_jobstore(snapshot.store)
        assert is_run_by_engine(store)
        return Job._from_snapshot(self, store, snapshot)

    def remove_job(self, job_id: str, jobstore: str | None = None) -> None:
        """Removes a job; a run of it that goes on ends undisturbed.

        :raises JobLookupError: if there is no such job
        """
        if self._state == STATE_STOPPED:
            alias = self._remove_pending(job_id, jobstore)
            self._dispatch_event(JobEvent(EVENT_JOB_REMOVED, job_id, alias))
        else:
            self._remove_stored(job_id, jobstore)
        self._logger.info("Removed job %s", job_id)

    def _remove_pending(self, job_id: str, jobstore: str | None) -> str:
        with self._jobstores_lock:
            for i, (job, alias, _) in enumerate(self._pending_jobs):
                if job.id == job_id and jobstore in (None, alias):
                    del self._pending_jobs[i]
                    return alias
        raise JobLookupError(job_id)

    def _remove_stored(self, job_id: str, jobstore: str | None) -> None:
        for alias, store in self._stores():
            if jobstore not in (None, alias):
                continue
            try:
                store.remove_job(job_id)
            except JobLookupError:
                continue
            if not is_run_by_engine(store):
                by_lane = isinstance(threading.current_thread(), LaneThread)
                tell = self._deliver_event if by_lane else self._dispatch_event
                tell(JobEvent(EVENT_JOB_REMOVED, job_id, alias))
            return
        raise JobLookupError(job_id)

    def remove_all_jobs(self, jobstore: str | None = None) -> None:
        """Removes all jobs of one job store, or of all."""
        if self._state == STATE_STOPPED:
            with self._jobstores_lock:
                self._pending_jobs = [pending for pending in self._pending_jobs if jobstore and pending[1] != jobstore]
        else:
            for alias, store in self._stores():
                if jobstore in (None, alias):
                    store.remove_all_jobs()
        self._dispatch_event(SchedulerEvent(EVENT_ALL_JOBS_REMOVED, jobstore))

    # --- looking at jobs ----------------------------------------------------------------------------

    def get_jobs(self, jobstore: str | None = None, pending: bool | None = None) -> list[Job]:
        """The jobs of one job store or of all; before :meth:`start`, the pending ones.

        :param pending: deprecated, without effect
        """
        if pending is not None:
            warnings.warn(
                'The "pending" option is deprecated -- get_jobs() always returns scheduled jobs if the scheduler has '
                "been started and pending jobs otherwise",
                DeprecationWarning,
                stacklevel=2,
            )
        if self._state == STATE_STOPPED:
            return [job for job, alias, _ in list(self._pending_jobs) if jobstore in (None, alias)]
        return [job for alias, store in self._stores() if jobstore in (None, alias) for job in store.get_all_jobs()]

    def get_job(self, job_id: str, jobstore: str | None = None) -> Job | None:
        """The job, or ``None``."""
        try:
            return self._lookup_job(job_id, jobstore)[0]
        except JobLookupError:
            return None

    def print_jobs(self, jobstore: str | None = None, out: Any = None) -> None:
        """Writes a list of the jobs to ``out``, by default the standard output."""
        out = out or sys.stdout
        if self._state == STATE_STOPPED:
            print("Pending jobs:", file=out)
            self._print_jobs(self.get_jobs(jobstore), "" if self._pending_jobs else "    No pending jobs", out)
            return
        for alias, store in sorted(self._stores()):
            if jobstore in (None, alias):
                print(f"Jobstore {alias}:", file=out)
                self._print_jobs(store.get_all_jobs(), "    No scheduled jobs", out)

    @staticmethod
    def _print_jobs(jobs: list[Job], nothing: str, out: Any) -> None:
        for job in jobs:
            print(f"    {job}", file=out)
        if not jobs and nothing:
            print(nothing, file=out)

    # --- what APScheduler does not have -------------------------------------------------------------

    def _running_engine(self) -> _native.Scheduler:
        if self._state == STATE_STOPPED or self._engine is None:
            raise SchedulerNotRunningError
        return self._engine

    def get_runs(
        self,
        job_id: str | None = None,
        jobstore: str | None = None,
        *,
        state: str | None = None,
        since: Any = None,
        until: Any = None,
        limit: int = 100,
    ) -> list[Run]:
        """(ours) Runs that job stores remember, by the times for which they were scheduled, latest first: those of all
        processes, where a job store is shared, and also of jobs that are gone. Job stores written in Python know none.

        :param jobstore: alias of the job store; ``None``: all
        :param state: only those that are ``claimed`` (they go on), ``succeeded``, ``failed``, ``missed``,
            ``refused`` or ``abandoned``
        :param since: only those scheduled from then on, ``until`` only those up to then: as run dates of jobs
        :param limit: how many at most
        :raises LookupError: if there is no such job store
        :raises SchedulerNotRunningError: if the scheduler does not run
        """
        engine = self._running_engine()
        first = convert_to_datetime(since, self.timezone, "since")
        last = convert_to_datetime(until, self.timezone, "until")
        with engine_errors():
            return read_runs(engine.list_runs(jobstore, job_id, state, first, last, limit), self.timezone)

    def print_runs(
        self, job_id: str | None = None, jobstore: str | None = None, limit: int = 20, out: Any = None
    ) -> None:
        """(ours) Writes a list of the latest runs to ``out``, by default the standard output.

        :raises SchedulerNotRunningError: if the scheduler does not run
        """
        out = out or sys.stdout
        runs = self.get_runs(job_id, jobstore, limit=limit)
        for run in runs:
            print(run, file=out)
        if not runs:
            print("No runs", file=out)

    def get_running(self, jobstore: str | None = None) -> list[Run]:
        """(ours) The runs that go on now, oldest first: those of all processes, where the job store is shared.

        Those that wait for a worker are among them. Job stores written in Python know no runs.

        :raises SchedulerNotRunningError: if the scheduler does not run
        """
        with engine_errors():
            return read_runs(self._running_engine().list_running(jobstore), self.timezone)

    def run_job_now(self, job_id: str, jobstore: str | None = None) -> str:
        """(ours) Runs a job once, in this process, and leaves its schedule alone.

        Also a job that is paused, or waits for its last run to end, and while the scheduler is paused. The run is
        never too late, however long it waits for a worker.

        :return: the id of the run
        :raises JobLookupError: if there is no such job
        :raises MaxInstancesReachedError: if as many runs of the job go on as it allows
        :raises SchedulerNotRunningError: if the scheduler does not run
        """
        engine = self._running_engine()
        try:
            return engine.run_job(jobstore, job_id)
        except _native.Error as exc:
            if exc.code == _native.ERROR_MAX_INSTANCES:
                raise MaxInstancesReachedError(self.get_job(job_id, jobstore) or job_id) from None
            if exc.code == _native.ERROR_NOT_RUNNING:
                raise SchedulerNotRunningError from None
            if exc.code != _native.ERROR_NOT_FOUND:
                raise translate(exc) from None
        return self._run_foreign_job(job_id, jobstore)

    def _run_foreign_job(self, job_id: str, jobstore: str | None) -> str:
        """The same for a job store written in Python."""
        for alias, store in self._foreign_stores():
            job = store.lookup_job(job_id) if jobstore in (None, alias) else None
            if job is not None:
                job._run_id = _native.new_id()
                run_times = [self._now()]
                self._lookup_executor(job.executor).submit_job(job, run_times)
                self._dispatch_event(JobSubmissionEvent(EVENT_JOB_SUBMITTED, job_id, alias, run_times))
                return job._run_id
        raise JobLookupError(job_id)

    def cancel_run(self, run_id: str) -> bool:
        """(ours) Asks a run of this process to end: its job sees that in ``current_run().cancelled``, and does what it
        likes. A run that still waits for a worker does not start; it fails.

        :return: whether the run goes on here
        :raises ValueError: if ``run_id`` is no id
        :raises SchedulerNotRunningError: if the scheduler does not run
        """
        engine = self._running_engine()
        with engine_errors():
            return engine.cancel_run(run_id)

    def export_jobs(self, outfile: Any, jobstore: str | None = None) -> None:
        """Writes jobs to a JSON file, which APScheduler 3.11 can read too.

        :param outfile: a path, or a file to write text to
        :param jobstore: alias of the job store; ``None``: all
        :raises RuntimeError: if the scheduler does not run
        """
        from duetime.schedulers._transfer import export_jobs

        if self.state == STATE_STOPPED:
            raise RuntimeError("the scheduler must have been started for job export to work")
        export_jobs(self, outfile, jobstore)

    def import_jobs(self, infile: Any, jobstore: str = "default", *, trusted: bool = False) -> None:
        """Adds the jobs of a file that :meth:`export_jobs` wrote, here or in APScheduler 3.11: all or none, where the
        job store can.

        The file is read with a closed list of classes. It names the callables of its jobs, though, which are imported
        now and called when the jobs run.

        :param infile: a path, or a file to read text from
        :param jobstore: alias of the job store to add them to
        :param trusted: (ours) also make objects of other classes, which runs whatever the file says
        :raises ValueError: saying what is wrong with the file; nothing was added
        :raises ConflictingIdError: if an id is taken
        """
        from duetime.schedulers._transfer import import_jobs

        import_jobs(self, infile, jobstore, trusted)

    def get_parked_jobs(self) -> list[ParkedJob]:
        """(ours) The jobs that this process cannot read or run, with the reasons. They stay in their stores.

        :raises SchedulerNotRunningError: if the scheduler does not run
        """
        parked = read_parked(self._running_engine().list_parked())
        for alias, lane in list(self._lanes.items()):
            parked += [ParkedJob(job_id, alias, reason) for job_id, reason in list(lane.parked.items())]
        for _, store in self._stores():
            parked += getattr(store, "_unread_jobs", ())
        return parked

    def release_job(self, job_id: str, jobstore: str = "default") -> None:
        """(ours) Looks at a parked job again, when its reason is gone.

        :raises JobLookupError: if it is not parked
        """
        engine = self._running_engine()
        lane = self._lanes.get(jobstore)
        if lane is not None and lane.parked.pop(job_id, None) is not None:
            self._notice_change(lane.store)
            return
        try:
            engine.release_parked(jobstore, job_id)
        except _native.Error as exc:
            if exc.code == _native.ERROR_NOT_FOUND:
                raise JobLookupError(job_id) from None
            raise translate(exc) from None

    def health(self) -> dict[str, Any]:
        """(ours) How the scheduler and each of its job stores are; see docs/health.md.

        :raises SchedulerNotRunningError: if the scheduler does not run
        """
        report: dict[str, Any] = json.loads(self._running_engine().health())
        report.update(self._standby.report())
        if self._standby.waiting and self._state == STATE_RUNNING:
            report["state"] = "standby"
        return report

    # --- inside -------------------------------------------------------------------------------------

    def _stores(self) -> list[tuple[str, BaseJobStore]]:
        with self._jobstores_lock:
            return list(self._jobstores.items())

    def _now(self) -> datetime:
        return datetime.now(self.timezone) if self._clock is None else self._clock.now().astimezone(self.timezone)

    def _create_default_executor(self) -> BaseExecutor:
        return ThreadPoolExecutor()

    def _create_default_jobstore(self) -> BaseJobStore:
        return MemoryJobStore()

    def _lookup_executor(self, alias: str) -> BaseExecutor:
        try:
            return self._executors[alias]
        except KeyError:
            raise KeyError(f"No such executor: {alias}") from None

    def _lookup_jobstore(self, alias: str) -> BaseJobStore:
        try:
            return self._jobstores[alias]
        except KeyError:
            raise KeyError(f"No such job store: {alias}") from None

    def _lookup_job(self, job_id: str, jobstore_alias: str | None) -> tuple[Job, str | None]:
        """The job and the alias of its store, ``None`` for a pending one."""
        if self._state == STATE_STOPPED:
            for job, _, _ in list(self._pending_jobs):
                if job.id == job_id:
                    return job, None
            raise JobLookupError(job_id)
        for alias, store in self._stores():
            if jobstore_alias in (None, alias):
                found = store.lookup_job(job_id)
                if found is not None:
                    return found, alias
        raise JobLookupError(job_id)

    def _create_plugin_instance(self, type_: str, alias: str, constructor_kwargs: Mapping[str, Any]) -> Any:
        """A trigger, job store or executor of the kind that ``alias`` names."""
        plugins, classes, base_class = {
            "trigger": (self._trigger_plugins, self._trigger_classes, BaseTrigger),
            "jobstore": (self._jobstore_plugins, self._jobstore_classes, BaseJobStore),
            "executor": (self._executor_plugins, self._executor_classes, BaseExecutor),
        }[type_]
        plugin_class = classes.get(alias)
        if plugin_class is None:
            plugin = plugins.find(alias) if isinstance(plugins, PluginTable) else plugins.get(alias)
            if plugin is None:
                raise LookupError(f'No {type_} by the name "{alias}" was found')
            plugin_class = plugin.load()
            if not issubclass(plugin_class, base_class):
                raise TypeError(f"The {type_} entry point does not point to a {type_} class")
            classes[alias] = plugin_class
        return plugin_class(**constructor_kwargs)

    def _create_trigger(self, trigger: Any, trigger_args: dict[str, Any]) -> BaseTrigger:
        if trigger is None:
            trigger = "date"
        elif not isinstance(trigger, str):  # asked first, because asking abstract classes takes longer
            if isinstance(trigger, BaseTrigger):
                return trigger
            raise TypeError(f"Expected a trigger instance or string, got {trigger.__class__.__name__} instead")
        if trigger not in _TRIGGERS_WITHOUT_ZONE:
            trigger_args.setdefault("timezone", self.timezone)
        if self._clock is not None:
            return self._create_trigger_by_clock(trigger, trigger_args)
        trigger_class = self._trigger_classes.get(trigger)
        made: BaseTrigger = (
            self._create_plugin_instance("trigger", trigger, trigger_args)
            if trigger_class is None
            else trigger_class(**trigger_args)
        )
        return made

    def _create_trigger_by_clock(self, alias: str, trigger_args: dict[str, Any]) -> BaseTrigger:
        """Where triggers would begin now, they begin at the clock's now."""
        starts_now = not (trigger_args.get("start_date") or trigger_args.get("dtstart"))
        if alias == "date":
            trigger_args.setdefault("run_date", self._now())
        elif alias == "rrule":
            trigger_args.setdefault("dtstart", self._now())
        elif alias == "calendarinterval":
            trigger_args.setdefault("start_date", self._now().date())
        trigger: BaseTrigger = self._create_plugin_instance("trigger", alias, trigger_args)
        if isinstance(trigger, IntervalTrigger) and not trigger_args.get("start_date"):
            trigger.start_date = self._now() + trigger.interval
        if hasattr(type(trigger), "_starts_now"):
            trigger._starts_now = starts_now  # type: ignore[attr-defined]
        return trigger

    def _create_lock(self) -> Any:
        return RLock()

    def _check_uwsgi(self) -> None:
        if not getattr(sys.modules.get("uwsgi"), "has_threads", True):
            raise RuntimeError(
                "The scheduler seems to be running under uWSGI, but threads have been disabled. You must run uWSGI "
                "with the --enable-threads option for the scheduler to work."
            )


# Made of triggers that have their own zones.
_TRIGGERS_WITHOUT_ZONE = frozenset({"and", "not", "or"})

_JOB_OPTIONS = frozenset(
    {"coalesce", "executor", "max_instances", "misfire_grace_time", "name", "next_run_time", "recover"}
)

_PARTS: dict[str, tuple[type[Any], str]] = {
    "executor": (BaseExecutor, "executor"),
    "jobstore": (BaseJobStore, "job store"),
}


@cache
def _foreign_names(scheduler_class: type) -> frozenset[str]:
    """What subclasses written outside define."""
    foreign = [kind for kind in scheduler_class.__mro__ if kind.__module__.partition(".")[0] != "duetime"]
    return frozenset(name for kind in foreign for name in vars(kind))


def _seconds(option: str, value: Any) -> float:
    seconds = value.total_seconds() if isinstance(value, timedelta) else float(value)
    if not 0 <= seconds <= _LONGEST:
        raise ValueError(f"{option} must be a number of seconds from 0 to {_LONGEST}, got {value!r}")
    return seconds


def _count(option: str, value: Any) -> int:
    count = int(value)
    if count < 0:
        raise ValueError(f"{option} must not be negative, got {value!r}")
    return count


_LONGEST = 100 * 366 * 86_400
_NO_DEFAULTS: dict[str, Any] = {}  # for pending jobs, which get them when the scheduler starts


def _set_option(job: Job, name: str, value: Any, defaults: Mapping[str, Any]) -> None:
    if value is not undefined:
        job._modify(**{name: value})
    elif name in defaults:
        setattr(job, name, defaults[name])
