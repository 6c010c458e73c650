using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using NUnit.Framework;

namespace Duetime.Tests
{
    [TestFixture]
    public class SchedulerTest
    {
        private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

        [Test]
        public void ItStartsPausesAndStops()
        {
            using (var stage = new Stage())
            {
                Scheduler scheduler = stage.Scheduler;
                Assert.AreEqual(SchedulerState.Stopped, scheduler.State);
                Assert.AreEqual(ErrorCode.NotRunning, Assert.Throws<DuetimeException>(() => scheduler.Shutdown()).Code);
                scheduler.Start(paused: true);
                Assert.AreEqual(SchedulerState.Paused, scheduler.State);
                scheduler.Resume();
                Assert.AreEqual(SchedulerState.Running, scheduler.State);
                Assert.AreEqual(ErrorCode.AlreadyRunning,
                    Assert.Throws<DuetimeException>(() => scheduler.Start()).Code);
                scheduler.Pause();
                Assert.AreEqual(SchedulerState.Paused, scheduler.State);
                Json health = Json.Parse(scheduler.Health());
                Assert.AreEqual("paused", health["state"].Text);
                scheduler.Shutdown();
                Assert.AreEqual(SchedulerState.Stopped, scheduler.State);
            }
        }

        [Test]
        public void StatisticsAndMetricsCountRuns()
        {
            using (var stage = new Stage())
            {
                stage.Scheduler.RegisterTask("work", call => { });
                stage.Scheduler.Start();
                stage.Add("work");
                stage.Play(TimeSpan.FromSeconds(1));
                Json statistics = Json.Parse(stage.Scheduler.Statistics());
                Assert.AreEqual("1", statistics["stores"].Items[0]["runs"]["succeeded"].Source);
                StringAssert.Contains("duetime_running 1", stage.Scheduler.Metrics());
            }
        }

        [Test]
        public void ADocumentMakesAScheduler()
        {
            string configuration =
                "{\"stores\": {\"default\": \"memory:\"}, \"executors\": {\"here\": {\"type\": \"inline\"}}}";
            using (Scheduler scheduler = Scheduler.FromJson(configuration))
            {
                scheduler.RemoveExecutor("here");
                scheduler.RemoveStore("default");
            }
            var wrong = Assert.Throws<DuetimeException>(() => Scheduler.FromJson("{\"store\": {}}"));
            Assert.AreEqual(ErrorCode.InvalidArgument, wrong.Code);
            StringAssert.Contains("'store'", wrong.Message);
            Assert.Throws<ArgumentNullException>(() => Scheduler.FromJson(null));
        }

        [Test]
        public void JobsAreFoundAndReadInPages()
        {
            using (var stage = new Stage())
            using (Trigger hourly = Trigger.Interval(TimeSpan.FromHours(1)))
            {
                stage.Scheduler.Start();
                foreach (string id in new[] { "c", "a", "b" })
                {
                    var options = new JobOptions("work") { Id = id, Tags = new[] { "all", "only " + id } };
                    stage.Scheduler.AddJob(hourly, options);
                }
                var two = new JobFilter { Tag = "all", Task = "work", Executor = "default", Limit = 2 };
                CollectionAssert.AreEqual(new[] { "a", "b" }, IdsOf(stage.Scheduler.FindJobs(two, "default")));
                two.AfterId = "b";
                CollectionAssert.AreEqual(new[] { "c" }, IdsOf(stage.Scheduler.FindJobs(two, "default")));
                Assert.AreEqual(0, stage.Scheduler.FindJobs(new JobFilter { Task = "other" }).Count);
                Assert.Throws<ArgumentOutOfRangeException>(
                    () => stage.Scheduler.FindJobs(new JobFilter { Limit = 0 }));
            }
        }

        private static string[] IdsOf(IEnumerable<Job> jobs)
        {
            return jobs.Select(job => job.Id).ToArray();
        }

        [Test]
        public void AsManyRunsAreKeptAsOneAsks()
        {
            using (var stage = new Stage())
            {
                stage.Scheduler.SetHistory(TimeSpan.FromDays(1), 2);
                stage.Scheduler.SetHistory(TimeSpan.FromDays(1), 2, "default");
                Assert.AreEqual(ErrorCode.NotFound, Assert.Throws<DuetimeException>(
                    () => stage.Scheduler.SetHistory(TimeSpan.FromDays(1), 2, "other")).Code);
                Assert.Throws<ArgumentOutOfRangeException>(
                    () => stage.Scheduler.SetHistory(TimeSpan.FromDays(1), -1));
            }
        }

        [Test]
        public void WhatIsDisposedSaysSo()
        {
            var scheduler = new Scheduler();
            scheduler.Start();
            IDisposable subscription = scheduler.AddListener(SchedulerEvents.All, happened => { });
            scheduler.Dispose();
            scheduler.Dispose();
            subscription.Dispose();
            Assert.Throws<ObjectDisposedException>(() => scheduler.Start());
            Assert.Throws<ObjectDisposedException>(() => scheduler.RunJob("x"));
        }

        [Test]
        public void CallsMayRaceWithTheEnd()
        {
            for (int round = 0; round < 100; ++round)
            {
                var scheduler = new Scheduler(new SchedulerOptions { Log = (level, logger, message) => { } });
                scheduler.RegisterTask("work", (TaskCall call) => { });
                scheduler.Start();
                Stage.AddTo(scheduler, "work", DateTimeOffset.UtcNow.AddYears(1));
                var busy = new CountdownEvent(3);
                var callers = Enumerable.Range(0, 3).Select(i => Task.Run(() => CallUntilItEnds(scheduler, busy)));
                Task<ErrorCode?>[] begun = callers.ToArray();
                Assert.IsTrue(busy.Wait(Waiting.Patience));
                scheduler.Dispose();
                foreach (Task<ErrorCode?> caller in begun)
                {
                    ErrorCode? end = Waiting.ResultOf(caller);
                    Assert.IsTrue(end == null || end == ErrorCode.StaleHandle, "got " + end);
                }
            }
        }

        /// <summary>Answers what the last call said; null for ObjectDisposedException.</summary>
        private static ErrorCode? CallUntilItEnds(Scheduler scheduler, CountdownEvent busy)
        {
            try
            {
                for (int calls = 0;; ++calls)
                {
                    Assert.AreEqual("work", scheduler.Jobs().Single().Id);
                    scheduler.AddListener(SchedulerEvents.All, happened => { }).Dispose();
                    scheduler.RegisterTask("other", (TaskCall call) => { });
                    if (calls == 2)
                    {
                        busy.Signal();
                    }
                }
            }
            catch (ObjectDisposedException)
            {
                return null;
            }
            catch (DuetimeException exception)
            {
                return exception.Code;
            }
        }

        [Test]
        public void ATaskMayDisposeItsScheduler()
        {
            var scheduler = new Scheduler();
            var disposed = new ManualResetEventSlim();
            scheduler.RegisterTask("dispose", (TaskCall call) =>
            {
                scheduler.Dispose();
                Assert.IsTrue(call.Cancellation.IsCancellationRequested);
                disposed.Set();
            });
            scheduler.Start();
            Stage.AddTo(scheduler, "dispose", DateTimeOffset.UtcNow);
            Waiting.For(disposed, "the task");
        }

        [Test]
        public void JobsAreFoundChangedAndRemoved()
        {
            using (var stage = new Stage())
            using (Trigger hourly = Trigger.Interval(Hour, Stage.Noon))
            using (Trigger daily = Trigger.Interval(TimeSpan.FromDays(1), Stage.Noon + Hour))
            {
                Scheduler scheduler = stage.Scheduler;
                Job added = scheduler.AddJob(hourly, new JobOptions("work")
                {
                    Id = "a", Name = "Arbeit", Coalesce = false, MaxInstances = 3, Recover = true,
                    MisfireGrace = JobOptions.Unlimited, Tags = new[] { "red", "grün" }, Payload = Payload.Json("[1]")
                });
                Job job = scheduler.FindJob("a");
                foreach (Job seen in new[] { added, job })
                {
                    Assert.AreEqual("a", seen.Id);
                    Assert.AreEqual("Arbeit", seen.Name);
                    Assert.AreEqual("work", seen.Task);
                    Assert.AreEqual("default", seen.Executor);
                    Assert.AreEqual("default", seen.Store);
                    Assert.AreEqual("", seen.Error);
                    Assert.AreEqual(JobStatus.Scheduled, seen.Status);
                    Assert.IsFalse(seen.Coalesce);
                    Assert.AreEqual(3, seen.MaxInstances);
                    Assert.IsTrue(seen.Recover);
                    Assert.AreEqual(JobOptions.Unlimited, seen.MisfireGrace);
                    Assert.AreEqual(Stage.Noon, seen.NextRunTime);
                    CollectionAssert.AreEquivalent(new[] { "red", "grün" }, seen.Tags);
                    Assert.AreEqual("json", seen.Payload.Encoding);
                    Assert.AreEqual("[1]", seen.Payload.Text);
                    using (Trigger trigger = seen.GetTrigger())
                    {
                        Assert.AreEqual(hourly.ToJson(), trigger.ToJson());
                    }
                }
                Assert.AreEqual("work", Json.Parse(job.ToJson())["task"].Text);

                job = scheduler.ModifyJob("a", new JobChanges
                {
                    Name = "B", Task = "rest", Coalesce = true, MaxInstances = 1, Recover = false,
                    MisfireGrace = TimeSpan.FromSeconds(2), Tags = new string[0], Payload = Payload.None,
                    NextRunTime = Stage.Noon + TimeSpan.FromMinutes(1)
                });
                Assert.AreEqual("B", job.Name);
                Assert.AreEqual("rest", job.Task);
                Assert.IsTrue(job.Coalesce);
                Assert.AreEqual(1, job.MaxInstances);
                Assert.IsFalse(job.Recover);
                Assert.AreEqual(TimeSpan.FromSeconds(2), job.MisfireGrace);
                Assert.AreEqual(0, job.Tags.Count);
                Assert.AreEqual("none", job.Payload.Encoding);
                Assert.AreEqual(Stage.Noon + TimeSpan.FromMinutes(1), job.NextRunTime);

                Assert.AreEqual(Stage.Noon + Hour, scheduler.RescheduleJob("a", daily).NextRunTime);
                Assert.AreEqual(JobStatus.Paused, scheduler.PauseJob("a").Status);
                Assert.IsNull(scheduler.FindJob("a").NextRunTime);
                Assert.AreEqual(Stage.Noon + Hour, scheduler.ResumeJob("a").NextRunTime);
                scheduler.RemoveJob("a");
                Assert.IsNull(scheduler.FindJob("a"));
                Assert.AreEqual(ErrorCode.NotFound,
                    Assert.Throws<DuetimeException>(() => scheduler.RemoveJob("a")).Code);
            }
        }

        [Test]
        public void ATakenIdIsAConflictUnlessItIsToBeReplaced()
        {
            using (var stage = new Stage())
            using (Trigger trigger = Trigger.Date(Stage.Noon + Hour))
            using (Trigger never = Trigger.Crontab("0 0 30 2 *"))
            {
                Scheduler scheduler = stage.Scheduler;
                scheduler.AddJob(trigger, new JobOptions("x") { Id = "a" });
                Assert.AreEqual(ErrorCode.Conflict, Assert.Throws<DuetimeException>(
                    () => scheduler.AddJob(trigger, new JobOptions("y") { Id = "a" })).Code);
                Assert.AreEqual("y", scheduler.AddJob(trigger, new JobOptions("y") { Id = "a", Replace = true }).Task);
                Assert.IsNull(scheduler.AddJob(never, new JobOptions("z")));
                Assert.AreEqual(JobStatus.Paused,
                    scheduler.AddJob(trigger, new JobOptions("z") { Id = "b", Paused = true }).Status);
                IReadOnlyList<Job> jobs = scheduler.Jobs();
                GC.Collect();
                CollectionAssert.AreEqual(new[] { "a", "b" }, jobs.Select(job => job.Id));
            }
        }

        [Test]
        public void ManyJobsAreAddedAtOnceOrNotAtAll()
        {
            using (var stage = new Stage())
            using (Trigger trigger = Trigger.Date(Stage.Noon + Hour))
            {
                Scheduler scheduler = stage.Scheduler;
                scheduler.AddJobs(Enumerable.Range(0, 1000)
                    .Select(i => new NewJob(trigger, new JobOptions("x") { Id = i.ToString("D4") })));
                Assert.AreEqual(1000, scheduler.Jobs().Count);
                Assert.Throws<DuetimeException>(() => scheduler.AddJobs(new[]
                {
                    new NewJob(trigger, new JobOptions("x") { Id = "new" }),
                    new NewJob(trigger, new JobOptions("x") { Id = "0007" })
                }));
                Assert.IsNull(scheduler.FindJob("new"));
                scheduler.RemoveAllJobs();
                Assert.AreEqual(0, scheduler.Jobs("default").Count);
            }
        }

        [Test]
        public void TimePlays()
        {
            using (var stage = new Stage())
            using (Trigger trigger = Trigger.Interval(Hour, Stage.Noon))
            {
                var times = new List<DateTimeOffset>();
                stage.Scheduler.RegisterTask("note", (TaskCall call) => times.Add(stage.Clock.Now));
                stage.Scheduler.AddJob(trigger, new JobOptions("note"));
                stage.Scheduler.Start();
                stage.Play(TimeSpan.FromHours(3.5));
                CollectionAssert.AreEqual(Enumerable.Range(0, 4).Select(i => Stage.Noon.AddHours(i)), times);
                Assert.AreEqual(Stage.Noon.AddHours(3.5), stage.Clock.Now);
                stage.Clock.Advance(TimeSpan.FromMinutes(30));
                Assert.AreEqual(Stage.Noon.AddHours(5), stage.Scheduler.RunPending());
                Assert.AreEqual(5, times.Count);
                Assert.IsTrue(stage.Scheduler.WakeupDescriptor > 0);
                stage.Clock.Set(Stage.Noon);
                Assert.AreEqual(Stage.Noon, stage.Clock.Now);
            }
        }

        [Test]
        public void PlayingEndsAtItsTimeout()
        {
            using (var stage = new Stage())
            {
                var goOn = new ManualResetEventSlim();
                stage.Scheduler.RemoveExecutor("default");
                stage.Scheduler.AddThreadPool("default", 1);
                stage.Scheduler.RegisterTask("block", (TaskCall call) => goOn.Wait());
                stage.Add("block");
                stage.Scheduler.Start();
                Assert.IsFalse(Scheduler.Play(new[] { stage.Scheduler }, Stage.Noon, TimeSpan.FromMilliseconds(1)));
                goOn.Set();
                stage.PlayNow();
                Assert.AreEqual(RunState.Succeeded, stage.OnlyRun().State);
            }
        }

        [Test]
        public void RunsAreFiltered()
        {
            using (var stage = new Stage())
            using (Trigger trigger = Trigger.Interval(Hour, Stage.Noon))
            {
                Scheduler scheduler = stage.Scheduler;
                scheduler.RegisterTask("odd", (TaskCall call) =>
                {
                    if (call.ScheduledTime.Hour % 2 == 1)
                    {
                        throw new Exception("odd");
                    }
                });
                scheduler.AddJob(trigger, new JobOptions("odd") { Id = "a" });
                scheduler.AddJob(trigger, new JobOptions("odd") { Id = "b" });
                scheduler.Start();
                stage.Play(TimeSpan.FromHours(3));
                Assert.AreEqual(8, scheduler.Runs().Count);
                Assert.AreEqual(4, scheduler.Runs(new RunFilter { State = RunState.Failed }).Count);
                Assert.AreEqual(4, scheduler.Runs(new RunFilter { JobId = "a" }).Count);
                Assert.AreEqual(3, scheduler.Runs(new RunFilter { Limit = 3 }).Count);
                var first = new RunFilter { ScheduledFrom = Stage.Noon, ScheduledUntil = Stage.Noon, JobId = "b" };
                Run run = scheduler.Runs(first, "default").Single();
                Assert.AreEqual(Stage.Noon, run.ScheduledTime);
                Assert.AreEqual(Stage.Noon, run.ClaimedAt);
                Assert.AreEqual(Stage.Noon, run.StartedAt);
                Assert.AreEqual(Stage.Noon, run.EndedAt);
                Assert.AreEqual("odd", run.Task);
                Assert.AreEqual(32, run.Node.Length);
                Assert.AreEqual("", run.Error);
                Assert.Throws<ArgumentOutOfRangeException>(() => scheduler.Runs(new RunFilter { Limit = 0 }));
            }
        }

        [Test]
        public void AScheduleInAFileOutlivesItsScheduler()
        {
            string directory = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
            Directory.CreateDirectory(directory);
            try
            {
                string url = "sqlite:///" + Path.Combine(directory, "jobs.db");
                using (var stage = new Stage(url))
                {
                    stage.Add("later");
                    StringAssert.StartsWith("[", stage.Scheduler.SqlToAddJobs(new[]
                    {
                        new NewJob(Trigger.Date(Stage.Noon), new JobOptions("later"))
                    }));
                }
                using (var stage = new Stage(url))
                {
                    int ran = 0;
                    stage.Scheduler.RegisterTask("later", (TaskCall call) => { ++ran; });
                    stage.Scheduler.Start();
                    stage.PlayNow();
                    Assert.AreEqual(1, ran);
                    Assert.IsNull(stage.Scheduler.FindJob("later"));
                }
            }
            finally
            {
                Directory.Delete(directory, true);
            }
        }

        [Test]
        public void StoresAndExecutorsAreAddedAndRemoved()
        {
            using (var stage = new Stage())
            {
                Scheduler scheduler = stage.Scheduler;
                var told = new List<string>();
                SchedulerEvents mask = SchedulerEvents.StoreAdded | SchedulerEvents.StoreRemoved
                    | SchedulerEvents.ExecutorAdded | SchedulerEvents.ExecutorRemoved;
                scheduler.AddListener(mask, happened => told.Add(happened.Kind + " " + happened.Alias));
                scheduler.Start();
                scheduler.AddStore("second", "memory:");
                scheduler.AddThreadPool("threads", 2);
                scheduler.RemoveStore("second");
                scheduler.RemoveExecutor("threads");
                stage.PlayNow();
                CollectionAssert.IsSubsetOf(new[]
                {
                    "StoreAdded second", "ExecutorAdded threads", "StoreRemoved second", "ExecutorRemoved threads"
                }, told);
                Assert.AreEqual(ErrorCode.NotFound,
                    Assert.Throws<DuetimeException>(() => scheduler.RemoveStore("second")).Code);
                Assert.Throws<ArgumentOutOfRangeException>(() => scheduler.AddThreadPool("x", -1));
                Assert.Throws<DuetimeException>(() => scheduler.AddThreadPool("x", 0));
                Assert.Throws<DuetimeException>(() => scheduler.AddStore("x", "nonsense://"));
            }
        }

        [Test]
        public void TimeZonesAreReloaded()
        {
            using (var stage = new Stage())
            {
                stage.Scheduler.Start();
                Assert.AreEqual(0, stage.Scheduler.ReloadTimeZones());
            }
        }

        [Test]
        public void OptionsAreChecked()
        {
            Assert.Throws<ArgumentNullException>(() => new Scheduler(null));
            Assert.Throws<ArgumentOutOfRangeException>(
                () => new Scheduler(new SchedulerOptions { HistoryMaxCount = -1 }));
            var tooShort = new SchedulerOptions { Lease = TimeSpan.FromMilliseconds(1), Log = (l, n, m) => { } };
            Assert.AreEqual(ErrorCode.InvalidArgument,
                Assert.Throws<DuetimeException>(() => new Scheduler(tooShort)).Code);
        }
    }
}
