using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;
using NUnit.Framework;

namespace Duetime.Tests
{
    [TestFixture]
    public class TaskTest
    {
        private sealed class Untold : Exception
        {
            public override string Message
            {
                get { throw new InvalidOperationException("no message"); }
            }

            public override string ToString()
            {
                throw new InvalidOperationException("no text");
            }
        }

        [Test]
        public void ACallSaysWhatItIsFor()
        {
            using (var stage = new Stage())
            {
                TaskCall seen = null;
                stage.Scheduler.RegisterTask("tell", (TaskCall call) => { seen = call; });
                stage.Add("tell", Payload.Json("{\"args\": [\"Zürich 🕰\"]}"), "job ü");
                stage.Scheduler.Start();
                stage.PlayNow();
                Run run = stage.OnlyRun();
                Assert.AreEqual("job ü", seen.JobId);
                Assert.AreEqual("tell", seen.JobName);
                Assert.AreEqual("tell", seen.Task);
                Assert.AreEqual("default", seen.Store);
                Assert.AreEqual(run.Id, seen.RunId);
                Assert.AreEqual(Stage.Noon, seen.ScheduledTime);
                Assert.AreEqual(1, seen.Attempt);
                Assert.AreEqual(run.Fence, seen.Fence);
                Assert.AreEqual("json", seen.Payload.Encoding);
                Assert.AreEqual("{\"args\": [\"Zürich 🕰\"]}", seen.Payload.Text);
                Assert.IsFalse(seen.Cancellation.IsCancellationRequested);
                Assert.AreEqual(RunState.Succeeded, run.State);
            }
        }

        [Test]
        public void PayloadsAreBytes()
        {
            byte[] all = Enumerable.Range(0, 256).Select(i => (byte)i).ToArray();
            using (var stage = new Stage())
            {
                byte[] seen = null;
                stage.Scheduler.RegisterTask("take", (TaskCall call) => { seen = call.Payload.Data; });
                Job job = stage.Add("take", new Payload("raw", all));
                CollectionAssert.AreEqual(all, job.Payload.Data);
                stage.Scheduler.Start();
                stage.PlayNow();
                CollectionAssert.AreEqual(all, seen);
            }
        }

        [Test]
        public void WhatATaskThrowsIsTheRunsError()
        {
            using (var stage = new Stage())
            {
                SchedulerEvent told = null;
                stage.Scheduler.AddListener(SchedulerEvents.JobError, happened => told = happened);
                stage.Scheduler.RegisterTask("fail", (TaskCall call) => Fail());
                stage.Add("fail");
                stage.Scheduler.Start();
                stage.PlayNow();
                Assert.AreEqual("System.ArithmeticException", told.ErrorKind);
                Assert.AreEqual("too \uFFFD many 🕰", told.Error);
                StringAssert.Contains("TaskTest.Fail", told.Traceback);
                Assert.AreEqual(RunState.Failed, stage.OnlyRun().State);
                StringAssert.Contains("too \uFFFD many 🕰", stage.OnlyRun().Error);
            }
        }

        [MethodImpl(MethodImplOptions.NoInlining)]
        private static void Fail()
        {
            throw new ArithmeticException("too \0 many 🕰");
        }

        [Test]
        public void ExceptionsThatCannotTellAreReported()
        {
            using (var stage = new Stage())
            {
                SchedulerEvent told = null;
                stage.Scheduler.AddListener(SchedulerEvents.JobError, happened => told = happened);
                stage.Scheduler.RegisterTask("fail", (Action<TaskCall>)(call => { throw new Untold(); }));
                stage.Add("fail");
                stage.Scheduler.Start();
                stage.PlayNow();
                Assert.AreEqual(typeof(Untold).FullName, told.ErrorKind);
                Assert.AreEqual("(the exception cannot be told: System.InvalidOperationException)", told.Error);
            }
        }

        [Test]
        public void AnAbortEndsTheRunAndNotTheThread()
        {
            using (var stage = new Stage())
            {
                int ran = 0;
                stage.Scheduler.RemoveExecutor("default");
                stage.Scheduler.AddThreadPool("default", 1);
                stage.Scheduler.RegisterTask("abort", (TaskCall call) => Thread.CurrentThread.Abort());
                stage.Scheduler.RegisterTask("work", (TaskCall call) => { ++ran; });
                stage.Add("abort");
                stage.Scheduler.Start();
                stage.PlayNow();
                Assert.AreEqual(RunState.Failed, stage.OnlyRun().State); // where threads cannot be aborted, for that
                stage.Add("work");
                stage.PlayNow();
                Assert.AreEqual(1, ran);
            }
        }

        [Test]
        public void ARunThatCannotReadItsArgumentsIsGivenBack()
        {
            using (var stage = new Stage())
            {
                stage.Scheduler.RegisterTask("read",
                    (Action<TaskCall>)(call => { throw new CannotRunException("no JSON: " + call.Payload.Text); }));
                stage.Add("read", new Payload("json", new[] { (byte)'{' }));
                stage.Scheduler.Start();
                stage.PlayNow();
                ParkedJob parked = stage.Scheduler.ParkedJobs().Single();
                Assert.AreEqual("read", parked.Id);
                Assert.AreEqual("default", parked.Store);
                StringAssert.Contains("no JSON: {", parked.Reason);

                string got = null;
                stage.Scheduler.RegisterTask("read", (TaskCall call) => { got = call.Payload.Text; });
                stage.Scheduler.ReleaseParked("read");
                stage.PlayNow();
                Assert.AreEqual("{", got);
                Assert.AreEqual(0, stage.Scheduler.ParkedJobs().Count);
            }
        }

        [Test]
        public void AnAsynchronousTaskHasEndedWhenItsTaskHas()
        {
            using (var scheduler = new Scheduler())
            {
                var goOn = new TaskCompletionSource<string>();
                var began = new ManualResetEventSlim();
                scheduler.RegisterTask("think", async call =>
                {
                    began.Set();
                    string how = await goOn.Task;
                    throw new FormatException(how + " " + call.JobId);
                });
                var failed = new TaskCompletionSource<SchedulerEvent>();
                scheduler.AddListener(SchedulerEvents.JobError, happened => failed.TrySetResult(happened));
                scheduler.Start();
                Stage.AddTo(scheduler, "think", DateTimeOffset.UtcNow);
                Waiting.For(began, "the task");
                Assert.AreEqual("think", scheduler.Running().Single().JobId);
                goOn.SetResult("badly");
                SchedulerEvent told = Waiting.ResultOf(failed.Task);
                Assert.AreEqual("System.FormatException", told.ErrorKind);
                Assert.AreEqual("badly think", told.Error);
            }
        }

        private sealed class NobodyListens : SynchronizationContext
        {
            public override void Post(SendOrPostCallback callback, object state)
            {
                throw new InvalidOperationException("the thread that would take this waits for the task");
            }
        }

        [Test]
        public void AnAsynchronousTaskDoesNotNeedTheThreadThatWaitsForIt()
        {
            SynchronizationContext before = SynchronizationContext.Current;
            var context = new NobodyListens();
            SynchronizationContext.SetSynchronizationContext(context);
            try
            {
                using (var stage = new Stage())
                {
                    stage.Scheduler.RegisterTask("yield", async call => await Task.Yield());
                    stage.Scheduler.RegisterTask("null", (TaskCall call) => (Task)null);
                    stage.Add("yield");
                    stage.Scheduler.Start();
                    stage.PlayNow();
                    Assert.AreEqual("", stage.OnlyRun().Error);
                    Assert.AreSame(context, SynchronizationContext.Current);
                    stage.Add("null");
                    stage.PlayNow();
                    StringAssert.Contains("got null, expected a Task",
                        stage.Scheduler.Runs(new RunFilter { JobId = "null" }).Single().Error);
                }
            }
            finally
            {
                SynchronizationContext.SetSynchronizationContext(before);
            }
        }

        [Test]
        public void ACancelledRunsTokenIsCancelled()
        {
            using (var scheduler = new Scheduler())
            {
                var calls = new TaskCompletionSource<TaskCall>();
                scheduler.RegisterTask("wait", async call =>
                {
                    calls.SetResult(call);
                    await Task.Delay(Timeout.Infinite, call.Cancellation);
                });
                var failed = new TaskCompletionSource<SchedulerEvent>();
                scheduler.AddListener(SchedulerEvents.JobError, happened => failed.TrySetResult(happened));
                scheduler.Start();
                Stage.AddTo(scheduler, "wait", DateTimeOffset.UtcNow);
                scheduler.CancelRun(Waiting.ResultOf(calls.Task).RunId);
                Assert.AreEqual("System.Threading.Tasks.TaskCanceledException",
                    Waiting.ResultOf(failed.Task).ErrorKind);
            }
        }

        [Test]
        public void AShutdownThatWaitsCancelsFirst()
        {
            var log = new List<string>();
            using (var scheduler = new Scheduler(new SchedulerOptions { Log = (level, logger, text) => log.Add(text) }))
            {
                var began = new ManualResetEventSlim();
                scheduler.RegisterTask("wait", (TaskCall call) =>
                {
                    call.Cancellation.Register(() => { throw new NotSupportedException("of a registration"); });
                    began.Set();
                    call.Cancellation.WaitHandle.WaitOne();
                });
                scheduler.Start();
                Stage.AddTo(scheduler, "wait", DateTimeOffset.UtcNow);
                Waiting.For(began, "the task");
                scheduler.Shutdown();
                Assert.AreEqual(SchedulerState.Stopped, scheduler.State);
                Assert.AreEqual(RunState.Succeeded, scheduler.Runs().Single().State);
                Assert.IsTrue(log.Any(line => line.Contains("of a registration")), string.Join("\n", log));
            }
        }

        [Test]
        public void TokensAreFreshAfterARestart()
        {
            using (var stage = new Stage())
            {
                bool? cancelled = null;
                stage.Scheduler.RegisterTask("look",
                    (TaskCall call) => { cancelled = call.Cancellation.IsCancellationRequested; });
                stage.Scheduler.Start();
                stage.Scheduler.Shutdown();
                stage.Scheduler.Start();
                stage.Add("look");
                stage.PlayNow();
                Assert.AreEqual(false, cancelled);
            }
        }

        [Test]
        public void AResolverIsAskedForWhatIsNotRegistered()
        {
            using (var stage = new Stage())
            {
                var asked = new List<string>();
                var ran = new List<string>();
                stage.Scheduler.SetTaskResolver(name =>
                {
                    asked.Add(name);
                    if (name == "broken")
                    {
                        throw new TimeoutException("of the resolver");
                    }
                    return name == "known" ? call => ran.Add(call.JobId) : (Action<TaskCall>)null;
                });
                stage.Add("known");
                stage.Add("unknown");
                stage.Add("broken");
                stage.Scheduler.Start();
                stage.PlayNow();
                CollectionAssert.AreEquivalent(new[] { "known", "unknown", "broken" }, asked);
                CollectionAssert.AreEqual(new[] { "known" }, ran);
                CollectionAssert.AreEquivalent(new[] { "unknown", "broken" },
                    stage.Scheduler.ParkedJobs().Select(job => job.Id));
                Assert.IsTrue(stage.Logged("of the resolver"));
            }
        }

        [Test]
        public void AResolverCanBeRemoved()
        {
            using (var stage = new Stage())
            {
                stage.Scheduler.SetTaskResolver(name => call => { });
                stage.Scheduler.SetTaskResolver(null);
                stage.Add("any");
                stage.Scheduler.Start();
                stage.PlayNow();
                Assert.AreEqual("any", stage.Scheduler.ParkedJobs().Single().Id);
            }
        }

        [Test]
        public void BadArgumentsAreRefused()
        {
            using (var stage = new Stage())
            {
                Scheduler scheduler = stage.Scheduler;
                Assert.Throws<ArgumentNullException>(() => scheduler.RegisterTask("x", (Action<TaskCall>)null));
                Assert.Throws<ArgumentNullException>(() => scheduler.RegisterTask("x", (Func<TaskCall, Task>)null));
                Assert.Throws<ArgumentNullException>(() => scheduler.RegisterTask(null, (TaskCall call) => { }));
                Assert.Throws<ArgumentException>(() => scheduler.RegisterTask("x\0y", (TaskCall call) => { }));
                Assert.AreEqual(ErrorCode.InvalidArgument, Assert.Throws<DuetimeException>(
                    () => scheduler.RegisterTask("", (TaskCall call) => { })).Code);
                Assert.Throws<ArgumentNullException>(() => new JobOptions(null));
                Assert.Throws<ArgumentNullException>(() => Payload.Json(null));
            }
        }
    }
}
