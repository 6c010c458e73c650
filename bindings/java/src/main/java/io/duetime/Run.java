package io.duetime;

import io.duetime.internal.NativeRun;
import java.time.Instant;
import java.util.Optional;

/** What a store remembers of one execution of a job. */
public final class Run {
  private final String id;
  private final String jobId;
  private final String task;
  private final String store;
  private final String node;
  private final RunState state;
  private final int attempt;
  private final long fence;
  private final Instant scheduledTime;
  private final Instant claimedAt;
  private final Optional<Instant> startedAt;
  private final Optional<Instant> endedAt;
  private final String error;

  /** A copy. */
  Run(NativeRun run) {
    id = run.getId();
    jobId = run.getJobId();
    task = run.getTask();
    store = run.getStore();
    node = run.getNode();
    state = RunState.of(run.getState());
    attempt = run.getAttempt();
    fence = run.getFence();
    scheduledTime = Micros.toInstant(run.getScheduledTime());
    claimedAt = Micros.toInstant(run.getClaimedAt());
    startedAt = Micros.toOptional(run.getStartedAt());
    endedAt = Micros.toOptional(run.getEndedAt());
    error = run.getError();
  }

  /** 32 hexadecimal digits. */
  public String id() {
    return id;
  }

  public String jobId() {
    return jobId;
  }

  public String task() {
    return task;
  }

  /** The alias of the job's store. */
  public String store() {
    return store;
  }

  /** That has or had it. */
  public String node() {
    return node;
  }

  public RunState state() {
    return state;
  }

  /** 1, and one more for each takeover from a dead node. */
  public int attempt() {
    return attempt;
  }

  /** As {@link TaskCall#fence}. */
  public long fence() {
    return fence;
  }

  public Instant scheduledTime() {
    return scheduledTime;
  }

  public Instant claimedAt() {
    return claimedAt;
  }

  /** Empty if it was not started; also for runs of other nodes that go on. */
  public Optional<Instant> startedAt() {
    return startedAt;
  }

  /** Empty while it goes on. */
  public Optional<Instant> endedAt() {
    return endedAt;
  }

  /** What the task reported, or why it was not executed; "" for none. */
  public String error() {
    return error;
  }

  /** For people who debug. */
  @Override
  public String toString() {
    return jobId + " at " + scheduledTime + ": " + state + (error.isEmpty() ? "" : ", " + error);
  }
}
