using System;

namespace Duetime
{
    /// <summary>Where exceptions go that have no caller to go to: the scheduler's log, or standard error.</summary>
    internal sealed class Failures
    {
        private readonly LogSink log;

        internal Failures(LogSink log)
        {
            this.log = log ?? ((level, logger, message) => Console.Error.WriteLine(logger + ": " + message));
        }

        internal void Report(string where, Exception exception)
        {
            try
            {
                log(LogLevel.Error, "csharp", "in " + where + ": " + exception);
            }
            catch (Exception)
            {
                // The log's own exceptions are dropped (LogSink).
            }
        }
    }
}
