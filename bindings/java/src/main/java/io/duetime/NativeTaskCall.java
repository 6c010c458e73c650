package io.duetime;

import io.duetime.internal.NativeCall;
import java.time.Instant;

/** A call in this process. */
final class NativeTaskCall implements TaskCall {
  private final Thread thread = Thread.currentThread();
  private NativeCall call; // null when it has ended

  NativeTaskCall(NativeCall call) {
    this.call = call;
  }

  void end() {
    call = null;
  }

  private NativeCall live() {
    if (Thread.currentThread() != thread) {
      throw new IllegalStateException("a TaskCall is for the thread that runs the task: " + thread.getName());
    }
    if (call == null) {
      throw new IllegalStateException("the task has ended, and its TaskCall with it");
    }
    return call;
  }

  @Override
  public String jobId() {
    return live().jobId();
  }

  @Override
  public String jobName() {
    return live().jobName();
  }

  @Override
  public String task() {
    return live().task();
  }

  @Override
  public String store() {
    return live().store();
  }

  @Override
  public String runId() {
    return live().runId();
  }

  @Override
  public Instant scheduledTime() {
    return Micros.toInstant(live().scheduledTime());
  }

  @Override
  public int attempt() {
    return live().attempt();
  }

  @Override
  public long fence() {
    return live().fence();
  }

  @Override
  public boolean isCancelled() {
    return live().isCancelled();
  }

  @Override
  public Payload payload() {
    return Payload.taking(live().payloadEncoding(), live().payloadData());
  }
}
