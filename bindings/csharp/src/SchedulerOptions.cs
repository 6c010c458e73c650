using System;

namespace Duetime
{
    /// <summary>How much a line of the log matters.</summary>
    public enum LogLevel
    {
        /// <summary>Every step.</summary>
        Debug = 10,

        /// <summary>What goes as it should.</summary>
        Info = 20,

        /// <summary>What somebody should know.</summary>
        Warning = 30,

        /// <summary>What somebody should mend.</summary>
        Error = 40
    }

    /// <summary>Whether a scheduler runs.</summary>
    public enum SchedulerState
    {
        /// <summary>It claims and does nothing.</summary>
        Stopped = 0,

        /// <summary>It runs what is due.</summary>
        Running = 1,

        /// <summary>It is there, and claims nothing until it is resumed.</summary>
        Paused = 2
    }

    /// <summary>Takes a line of the log, from any thread. What it throws is dropped.</summary>
    public delegate void LogSink(LogLevel level, string logger, string message);

    /// <summary>How a scheduler is to be.</summary>
    public sealed class SchedulerOptions
    {
        /// <summary>Without threads of its own: the program calls RunPending(), or plays.</summary>
        public bool Hosted { get; set; }

        /// <summary>null: the system's.</summary>
        public ManualClock Clock { get; set; }

        /// <summary>Of claims in shared stores; at least 100 ms. A node that dies is noticed after so long.</summary>
        public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(30);

        /// <summary>The longest wait between tries of a failing store; at least 100 ms.</summary>
        public TimeSpan RetryIntervalMax { get; set; } = TimeSpan.FromSeconds(10);

        /// <summary>Ended runs are kept this long,</summary>
        public TimeSpan HistoryMaxAge { get; set; } = TimeSpan.FromDays(7);

        /// <summary>and at most so many per store.</summary>
        public long HistoryMaxCount { get; set; } = 10000;

        /// <summary>null: warnings and errors go to standard error.</summary>
        public LogSink Log { get; set; }

        /// <summary>The lowest level that is logged.</summary>
        public LogLevel LogLevel { get; set; } = LogLevel.Info;

        internal NativeSchedulerOptions ToNative()
        {
            var native = new NativeSchedulerOptions();
            native.hosted = Hosted;
            native.lease = Micros.Of(Lease);
            native.retry_interval_max = Micros.Of(RetryIntervalMax);
            native.history_max_age = Micros.Of(HistoryMaxAge);
            native.history_max_count = Arguments.Natural(HistoryMaxCount, nameof(HistoryMaxCount));
            native.log_level = LogLevel;
            if (Clock != null)
            {
                native.set_clock(Clock.Native);
            }
            if (Log != null)
            {
                native.set_log(Callbacks.WriteLog, Callbacks.Give(Log), Callbacks.Release);
            }
            return native;
        }
    }
}
