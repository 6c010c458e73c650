package io.duetime;

import io.duetime.internal.NativeCall;
import io.duetime.internal.NativeListenerCallback;
import io.duetime.internal.NativeLogCallback;
import io.duetime.internal.NativeResolution;
import io.duetime.internal.NativeResolverCallback;
import io.duetime.internal.NativeTaskCallback;

/**
 * What the engine calls, around users' code: nothing that this throws gets through. The engine keeps each of them until
 * it needs it no more.
 */
final class Callbacks {
  static final int SUCCEEDED = 0;
  static final int FAILED = 1;
  static final int CANNOT_RUN = 2;

  private Callbacks() {}

  static final class OfTask extends NativeTaskCallback {
    private final Task task;

    OfTask(Task task) {
      this.task = task;
    }

    @Override
    public int run(NativeCall nativeCall) {
      NativeTaskCall call = new NativeTaskCall(nativeCall);
      try {
        task.run(call);
        return SUCCEEDED;
      } catch (CannotRunException thrown) {
        return fail(nativeCall, CANNOT_RUN, thrown);
      } catch (Throwable thrown) {
        return fail(nativeCall, FAILED, thrown);
      } finally {
        call.end();
        Thread.interrupted(); // the thread's next task is not meant
      }
    }

    private static int fail(NativeCall call, int status, Throwable thrown) {
      Failure failure = new Failure(thrown);
      call.setError(failure.kind, failure.message, failure.traceback);
      return status;
    }
  }

  static final class OfListener extends NativeListenerCallback {
    private final Listener listener;

    OfListener(Listener listener) {
      this.listener = listener;
    }

    @Override
    public void hear(byte[] event) {
      guard(() -> listener.hear(new Event(Frames.reader(event))));
    }
  }

  static final class OfResolver extends NativeResolverCallback {
    private final TaskResolver resolver;

    OfResolver(TaskResolver resolver) {
      this.resolver = resolver;
    }

    @Override
    public void resolve(String name, NativeResolution resolution) {
      guard(() -> resolver.find(name).ifPresent(task -> resolution.found(new OfTask(task))));
    }
  }

  static final class OfLog extends NativeLogCallback {
    private final LogSink sink;

    OfLog(LogSink sink) {
      this.sink = sink;
    }

    @Override
    public void write(int level, String logger, String message) {
      guard(() -> sink.log(SchedulerOptions.levelOf(level), logger, message));
    }
  }

  private interface Action {
    void run() throws Exception;
  }

  private static void guard(Action action) {
    try {
      action.run();
    } catch (Throwable thrown) {
      tell(thrown);
    }
  }

  private static void tell(Throwable thrown) {
    Thread thread = Thread.currentThread();
    try {
      thread.getUncaughtExceptionHandler().uncaughtException(thread, thrown);
    } catch (Throwable nobodyLeftToTell) {
      return; // as the virtual machine does
    }
  }
}
