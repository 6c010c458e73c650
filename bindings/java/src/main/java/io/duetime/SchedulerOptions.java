package io.duetime;

import io.duetime.internal.NativeSchedulerOptions;
import java.time.Duration;
import java.util.Objects;

/** What a {@link Scheduler} is made with. Setters return this. */
public final class SchedulerOptions {
  private static final int DEBUG = 10;
  private static final int INFO = 20;
  private static final int WARNING = 30;
  private static final int ERROR = 40;

  private boolean hosted;
  private ManualClock clock;
  private Duration lease = Duration.ofSeconds(30);
  private Duration retryIntervalMax = Duration.ofSeconds(10);
  private Duration historyMaxAge = Duration.ofDays(7);
  private long historyMaxCount = 10_000;
  private LogSink log = LogSink.system();
  private System.Logger.Level logLevel = System.Logger.Level.INFO;

  /** Without threads of its own: call {@link Scheduler#runPending}. */
  public SchedulerOptions hosted(boolean hosted) {
    this.hosted = hosted;
    return this;
  }

  /** The system's unless set. */
  public SchedulerOptions clock(ManualClock clock) {
    this.clock = Objects.requireNonNull(clock, "clock");
    return this;
  }

  /**
   * Of claims in shared stores: when a node is silent for so long it counts as dead. 30 s unless set, at least 100 ms.
   */
  public SchedulerOptions lease(Duration lease) {
    this.lease = Objects.requireNonNull(lease, "lease");
    return this;
  }

  /** The longest wait between tries of a failing store; 10 s unless set, at least 100 ms. */
  public SchedulerOptions retryIntervalMax(Duration interval) {
    this.retryIntervalMax = Objects.requireNonNull(interval, "interval");
    return this;
  }

  /** Ended runs are kept for so long; 7 days unless set. */
  public SchedulerOptions historyMaxAge(Duration age) {
    this.historyMaxAge = Objects.requireNonNull(age, "age");
    return this;
  }

  /** At most so many ended runs are kept in each store; 10,000 unless set. */
  public SchedulerOptions historyMaxCount(long count) {
    this.historyMaxCount = count;
    return this;
  }

  /** {@link LogSink#system()} unless set. */
  public SchedulerOptions log(LogSink log) {
    this.log = Objects.requireNonNull(log, "log");
    return this;
  }

  /** What is below is not logged; INFO unless set. */
  public SchedulerOptions logLevel(System.Logger.Level level) {
    this.logLevel = Objects.requireNonNull(level, "level");
    return this;
  }

  private static int numberOf(System.Logger.Level level) {
    switch (level) {
      case ALL:
      case TRACE:
      case DEBUG:
        return DEBUG;
      case INFO:
        return INFO;
      case WARNING:
        return WARNING;
      default:
        return ERROR;
    }
  }

  static System.Logger.Level levelOf(int number) {
    if (number < INFO) {
      return System.Logger.Level.DEBUG;
    }
    if (number < WARNING) {
      return System.Logger.Level.INFO;
    }
    return number < ERROR ? System.Logger.Level.WARNING : System.Logger.Level.ERROR;
  }

  /** The caller deletes it. */
  NativeSchedulerOptions toNative() {
    NativeSchedulerOptions options = new NativeSchedulerOptions();
    options.setHosted(hosted);
    if (clock != null) {
      options.setClock(clock.toNative());
    }
    options.setLease(Micros.of(lease));
    options.setRetryIntervalMax(Micros.of(retryIntervalMax));
    options.setHistoryMaxAge(Micros.of(historyMaxAge));
    options.setHistoryMaxCount(historyMaxCount);
    options.setLogLevel(numberOf(logLevel));
    options.setLog(new Callbacks.OfLog(logLevel == System.Logger.Level.OFF ? SchedulerOptions::drop : log));
    return options;
  }

  /** Nothing is logged: the engine has no level for that. */
  private static void drop(System.Logger.Level level, String logger, String message) {}
}
