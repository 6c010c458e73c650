using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using NUnit.Framework;

namespace Duetime.Tests
{
    /// <summary>What the engine holds lives as long as it may be called, and no longer.</summary>
    [TestFixture]
    public class CallbackLifetimeTest
    {
        private const int Jobs = 100000;

        /// <summary>What only delegates refer to: whoever calls one of them after it was collected would call nothing.
        /// </summary>
        private sealed class Counter
        {
            internal int Calls;

            internal void Run(TaskCall call)
            {
                Interlocked.Increment(ref Calls);
            }

            internal void RunAndThrow(TaskCall call)
            {
                Interlocked.Increment(ref Calls);
                throw new InvalidOperationException("call " + call.RunId);
            }

            internal void Hear(SchedulerEvent happened)
            {
                Interlocked.Increment(ref Calls);
            }
        }

        [Test]
        public void NothingIsCollectedWhileTheEngineMayCallIt()
        {
            using (var scheduler = new Scheduler(new SchedulerOptions { Log = (level, logger, message) => { } }))
            {
                int succeeded = 0;
                int failed = 0;
                scheduler.AddStore("default", "memory:");
                scheduler.AddThreadPool("default", 4);
                scheduler.RegisterTask("succeed", (TaskCall call) => { Interlocked.Increment(ref succeeded); });
                scheduler.SetTaskResolver(name => call =>
                {
                    Interlocked.Increment(ref failed);
                    throw new InvalidOperationException(name);
                });
                int heard = 0;
                var errors = new HashSet<string>();
                scheduler.AddListener(SchedulerEvents.JobExecuted, happened => { ++heard; });
                scheduler.AddListener(SchedulerEvents.JobError, happened =>
                {
                    ++heard;
                    errors.Add(happened.ErrorKind + ": " + happened.Error);
                });
                AddDueJobs(scheduler);
                scheduler.Start();
                Waiting.Until(() =>
                {
                    GC.Collect();
                    return Volatile.Read(ref heard) == Jobs;
                }, "the end of all runs");
                Assert.AreEqual(Jobs * 3 / 4, succeeded);
                Assert.AreEqual(Jobs / 4, failed);
                CollectionAssert.AreEqual(new[] { "System.InvalidOperationException: fail" }, errors);
            }
        }

        private static void AddDueJobs(Scheduler scheduler)
        {
            using (Trigger now = Trigger.Date(DateTimeOffset.UtcNow))
            {
                scheduler.AddJobs(Enumerable.Range(0, Jobs).Select(i => new NewJob(now,
                    new JobOptions(i % 4 == 0 ? "fail" : "succeed") { MisfireGrace = JobOptions.Unlimited })));
            }
        }

        /// <summary>Makes them in a thread of its own, whose stack refers to nothing afterwards.</summary>
        private static WeakReference Made(Action<Counter> give)
        {
            WeakReference made = null;
            var thread = new Thread(() =>
            {
                var counter = new Counter();
                made = new WeakReference(counter);
                give(counter);
            });
            thread.Start();
            thread.Join();
            return made;
        }

        private static bool IsCollected(WeakReference reference)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return !reference.IsAlive;
        }

        [Test]
        public void ATaskIsReleasedWhenItIsReplaced()
        {
            using (var stage = new Stage())
            {
                WeakReference counter = Made(made => stage.Scheduler.RegisterTask("work", made.Run));
                stage.Add("work");
                stage.Scheduler.Start();
                stage.PlayNow();
                Assert.IsFalse(IsCollected(counter));
                stage.Scheduler.RegisterTask("work", (TaskCall call) => { });
                Waiting.Until(() => IsCollected(counter), "the task's release");
            }
        }

        [Test]
        public void AListenerIsReleasedWhenItIsRemoved()
        {
            using (var stage = new Stage())
            {
                IDisposable listening = null;
                WeakReference counter = Made(
                    made => listening = stage.Scheduler.AddListener(SchedulerEvents.All, made.Hear));
                stage.Add("work");
                Assert.IsFalse(IsCollected(counter));
                listening.Dispose();
                Waiting.Until(() => IsCollected(counter), "the listener's release");
            }
        }

        [Test]
        public void WhatTheEngineRefusesIsReleased()
        {
            using (var stage = new Stage())
            {
                WeakReference counter = Made(made => Assert.Throws<DuetimeException>(
                    () => stage.Scheduler.RegisterTask("", made.Run)));
                Waiting.Until(() => IsCollected(counter), "the task's release");
            }
        }

        [Test]
        public void ASchedulerReleasesAllWhenItIsDisposed()
        {
            var scheduler = new Scheduler();
            WeakReference task = Made(made => scheduler.RegisterTask("work", made.Run));
            WeakReference failing = Made(made => scheduler.RegisterTask("fail", made.RunAndThrow));
            WeakReference listener = Made(made => scheduler.AddListener(SchedulerEvents.All, made.Hear));
            scheduler.Start();
            Assert.IsFalse(IsCollected(task) || IsCollected(failing) || IsCollected(listener));
            scheduler.Dispose();
            Waiting.Until(() => IsCollected(task) && IsCollected(failing) && IsCollected(listener), "their release");
        }

        [Test]
        public void ASchedulerThatDoesNotRunIsCollected()
        {
            WeakReference counter = Made(made =>
            {
                var scheduler = new Scheduler();
                scheduler.RegisterTask("work", made.Run);
                scheduler.Start();
                scheduler.Shutdown();
            });
            Waiting.Until(() => IsCollected(counter), "the scheduler's end");
        }

        [Test]
        public void ASchedulerThatRunsIsNotCollected()
        {
            Scheduler found = null;
            WeakReference counter = Made(made =>
            {
                var scheduler = new Scheduler(new SchedulerOptions { Log = (level, logger, message) => { } });
                scheduler.RegisterTask("work", (TaskCall call) =>
                {
                    made.Run(call);
                    found = scheduler;
                });
                scheduler.Start();
                using (Trigger trigger = Trigger.Interval(TimeSpan.FromMilliseconds(10)))
                {
                    scheduler.AddJob(trigger, new JobOptions("work") { MisfireGrace = JobOptions.Unlimited });
                }
            });
            Waiting.Until(() => !IsCollected(counter) && ((Counter)counter.Target).Calls >= 3, "runs");
            found.Dispose();
        }
    }
}
