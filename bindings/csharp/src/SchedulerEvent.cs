using System;
using System.Collections.Generic;

namespace Duetime
{
    /// <summary>What happened; together, what a listener wants to hear.</summary>
    [Flags]
    public enum SchedulerEvents : ulong
    {
        /// <summary>Nothing.</summary>
        None = 0,

        /// <summary>The scheduler runs.</summary>
        SchedulerStarted = 1UL << 0,

        /// <summary>The scheduler has been shut down.</summary>
        SchedulerShutdown = 1UL << 1,

        /// <summary>The scheduler claims nothing.</summary>
        SchedulerPaused = 1UL << 2,

        /// <summary>The scheduler claims again.</summary>
        SchedulerResumed = 1UL << 3,

        /// <summary>An executor was added.</summary>
        ExecutorAdded = 1UL << 4,

        /// <summary>An executor was removed.</summary>
        ExecutorRemoved = 1UL << 5,

        /// <summary>A store was added.</summary>
        StoreAdded = 1UL << 6,

        /// <summary>A store was removed.</summary>
        StoreRemoved = 1UL << 7,

        /// <summary>A store was emptied.</summary>
        AllJobsRemoved = 1UL << 8,

        /// <summary>A job was added.</summary>
        JobAdded = 1UL << 9,

        /// <summary>A job was removed, or its trigger is spent and its last run has ended.</summary>
        JobRemoved = 1UL << 10,

        /// <summary>A job was changed.</summary>
        JobModified = 1UL << 11,

        /// <summary>A run succeeded.</summary>
        JobExecuted = 1UL << 12,

        /// <summary>A run failed.</summary>
        JobError = 1UL << 13,

        /// <summary>A fire was missed: it was too late for the misfire grace.</summary>
        JobMissed = 1UL << 14,

        /// <summary>A run was handed to its executor.</summary>
        JobSubmitted = 1UL << 15,

        /// <summary>A fire was refused: as many runs as the job allows were under way.</summary>
        JobMaxInstances = 1UL << 16,

        /// <summary>A run's node died, and the job does not ask to run again.</summary>
        JobAbandoned = 1UL << 17,

        /// <summary>A run's node died; this node runs it again.</summary>
        JobRecovered = 1UL << 18,

        /// <summary>A job cannot be read or run here; it is left in its store.</summary>
        JobParked = 1UL << 19,

        /// <summary>A job's trigger failed; it is paused.</summary>
        JobTriggerError = 1UL << 20,

        /// <summary>A store failed; it is tried again after a while.</summary>
        StoreError = 1UL << 21,

        /// <summary>A store that had failed works.</summary>
        StoreRecovered = 1UL << 22,

        /// <summary>The wall clock was set.</summary>
        ClockChanged = 1UL << 23,

        /// <summary>A run ended here after its lease had passed on.</summary>
        RunLost = 1UL << 24,

        /// <summary>An executor could not take a run; it stays due and is tried again.</summary>
        JobSubmitError = 1UL << 25,

        /// <summary>Whatever happens, also what newer engines tell of.</summary>
        All = ulong.MaxValue
    }

    /// <summary>What a listener is told. Texts are never null; members that a kind of event does not use are empty.
    /// </summary>
    public sealed class SchedulerEvent
    {
        internal SchedulerEvent(NativeEvent native)
        {
            Kind = (SchedulerEvents)native.code;
            Alias = native.alias;
            JobId = native.job_id;
            Store = native.store;
            RunId = native.run_id;
            Attempt = native.attempt;
            ScheduledTimes = TimesOf(native);
            Count = native.count;
            ErrorKind = native.error_kind;
            Error = native.error;
            Traceback = native.traceback;
        }

        /// <summary>One flag. Newer engines may tell of what is not listed here.</summary>
        public SchedulerEvents Kind { get; }

        /// <summary>Of the executor or store, for the events about them.</summary>
        public string Alias { get; }

        /// <summary>Of the job.</summary>
        public string JobId { get; }

        /// <summary>The alias of the job's store.</summary>
        public string Store { get; }

        /// <summary>32 hexadecimal digits.</summary>
        public string RunId { get; }

        /// <summary>1, and one more each time the run was taken over from a dead node.</summary>
        public int Attempt { get; }

        /// <summary>What the runs are for, in UTC.</summary>
        public IReadOnlyList<DateTimeOffset> ScheduledTimes { get; }

        /// <summary>Missed or refused fires, listed or not.</summary>
        public long Count { get; }

        /// <summary>The class of what the task threw: the full name of its type if it was of .NET.</summary>
        public string ErrorKind { get; }

        /// <summary>The message of what the task threw, or why something failed.</summary>
        public string Error { get; }

        /// <summary>The stack trace of what the task threw.</summary>
        public string Traceback { get; }

        private static DateTimeOffset[] TimesOf(NativeEvent native)
        {
            var times = new DateTimeOffset[native.scheduled_time_count];
            for (uint i = 0; i < times.Length; ++i)
            {
                times[i] = Micros.ToTime(native.scheduled_time(i));
            }
            return times;
        }
    }
}
