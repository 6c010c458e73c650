package io.duetime;

import io.duetime.internal.NativeRunFilter;
import java.time.Instant;
import java.util.Objects;

/** Which runs {@link Scheduler#runs(RunFilter)} answers. What is not set excludes nothing. Setters return this. */
public final class RunFilter {
  private static final long DEFAULT_LIMIT = 100;

  private String jobId;
  private RunState state;
  private long from = Micros.NONE;
  private long until = Micros.NONE;
  private long limit = DEFAULT_LIMIT;

  public RunFilter jobId(String jobId) {
    this.jobId = Objects.requireNonNull(jobId, "jobId");
    return this;
  }

  public RunFilter state(RunState state) {
    this.state = Objects.requireNonNull(state, "state");
    return this;
  }

  /** Scheduled then or later. */
  public RunFilter scheduledFrom(Instant from) {
    this.from = Micros.of(from);
    return this;
  }

  /** Scheduled then or earlier. */
  public RunFilter scheduledUntil(Instant until) {
    this.until = Micros.of(until);
    return this;
  }

  /** The latest so many, at least 1; 100 unless set. */
  public RunFilter limit(long limit) {
    this.limit = limit;
    return this;
  }

  /** The caller deletes it. */
  NativeRunFilter toNative() {
    NativeRunFilter filter = new NativeRunFilter();
    filter.setJobId(jobId);
    if (state != null) {
      filter.setState(state.number());
    }
    filter.setScheduledFrom(from);
    filter.setScheduledUntil(until);
    filter.setLimit(limit);
    return filter;
  }
}
