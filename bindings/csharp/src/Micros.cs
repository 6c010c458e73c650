using System;
using System.Threading;

namespace Duetime
{
    /// <summary>Instants and durations as the engine counts them: in microseconds, since 1970 in UTC.</summary>
    internal static class Micros
    {
        /// <summary>No such time.</summary>
        internal const long None = long.MinValue;

        private const long Unlimited = long.MaxValue;
        private const long TicksPerMicro = 10;
        private static readonly long Epoch = new DateTime(1970, 1, 1).Ticks;

        internal static long Of(DateTimeOffset time)
        {
            return Floor(time.UtcTicks - Epoch);
        }

        internal static long Of(DateTimeOffset? time)
        {
            return time.HasValue ? Of(time.Value) : None;
        }

        internal static long Of(TimeSpan span)
        {
            return Floor(span.Ticks);
        }

        /// <summary>A duration that may be unlimited.</summary>
        internal static long OfLimit(TimeSpan span)
        {
            return span == Timeout.InfiniteTimeSpan ? Unlimited : Of(span);
        }

        internal static TimeSpan ToLimit(long micros)
        {
            return micros > TimeSpan.MaxValue.Ticks / TicksPerMicro
                ? Timeout.InfiniteTimeSpan : TimeSpan.FromTicks(micros * TicksPerMicro);
        }

        internal static DateTimeOffset? ToOptional(long micros)
        {
            return micros == None ? (DateTimeOffset?)null : ToTime(micros);
        }

        internal static DateTimeOffset ToTime(long micros)
        {
            return new DateTimeOffset(Epoch + micros * TicksPerMicro, TimeSpan.Zero);
        }

        private static long Floor(long ticks)
        {
            long rest = ticks % TicksPerMicro;
            return (ticks - rest) / TicksPerMicro - (rest < 0 ? 1 : 0);
        }
    }
}
