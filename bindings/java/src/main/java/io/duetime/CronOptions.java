package io.duetime;

import io.duetime.internal.NativeCronOptions;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.Objects;

/** What a cron trigger is told beyond its expression. Setters return this. */
public final class CronOptions {
  private String zone = "UTC";
  private DstPolicy dst = DstPolicy.VIXIE;
  private long start = Micros.NONE;
  private long end = Micros.NONE;
  private long jitter;

  /** Whose wall time the expression means; UTC unless set. */
  public CronOptions zone(ZoneId zone) {
    this.zone = Zones.nameOf(zone);
    return this;
  }

  public CronOptions dst(DstPolicy dst) {
    this.dst = Objects.requireNonNull(dst, "dst");
    return this;
  }

  /** No fires before it. */
  public CronOptions start(Instant start) {
    this.start = Micros.of(start);
    return this;
  }

  /** No fires after it. */
  public CronOptions end(Instant end) {
    this.end = Micros.of(end);
    return this;
  }

  /** Each run is delayed by up to so much. */
  public CronOptions jitter(Duration jitter) {
    this.jitter = Micros.of(jitter);
    return this;
  }

  /** The caller deletes it. */
  NativeCronOptions toNative() {
    NativeCronOptions options = new NativeCronOptions();
    options.setTimezone(zone);
    options.setDst(dst.ordinal());
    options.setStart(start);
    options.setEnd(end);
    options.setJitter(jitter);
    return options;
  }
}
