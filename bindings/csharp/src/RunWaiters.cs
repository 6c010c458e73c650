using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;

namespace Duetime
{
    /// <summary>Those who wait for the end of a run that they started.</summary>
    internal sealed class RunWaiters
    {
        /// <summary>What ends the wait.</summary>
        internal const SchedulerEvents Kinds = SchedulerEvents.JobExecuted | SchedulerEvents.JobError
            | SchedulerEvents.JobMissed | SchedulerEvents.JobAbandoned | SchedulerEvents.RunLost
            | SchedulerEvents.JobParked;

        private sealed class Waiter
        {
            internal string RunId;
            internal string JobId;
            internal readonly TaskCompletionSource<SchedulerEvent> End =
                new TaskCompletionSource<SchedulerEvent>(TaskCreationOptions.RunContinuationsAsynchronously);

            internal bool Awaits(SchedulerEvent happened)
            {
                return happened.Kind == SchedulerEvents.JobParked
                    ? happened.JobId == JobId : happened.RunId == RunId;
            }

            internal void Finish(SchedulerEvent happened)
            {
                if (happened.Kind == SchedulerEvents.JobParked)
                {
                    End.TrySetException(new DuetimeException(ErrorCode.Callback, "the run of job \"" + JobId
                        + "\" was given back and the job is parked: " + happened.Error));
                }
                else
                {
                    End.TrySetResult(happened);
                }
            }
        }

        // Guarded by the list of waiters. A run may end before its id is known: as long as one is being started, what
        // ends is remembered.
        private readonly List<Waiter> waiters = new List<Waiter>();
        private readonly List<SchedulerEvent> early = new List<SchedulerEvent>();
        private int starting;

        /// <summary>Starts a run, by a function that answers its id, and answers the task that waits for its end.
        /// </summary>
        internal Task<SchedulerEvent> Start(string jobId, Func<string> start, out string runId)
        {
            lock (waiters)
            {
                ++starting;
            }
            var waiter = new Waiter { JobId = jobId };
            try
            {
                waiter.RunId = runId = start();
                return Wait(waiter);
            }
            finally
            {
                lock (waiters)
                {
                    if (--starting == 0)
                    {
                        early.Clear();
                    }
                }
            }
        }

        private Task<SchedulerEvent> Wait(Waiter waiter)
        {
            lock (waiters)
            {
                SchedulerEvent end = early.Find(waiter.Awaits);
                if (end == null)
                {
                    waiters.Add(waiter);
                }
                else
                {
                    waiter.Finish(end);
                }
            }
            return waiter.End.Task;
        }

        internal void Hear(SchedulerEvent happened)
        {
            List<Waiter> ended;
            lock (waiters)
            {
                if (starting > 0)
                {
                    early.Add(happened);
                }
                ended = waiters.Where(waiter => waiter.Awaits(happened)).ToList();
                waiters.RemoveAll(ended.Contains);
            }
            ended.ForEach(waiter => waiter.Finish(happened));
        }

        /// <summary>No more events come.</summary>
        internal void GiveUp()
        {
            List<Waiter> left;
            lock (waiters)
            {
                left = waiters.ToList();
                waiters.Clear();
            }
            foreach (Waiter waiter in left)
            {
                waiter.End.TrySetException(new DuetimeException(ErrorCode.NotRunning,
                    "the scheduler was shut down before the run of job \"" + waiter.JobId + "\" had ended"));
            }
        }
    }
}
