package io.duetime;

import io.duetime.internal.NativeManualClock;
import java.time.Duration;
import java.time.Instant;

/**
 * A clock that waits for you: for tests and simulations. A scheduler made with it sees time only move through {@link
 * #advance} and {@link #set}, or {@link Scheduler#play}. Any thread may use it.
 */
public final class ManualClock {
  private final NativeManualClock clock;

  public ManualClock(Instant now) {
    clock = new NativeManualClock(Micros.of(now));
  }

  public Instant now() {
    return Micros.toInstant(clock.now());
  }

  /** Time passes; not backwards. */
  public void advance(Duration by) {
    clock.advance(Micros.of(by));
  }

  /** The wall clock is set, forward or back, while no time passes. */
  public void set(Instant now) {
    clock.set(Micros.of(now));
  }

  NativeManualClock toNative() {
    return clock;
  }
}
