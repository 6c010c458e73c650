package io.duetime;

/**
 * Is told what happens, one event at a time: in the thread of the call that an event tells about, or else in the
 * scheduler's event thread (hosted mode: in {@link Scheduler#runPending}). It may call every method of the scheduler.
 * What it throws goes to the thread's {@link Thread.UncaughtExceptionHandler}.
 */
@FunctionalInterface
public interface Listener {
  void hear(Event event) throws Exception;
}
