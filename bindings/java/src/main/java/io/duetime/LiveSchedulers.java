package io.duetime;

import io.duetime.internal.NativeScheduler;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The schedulers that are not closed. They live until they are, as their threads run whoever else knows them, or until
 * the virtual machine ends, which closes them without waiting for what runs.
 */
final class LiveSchedulers {
  private static final Set<NativeScheduler> LIVE = ConcurrentHashMap.newKeySet();
  private static final long PATIENCE_MILLIS = 5_000; // with listeners that do not return

  static {
    try {
      Runtime.getRuntime().addShutdownHook(new Thread(LiveSchedulers::closeAll, "duetime-shutdown"));
    } catch (IllegalStateException endingAlready) {
      // They are closed by the end of the process, as by a crash.
    }
  }

  private LiveSchedulers() {}

  static void add(NativeScheduler scheduler) {
    LIVE.add(scheduler);
  }

  static void close(NativeScheduler scheduler) {
    scheduler.destroy();
    LIVE.remove(scheduler);
  }

  private static void closeAll() {
    Thread closing = new Thread(() -> LIVE.forEach(LiveSchedulers::close), "duetime-close");
    closing.setDaemon(true);
    closing.start();
    try {
      closing.join(PATIENCE_MILLIS);
    } catch (InterruptedException goOn) {
      Thread.currentThread().interrupt();
    }
  }
}
