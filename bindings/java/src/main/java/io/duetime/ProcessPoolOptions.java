package io.duetime;

import io.duetime.internal.NativeProcessPoolOptions;
import io.duetime.internal.NativeTexts;
import java.time.Duration;
import java.util.List;

/**
 * What {@link Scheduler#addProcessPool} is told: the worker program, of any language, and how many. Setters return
 * this.
 */
public final class ProcessPoolOptions {
  private static final int DEFAULT_WORKERS = 10;

  private final List<String> command;
  private int workers = DEFAULT_WORKERS;
  private byte[] setup = {};
  private long maxTasksPerChild;
  private long timeout;

  /** The program, looked up in PATH, and its arguments; for a program in Java {@link Worker#command}. */
  public ProcessPoolOptions(List<String> command) {
    this.command = List.copyOf(command);
  }

  /** At most so many processes, 1 to 1,000; they start when they are needed. 10 unless set. */
  public ProcessPoolOptions workers(int workers) {
    this.workers = workers;
    return this;
  }

  /** What each worker is told first. */
  public ProcessPoolOptions setup(byte[] setup) {
    this.setup = setup.clone();
    return this;
  }

  /** A worker is replaced after so many runs; never unless set. */
  public ProcessPoolOptions maxTasksPerChild(long runs) {
    this.maxTasksPerChild = runs;
    return this;
  }

  /** The worker of a run that takes longer is killed, and the run fails. None unless set. */
  public ProcessPoolOptions timeout(Duration timeout) {
    this.timeout = Micros.of(timeout);
    return this;
  }

  /** The caller deletes it. */
  NativeProcessPoolOptions toNative() {
    NativeProcessPoolOptions options = new NativeProcessPoolOptions();
    Natives.with(new NativeTexts(command), NativeTexts::delete, options::setArgv);
    options.setWorkers(workers);
    options.setSetup(setup);
    options.setMaxTasksPerChild(maxTasksPerChild);
    options.setTimeout(timeout);
    return options;
  }
}
