using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;

namespace Duetime
{
    /// <summary>Where a job stands.</summary>
    public enum JobStatus
    {
        /// <summary>It has a next run time.</summary>
        Scheduled = 0,

        /// <summary>It waits to be resumed.</summary>
        Paused = 1,

        /// <summary>Its trigger is spent; it leaves when its last run has ended.</summary>
        Finishing = 2,

        /// <summary>What is stored cannot be read here; only Id, Store and Error are known.</summary>
        Unreadable = 3
    }

    /// <summary>A snapshot of a job as its store had it; it does not change. Any thread may use it.</summary>
    public sealed class Job
    {
        private readonly NativeJob native;

        private Job(NativeJob native)
        {
            this.native = native;
        }

        /// <summary>null stays null.</summary>
        internal static Job Of(NativeJob native)
        {
            return native == null ? null : new Job(native);
        }

        /// <summary>Its name within the store.</summary>
        public string Id => native.id();

        /// <summary>What people call it.</summary>
        public string Name => native.name();

        /// <summary>The name of the task that it runs.</summary>
        public string Task => native.task();

        /// <summary>The alias of its executor.</summary>
        public string Executor => native.executor();

        /// <summary>The alias of its store.</summary>
        public string Store => native.store();

        /// <summary>Why it is Unreadable; "" otherwise.</summary>
        public string Error => native.error();

        /// <summary>Where it stands.</summary>
        public JobStatus Status => native.status();

        /// <summary>Several due fires become one run, for the latest.</summary>
        public bool Coalesce => native.coalesce();

        /// <summary>So many runs of it may be under way at the same time.</summary>
        public int MaxInstances => native.max_instances();

        /// <summary>It runs again when the node that ran it died.</summary>
        public bool Recover => native.recover();

        /// <summary>How late a run may start; <see cref="JobOptions.Unlimited"/> if that does not matter.</summary>
        public TimeSpan MisfireGrace => Micros.ToLimit(native.misfire_grace());

        /// <summary>null while it is paused, or when it is spent.</summary>
        public DateTimeOffset? NextRunTime => Micros.ToOptional(native.next_run_time());

        /// <summary>Words to find it by.</summary>
        public IReadOnlyList<string> Tags
        {
            get
            {
                using (NativeTexts tags = native.tags())
                {
                    return tags.ToList();
                }
            }
        }

        /// <summary>What its task gets.</summary>
        public Payload Payload
        {
            get
            {
                var data = new byte[native.payload_size()];
                if (data.Length > 0)
                {
                    Marshal.Copy(native.payload_data(), data, 0, data.Length);
                }
                GC.KeepAlive(native);
                return new Payload(native.payload_encoding(), data);
            }
        }

        /// <summary>When it runs: a new object each time, which the caller may dispose.</summary>
        public Trigger GetTrigger()
        {
            return new Trigger(native.trigger());
        }

        /// <summary>The job document (docs/job_document.md).</summary>
        public string ToJson()
        {
            return native.to_json();
        }
    }
}
