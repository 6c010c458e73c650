using System;
using System.IO;
using NUnit.Framework;

namespace Duetime.Tests
{
    /// <summary>Jobs in worker programs of another language: that of tests/support/c_worker.c.</summary>
    [TestFixture]
    public class ProcessPoolTest
    {
        private string directory;
        private string program;

        [SetUp]
        public void CompileTheWorker()
        {
            directory = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
            Directory.CreateDirectory(directory);
            program = Path.Combine(directory, "c_worker");
            string source = Path.Combine(Project.Root, "tests", "support", "c_worker.c");
            Project.Run("cc", "-o", program, source);
        }

        [TearDown]
        public void RemoveIt()
        {
            Directory.Delete(directory, true);
        }

        private Run RunIn(ProcessPoolOptions options, string payload)
        {
            using (var scheduler = new Scheduler(new SchedulerOptions { Log = (level, logger, message) => { } }))
            using (Trigger later = Trigger.Date(DateTimeOffset.UtcNow.AddYears(1)))
            {
                scheduler.AddProcessPool("workers", options);
                scheduler.RegisterTask("any", (TaskCall call) => Assert.Fail("ran here, expected in the worker"));
                scheduler.Start();
                scheduler.AddJob(later, new JobOptions("any")
                {
                    Id = "job", Executor = "workers", Payload = new Payload("text", Bytes(payload))
                });
                return Waiting.ResultOf(scheduler.RunJobAsync("job"));
            }
        }

        private static byte[] Bytes(string text)
        {
            return System.Text.Encoding.UTF8.GetBytes(text);
        }

        [Test]
        public void AWorkerRunsTheJob()
        {
            string note = Path.Combine(directory, "note");
            File.WriteAllText(note + ".go", "");
            var options = new ProcessPoolOptions(program) { Workers = 1, MaxTasksPerChild = 5 };
            Assert.AreEqual(RunState.Succeeded, RunIn(options, "block " + note).State);
            Assert.AreNotEqual(System.Diagnostics.Process.GetCurrentProcess().Id, int.Parse(File.ReadAllText(note)));
        }

        [Test]
        public void WhatAWorkerSaysIsTheRunsError()
        {
            Run run = RunIn(new ProcessPoolOptions(program), "fail größer");
            Assert.AreEqual(RunState.Failed, run.State);
            StringAssert.Contains("größer", run.Error);
        }

        [Test]
        public void AWorkerThatDiesFailsItsRun()
        {
            StringAssert.Contains("BrokenProcessPool", RunIn(new ProcessPoolOptions(program), "raise 9").Error);
        }

        [Test]
        public void ARunThatTakesTooLongIsKilled()
        {
            var options = new ProcessPoolOptions(program) { Timeout = TimeSpan.FromMilliseconds(50) };
            StringAssert.Contains("TimeoutError",
                RunIn(options, "block " + Path.Combine(directory, "never")).Error);
        }

        [Test]
        public void AWorkerIsToldTheSetup()
        {
            var options = new ProcessPoolOptions(program) { Setup = Bytes("refuse nobody") };
            StringAssert.Contains("nobody", RunIn(options, "echo x").Error);
        }

        [Test]
        public void OptionsAreChecked()
        {
            using (var scheduler = new Scheduler())
            {
                Assert.Throws<ArgumentNullException>(() => new ProcessPoolOptions(null));
                Assert.Throws<ArgumentNullException>(() => scheduler.AddProcessPool("x", null));
                Assert.AreEqual(ErrorCode.InvalidArgument, Assert.Throws<DuetimeException>(
                    () => scheduler.AddProcessPool("x", new ProcessPoolOptions())).Code);
                var options = new ProcessPoolOptions("true") { MaxTasksPerChild = -1 };
                Assert.Throws<ArgumentOutOfRangeException>(() => scheduler.AddProcessPool("x", options));
            }
        }
    }
}
