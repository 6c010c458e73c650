using System;
using System.Collections.Generic;
using System.Linq;

namespace Duetime
{
    /// <summary>The schedulers that run. They run on when the program forgets them; and when the process or the
    /// application domain ends, their threads must not be left to call a runtime that is no more.</summary>
    internal static class LiveSchedulers
    {
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
            left.ForEach(scheduler => scheduler.Dispose());
        }
    }
}
