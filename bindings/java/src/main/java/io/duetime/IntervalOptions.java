package io.duetime;

import io.duetime.internal.NativeIntervalOptions;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;

/** What {@link Trigger#interval(Duration, IntervalOptions)} is told beyond its interval. Setters return this. */
public final class IntervalOptions {
  private long start = Micros.NONE;
  private long end = Micros.NONE;
  private long jitter;
  private String zone = "UTC";

  /** Fires at {@code start + k * interval}; without: one interval after now. */
  public IntervalOptions start(Instant start) {
    this.start = Micros.of(start);
    return this;
  }

  /** No fires after it. */
  public IntervalOptions end(Instant end) {
    this.end = Micros.of(end);
    return this;
  }

  /** Each run is delayed by up to so much. */
  public IntervalOptions jitter(Duration jitter) {
    this.jitter = Micros.of(jitter);
    return this;
  }

  /** For display only. */
  public IntervalOptions zone(ZoneId zone) {
    this.zone = Zones.nameOf(zone);
    return this;
  }

  /** The caller deletes it. */
  NativeIntervalOptions toNative() {
    NativeIntervalOptions options = new NativeIntervalOptions();
    options.setStart(start);
    options.setEnd(end);
    options.setJitter(jitter);
    options.setTimezone(zone);
    return options;
  }
}
