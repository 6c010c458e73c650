package io.duetime;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/**
 * A hundred thousand callbacks, every other with an exception, under a collector that never rests, leave nothing
 * behind.
 */
class StressTest {
  static final class HundredThousand {
    private static final int CALLS = 100_000;
    private static final int WARM_UP = 20_000;
    private static final int BATCH = 1_000; // jobs that are due at once
    private static final long MAY_GROW_KB = 16 << 10; // a local reference that is leaked for each exception costs more

    private final AtomicInteger calls = new AtomicInteger();
    private final AtomicInteger failures = new AtomicInteger();

    private void call(TaskCall call) {
      if (calls.incrementAndGet() % 2 == 0) {
        throw new IllegalStateException(call.jobId() + call.payload().text());
      }
    }

    private void hear(Event event) {
      if (event.type() == EventType.JOB_ERROR && event.traceback().contains("StressTest")) {
        failures.incrementAndGet();
      }
    }

    private void runBatch(Scheduler scheduler, int from) throws InterruptedException {
      CountDownLatch ended = new CountDownLatch(BATCH);
      try (Subscription ends = scheduler.addListener(StartedRuns.ENDS, event -> ended.countDown());
          Trigger now = Trigger.date(Instant.now())) {
        List<NewJob> jobs = new ArrayList<>();
        for (int i = from; i < from + BATCH; ++i) {
          JobOptions options = new JobOptions("task").misfireGrace(JobOptions.UNLIMITED);
          jobs.add(new NewJob(now, options.payload(Payload.json("[]"))));
        }
        scheduler.addJobs(jobs);
        while (ended.getCount() > 0) {
          System.gc();
        }
      }
    }

    private static long residentKb() throws IOException {
      return Files.readAllLines(Path.of("/proc/self/status")).stream()
          .filter(line -> line.startsWith("VmRSS:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
          .findFirst()
          .orElseThrow();
    }

    private void run() throws Exception {
      try (Scheduler scheduler = new Scheduler(Played.quiet().historyMaxCount(BATCH))) {
        scheduler.registerTask("task", this::call);
        scheduler.addListener(this::hear);
        scheduler.start();
        long before = 0;
        for (int done = 0; done < CALLS + WARM_UP; done += BATCH) {
          if (done == WARM_UP) {
            before = residentKb();
          }
          runBatch(scheduler, done);
        }
        long grown = residentKb() - before;
        System.out.println(calls.get() + " calls, " + failures.get() + " failures");
        if (grown > MAY_GROW_KB) {
          System.out.println("grew by " + grown + " KiB");
        }
      }
    }

    public static void main(String[] arguments) throws Exception {
      new HundredThousand().run();
    }
  }

  @Test
  void memoryStaysFlat() throws Exception {
    // A heap that is there from the start, so that what grows is not the heap.
    ChildJvm child =
        ChildJvm.run(HundredThousand.class, "-Xms48m", "-Xmx48m", "-XX:+AlwaysPreTouch", "-XX:+UseSerialGC");
    assertEquals("120000 calls, 60000 failures\n", child.output);
    assertEquals(0, child.status);
  }
}
