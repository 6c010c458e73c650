// A schedule that lives in an SQLite file: an interval job, a cron job and a one-shot job, a listener that counts, a
// few seconds of work, and a look at what is stored afterwards.
//
//   Quickstart.exe [FILE]      FILE is made anew; default duetime_quickstart.db
//
// Exit status 0 says that everything happened as promised, 1 that something did not (it says what).
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Duetime;

internal static class Quickstart
{
    private const int BeatsWanted = 5;
    private const int TicksWanted = 2;
    private static readonly TimeSpan AtMost = TimeSpan.FromSeconds(60);

    // What the tasks and the listener count; they run on several threads. The dictionary guards itself.
    private static readonly Dictionary<string, int> Counts = new Dictionary<string, int>();

    private static int Main(string[] arguments)
    {
        string file = Path.GetFullPath(arguments.Length > 0 ? arguments[0] : "duetime_quickstart.db");
        Console.WriteLine("jobs in " + file);
        foreach (string suffix in new[] { "", "-wal", "-shm" })
        {
            File.Delete(file + suffix);
        }
        bool happened = RunForAWhile(file);

        Console.WriteLine("\nWhat another scheduler finds in the file:");
        List<string> stored = StoredJobs(file);
        return Judge(happened, stored) ? 0 : 1;
    }

    // --- tasks

    // One task for the interval and the cron job: which of them it is for, the call says.
    private static void Beat(TaskCall call)
    {
        Console.WriteLine("  {0,-9} due {1}  run {2}", call.JobId, ClockTime(call.ScheduledTime),
            call.RunId.Substring(0, 8));
        Count(call.JobId);
    }

    // Arguments travel as the job's payload: bytes that only the task understands. What it throws is the run's error.
    private static async Task Greet(TaskCall call)
    {
        string name = call.Payload.Text;
        if (name == "")
        {
            throw new ArgumentException("nobody to greet");
        }
        await Task.Delay(10, call.Cancellation);
        Console.WriteLine("  {0,-9} Hello, {1}!", call.JobId, name);
        Count(call.JobId);
    }

    // Called on the scheduler's event thread, so that it delays no run.
    private static void Listen(SchedulerEvent happened)
    {
        if (happened.Kind == SchedulerEvents.JobError)
        {
            Console.WriteLine("  {0,-9} failed: {1}: {2}", happened.JobId, happened.ErrorKind, happened.Error);
        }
        Count(happened.Kind.ToString());
    }

    private static void Count(string what)
    {
        lock (Counts)
        {
            Counts[what] = Counted(what) + 1;
            Monitor.PulseAll(Counts);
        }
    }

    private static int Counted(string what)
    {
        lock (Counts)
        {
            return Counts.TryGetValue(what, out int count) ? count : 0;
        }
    }

    // "09:30:00.250", in UTC.
    private static string ClockTime(DateTimeOffset? time)
    {
        return time.HasValue ? time.Value.ToString("HH:mm:ss.fff") : "never";
    }

    // --- the schedule

    private static bool RunForAWhile(string file)
    {
        using (var scheduler = new Scheduler())
        {
            scheduler.AddStore("default", "sqlite:///" + file);
            scheduler.RegisterTask("beat", Beat);
            scheduler.RegisterTask("greet", Greet);
            scheduler.AddListener(SchedulerEvents.JobExecuted | SchedulerEvents.JobError, Listen);
            scheduler.Start();
            AddJobs(scheduler);
            bool happened = WaitUntilAllHasHappened();
            scheduler.Shutdown();
            PrintLatestRuns(scheduler);
            return happened;
        }
    }

    private static void AddJobs(Scheduler scheduler)
    {
        using (Trigger halfSeconds = Trigger.Interval(TimeSpan.FromSeconds(0.5)))
        using (Trigger eachSecond = Trigger.Cron(second: "*", timeZone: "Europe/Berlin"))
        using (Trigger soon = Trigger.Date(DateTimeOffset.UtcNow.AddSeconds(1)))
        {
            scheduler.AddJob(halfSeconds, new JobOptions("beat") { Id = "heartbeat" });
            scheduler.AddJob(eachSecond, new JobOptions("beat") { Id = "tick" });
            scheduler.AddJob(soon, new JobOptions("greet")
            {
                Id = "greeting",
                Payload = new Payload("text", System.Text.Encoding.UTF8.GetBytes("world")),
                MisfireGrace = JobOptions.Unlimited // once, however late
            });
        }
    }

    // --- looking on

    private static bool AllHasHappened()
    {
        return Counted("heartbeat") >= BeatsWanted && Counted("tick") >= TicksWanted && Counted("greeting") >= 1
            && Counted("JobExecuted") >= BeatsWanted + TicksWanted + 1;
    }

    private static bool WaitUntilAllHasHappened()
    {
        DateTime deadline = DateTime.UtcNow + AtMost;
        lock (Counts)
        {
            while (!AllHasHappened() && DateTime.UtcNow < deadline)
            {
                Monitor.Wait(Counts, TimeSpan.FromSeconds(1));
            }
            return AllHasHappened();
        }
    }

    private static void PrintLatestRuns(Scheduler scheduler)
    {
        Console.WriteLine("\nThe latest three runs, as the store has them:");
        foreach (Run run in scheduler.Runs(new RunFilter { Limit = 3 }))
        {
            Console.WriteLine("  {0,-9} for {1}: {2}", run.JobId, ClockTime(run.ScheduledTime), run.State);
        }
    }

    private static List<string> StoredJobs(string file)
    {
        using (var later = new Scheduler())
        {
            later.AddStore("default", "sqlite:///" + file);
            foreach (Job job in later.Jobs())
            {
                Console.WriteLine("  {0,-9} runs task {1,-4} next at {2}", job.Id, job.Task,
                    ClockTime(job.NextRunTime));
            }
            return later.Jobs().Select(job => job.Id).OrderBy(id => id).ToList();
        }
    }

    private static bool Judge(bool happened, List<string> stored)
    {
        int beats = Counted("heartbeat");
        int ticks = Counted("tick");
        int greetings = Counted("greeting");
        int executed = Counted("JobExecuted");
        int failed = Counted("JobError");
        Console.WriteLine("\n{0} heartbeats, {1} ticks, {2} greeting; {3} successes and {4} failures heard", beats,
            ticks, greetings, executed, failed);
        bool kept = Promise(happened, "the interval, the cron and the one-shot job ran, and the listener heard of it");
        kept &= Promise(greetings == 1, "the one-shot job ran once");
        kept &= Promise(failed == 0, "no run failed");
        kept &= Promise(executed == beats + ticks + greetings,
            "after the shutdown every run was told, none twice");
        kept &= Promise(stored.SequenceEqual(new[] { "heartbeat", "tick" }),
            "the interval and the cron job are still stored, the one-shot job is gone");
        return kept;
    }

    private static bool Promise(bool kept, string what)
    {
        Console.WriteLine((kept ? "ok      " : "BROKEN  ") + what);
        return kept;
    }
}
