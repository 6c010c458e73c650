package io.duetime;

import java.util.Optional;

/**
 * Finds tasks that were not registered. Asked once for each name, in a thread of the engine. What it throws goes to the
 * thread's {@link Thread.UncaughtExceptionHandler} and counts as not found.
 */
@FunctionalInterface
public interface TaskResolver {
  /** Empty for an unknown name: jobs of that task are then parked on this node. */
  Optional<Task> find(String name) throws Exception;
}
