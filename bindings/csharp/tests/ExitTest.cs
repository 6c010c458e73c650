using System;
using System.Diagnostics;
using System.Threading;
using NUnit.Framework;

namespace Duetime.Tests
{
    /// <summary>Programs that end while a scheduler runs: this assembly, started as a program.</summary>
    [TestFixture]
    public class ExitTest
    {
        [TestCase("return")]
        [TestCase("exit")]
        [TestCase("forget")]
        [TestCase("inside a task")]
        [TestCase("inside a listener")]
        [TestCase("inside the log")]
        public void AProgramEndsThoughItsSchedulerRuns(string how)
        {
            // The program that runs .NET programs here: mono or dotnet.
            string runtime = Process.GetCurrentProcess().MainModule.FileName;
            var start = new ProcessStartInfo(runtime, "\"" + typeof(ExitTest).Assembly.Location + "\" \"" + how + "\"")
            {
                UseShellExecute = false, RedirectStandardOutput = true
            };
            using (Process child = Process.Start(start))
            {
                bool ended = child.WaitForExit((int)Waiting.Patience.TotalMilliseconds);
                if (!ended)
                {
                    child.Kill();
                }
                Assert.IsTrue(ended, "the program hangs at its end");
                Assert.AreEqual(how == "exit" ? 7 : 0, child.ExitCode);
                Assert.AreEqual("ran", child.StandardOutput.ReadToEnd().Trim());
            }
        }
    }

    /// <summary>The program: a scheduler that runs a job every few milliseconds, and how it ends.</summary>
    public static class Program
    {
        /// <summary>Prints "ran" when the job has run some times.</summary>
        public static int Main(string[] arguments)
        {
            string how = arguments.Length == 1 ? arguments[0] : "";
            Thread main = Thread.CurrentThread;
            var ran = new CountdownEvent(20);
            Run(where =>
            {
                if (where == "inside a task" && !ran.IsSet)
                {
                    ran.Signal();
                }
                if (ran.IsSet && how == where && Thread.CurrentThread != main)
                {
                    Thread.Sleep(Timeout.Infinite);
                }
            });
            ran.Wait();
            if (how == "forget")
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
            }
            Console.WriteLine("ran");
            if (how == "exit")
            {
                Environment.Exit(7);
            }
            return 0;
        }

        private static void Run(Action<string> come)
        {
            var scheduler = new Scheduler(new SchedulerOptions
            {
                Log = (level, logger, message) => come("inside the log"), LogLevel = LogLevel.Debug
            });
            scheduler.AddListener(SchedulerEvents.All, happened => come("inside a listener"));
            scheduler.RegisterTask("often", (TaskCall call) => come("inside a task"));
            scheduler.Start();
            using (Trigger trigger = Trigger.Interval(TimeSpan.FromMilliseconds(2)))
            {
                scheduler.AddJob(trigger,
                    new JobOptions("often") { MaxInstances = 4, MisfireGrace = JobOptions.Unlimited });
            }
        }
    }
}
