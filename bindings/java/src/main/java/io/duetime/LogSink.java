package io.duetime;

/**
 * Takes what the engine logs, from any thread. What it throws goes to the thread's {@link
 * Thread.UncaughtExceptionHandler}.
 */
@FunctionalInterface
public interface LogSink {
  /** {@code logger} is the part of the engine that speaks, "scheduler" for one. */
  void log(System.Logger.Level level, String logger, String message);

  /** To {@link System.Logger}s named "io.duetime." and the part of the engine. */
  static LogSink system() {
    return (level, logger, message) -> System.getLogger("io.duetime." + logger).log(level, message);
  }
}
