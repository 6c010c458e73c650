package io.duetime;

import java.time.Instant;

/** One call of a task. Good until the task returns, and in the thread that runs it: IllegalStateException otherwise. */
public interface TaskCall {
  String jobId();

  String jobName();

  /** The name under which the task was called. */
  String task();

  /** The alias of the job's store. */
  String store();

  /** 32 hexadecimal digits. */
  String runId();

  /** The time that this run is for; the task may have started later. */
  Instant scheduledTime();

  /** 1, and one more for each takeover from a dead node. */
  int attempt();

  /**
   * Grows with each claim of the job: hand it to what the task writes to, and a predecessor that was cut off and comes
   * back can be told from its successor.
   */
  long fence();

  /**
   * True once somebody wants the run to end early: {@link Scheduler#cancelRun}, or a shutdown. What to make of it, and
   * when to look, is the task's affair. In a process pool always false.
   */
  boolean isCancelled();

  Payload payload();
}
