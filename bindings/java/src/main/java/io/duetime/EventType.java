package io.duetime;

import java.util.Set;

/** What happened. */
public enum EventType { // in the order of the C ABI's bits
  SCHEDULER_STARTED,
  SCHEDULER_SHUTDOWN,
  SCHEDULER_PAUSED,
  SCHEDULER_RESUMED,
  EXECUTOR_ADDED,
  EXECUTOR_REMOVED,
  STORE_ADDED,
  STORE_REMOVED,
  ALL_JOBS_REMOVED,
  JOB_ADDED,
  JOB_REMOVED,
  JOB_MODIFIED,
  /** A run succeeded. */
  JOB_EXECUTED,
  /** A run failed. */
  JOB_ERROR,
  /** Too late for its misfire grace, so not executed. */
  JOB_MISSED,
  /** Runs were handed to an executor. */
  JOB_SUBMITTED,
  /** Not executed, as so many runs of the job were under way. */
  JOB_MAX_INSTANCES,
  /** A run's node died, and the job does not ask to run again. */
  JOB_ABANDONED,
  /** A run's node died; this node runs it again. */
  JOB_RECOVERED,
  /** The job cannot be read or run here; it is left in its store. */
  JOB_PARKED,
  /** The job's trigger failed; it is paused. */
  JOB_TRIGGER_ERROR,
  /** A store failed; it is asked again after a while. */
  STORE_ERROR,
  STORE_RECOVERED,
  CLOCK_CHANGED,
  /** A run ended here after its lease had passed to another node. */
  RUN_LOST,
  /** The job's executor could not take it; it stays due and is tried again. */
  JOB_SUBMIT_ERROR,
  /** Something that a newer engine tells. */
  UNKNOWN;

  private long bit() {
    return 1L << ordinal();
  }

  static long maskOf(Set<EventType> types) {
    return types.stream().mapToLong(EventType::bit).reduce(0, (mask, bit) -> mask | bit);
  }

  static EventType of(long code) {
    int index = Long.numberOfTrailingZeros(code);
    return index < UNKNOWN.ordinal() ? values()[index] : UNKNOWN;
  }
}
