package io.duetime;

import io.duetime.internal.Native;
import io.duetime.internal.NativeJob;
import io.duetime.internal.NativeJobChanges;
import io.duetime.internal.NativeJobFilter;
import io.duetime.internal.NativeJobOptions;
import io.duetime.internal.NativeJobs;
import io.duetime.internal.NativeNewJob;
import io.duetime.internal.NativeNewJobs;
import io.duetime.internal.NativeParkedJobs;
import io.duetime.internal.NativeProcessPoolOptions;
import io.duetime.internal.NativeRunFilter;
import io.duetime.internal.NativeRuns;
import io.duetime.internal.NativeScheduler;
import io.duetime.internal.NativeSchedulerOptions;
import io.duetime.internal.NativeSchedulers;
import io.duetime.internal.NativeTrigger;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;

/**
 * Runs jobs when their triggers say so: stores, executors, tasks and listeners under one roof. Every method may be
 * called from any thread at any time, also from tasks and listeners.
 *
 * <p>It belongs to who made it: {@link #close} it. One that is forgotten lives on until the virtual machine ends, which
 * it does not keep from ending.
 *
 * <p>{@code store} is an alias; without it a method looks in every store, in the order in which they were added.
 * Methods throw {@link DuetimeException}: {@link ErrorCode#NOT_FOUND} for a job, store or executor that is not there,
 * {@link ErrorCode#STALE_HANDLE} once it is closed. Instants and durations are rounded down to microseconds.
 */
public final class Scheduler implements AutoCloseable {
  private static final Set<EventType> ALL = EnumSet.allOf(EventType.class);

  private final NativeScheduler scheduler;
  private final StartedRuns startedRuns = new StartedRuns();
  private boolean hearsOfEnds; // guarded by startedRuns

  public Scheduler() {
    this(new SchedulerOptions());
  }

  public Scheduler(SchedulerOptions options) {
    this(options, NativeScheduler::new);
  }

  private Scheduler(SchedulerOptions options, Function<NativeSchedulerOptions, NativeScheduler> make) {
    scheduler = Natives.apply(options.toNative(), NativeSchedulerOptions::delete, make);
    LiveSchedulers.add(scheduler);
  }

  /** As {@link #fromJson(String, SchedulerOptions)}, without options. */
  public static Scheduler fromJson(String configuration) {
    return fromJson(configuration, new SchedulerOptions());
  }

  /**
   * From a JSON object of options, stores and executors: {@code {"stores": {"default": "sqlite:///jobs.db"},
   * "executors": {"default": {"type": "thread_pool", "workers": 20}}}}. The options give what it does not mention.
   *
   * @throws DuetimeException {@link ErrorCode#INVALID_ARGUMENT}, which names the member that is unknown or wrong
   */
  public static Scheduler fromJson(String configuration, SchedulerOptions options) {
    Objects.requireNonNull(configuration, "configuration");
    return new Scheduler(options, rest -> new NativeScheduler(configuration, rest));
  }

  // --- life

  /** Adds a memory store and a thread pool named "default" where nothing of that name was added. */
  public void start() {
    scheduler.start(false);
  }

  /** Claims nothing until {@link #resume}. */
  public void startPaused() {
    scheduler.start(true);
  }

  /**
   * Claims nothing more, tells tasks that run, and waits until they have ended and are recorded. May be started again.
   */
  public void shutdown() {
    shutdown(true);
  }

  /** {@code wait}: whether for running tasks. A task that calls this does not wait for itself. */
  public void shutdown(boolean wait) {
    scheduler.shutdown(wait);
  }

  public void pause() {
    scheduler.pause();
  }

  public void resume() {
    scheduler.resume();
  }

  public SchedulerState state() {
    return SchedulerState.values()[scheduler.state()];
  }

  /** A JSON object: node id, state and, per store, liveness, lag and last error. */
  public String health() {
    return scheduler.health();
  }

  /** A JSON object: what has become of runs on this node since its start, in numbers. */
  public String statistics() {
    return scheduler.statistics();
  }

  /** Health and statistics in the text format of Prometheus. */
  public String metrics() {
    return scheduler.metrics();
  }

  /** Shuts down without waiting for tasks that run: they may outlive it. Doing it twice does nothing. */
  @Override
  public void close() {
    LiveSchedulers.close(scheduler);
  }

  // --- hosted mode

  /**
   * Claims and hands over what is due and delivers events, in this thread. Answers when to call again at the latest, if
   * {@link #wakeupFd} does not become readable before; empty if nothing is scheduled.
   */
  public Optional<Instant> runPending() {
    return Micros.toOptional(scheduler.runPending());
  }

  /** A descriptor that is readable when {@link #runPending} has work; the scheduler's own. */
  public int wakeupFd() {
    return scheduler.wakeupFd();
  }

  /**
   * Plays time, for tests and simulations: the manual clock of these hosted schedulers moves to {@code until}, from one
   * due instant to the next, and what is due at each has run to its end before time goes on.
   *
   * @param timeout of real time; {@link JobOptions#UNLIMITED} to wait as long as it takes
   * @return false if what runs has not ended within the timeout: the same call goes on from there
   */
  public static boolean play(Collection<Scheduler> schedulers, Instant until, Duration timeout) {
    long untilMicros = Micros.of(until);
    long timeoutMicros = Micros.ofLimit(timeout);
    NativeSchedulers list = new NativeSchedulers();
    schedulers.forEach(player -> list.add(player.scheduler));
    return Natives.apply(list, NativeSchedulers::delete, players -> Native.play(players, untilMicros, timeoutMicros));
  }

  // --- stores and executors

  /** {@code configuration}: a URL ("memory:", "sqlite:///jobs.db", "postgresql://...") or a JSON object. */
  public void addStore(String alias, String configuration) {
    scheduler.addStore(alias, configuration);
  }

  /** Its jobs stay in it. Waits for tasks of its jobs that run. */
  public void removeStore(String alias) {
    removeStore(alias, true);
  }

  public void removeStore(String alias, boolean wait) {
    scheduler.removeStore(alias, wait);
  }

  /** {@code workers}: 1 to 10,000 threads. */
  public void addThreadPool(String alias, int workers) {
    scheduler.addThreadPool(alias, workers);
  }

  /** Runs tasks in the thread that hands them over. */
  public void addInlineExecutor(String alias) {
    scheduler.addInlineExecutor(alias);
  }

  /** Runs tasks in worker processes, programs of any language; in Java they call {@link Worker}. */
  public void addProcessPool(String alias, ProcessPoolOptions options) {
    Natives.with(
        options.toNative(), NativeProcessPoolOptions::delete, pool -> scheduler.addProcessPool(alias, pool));
  }

  /** Waits for its tasks that run. */
  public void removeExecutor(String alias) {
    removeExecutor(alias, true);
  }

  public void removeExecutor(String alias, boolean wait) {
    scheduler.removeExecutor(alias, wait);
  }

  // --- tasks and listeners

  /** Replaces an earlier task of that name, which is let go when its last run has ended. */
  public void registerTask(String name, Task task) {
    Objects.requireNonNull(name, "name");
    scheduler.registerCallback(name, new Callbacks.OfTask(Objects.requireNonNull(task, "task")));
  }

  /** For names that are not registered. Replaces an earlier resolver. */
  public void setTaskResolver(TaskResolver resolver) {
    scheduler.setResolver(new Callbacks.OfResolver(Objects.requireNonNull(resolver, "resolver")));
  }

  /** Of everything. */
  public Subscription addListener(Listener listener) {
    return addListener(ALL, listener);
  }

  public Subscription addListener(Set<EventType> types, Listener listener) {
    long mask = types.equals(ALL) ? -1 : EventType.maskOf(types);
    long id = scheduler.addCallback(mask, new Callbacks.OfListener(Objects.requireNonNull(listener, "listener")));
    AtomicBoolean open = new AtomicBoolean(true);
    return () -> {
      if (open.getAndSet(false)) {
        removeListener(id);
      }
    };
  }

  private void removeListener(long id) {
    try {
      scheduler.removeListener(id);
    } catch (DuetimeException failure) {
      if (failure.code() != ErrorCode.STALE_HANDLE) { // closed: its listeners are gone
        throw failure;
      }
    }
  }

  // --- jobs

  /**
   * Empty if the trigger never fires: nothing is added then. The trigger may be closed at once.
   *
   * @throws DuetimeException {@link ErrorCode#CONFLICT} if the id is taken
   */
  public Optional<Job> addJob(Trigger trigger, JobOptions options) {
    NativeJob added =
        Natives.apply(
            trigger.share(),
            NativeTrigger::delete,
            rule -> Natives.apply(options.toNative(), NativeJobOptions::delete, job -> scheduler.addJob(rule, job)));
    return Optional.ofNullable(added).map(Job::new);
  }

  /** Adds all or none to one store, that of the first: one transaction for thousands of jobs. */
  public void addJobs(List<NewJob> jobs) {
    withNative(
        jobs,
        list -> {
          scheduler.addJobs(list);
          return null;
        });
  }

  /**
   * What adds the jobs if it is run in a transaction of the caller's own connection to the store's database: a JSON
   * array of {@code {"sql": text with a ? for each parameter, "parameters": [null, integers, texts], "must_change":
   * true where a statement that changes no row means that the id of a job is taken}}.
   */
  public String sqlToAddJobs(List<NewJob> jobs) {
    return withNative(jobs, scheduler::sqlToAddJobs);
  }

  private static <R> R withNative(List<NewJob> jobs, Function<NativeNewJobs, R> use) {
    return Natives.apply(
        new NativeNewJobs(),
        NativeNewJobs::delete,
        list -> {
          list.reserve(jobs.size());
          for (NewJob job : jobs) {
            Natives.with(job.toNative(), NativeNewJob::delete, list::add);
          }
          return use.apply(list);
        });
  }

  public Job modifyJob(String id, JobChanges changes) {
    return modifyJob(id, changes, null);
  }

  public Job modifyJob(String id, JobChanges changes, String store) {
    return new Job(
        Natives.apply(
            changes.toNative(), NativeJobChanges::delete, wanted -> scheduler.modifyJob(id, wanted, store)));
  }

  /** Gives it another trigger, and that trigger's first fire from now on as its next run time. */
  public Job rescheduleJob(String id, Trigger trigger) {
    return modifyJob(id, new JobChanges().reschedule(trigger));
  }

  public Job pauseJob(String id) {
    return pauseJob(id, null);
  }

  public Job pauseJob(String id, String store) {
    return new Job(scheduler.pauseJob(id, store));
  }

  /** Due again at its trigger's first fire from now. If there is none the job is removed, and the answer is empty. */
  public Optional<Job> resumeJob(String id) {
    return resumeJob(id, null);
  }

  /** As {@link #resumeJob(String)}. */
  public Optional<Job> resumeJob(String id, String store) {
    return Optional.ofNullable(scheduler.resumeJob(id, store)).map(Job::new);
  }

  public void removeJob(String id) {
    removeJob(id, null);
  }

  public void removeJob(String id, String store) {
    scheduler.removeJob(id, store);
  }

  /** Of all stores. */
  public void removeAllJobs() {
    removeAllJobs(null);
  }

  public void removeAllJobs(String store) {
    scheduler.removeAllJobs(store);
  }

  public Optional<Job> getJob(String id) {
    return getJob(id, null);
  }

  public Optional<Job> getJob(String id, String store) {
    return Optional.ofNullable(scheduler.getJob(id, store)).map(Job::new);
  }

  /** Of all stores: by next run time, paused ones last, then by id. */
  public List<Job> jobs() {
    return jobs(null);
  }

  /** As {@link #jobs()}, of one store. */
  public List<Job> jobs(String store) {
    return copiedJobs(scheduler.jobs(store));
  }

  /** Of all stores: store after store, by id. */
  public List<Job> findJobs(JobFilter filter) {
    return findJobs(filter, null);
  }

  /** By id. Pages are read from one store: {@link JobFilter#limit}, and the last id of the page before. */
  public List<Job> findJobs(JobFilter filter, String store) {
    return Natives.apply(
        filter.toNative(), NativeJobFilter::delete, wanted -> copiedJobs(scheduler.findJobs(wanted, store)));
  }

  private static List<Job> copiedJobs(NativeJobs jobs) {
    return Natives.apply(jobs, NativeJobs::delete, found -> copied(found, job -> new Job(new NativeJob(job))));
  }

  // --- runs

  /** Latest first: of all nodes that share a store, and also of jobs that are gone. */
  public List<Run> runs(RunFilter filter) {
    return runs(filter, null);
  }

  /** As {@link #runs(RunFilter)}, of one store. */
  public List<Run> runs(RunFilter filter, String store) {
    return Natives.apply(
        filter.toNative(), NativeRunFilter::delete, wanted -> copiedRuns(scheduler.runs(wanted, store)));
  }

  /** How long ended runs are kept in all stores, whatever options and configuration say: so many of so young an age. */
  public void setHistory(Duration maxAge, long maxCount) {
    setHistory(maxAge, maxCount, null);
  }

  /** As {@link #setHistory(Duration, long)}, in one store. */
  public void setHistory(Duration maxAge, long maxCount, String store) {
    scheduler.setHistory(Micros.of(maxAge), maxCount, store);
  }

  /** The runs that are under way now, oldest first: of all nodes, where a store is shared. */
  public List<Run> running() {
    return running(null);
  }

  /** As {@link #running()}, of one store. */
  public List<Run> running(String store) {
    return copiedRuns(scheduler.running(store));
  }

  private static List<Run> copiedRuns(NativeRuns runs) {
    return Natives.apply(runs, NativeRuns::delete, found -> copied(found, Run::new));
  }

  private static <N, T> List<T> copied(List<N> found, Function<N, T> copy) {
    List<T> copies = new ArrayList<>(found.size());
    for (N each : found) {
      copies.add(copy.apply(each));
    }
    return copies;
  }

  /**
   * Runs the job once on this node, beside its schedule: also a paused one, and while the scheduler is paused.
   *
   * @throws DuetimeException {@link ErrorCode#MAX_INSTANCES} if so many runs of it are under way, {@link
   *     ErrorCode#NOT_RUNNING}
   */
  public RunHandle runJob(String id) {
    return runJob(id, null);
  }

  /** As {@link #runJob(String)}. */
  public RunHandle runJob(String id, String store) {
    hearOfEnds();
    return startedRuns.begin(id, () -> scheduler.runJob(id, store));
  }

  private void hearOfEnds() {
    synchronized (startedRuns) {
      if (!hearsOfEnds) {
        addListener(StartedRuns.ENDS, startedRuns);
        hearsOfEnds = true;
      }
    }
  }

  /** Tells a run that is under way on this node to end early: {@link TaskCall#isCancelled}. */
  public void cancelRun(String runId) {
    scheduler.cancelRun(runId);
  }

  /** Jobs that this node cannot read or run. */
  public List<ParkedJob> parkedJobs() {
    return Natives.apply(
        scheduler.parkedJobs(), NativeParkedJobs::delete, found -> copied(found, ParkedJob::new));
  }

  /** Looks at a parked job again. */
  public void releaseParked(String id) {
    releaseParked(id, null);
  }

  public void releaseParked(String id, String store) {
    scheduler.releaseParked(id, store);
  }

  /** Reads the tz database again; answers how many jobs got triggers with new data. Next run times stay. */
  public long reloadTimeZones() {
    return reloadTimeZones(false);
  }

  /** {@code moveNextRuns}: each next run time becomes what its trigger says from now on. */
  public long reloadTimeZones(boolean moveNextRuns) {
    return scheduler.reloadTimeZones(moveNextRuns);
  }
}
