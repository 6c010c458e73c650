package io.duetime;

import java.util.concurrent.CompletableFuture;

/** A run that {@link Scheduler#runJob} started. */
public final class RunHandle {
  private final String id;
  private final String jobId;
  private final CompletableFuture<Event> ended = new CompletableFuture<>();

  RunHandle(String id, String jobId) {
    this.id = id;
    this.jobId = jobId;
  }

  /** 32 hexadecimal digits. */
  public String id() {
    return id;
  }

  /**
   * Completed when the run has ended on this scheduler, with the event that tells so: JOB_EXECUTED, JOB_ERROR,
   * JOB_MISSED, RUN_LOST, or JOB_PARKED if the task could not run. Completed exceptionally, by an
   * IllegalStateException, if the scheduler is shut down before the end was told. What depends on it runs in the
   * scheduler's event thread.
   */
  public CompletableFuture<Event> ended() {
    return ended;
  }

  boolean isEndedBy(Event event) {
    switch (event.type()) {
      case SCHEDULER_SHUTDOWN:
        return true;
      case JOB_PARKED: // names no run
        return event.jobId().equals(jobId);
      default:
        return event.runId().equals(id);
    }
  }

  void complete(Event end) {
    if (end.type() == EventType.SCHEDULER_SHUTDOWN) {
      ended.completeExceptionally(new IllegalStateException("the scheduler was shut down while " + jobId + " ran"));
    } else {
      ended.complete(end);
    }
  }
}
