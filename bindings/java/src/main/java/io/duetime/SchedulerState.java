package io.duetime;

/** What a {@link Scheduler} is doing. */
public enum SchedulerState { // in the order of the C ABI
  STOPPED,
  RUNNING,
  PAUSED
}
