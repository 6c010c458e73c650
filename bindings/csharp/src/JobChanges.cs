using System;
using System.Collections.Generic;

namespace Duetime
{
    /// <summary>What <see cref="Scheduler.ModifyJob"/> changes: what is null stays. The members mean what they mean in
    /// <see cref="JobOptions"/>.</summary>
    public sealed class JobChanges
    {
        /// <summary>Its name.</summary>
        public string Name { get; set; }

        /// <summary>The task that it runs.</summary>
        public string Task { get; set; }

        /// <summary>The alias of its executor.</summary>
        public string Executor { get; set; }

        /// <summary>Whether several due fires become one run.</summary>
        public bool? Coalesce { get; set; }

        /// <summary>At least 1.</summary>
        public int? MaxInstances { get; set; }

        /// <summary>Whether it runs again when the node that ran it died.</summary>
        public bool? Recover { get; set; }

        /// <summary>How late a run may start.</summary>
        public TimeSpan? MisfireGrace { get; set; }

        /// <summary>Leaves the next run time alone, unless Reschedule says otherwise. The caller still owns it.
        /// </summary>
        public Trigger Trigger { get; set; }

        /// <summary>The next run time becomes the trigger's first fire from now.</summary>
        public bool Reschedule { get; set; }

        /// <summary>When it runs next.</summary>
        public DateTimeOffset? NextRunTime { get; set; }

        /// <summary>All of its tags.</summary>
        public IReadOnlyList<string> Tags { get; set; }

        /// <summary>What its task gets.</summary>
        public Payload Payload { get; set; }

        internal NativeJobChanges ToNative()
        {
            var native = new NativeJobChanges();
            native.name = Name;
            native.task = Task;
            native.executor = Executor;
            native.reschedule = Reschedule;
            native.next_run_time = Micros.Of(NextRunTime);
            SetLimits(native);
            if (Tags != null)
            {
                native.set_tags(Arguments.Texts(Tags, nameof(Tags)));
            }
            if (Payload != null)
            {
                native.set_payload(Payload.Encoding, Payload.Bytes, (uint)Payload.Bytes.Length);
            }
            SetTrigger(native);
            return native;
        }

        private void SetLimits(NativeJobChanges native)
        {
            if (Coalesce.HasValue)
            {
                native.set_coalesce(Coalesce.Value);
            }
            if (MaxInstances.HasValue)
            {
                native.set_max_instances(MaxInstances.Value);
            }
            if (Recover.HasValue)
            {
                native.set_recover(Recover.Value);
            }
            if (MisfireGrace.HasValue)
            {
                native.set_misfire_grace(Micros.OfLimit(MisfireGrace.Value));
            }
        }

        private void SetTrigger(NativeJobChanges native)
        {
            if (Trigger == null)
            {
                return;
            }
            using (NativeTrigger trigger = Trigger.Copy())
            {
                native.set_trigger(trigger);
            }
        }
    }
}
