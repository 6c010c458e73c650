package io.duetime;

import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Optional;

/** A fire that {@link Trigger#preview} foresees. */
public final class PreviewedFire {
  /** Whether the clock shows a wall time once, or twice because it is put back. */
  public enum WallTime {
    UNIQUE,
    FIRST_OF_TWO,
    SECOND_OF_TWO
  }

  /** The clock is put forward or back. */
  public static final class ClockChange {
    private final Instant at;
    private final ZoneOffset before;
    private final ZoneOffset after;

    ClockChange(Instant at, ZoneOffset before, ZoneOffset after) {
      this.at = at;
      this.before = before;
      this.after = after;
    }

    public Instant at() {
      return at;
    }

    public ZoneOffset before() {
      return before;
    }

    public ZoneOffset after() {
      return after;
    }
  }

  private final OffsetDateTime time;
  private final WallTime wallTime;
  private final ClockChange change;

  PreviewedFire(OffsetDateTime time, WallTime wallTime, ClockChange change) {
    this.time = time;
    this.wallTime = wallTime;
    this.change = change;
  }

  /** With the offset that the trigger's zone has then. */
  public OffsetDateTime time() {
    return time;
  }

  public WallTime wallTime() {
    return wallTime;
  }

  /** The last change of the clock after the fire before (the first: after {@code now}), up to this one. */
  public Optional<ClockChange> change() {
    return Optional.ofNullable(change);
  }
}
