using System;

namespace Duetime
{
    /// <summary>A clock that waits for you: for tests and simulations. A scheduler made with it sees time only move
    /// through Advance() and Set(). Any thread may use it.</summary>
    public sealed class ManualClock
    {
        /// <summary>A clock that stands at <paramref name="now"/>.</summary>
        public ManualClock(DateTimeOffset now)
        {
            Native = new NativeManualClock(Micros.Of(now));
        }

        internal NativeManualClock Native { get; }

        /// <summary>What it shows, in UTC.</summary>
        public DateTimeOffset Now => Micros.ToTime(Native.now());

        /// <summary>Time passes; <paramref name="by"/> is not negative.</summary>
        public void Advance(TimeSpan by)
        {
            Native.advance(Micros.Of(by));
        }

        /// <summary>The wall clock is set, forward or back, while no time passes.</summary>
        public void Set(DateTimeOffset now)
        {
            Native.set(Micros.Of(now));
        }
    }
}
