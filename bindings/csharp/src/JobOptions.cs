using System;
using System.Collections.Generic;
using System.Threading;

namespace Duetime
{
    /// <summary>Everything about a job but its trigger.</summary>
    public sealed class JobOptions
    {
        /// <summary>Options for a job that runs this task.</summary>
        public JobOptions(string task)
        {
            Task = task ?? throw new ArgumentNullException(nameof(task));
        }

        /// <summary>As a misfire grace: a run may start however late it is.</summary>
        public static readonly TimeSpan Unlimited = Timeout.InfiniteTimeSpan;

        /// <summary>1 to 191 bytes of UTF-8; null: a random one.</summary>
        public string Id { get; set; }

        /// <summary>null: the task's name.</summary>
        public string Name { get; set; }

        /// <summary>The name that the task was registered with.</summary>
        public string Task { get; }

        /// <summary>The alias of the executor that runs it.</summary>
        public string Executor { get; set; } = "default";

        /// <summary>The alias of the store that keeps it.</summary>
        public string Store { get; set; } = "default";

        /// <summary>Several due fires become one run, for the latest.</summary>
        public bool Coalesce { get; set; } = true;

        /// <summary>At least 1; over all nodes that share the store.</summary>
        public int MaxInstances { get; set; } = 1;

        /// <summary>Run again when the node that ran it died.</summary>
        public bool Recover { get; set; }

        /// <summary>Overwrite a job of the same id instead of failing with Conflict. If its trigger is the same and it
        /// is to start as that says, the job stays where it stands.</summary>
        public bool Replace { get; set; }

        /// <summary>Until it is resumed.</summary>
        public bool Paused { get; set; }

        /// <summary>How late a run may start; at least a microsecond, or Unlimited.</summary>
        public TimeSpan MisfireGrace { get; set; } = TimeSpan.FromSeconds(1);

        /// <summary>null: the trigger's first fire.</summary>
        public DateTimeOffset? NextRunTime { get; set; }

        /// <summary>Words to find it by.</summary>
        public IReadOnlyList<string> Tags { get; set; } = new string[0];

        /// <summary>What its task gets.</summary>
        public Payload Payload { get; set; } = Payload.None;

        internal NativeJobOptions ToNative()
        {
            var native = new NativeJobOptions();
            native.id = Id ?? "";
            native.name = Name ?? "";
            native.task = Task;
            native.executor = Arguments.Given(Executor, nameof(Executor));
            native.store = Arguments.Given(Store, nameof(Store));
            native.coalesce = Coalesce;
            native.max_instances = MaxInstances;
            native.recover = Recover;
            native.replace = Replace;
            native.paused = Paused;
            native.misfire_grace = Micros.OfLimit(MisfireGrace);
            native.next_run_time = Micros.Of(NextRunTime);
            native.tags = Arguments.Texts(Tags, nameof(Tags));
            Payload payload = Arguments.Given(Payload, nameof(Payload));
            native.set_payload(payload.Encoding, payload.Bytes, (uint)payload.Bytes.Length);
            return native;
        }
    }

    /// <summary>A job for <see cref="Scheduler.AddJobs"/>.</summary>
    public sealed class NewJob
    {
        /// <summary>Neither is null. The caller still owns the trigger, until the job has been added.</summary>
        public NewJob(Trigger trigger, JobOptions options)
        {
            Trigger = Arguments.Given(trigger, nameof(trigger));
            Options = Arguments.Given(options, nameof(options));
        }

        /// <summary>When it runs.</summary>
        public Trigger Trigger { get; }

        /// <summary>All else about it.</summary>
        public JobOptions Options { get; }

        internal static NativeNewJobs ToNative(IEnumerable<NewJob> jobs)
        {
            var list = new NativeNewJobs();
            foreach (NewJob job in Arguments.Given(jobs, nameof(jobs)))
            {
                using (NativeTrigger trigger = job.Trigger.Copy())
                using (NativeJobOptions options = job.Options.ToNative())
                using (var native = new NativeNewJob(trigger, options))
                {
                    list.Add(native);
                }
            }
            return list;
        }
    }
}
