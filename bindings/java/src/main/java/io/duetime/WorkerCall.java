package io.duetime;

import java.nio.ByteBuffer;
import java.time.Instant;

/** A call in a worker process. */
final class WorkerCall implements TaskCall {
  private final long number;
  private final Instant scheduledTime;
  private final long fence;
  private final int attempt;
  private final String runId;
  private final String jobId;
  private final String jobName;
  private final String task;
  private final String store;
  private final Payload payload;

  /** {@code run}: what the pool says of it, behind the type. */
  WorkerCall(ByteBuffer run) {
    number = run.getLong();
    scheduledTime = Micros.toInstant(run.getLong());
    fence = run.getLong();
    attempt = run.getInt();
    runId = Frames.text(run);
    jobId = Frames.text(run);
    jobName = Frames.text(run);
    task = Frames.text(run);
    store = Frames.text(run);
    payload = Payload.taking(Frames.text(run), Frames.bytes(run));
  }

  /** Of the run, among those that the pool gave this worker. */
  long number() {
    return number;
  }

  @Override
  public String jobId() {
    return jobId;
  }

  @Override
  public String jobName() {
    return jobName;
  }

  @Override
  public String task() {
    return task;
  }

  @Override
  public String store() {
    return store;
  }

  @Override
  public String runId() {
    return runId;
  }

  @Override
  public Instant scheduledTime() {
    return scheduledTime;
  }

  @Override
  public int attempt() {
    return attempt;
  }

  @Override
  public long fence() {
    return fence;
  }

  @Override
  public boolean isCancelled() {
    return false;
  }

  @Override
  public Payload payload() {
    return payload;
  }
}
