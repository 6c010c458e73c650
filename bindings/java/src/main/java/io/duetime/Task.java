package io.duetime;

/**
 * What jobs run. Called from threads of the engine, several at a time; it may call every method of the scheduler.
 * Whatever it throws is the run's error: the class as its kind, the message, the stack trace.
 */
@FunctionalInterface
public interface Task {
  /**
   * Runs once. The call is good until this returns.
   *
   * @throws CannotRunException if it cannot read its payload: the run is given back for another node to try, and the
   *     job is parked on this one
   */
  void run(TaskCall call) throws Exception;
}
