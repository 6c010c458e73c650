using System;

namespace Duetime
{
    /// <summary>What became of a run (docs/run_states.md).</summary>
    public enum RunState
    {
        /// <summary>A node has it: started, or waiting for a worker.</summary>
        Claimed = 1,

        /// <summary>Its task returned.</summary>
        Succeeded = 2,

        /// <summary>Its task threw.</summary>
        Failed = 3,

        /// <summary>Too late for its misfire grace, so not executed.</summary>
        Missed = 4,

        /// <summary>As many runs as the job allows were under way, so not executed.</summary>
        Refused = 5,

        /// <summary>Its node died, and the job does not ask to run again.</summary>
        Abandoned = 6
    }

    /// <summary>What a store remembers of an execution of a job.</summary>
    public sealed class Run
    {
        internal Run(NativeRun native)
        {
            Id = native.id;
            JobId = native.job_id;
            Task = native.task;
            Store = native.store;
            Node = native.node;
            State = native.state;
            Attempt = native.attempt;
            Fence = native.fence;
            ScheduledTime = Micros.ToTime(native.scheduled_time);
            ClaimedAt = Micros.ToTime(native.claimed_at);
            StartedAt = Micros.ToOptional(native.started_at);
            EndedAt = Micros.ToOptional(native.ended_at);
            Error = native.error;
        }

        /// <summary>32 hexadecimal digits.</summary>
        public string Id { get; }

        /// <summary>Of which job.</summary>
        public string JobId { get; }

        /// <summary>The name of its task.</summary>
        public string Task { get; }

        /// <summary>The alias of the store.</summary>
        public string Store { get; }

        /// <summary>The node that has or had it: 32 hexadecimal digits.</summary>
        public string Node { get; }

        /// <summary>What became of it.</summary>
        public RunState State { get; }

        /// <summary>1, and one more each time it was taken over from a dead node.</summary>
        public int Attempt { get; }

        /// <summary>Grows with each claim of the job.</summary>
        public long Fence { get; }

        /// <summary>What it is for; all times are in UTC.</summary>
        public DateTimeOffset ScheduledTime { get; }

        /// <summary>When its node claimed it.</summary>
        public DateTimeOffset ClaimedAt { get; }

        /// <summary>null: not started; also for runs of other nodes that go on.</summary>
        public DateTimeOffset? StartedAt { get; }

        /// <summary>null: it goes on.</summary>
        public DateTimeOffset? EndedAt { get; }

        /// <summary>What the task reported, or why it was not executed; "" for nothing.</summary>
        public string Error { get; }
    }

    /// <summary>Which runs; what is null excludes nothing.</summary>
    public sealed class RunFilter
    {
        /// <summary>Runs of this job only.</summary>
        public string JobId { get; set; }

        /// <summary>Runs in this state only.</summary>
        public RunState? State { get; set; }

        /// <summary>Runs that are for then or later.</summary>
        public DateTimeOffset? ScheduledFrom { get; set; }

        /// <summary>Runs that are for then or earlier.</summary>
        public DateTimeOffset? ScheduledUntil { get; set; }

        /// <summary>The latest so many, at least 1.</summary>
        public long Limit { get; set; } = 100;

        internal NativeRunFilter ToNative()
        {
            if (Limit < 1)
            {
                throw new ArgumentOutOfRangeException(nameof(Limit), Limit, "expected at least 1");
            }
            var native = new NativeRunFilter();
            native.job_id = JobId;
            native.scheduled_from = Micros.Of(ScheduledFrom);
            native.scheduled_until = Micros.Of(ScheduledUntil);
            native.limit = (ulong)Limit;
            if (State.HasValue)
            {
                native.set_state(State.Value);
            }
            return native;
        }
    }

    /// <summary>A job that this node cannot read or run; it stays in its store as it is.</summary>
    public sealed class ParkedJob
    {
        internal ParkedJob(NativeParkedJob native)
        {
            Id = native.id;
            Store = native.store;
            Reason = native.reason;
        }

        /// <summary>Its name within the store.</summary>
        public string Id { get; }

        /// <summary>The alias of its store.</summary>
        public string Store { get; }

        /// <summary>Why.</summary>
        public string Reason { get; }
    }
}
