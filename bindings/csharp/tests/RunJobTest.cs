using System;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using NUnit.Framework;

namespace Duetime.Tests
{
    [TestFixture]
    public class RunJobTest
    {
        private Scheduler scheduler;

        [SetUp]
        public void StartOne()
        {
            scheduler = new Scheduler(new SchedulerOptions { Log = (level, logger, message) => { } });
            scheduler.Start();
        }

        [TearDown]
        public void DisposeIt()
        {
            scheduler.Dispose();
        }

        private void AddForLater(string task, int maxInstances = 1)
        {
            using (Trigger trigger = Trigger.Date(DateTimeOffset.UtcNow.AddYears(1)))
            {
                scheduler.AddJob(trigger, new JobOptions(task) { Id = task, MaxInstances = maxInstances });
            }
        }

        private static DuetimeException FailureOf(Task task)
        {
            var failure = Assert.Throws<AggregateException>(() => task.Wait(Waiting.Patience));
            return (DuetimeException)failure.InnerException;
        }

        [Test]
        public void TheTaskAnswersTheRun()
        {
            scheduler.RegisterTask("work", (TaskCall call) => { });
            AddForLater("work");
            Run run = Waiting.ResultOf(scheduler.RunJobAsync("work"));
            Assert.AreEqual("work", run.JobId);
            Assert.AreEqual(RunState.Succeeded, run.State);
            Assert.IsTrue(run.EndedAt.HasValue);
            Assert.IsNotNull(scheduler.FindJob("work"));
        }

        [Test]
        public void AFailedRunIsAnAnswerToo()
        {
            scheduler.RegisterTask("fail", (Action<TaskCall>)(call => { throw new Exception("no luck"); }));
            AddForLater("fail");
            Run run = Waiting.ResultOf(scheduler.RunJobAsync("fail"));
            Assert.AreEqual(RunState.Failed, run.State);
            StringAssert.Contains("no luck", run.Error);
        }

        [Test]
        public void ManyRunsAtOnceEachHaveTheirEnd()
        {
            scheduler.RegisterTask("work", (TaskCall call) => { });
            AddForLater("work", 1000);
            Task<Run>[] runs = Enumerable.Range(0, 200).Select(i => scheduler.RunJobAsync("work")).ToArray();
            Assert.AreEqual(200, runs.Select(run => Waiting.ResultOf(run).Id).Distinct().Count());
        }

        [Test]
        public void WhatCannotStartFailsAtOnce()
        {
            Assert.AreEqual(ErrorCode.NotFound, FailureOf(scheduler.RunJobAsync("nothing")).Code);
            var goOn = new ManualResetEventSlim();
            scheduler.RegisterTask("block", (TaskCall call) => goOn.Wait());
            AddForLater("block");
            string first = scheduler.RunJob("block");
            Assert.AreEqual(ErrorCode.MaxInstances, FailureOf(scheduler.RunJobAsync("block")).Code);
            Assert.AreEqual(first, scheduler.Running().Single().Id);
            goOn.Set();
        }

        [Test]
        public void ItsTokenCancelsTheRun()
        {
            var source = new CancellationTokenSource();
            var began = new ManualResetEventSlim();
            scheduler.RegisterTask("wait", (TaskCall call) =>
            {
                began.Set();
                call.Cancellation.WaitHandle.WaitOne();
                call.Cancellation.ThrowIfCancellationRequested();
            });
            AddForLater("wait");
            Task<Run> run = scheduler.RunJobAsync("wait", null, source.Token);
            Waiting.For(began, "the task");
            source.Cancel();
            StringAssert.Contains("OperationCanceledException", Waiting.ResultOf(run).Error);
        }

        [Test]
        public void ARunThatIsGivenBackIsAFailure()
        {
            scheduler.RegisterTask("read", (Action<TaskCall>)(call => { throw new CannotRunException("unreadable"); }));
            AddForLater("read");
            DuetimeException failure = FailureOf(scheduler.RunJobAsync("read"));
            Assert.AreEqual(ErrorCode.Callback, failure.Code);
            StringAssert.Contains("unreadable", failure.Message);
        }

        [Test]
        public void NobodyWaitsForASchedulerThatIsGone()
        {
            var goOn = new ManualResetEventSlim();
            scheduler.RegisterTask("block", (TaskCall call) => goOn.Wait());
            AddForLater("block");
            Task<Run> run = scheduler.RunJobAsync("block");
            scheduler.Dispose();
            Assert.AreEqual(ErrorCode.NotRunning, FailureOf(run).Code);
            goOn.Set();
        }

        [Test]
        public void OnlyWhatIsUnderWayCanBeCancelled()
        {
            Assert.AreEqual(ErrorCode.NotFound, Assert.Throws<DuetimeException>(
                () => scheduler.CancelRun(new string('0', 32))).Code);
            Assert.AreEqual(ErrorCode.InvalidArgument,
                Assert.Throws<DuetimeException>(() => scheduler.CancelRun("x")).Code);
        }
    }
}
