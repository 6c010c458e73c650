using System;

namespace Duetime
{
    /// <summary>What a rule about wall times does where a change of the clock skips or repeats them.</summary>
    public enum DstPolicy
    {
        /// <summary>Skipped: once, right after the change; repeated: once. Wildcard hours or minutes follow the
        /// clock.</summary>
        Vixie = 0,

        /// <summary>Skipped: at the instant the old offset gives; repeated: twice.</summary>
        Apscheduler = 1,

        /// <summary>Skipped: not at all; repeated: once.</summary>
        Skip = 2,

        /// <summary>Skipped: at the instant the old offset gives; repeated: once.</summary>
        Rfc5545 = 3
    }

    /// <summary>Whether the clock shows a wall time once, or twice because it is put back.</summary>
    public enum WallTime
    {
        /// <summary>Once.</summary>
        Unique = 0,

        /// <summary>Twice; this is before the clock is put back.</summary>
        FirstOfTwo = 1,

        /// <summary>Twice; this is after the clock was put back.</summary>
        SecondOfTwo = 2
    }

    /// <summary>The clock is put forward or back.</summary>
    public sealed class ClockChange
    {
        internal ClockChange(DateTimeOffset at, TimeSpan before, TimeSpan after)
        {
            At = at;
            Before = before;
            After = after;
        }

        /// <summary>When, in UTC.</summary>
        public DateTimeOffset At { get; }

        /// <summary>The offset from UTC until then.</summary>
        public TimeSpan Before { get; }

        /// <summary>The offset from UTC from then on.</summary>
        public TimeSpan After { get; }
    }

    /// <summary>A fire that <see cref="Trigger.Preview"/> foresees.</summary>
    public sealed class PreviewedFire
    {
        internal PreviewedFire(DateTimeOffset time, TimeSpan offset, WallTime wallTime, ClockChange change)
        {
            Time = time;
            Offset = offset;
            WallTime = wallTime;
            Change = change;
        }

        /// <summary>In UTC.</summary>
        public DateTimeOffset Time { get; }

        /// <summary>That the trigger's zone has then; before standard time it may have seconds.</summary>
        public TimeSpan Offset { get; }

        /// <summary>Whether its zone shows the time of the fire twice.</summary>
        public WallTime WallTime { get; }

        /// <summary>The last change of the clock after the fire before (the first: after now), up to this one; null
        /// if there is none.</summary>
        public ClockChange Change { get; }
    }
}
