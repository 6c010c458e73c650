using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;

namespace Duetime
{
    /// <summary>The schedulers that run. They run on when the program forgets them; and when the process or the
    /// application domain ends, their threads must not be left to call a runtime that is no more.</summary>
    internal static class LiveSchedulers
    {
        private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
        private static readonly HashSet<Scheduler> Running = new HashSet<Scheduler>(); // guarded by itself

        static LiveSchedulers()
        {
            AppDomain.CurrentDomain.ProcessExit += CloseAll;
            AppDomain.CurrentDomain.DomainUnload += CloseAll;
        }

        internal static void Add(Scheduler scheduler)
        {
            lock (Running)
            {
                Running.Add(scheduler);
            }
        }

        internal static void Remove(Scheduler scheduler)
        {
            lock (Running)
            {
                Running.Remove(scheduler);
            }
        }

        private static void CloseAll(object sender, EventArgs arguments)
        {
            List<Scheduler> left;
            lock (Running)
            {
                left = Running.ToList();
            }
            Callbacks.AreOver = true; // a thread that the runtime aborts in one goes on, and must not come back
            left.Select(Closing).ToList().ForEach(thread => thread.Join(Patience));
        }

        /// <summary>A listener or a log that does not return would hold it up for ever.</summary>
        private static Thread Closing(Scheduler scheduler)
        {
            var thread = new Thread(scheduler.Dispose) { IsBackground = true };
            thread.Start();
            return thread;
        }
    }
}
