package io.duetime;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;

/** Instants and durations as the engine counts them: in microseconds, since 1970 in UTC. */
final class Micros {
  /** No such time. */
  static final long NONE = Long.MIN_VALUE;

  private static final long UNLIMITED = Long.MAX_VALUE;

  private static final long PER_SECOND = 1_000_000;
  private static final int NANOS_PER_MICRO = 1_000;

  private Micros() {}

  /** Rounded down. */
  static long of(Instant instant) {
    return exact(instant.getEpochSecond(), instant.getNano(), instant);
  }

  /** Rounded down. */
  static long of(Duration duration) {
    return exact(duration.getSeconds(), duration.getNano(), duration);
  }

  /** {@link JobOptions#UNLIMITED} too. */
  static long ofLimit(Duration limit) {
    return limit.equals(JobOptions.UNLIMITED) ? UNLIMITED : of(limit);
  }

  static Duration toLimit(long micros) {
    return micros == UNLIMITED ? JobOptions.UNLIMITED : Duration.of(micros, ChronoUnit.MICROS);
  }

  private static long exact(long seconds, int nanos, Object value) {
    try {
      return Math.addExact(Math.multiplyExact(seconds, PER_SECOND), nanos / NANOS_PER_MICRO);
    } catch (ArithmeticException tooFar) {
      throw new IllegalArgumentException("got " + value + ", expected years up to 9999", tooFar);
    }
  }

  static Optional<Instant> toOptional(long micros) {
    return micros == NONE ? Optional.empty() : Optional.of(toInstant(micros));
  }

  static Instant toInstant(long micros) {
    return Instant.EPOCH.plus(micros, ChronoUnit.MICROS);
  }
}
