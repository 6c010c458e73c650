// One store, programs of several languages: the half of .NET. A job that one of them adds is run by any that knows its
// task.
//
//   Polyglot.exe worker URL TASK MARK_FILE           runs jobs of TASK until standard input ends, and appends a line
//                                                    "csharp JOB_ID PAYLOAD" to MARK_FILE for each
//   Polyglot.exe add URL JOB_ID TASK JSON_PAYLOAD    adds a job that is due now
using System;
using System.IO;
using Duetime;

internal static class Polyglot
{
    private static int Main(string[] arguments)
    {
        if (arguments.Length == 4 && arguments[0] == "worker")
        {
            Work(arguments[1], arguments[2], arguments[3]);
            return 0;
        }
        if (arguments.Length == 5 && arguments[0] == "add")
        {
            Add(arguments[1], arguments[2], arguments[3], arguments[4]);
            return 0;
        }
        Console.Error.WriteLine("expected worker URL TASK MARK_FILE, or add URL JOB_ID TASK JSON_PAYLOAD");
        return 2;
    }

    private static void Work(string url, string task, string markFile)
    {
        var marks = new object();
        using (Scheduler scheduler = Open(url))
        {
            scheduler.RegisterTask(task, (TaskCall call) =>
            {
                string line = "csharp " + call.JobId + " " + call.Payload.Text + "\n";
                lock (marks)
                {
                    Console.Write(line);
                    File.AppendAllText(markFile, line);
                }
            });
            scheduler.Start();
            Console.In.ReadToEnd();
            scheduler.Shutdown();
        }
    }

    private static void Add(string url, string jobId, string task, string payload)
    {
        using (Scheduler scheduler = Open(url))
        using (Trigger now = Trigger.Date(DateTimeOffset.UtcNow))
        {
            scheduler.AddJob(now, new JobOptions(task)
            {
                Id = jobId, Payload = Payload.Json(payload), MisfireGrace = JobOptions.Unlimited
            });
        }
    }

    private static Scheduler Open(string url)
    {
        var scheduler = new Scheduler();
        scheduler.AddStore("default", url);
        return scheduler;
    }
}
