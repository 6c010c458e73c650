using System;
using System.Collections.Generic;
using System.Linq;
using NUnit.Framework;

namespace Duetime.Tests
{
    /// <summary>A hosted scheduler on a manual clock that stands at noon: what happens is up to the test.</summary>
    internal sealed class Stage : IDisposable
    {
        internal static readonly DateTimeOffset Noon = new DateTimeOffset(2026, 1, 5, 12, 0, 0, TimeSpan.Zero);

        internal readonly ManualClock Clock = new ManualClock(Noon);
        internal readonly Scheduler Scheduler;
        internal readonly List<string> Log = new List<string>(); // guarded by itself

        internal Stage(string store = "memory:")
        {
            Scheduler = new Scheduler(new SchedulerOptions { Hosted = true, Clock = Clock, Log = Write });
            Scheduler.AddStore("default", store);
            Scheduler.AddInlineExecutor("default");
        }

        private void Write(LogLevel level, string logger, string message)
        {
            lock (Log)
            {
                Log.Add(level + " " + logger + ": " + message);
            }
        }

        internal bool Logged(string part)
        {
            lock (Log)
            {
                return Log.Any(line => line.Contains(part));
            }
        }

        /// <summary>A job that is due now.</summary>
        internal Job Add(string task, Payload payload = null, string id = null)
        {
            return AddTo(Scheduler, task, Noon, payload, id);
        }

        internal static Job AddTo(Scheduler scheduler, string task, DateTimeOffset when, Payload payload = null,
            string id = null)
        {
            using (Trigger trigger = Trigger.Date(when))
            {
                return scheduler.AddJob(trigger, new JobOptions(task)
                {
                    Id = id ?? task, Payload = payload ?? Payload.None, MisfireGrace = JobOptions.Unlimited
                });
            }
        }

        internal void Play(TimeSpan duration)
        {
            Assert.IsTrue(Scheduler.Play(new[] { Scheduler }, Clock.Now + duration, Waiting.Patience));
        }

        internal void PlayNow()
        {
            Play(TimeSpan.Zero);
        }

        /// <summary>What became of the only run.</summary>
        internal Run OnlyRun()
        {
            return Scheduler.Runs().Single();
        }

        public void Dispose()
        {
            Scheduler.Dispose();
        }
    }
}
