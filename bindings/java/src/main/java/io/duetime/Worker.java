package io.duetime;

import io.duetime.internal.NativeWorkerChannel;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A worker process of a {@link Scheduler#addProcessPool process pool}: a program whose main() calls {@link #run(Map)},
 * or this class itself, given the name of a {@link TaskResolver} class. Its main thread runs the tasks, one at a time,
 * until the pool needs it no more. The pool may be that of a scheduler of any language.
 */
public final class Worker {
  private static final byte HELLO = 1;
  private static final byte READY = 2;
  private static final byte REFUSED = 3;
  private static final byte RUN = 4;
  private static final byte OUTCOME = 5;
  private static final int VERSION = 1;
  private static final int USAGE_STATUS = 2;

  /** Is told what the pool's scheduler has to say to its workers, before any task. */
  @FunctionalInterface
  public interface Setup {
    /** What it throws ends the worker, and the pool is told. */
    void prepare(byte[] setup) throws Exception;
  }

  private final NativeWorkerChannel channel;
  private final TaskResolver tasks;

  private Worker(NativeWorkerChannel channel, TaskResolver tasks) {
    this.channel = channel;
    this.tasks = tasks;
  }

  /**
   * Runs these tasks, by name, until the pool is done with this process. Jobs of other tasks are given back.
   *
   * @throws DuetimeException {@link ErrorCode#INVALID_ARGUMENT} if no pool started this process
   */
  public static void run(Map<String, Task> tasks) {
    Map<String, Task> known = Map.copyOf(tasks);
    run(name -> Optional.ofNullable(known.get(name)));
  }

  /** As {@link #run(Map)}; each run's task is asked for by name. */
  public static void run(TaskResolver tasks) {
    run(tasks, setup -> {});
  }

  /** As {@link #run(Map)}, once {@code setup} has returned. */
  public static void run(TaskResolver tasks, Setup setup) {
    Worker worker = new Worker(new NativeWorkerChannel(), tasks);
    if (worker.greet(setup)) {
      worker.work();
    }
  }

  /** The command that starts {@code main} in a virtual machine like this one, on the same class path. */
  public static List<String> command(Class<?> main, String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    String library = System.getProperty("io.duetime.lib.path");
    if (library != null) {
      command.add("-Dio.duetime.lib.path=" + library);
    }
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    command.addAll(List.of(arguments));
    return command;
  }

  /**
   * {@code arguments}: the name of a class on the class path, a {@link TaskResolver} with a constructor without
   * parameters.
   */
  public static void main(String[] arguments) throws ReflectiveOperationException {
    if (arguments.length != 1) {
      System.err.println("usage: java io.duetime.Worker CLASS    a TaskResolver; process pools start it");
      System.exit(USAGE_STATUS);
    }
    run(Class.forName(arguments[0]).asSubclass(TaskResolver.class).getDeclaredConstructor().newInstance());
  }

  /** True if the pool wants it to work. */
  private boolean greet(Setup setup) {
    ByteBuffer hello = Frames.reader(channel.read());
    if (!hello.hasRemaining() || hello.get() != HELLO) {
      return false;
    }
    hello.getInt(); // the newest version that the pool speaks; there is one
    try {
      setup.prepare(Frames.bytes(hello));
    } catch (Throwable thrown) {
      channel.write(new Frames(REFUSED).failure(new Failure(thrown)).toBytes());
      return false;
    }
    return channel.write(new Frames(READY).number(VERSION).toBytes());
  }

  private void work() {
    long turn = channel.takeTurn();
    while (turn != 0) {
      Optional<WorkerCall> call = callOf(turn);
      if (call.isEmpty() || !channel.write(outcomeOf(call.get()))) {
        return; // the pool is gone
      }
      turn = channel.takeTurn();
    }
  }

  /** Runs before it were taken back. */
  private Optional<WorkerCall> callOf(long turn) {
    while (true) {
      ByteBuffer frame = Frames.reader(channel.read());
      if (!frame.hasRemaining()) {
        return Optional.empty();
      }
      if (frame.get() == RUN && frame.getLong(frame.position()) == turn) {
        return Optional.of(new WorkerCall(frame));
      }
    }
  }

  private byte[] outcomeOf(WorkerCall call) {
    try {
      Task task =
          tasks
              .find(call.task())
              .orElseThrow(() -> new CannotRunException("the worker does not know the task \"" + call.task() + "\""));
      task.run(call);
      return outcome(call, Callbacks.SUCCEEDED, Failure.NONE);
    } catch (CannotRunException thrown) {
      return outcome(call, Callbacks.CANNOT_RUN, new Failure(thrown));
    } catch (Throwable thrown) {
      return outcome(call, Callbacks.FAILED, new Failure(thrown));
    } finally {
      Thread.interrupted(); // the next task is not meant
    }
  }

  private static byte[] outcome(WorkerCall call, int status, Failure failure) {
    return new Frames(OUTCOME).number(call.number()).status(status).failure(failure).text("").toBytes();
  }
}
