// What calls between .NET and the engine cost: calls into it, and tasks and listeners called from it. Best of some
// rounds, in time that passes and in time of the processors, all threads together, which says more on a busy machine.
// docs/performance.md says how to run it and what came out.
using System;
using System.Diagnostics;
using System.Linq;
using System.Threading;
using Duetime;

internal static class CsharpBench
{
    private const int Rounds = 5;
    private const int Fires = 100000;
    private static readonly DateTimeOffset Noon = new DateTimeOffset(2026, 1, 5, 12, 0, 0, TimeSpan.Zero);

    private static void Main()
    {
        Print("call into the engine (ManualClock.Now)", CallsIntoTheEngine);
        Print("fire, one thread, hosted", () => FiresHosted(0));
        Print("fire, one thread, hosted, one listener", () => FiresHosted(1));
        Print("fire, one thread, hosted, two listeners", () => FiresHosted(2));
        Print("fire, two workers, from start to shutdown", FiresThreaded);
        Print("AddJobs, per job", AddJobs);
    }

    private static void Print(string what, Func<Cost> measure)
    {
        Cost[] costs = Enumerable.Range(0, Rounds).Select(round => measure()).ToArray();
        Console.WriteLine("{0,-45} {1,8:0} ns {2,12:0} ns of processors", what, costs.Min(cost => cost.Passed),
            costs.Min(cost => cost.Worked));
    }

    // Nanoseconds per call.
    private sealed class Cost
    {
        internal double Passed;
        internal double Worked;
    }

    private sealed class Watch
    {
        private readonly TimeSpan worked = Process.GetCurrentProcess().TotalProcessorTime;
        private readonly Stopwatch passed = Stopwatch.StartNew();

        internal Cost PerCall(int calls)
        {
            TimeSpan workedSince = Process.GetCurrentProcess().TotalProcessorTime - worked;
            return new Cost
            {
                Passed = passed.Elapsed.TotalMilliseconds * 1e6 / calls,
                Worked = workedSince.TotalMilliseconds * 1e6 / calls
            };
        }
    }

    private static Cost CallsIntoTheEngine()
    {
        const int calls = 1000000;
        var clock = new ManualClock(Noon);
        var watch = new Watch();
        for (int i = 0; i < calls; ++i)
        {
            GC.KeepAlive(clock.Now);
        }
        return watch.PerCall(calls);
    }

    private static Cost FiresHosted(int listeners)
    {
        var clock = new ManualClock(Noon);
        using (var scheduler = new Scheduler(new SchedulerOptions { Hosted = true, Clock = clock }))
        {
            int heard = 0;
            scheduler.AddInlineExecutor("default");
            for (int i = 0; i < listeners; ++i)
            {
                scheduler.AddListener(SchedulerEvents.JobExecuted, happened => ++heard);
            }
            Prepare(scheduler);
            var watch = new Watch();
            scheduler.Start();
            Scheduler.Play(new[] { scheduler }, Noon);
            return Checked(watch, heard, listeners * Fires);
        }
    }

    private static Cost FiresThreaded()
    {
        using (var scheduler = new Scheduler())
        {
            scheduler.AddThreadPool("default", 2);
            var left = new CountdownEvent(Fires);
            Prepare(scheduler, () => left.Signal());
            var watch = new Watch();
            scheduler.Start();
            left.Wait();
            scheduler.Shutdown();
            return Checked(watch, 0, 0);
        }
    }

    private static Cost Checked(Watch watch, int heard, int expected)
    {
        Cost cost = watch.PerCall(Fires);
        if (heard != expected)
        {
            throw new InvalidOperationException("heard of " + heard + " runs, expected " + expected);
        }
        return cost;
    }

    private static Cost AddJobs()
    {
        using (var scheduler = new Scheduler())
        {
            var watch = new Watch();
            Prepare(scheduler);
            return watch.PerCall(Fires);
        }
    }

    private static void Prepare(Scheduler scheduler, Action task = null)
    {
        scheduler.AddStore("default", "memory:");
        scheduler.RegisterTask("nothing", (TaskCall call) => task?.Invoke());
        using (Trigger now = Trigger.Date(Noon))
        {
            scheduler.AddJobs(Enumerable.Range(0, Fires).Select(
                i => new NewJob(now, new JobOptions("nothing") { MisfireGrace = JobOptions.Unlimited })));
        }
    }
}
