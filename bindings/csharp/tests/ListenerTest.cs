using System;
using System.Collections.Generic;
using System.Linq;
using NUnit.Framework;

namespace Duetime.Tests
{
    [TestFixture]
    public class ListenerTest
    {
        [Test]
        public void ListenersHearWhatTheyAskedFor()
        {
            using (var stage = new Stage())
            {
                var told = new List<SchedulerEvent>();
                IDisposable listening = stage.Scheduler.AddListener(
                    SchedulerEvents.JobAdded | SchedulerEvents.JobExecuted, told.Add);
                stage.Scheduler.RegisterTask("work", (TaskCall call) => { });
                stage.Add("work", null, "ä");
                stage.Scheduler.Start();
                stage.PlayNow();
                CollectionAssert.AreEqual(new[] { SchedulerEvents.JobAdded, SchedulerEvents.JobExecuted },
                    told.Select(happened => happened.Kind));
                SchedulerEvent executed = told[1];
                Assert.AreEqual("ä", executed.JobId);
                Assert.AreEqual("default", executed.Store);
                Assert.AreEqual(stage.OnlyRun().Id, executed.RunId);
                Assert.AreEqual(1, executed.Attempt);
                CollectionAssert.AreEqual(new[] { Stage.Noon }, executed.ScheduledTimes);
                Assert.AreEqual("", executed.Error);

                listening.Dispose();
                listening.Dispose();
                stage.Add("work", null, "again");
                Assert.AreEqual(2, told.Count);
            }
        }

        [Test]
        public void MissedFiresAreCounted()
        {
            using (var stage = new Stage())
            using (Trigger trigger = Trigger.Interval(TimeSpan.FromMinutes(1), Stage.Noon))
            {
                SchedulerEvent missed = null;
                stage.Scheduler.AddListener(SchedulerEvents.JobMissed, happened => missed = missed ?? happened);
                stage.Scheduler.RegisterTask("work", (TaskCall call) => { });
                stage.Scheduler.AddJob(trigger, new JobOptions("work"));
                stage.Clock.Advance(TimeSpan.FromSeconds(30));
                stage.Scheduler.Start();
                stage.PlayNow();
                Assert.AreEqual(1, missed.Count);
                CollectionAssert.AreEqual(new[] { Stage.Noon }, missed.ScheduledTimes);
            }
        }

        [Test]
        public void WhatAListenerThrowsIsLogged()
        {
            using (var stage = new Stage())
            {
                int heard = 0;
                stage.Scheduler.AddListener(SchedulerEvents.JobAdded,
                    happened => { throw new NotSupportedException("of a listener"); });
                stage.Scheduler.AddListener(SchedulerEvents.JobAdded, happened => { ++heard; });
                stage.Add("work");
                Assert.AreEqual(1, heard);
                Assert.IsTrue(stage.Logged("Error csharp: in a listener, told of JobAdded"));
                Assert.IsTrue(stage.Logged("of a listener"));
            }
        }

        [Test]
        public void TheLogIsTheProgramsOwn()
        {
            var lines = new List<string>();
            var options = new SchedulerOptions
            {
                Hosted = true, LogLevel = LogLevel.Warning,
                Log = (level, logger, message) =>
                {
                    lines.Add(level + " " + logger);
                    throw new Exception("of the log: dropped");
                }
            };
            using (var scheduler = new Scheduler(options))
            {
                scheduler.Start(); // of which the log tells at Info
                Stage.AddTo(scheduler, "unknown", DateTimeOffset.UtcNow);
                scheduler.RunPending();
                scheduler.Shutdown();
            }
            CollectionAssert.AreEqual(new[] { "Error scheduler" }, lines.Distinct());
        }

        [Test]
        public void ListenersMustBeGiven()
        {
            using (var stage = new Stage())
            {
                Assert.Throws<ArgumentNullException>(() => stage.Scheduler.AddListener(SchedulerEvents.All, null));
            }
        }
    }
}
