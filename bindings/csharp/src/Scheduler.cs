using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;

namespace Duetime
{
    /// <summary>The scheduler: stores, executors, tasks and listeners under one roof. Any thread may call anything at
    /// any time, also tasks and listeners.
    ///
    /// `store` is an alias; null means every store, searched in the order they were added. Calls throw
    /// DuetimeException, with NotFound for a job, store or executor that is not there; and ObjectDisposedException once
    /// it is disposed.
    ///
    /// A scheduler that runs is not collected when the program forgets it. When the process ends, those that run are
    /// disposed; listeners and logs are not called any more then.</summary>
    public sealed class Scheduler : IDisposable
    {
        // Calls of others may use it while it is disposed: Dispose() ends the engine's part, which answers late callers
        // with an error; the object itself is freed when nobody holds it any more.
        private readonly NativeScheduler native;
        private readonly Failures failures;
        private readonly RunningCalls calls;
        private readonly RunWaiters waiters = new RunWaiters();
        private readonly Lazy<IDisposable> waitersListen;
        private int disposed;

        /// <summary>A stopped scheduler without stores and executors, with the defaults of SchedulerOptions.</summary>
        public Scheduler() : this(new SchedulerOptions())
        {
        }

        /// <summary>A stopped scheduler without stores and executors. Later changes of the options do not matter.
        /// </summary>
        public Scheduler(SchedulerOptions options) : this(options, ready => new NativeScheduler(ready))
        {
        }

        private Scheduler(SchedulerOptions options, Func<NativeSchedulerOptions, NativeScheduler> make)
        {
            failures = new Failures(Arguments.Given(options, nameof(options)).Log);
            calls = new RunningCalls(failures);
            waitersListen = new Lazy<IDisposable>(() => AddListener(RunWaiters.Kinds, waiters.Hear));
            using (NativeSchedulerOptions ready = options.ToNative())
            {
                native = make(ready);
            }
        }

        /// <summary>A stopped scheduler from a JSON object of options, stores and executors (docs/configuration.md),
        /// which goes before the options. Throws InvalidArgument naming the member that is unknown or wrong.</summary>
        /// <param name="json">The object.</param>
        /// <param name="options">null: the defaults.</param>
        public static Scheduler FromJson(string json, SchedulerOptions options = null)
        {
            Arguments.Given(json, nameof(json));
            return new Scheduler(options ?? new SchedulerOptions(), ready => new NativeScheduler(json, ready));
        }

        private NativeScheduler Open
        {
            get
            {
                return Volatile.Read(ref disposed) == 0 ? native : throw new ObjectDisposedException(nameof(Scheduler));
            }
        }

        // --- life

        /// <summary>Adds a memory store and a thread pool named "default" where nothing of that name was added.
        /// </summary>
        /// <param name="paused">Claims nothing until Resume().</param>
        public void Start(bool paused = false)
        {
            bool stopping = calls.Stopping;
            calls.Stopping = false;
            try
            {
                Open.start(paused);
            }
            catch (DuetimeException)
            {
                calls.Stopping = stopping;
                throw;
            }
            LiveSchedulers.Add(this);
            if (State == SchedulerState.Stopped) // by its first run
            {
                LiveSchedulers.Remove(this);
            }
        }

        /// <summary>Claims nothing more, and cancels the tokens of the tasks that run. It may be started again.
        /// </summary>
        /// <param name="wait">Returns only when running tasks have ended and are recorded; a task that calls this does
        /// not wait for itself.</param>
        public void Shutdown(bool wait = true)
        {
            NativeScheduler open = Open;
            CancelAll();
            open.shutdown(wait);
            LiveSchedulers.Remove(this);
            waiters.GiveUp();
        }

        private void CancelAll()
        {
            calls.Stopping = true;
            calls.CancelWhere(call => true);
        }

        /// <summary>Claims nothing until it is resumed.</summary>
        public void Pause()
        {
            Open.pause();
        }

        /// <summary>Claims again.</summary>
        public void Resume()
        {
            Open.resume();
        }

        /// <summary>Whether it runs.</summary>
        public SchedulerState State => Open.state();

        /// <summary>Node id, state and, per store, liveness, lag and last error, as a JSON object (docs/health.md).
        /// </summary>
        public string Health()
        {
            return Open.health();
        }

        /// <summary>What has become of runs on this node since its start, in numbers: a JSON object (docs/health.md).
        /// </summary>
        public string Statistics()
        {
            return Open.statistics();
        }

        /// <summary>Health and statistics in the text format of Prometheus.</summary>
        public string Metrics()
        {
            return Open.metrics();
        }

        /// <summary>Shuts down, without waiting for tasks that run, and frees. Doing it twice does nothing.</summary>
        public void Dispose()
        {
            if (Interlocked.Exchange(ref disposed, 1) != 0)
            {
                return;
            }
            CancelAll();
            native.destroy();
            LiveSchedulers.Remove(this);
            waiters.GiveUp();
        }

        // --- hosted mode

        /// <summary>Claims and hands over what is due and delivers events, in this thread.</summary>
        /// <returns>When to call again at the latest, if WakeupDescriptor does not become readable before; null if
        /// nothing is scheduled.</returns>
        public DateTimeOffset? RunPending()
        {
            return Micros.ToOptional(Open.run_pending());
        }

        /// <summary>A file descriptor that is readable when RunPending() has work; the scheduler's own.</summary>
        public int WakeupDescriptor => Open.wakeup_fd();

        /// <summary>Plays time, for tests and simulations: the manual clock of these hosted schedulers moves to
        /// <paramref name="until"/>, from one due instant to the next, and what is due at each has run to its end
        /// before time goes on.</summary>
        /// <param name="schedulers">All hosted, on one manual clock.</param>
        /// <param name="until">Now: only what is due now.</param>
        /// <param name="timeout">Of real time; null to wait as long as it takes.</param>
        /// <returns>False if what runs has not ended by the timeout: the same call goes on from there.</returns>
        public static bool Play(IEnumerable<Scheduler> schedulers, DateTimeOffset until, TimeSpan? timeout = null)
        {
            List<NativeScheduler> open = Arguments.Given(schedulers, nameof(schedulers)).Select(s => s.Open).ToList();
            using (var list = new NativeSchedulers(open))
            {
                bool ended = Native.play(list, Micros.Of(until), Micros.OfLimit(timeout ?? Timeout.InfiniteTimeSpan));
                GC.KeepAlive(open);
                return ended;
            }
        }

        // --- stores and executors

        /// <summary>Adds a store; it is opened when it is first needed, by Start() at the latest.</summary>
        /// <param name="alias">Its name in this scheduler.</param>
        /// <param name="configuration">A URL ("memory:", "sqlite:///jobs.db", "postgresql://...") or a JSON object
        /// (docs/job_stores.md).</param>
        public void AddStore(string alias, string configuration)
        {
            Open.add_store(Arguments.Given(alias, nameof(alias)),
                Arguments.Given(configuration, nameof(configuration)));
        }

        /// <summary>Closes it when its running tasks have ended, or at once; its jobs stay in it.</summary>
        public void RemoveStore(string alias, bool wait = true)
        {
            NativeScheduler open = Open;
            calls.CancelWhere(call => call.Store == alias);
            open.remove_store(Arguments.Given(alias, nameof(alias)), wait);
        }

        /// <summary>Adds a pool of 1 to 10,000 threads.</summary>
        public void AddThreadPool(string alias, int workers)
        {
            Open.add_thread_pool(Arguments.Given(alias, nameof(alias)), Arguments.Natural(workers, nameof(workers)));
        }

        /// <summary>Runs tasks in the thread that hands them over.</summary>
        public void AddInlineExecutor(string alias)
        {
            Open.add_inline_executor(Arguments.Given(alias, nameof(alias)));
        }

        /// <summary>Adds a pool of processes. Tasks that run there are to be known here by name, as all are; their
        /// delegates are not called.</summary>
        public void AddProcessPool(string alias, ProcessPoolOptions options)
        {
            using (NativeProcessPoolOptions ready = Arguments.Given(options, nameof(options)).ToNative())
            {
                Open.add_process_pool(Arguments.Given(alias, nameof(alias)), ready);
            }
        }

        /// <summary>Removes it when its running tasks have ended, or at once.</summary>
        public void RemoveExecutor(string alias, bool wait = true)
        {
            Open.remove_executor(Arguments.Given(alias, nameof(alias)), wait);
        }

        // --- tasks and listeners

        /// <summary>Makes a task known; replaces an earlier one of that name. It is called from executor threads,
        /// several at the same time. What it throws is the run's error; a CannotRunException says that the arguments
        /// cannot be read here.</summary>
        public void RegisterTask(string name, Action<TaskCall> task)
        {
            var receiver = new RegisteredTask(calls, Arguments.Given(task, nameof(task)));
            NativeScheduler open = Open;
            Utf8.Check(Arguments.Given(name, nameof(name)));
            open.register_function(name, Callbacks.RunTask, Callbacks.Give(receiver), Callbacks.Release);
        }

        /// <summary>As above. The run has ended when the Task has; the executor's thread waits for that.</summary>
        public void RegisterTask(string name, Func<TaskCall, Task> task)
        {
            Arguments.Given(task, nameof(task));
            RegisterTask(name, (TaskCall call) => RunToItsEnd(task, call));
        }

        private static void RunToItsEnd(Func<TaskCall, Task> task, TaskCall call)
        {
            // This thread waits here, which may be that of a user interface: what is awaited must not need it.
            SynchronizationContext context = SynchronizationContext.Current;
            SynchronizationContext.SetSynchronizationContext(null);
            try
            {
                Task begun = task(call) ?? throw new InvalidOperationException("got null, expected a Task");
                begun.GetAwaiter().GetResult();
            }
            finally
            {
                SynchronizationContext.SetSynchronizationContext(context);
            }
        }

        /// <summary>For names that are not registered; replaces an earlier resolver. It answers null for what it does
        /// not know: jobs of that task are parked on this node. It is asked once for each name.</summary>
        /// <param name="resolver">null removes it.</param>
        public void SetTaskResolver(Func<string, Action<TaskCall>> resolver)
        {
            NativeScheduler open = Open;
            if (resolver == null)
            {
                open.set_resolver(null, IntPtr.Zero, null);
                return;
            }
            var receiver = new RegisteredResolver(calls, failures, resolver);
            open.set_resolver(Callbacks.ResolveTask, Callbacks.Give(receiver), Callbacks.Release);
        }

        /// <summary>Tells of what the mask names: in the thread of the call that it is about, or else on the
        /// scheduler's event thread (hosted: in RunPending()), one event at a time. What the listener throws is logged.
        /// </summary>
        /// <returns>Dispose it to hear no more; a delivery under way in another thread may still end afterwards.
        /// </returns>
        public IDisposable AddListener(SchedulerEvents mask, Action<SchedulerEvent> listener)
        {
            var receiver = new RegisteredListener(failures, Arguments.Given(listener, nameof(listener)));
            ulong id = Open.listen((ulong)mask, Callbacks.Tell, Callbacks.Give(receiver), Callbacks.Release);
            return new Subscription(() => RemoveListener(id));
        }

        private void RemoveListener(ulong id)
        {
            if (Volatile.Read(ref disposed) == 0)
            {
                native.remove_listener(id);
            }
        }

        private sealed class Subscription : IDisposable
        {
            private Action end;

            internal Subscription(Action end)
            {
                this.end = end;
            }

            public void Dispose()
            {
                Interlocked.Exchange(ref end, null)?.Invoke();
            }
        }

        // --- jobs

        /// <summary>Adds a job. The caller still owns the trigger. Throws Conflict if the id is taken.</summary>
        /// <returns>null if the trigger never fires: nothing is added then.</returns>
        public Job AddJob(Trigger trigger, JobOptions options)
        {
            using (NativeTrigger rule = Arguments.Given(trigger, nameof(trigger)).Copy())
            using (NativeJobOptions ready = Arguments.Given(options, nameof(options)).ToNative())
            {
                return Job.Of(Open.add_job(rule, ready));
            }
        }

        /// <summary>Adds all or none to one store, that of the first: one transaction for thousands of jobs.</summary>
        public void AddJobs(IEnumerable<NewJob> jobs)
        {
            using (NativeNewJobs list = NewJob.ToNative(jobs))
            {
                Open.add_jobs(list);
            }
        }

        /// <summary>What adds the jobs if it is run in a transaction of the caller's own connection to the store's
        /// database: a JSON array of {"sql", "parameters", "must_change"}, of which the last, if true, means that a
        /// statement which changes no row says that the id of a job is taken.</summary>
        public string SqlToAddJobs(IEnumerable<NewJob> jobs)
        {
            using (NativeNewJobs list = NewJob.ToNative(jobs))
            {
                return Open.sql_to_add_jobs(list);
            }
        }

        /// <summary>Changes what is not null.</summary>
        public Job ModifyJob(string id, JobChanges changes, string store = null)
        {
            using (NativeJobChanges ready = Arguments.Given(changes, nameof(changes)).ToNative())
            {
                return Job.Of(Open.modify_job(Arguments.Given(id, nameof(id)), ready, store));
            }
        }

        /// <summary>Gives it another trigger; it runs next at that trigger's first fire from now.</summary>
        public Job RescheduleJob(string id, Trigger trigger, string store = null)
        {
            var changes = new JobChanges { Trigger = Arguments.Given(trigger, nameof(trigger)), Reschedule = true };
            return ModifyJob(id, changes, store);
        }

        /// <summary>It does not run until it is resumed.</summary>
        public Job PauseJob(string id, string store = null)
        {
            return Job.Of(Open.pause_job(Arguments.Given(id, nameof(id)), store));
        }

        /// <summary>Due again at the trigger's first fire from now.</summary>
        /// <returns>null if there is none: the job is removed then.</returns>
        public Job ResumeJob(string id, string store = null)
        {
            return Job.Of(Open.resume_job(Arguments.Given(id, nameof(id)), store));
        }

        /// <summary>Runs that are under way go on.</summary>
        public void RemoveJob(string id, string store = null)
        {
            Open.remove_job(Arguments.Given(id, nameof(id)), store);
        }

        /// <summary>Empties a store, or all.</summary>
        public void RemoveAllJobs(string store = null)
        {
            Open.remove_all_jobs(store);
        }

        /// <summary>null if there is no such job.</summary>
        public Job FindJob(string id, string store = null)
        {
            return Job.Of(Open.get_job(Arguments.Given(id, nameof(id)), store));
        }

        /// <summary>By next run time, paused ones last, then by id.</summary>
        public IReadOnlyList<Job> Jobs(string store = null)
        {
            using (NativeJobs jobs = Open.jobs(store))
            {
                return jobs.Select(job => Job.Of(job.copy())).ToList(); // what is in the list goes with it
            }
        }

        /// <summary>By id. Pages are read from one store: Limit, and the last id of the page before as AfterId.
        /// </summary>
        public IReadOnlyList<Job> FindJobs(JobFilter filter, string store = null)
        {
            using (NativeJobFilter ready = Arguments.Given(filter, nameof(filter)).ToNative())
            using (NativeJobs jobs = Open.find_jobs(ready, store))
            {
                return jobs.Select(job => Job.Of(job.copy())).ToList(); // what is in the list goes with it
            }
        }

        // --- runs

        /// <summary>Keeps ended runs, of this store or of all, otherwise than the options and the store's configuration
        /// say.</summary>
        public void SetHistory(TimeSpan maxAge, long maxCount, string store = null)
        {
            if (maxCount < 0)
            {
                throw new ArgumentOutOfRangeException(nameof(maxCount), maxCount, "expected at least 0");
            }
            Open.set_history(Micros.Of(maxAge), (ulong)maxCount, store);
        }

        /// <summary>What the stores remember, latest first: of all nodes that share a store, and also of jobs that are
        /// gone.</summary>
        /// <param name="filter">null: the latest 100.</param>
        /// <param name="store">null: all.</param>
        public IReadOnlyList<Run> Runs(RunFilter filter = null, string store = null)
        {
            using (NativeRunFilter ready = (filter ?? new RunFilter()).ToNative())
            using (NativeRuns runs = Open.runs(ready, store))
            {
                return runs.Select(run => new Run(run)).ToList();
            }
        }

        /// <summary>The runs that are under way now, oldest first: of all nodes, where a store is shared.</summary>
        public IReadOnlyList<Run> Running(string store = null)
        {
            using (NativeRuns runs = Open.running(store))
            {
                return runs.Select(run => new Run(run)).ToList();
            }
        }

        /// <summary>Runs the job once on this node, beside its schedule, also a paused one. Throws MaxInstances if so
        /// many runs of it are under way.</summary>
        /// <returns>The run's id.</returns>
        public string RunJob(string id, string store = null)
        {
            return Open.run_job(Arguments.Given(id, nameof(id)), store);
        }

        /// <summary>As RunJob(); the Task ends with the run, and answers what the store remembers of it, also if it
        /// failed. It throws NotRunning if the scheduler is shut down before.</summary>
        /// <param name="id">Of the job.</param>
        /// <param name="store">null: every store is searched.</param>
        /// <param name="cancellation">Cancels the run: as CancelRun().</param>
        public async Task<Run> RunJobAsync(string id, string store = null,
            CancellationToken cancellation = default(CancellationToken))
        {
            GC.KeepAlive(waitersListen.Value);
            Task<SchedulerEvent> end = waiters.Start(id, () => RunJob(id, store), out string runId);
            using (cancellation.Register(() => CancelIfRunning(runId)))
            {
                return Remembered(await end.ConfigureAwait(false));
            }
        }

        private void CancelIfRunning(string runId)
        {
            try
            {
                CancelRun(runId);
            }
            catch (DuetimeException exception) when (exception.Code == ErrorCode.NotFound)
            {
                // It has ended.
            }
        }

        private Run Remembered(SchedulerEvent end)
        {
            DateTimeOffset scheduled = end.ScheduledTimes[0];
            var filter = new RunFilter { JobId = end.JobId, ScheduledFrom = scheduled, ScheduledUntil = scheduled };
            return Runs(filter, end.Store).FirstOrDefault(run => run.Id == end.RunId)
                ?? throw new DuetimeException(ErrorCode.NotFound, "run " + end.RunId + " of job \"" + end.JobId
                    + "\" has ended, but is not in the store's history");
        }

        /// <summary>Tells a run that is under way on this node to end early, by the token of its call. One that waits
        /// for a worker does not start, and fails. Throws NotFound if it is not under way here.</summary>
        public void CancelRun(string runId)
        {
            Open.cancel_run(Arguments.Given(runId, nameof(runId)));
            calls.Cancel(runId);
        }

        /// <summary>Jobs that this node cannot read or run.</summary>
        public IReadOnlyList<ParkedJob> ParkedJobs()
        {
            using (NativeParkedJobs parked = Open.parked_jobs())
            {
                return parked.Select(job => new ParkedJob(job)).ToList();
            }
        }

        /// <summary>Looks at a parked job again. Throws NotFound if it is not parked.</summary>
        public void ReleaseParked(string id, string store = null)
        {
            Open.release_parked(Arguments.Given(id, nameof(id)), store);
        }

        /// <summary>Reads the tz database again.</summary>
        /// <param name="moveNextRuns">Next run times are moved to what the new data says; else they stay.</param>
        /// <returns>How many jobs got triggers with new data.</returns>
        public int ReloadTimeZones(bool moveNextRuns = false)
        {
            return (int)Open.reload_time_zones(moveNextRuns);
        }
    }
}
