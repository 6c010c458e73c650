using System;

namespace Duetime
{
    /// <summary>Which jobs; what is null excludes nothing. Unreadable jobs have neither tags nor task nor executor.
    /// </summary>
    public sealed class JobFilter
    {
        /// <summary>One of the job's.</summary>
        public string Tag { get; set; }

        /// <summary>Jobs of this task only.</summary>
        public string Task { get; set; }

        /// <summary>Jobs of this executor only, by alias.</summary>
        public string Executor { get; set; }

        /// <summary>Only ids that are greater, by their bytes.</summary>
        public string AfterId { get; set; }

        /// <summary>At most so many, at least 1.</summary>
        public long? Limit { get; set; }

        internal NativeJobFilter ToNative()
        {
            if (Limit < 1)
            {
                throw new ArgumentOutOfRangeException(nameof(Limit), Limit, "expected at least 1");
            }
            var native = new NativeJobFilter();
            native.tag = Tag;
            native.task = Task;
            native.executor = Executor;
            native.after_id = AfterId;
            if (Limit.HasValue)
            {
                native.limit = (ulong)Limit.Value;
            }
            return native;
        }
    }
}
