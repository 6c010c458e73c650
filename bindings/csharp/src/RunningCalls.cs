using System;
using System.Collections.Concurrent;

namespace Duetime
{
    /// <summary>The calls of tasks that are under way, so that their tokens can be cancelled. The engine only answers
    /// when asked; but whatever cancels runs passes through their scheduler.</summary>
    internal sealed class RunningCalls
    {
        private readonly ConcurrentDictionary<string, TaskCall> byRun = new ConcurrentDictionary<string, TaskCall>();
        private readonly Failures failures;

        internal RunningCalls(Failures failures)
        {
            this.failures = failures;
        }

        /// <summary>The scheduler is about to be shut down: calls that begin now are cancelled, too.</summary>
        internal volatile bool Stopping;

        /// <summary>Entered first, asked then: who cancels the run from now on finds it here.</summary>
        internal TaskCall Begin(IntPtr native)
        {
            var call = new TaskCall(native);
            byRun[call.RunId] = call;
            if (Stopping || Native.duetime_call_is_cancelled(native) != 0)
            {
                Cancel(call);
            }
            return call;
        }

        internal void End(TaskCall call)
        {
            byRun.TryRemove(call.RunId, out call);
        }

        internal void Cancel(string runId)
        {
            if (byRun.TryGetValue(runId, out TaskCall call))
            {
                Cancel(call);
            }
        }

        internal void CancelWhere(Predicate<TaskCall> condition)
        {
            foreach (TaskCall call in byRun.Values)
            {
                if (condition(call))
                {
                    Cancel(call);
                }
            }
        }

        /// <summary>What was registered with the token may throw; that is no reason not to go on.</summary>
        private void Cancel(TaskCall call)
        {
            try
            {
                call.Cancel();
            }
            catch (Exception exception)
            {
                failures.Report("the cancellation of run " + call.RunId, exception);
            }
        }
    }
}
