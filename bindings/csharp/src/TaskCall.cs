using System;
using System.Runtime.InteropServices;
using System.Threading;

namespace Duetime
{
    /// <summary>One call of a task. It does not change, but for its cancellation; any thread may use it, also after the
    /// task has returned.</summary>
    public sealed class TaskCall
    {
        private readonly CancellationTokenSource cancellation = new CancellationTokenSource();

        /// <summary>Reads all of it: the engine answers on this thread only.</summary>
        internal TaskCall(IntPtr call)
        {
            JobId = Native.duetime_call_job_id(call);
            JobName = Native.duetime_call_job_name(call);
            Task = Native.duetime_call_task(call);
            Store = Native.duetime_call_store(call);
            RunId = Native.duetime_call_run_id(call);
            ScheduledTime = Micros.ToTime(Native.duetime_call_scheduled_time(call));
            Attempt = Native.duetime_call_attempt(call);
            Fence = Native.duetime_call_fence(call);
            Payload = PayloadOf(call);
        }

        /// <summary>Of which job.</summary>
        public string JobId { get; }

        /// <summary>What people call the job.</summary>
        public string JobName { get; }

        /// <summary>The name that the task was called by.</summary>
        public string Task { get; }

        /// <summary>The alias of the job's store.</summary>
        public string Store { get; }

        /// <summary>32 hexadecimal digits.</summary>
        public string RunId { get; }

        /// <summary>The time that this run is for, in UTC; the task may have started later.</summary>
        public DateTimeOffset ScheduledTime { get; }

        /// <summary>1, and one more each time the run was taken over from a dead node.</summary>
        public int Attempt { get; }

        /// <summary>Grows with each claim of the job: hand it to what the task writes to, and a predecessor that was
        /// cut off and comes back can be told from its successor.</summary>
        public long Fence { get; }

        /// <summary>The arguments.</summary>
        public Payload Payload { get; }

        /// <summary>Cancelled once somebody wants the run to end early: by <see cref="Scheduler.CancelRun"/>, or
        /// because the scheduler is shut down or the store removed. What to make of it is the task's affair.</summary>
        public CancellationToken Cancellation => cancellation.Token;

        /// <summary>Calls what was registered with the token, in this thread.</summary>
        internal void Cancel()
        {
            cancellation.Cancel();
        }

        private static Payload PayloadOf(IntPtr call)
        {
            IntPtr data = Native.duetime_call_payload(call, out UIntPtr size);
            if (size == UIntPtr.Zero)
            {
                return new Payload(Native.duetime_call_payload_encoding(call), new byte[0]);
            }
            var bytes = new byte[(int)size];
            Marshal.Copy(data, bytes, 0, bytes.Length);
            return new Payload(Native.duetime_call_payload_encoding(call), bytes);
        }
    }
}
