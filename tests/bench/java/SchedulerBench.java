import com.sun.management.OperatingSystemMXBean;
import io.duetime.EventType;
import io.duetime.JobOptions;
import io.duetime.ManualClock;
import io.duetime.NewJob;
import io.duetime.Scheduler;
import io.duetime.SchedulerOptions;
import io.duetime.Trigger;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import org.quartz.Job;
import org.quartz.JobBuilder;
import org.quartz.JobExecutionContext;
import org.quartz.SimpleScheduleBuilder;
import org.quartz.TriggerBuilder;
import org.quartz.impl.StdSchedulerFactory;

/**
 * Fires of a task that does nothing, from a memory store, beside Quartz's, and what a crossing between Java and the
 * engine costs. All take turns; each one's best round counts. docs/performance.md says what came out.
 */
public final class SchedulerBench {
  private static final int ROUNDS = 7;
  private static final int BURST = 50_000; // one-shots that are due at once
  private static final int STORM_JOBS = 1_000; // due at every tick
  private static final int STORM_TICKS = 200;
  private static final int CALLS = 2_000_000;

  private SchedulerBench() {}

  /** Answers how many nanoseconds something took. */
  private interface Measure {
    long take() throws Exception;
  }

  private static SchedulerOptions quiet() {
    return new SchedulerOptions().log((level, logger, message) -> {});
  }

  // --- bursts: from start() to the last call's end

  private static long burst() throws Exception {
    CountDownLatch ended = new CountDownLatch(BURST);
    try (Scheduler scheduler = new Scheduler(quiet());
        Trigger now = Trigger.date(Instant.now())) {
      scheduler.addStore("default", "memory:");
      scheduler.addThreadPool("default", 2);
      scheduler.registerTask("task", call -> ended.countDown());
      List<NewJob> jobs = new ArrayList<>();
      for (int i = 0; i < BURST; ++i) {
        jobs.add(new NewJob(now, new JobOptions("task").id("job-" + i).misfireGrace(JobOptions.UNLIMITED)));
      }
      scheduler.addJobs(jobs);
      long began = System.nanoTime();
      scheduler.start();
      ended.await();
      return System.nanoTime() - began;
    }
  }

  private static CountDownLatch quartzEnded;

  /** Does nothing but say so. */
  public static final class QuartzJob implements Job {
    @Override
    public void execute(JobExecutionContext context) {
      quartzEnded.countDown();
    }
  }

  private static org.quartz.Scheduler quartz(int batch) throws Exception {
    Properties properties = new Properties();
    properties.setProperty("org.quartz.scheduler.instanceName", "bench-" + System.nanoTime());
    properties.setProperty("org.quartz.scheduler.skipUpdateCheck", "true");
    properties.setProperty("org.quartz.threadPool.class", "org.quartz.simpl.SimpleThreadPool");
    properties.setProperty("org.quartz.threadPool.threadCount", "2");
    properties.setProperty("org.quartz.jobStore.class", "org.quartz.simpl.RAMJobStore");
    properties.setProperty("org.quartz.jobStore.misfireThreshold", "3600000");
    properties.setProperty("org.quartz.scheduler.batchTriggerAcquisitionMaxCount", Integer.toString(batch));
    return new StdSchedulerFactory(properties).getScheduler();
  }

  private static long quartzBurst(int batch) throws Exception {
    quartzEnded = new CountDownLatch(BURST);
    org.quartz.Scheduler scheduler = quartz(batch);
    Date now = new Date();
    for (int i = 0; i < BURST; ++i) {
      scheduler.scheduleJob(
          JobBuilder.newJob(QuartzJob.class).withIdentity("job-" + i).build(),
          TriggerBuilder.newTrigger().withIdentity("trigger-" + i).startAt(now).build());
    }
    long began = System.nanoTime();
    scheduler.start();
    quartzEnded.await();
    long took = System.nanoTime() - began;
    scheduler.shutdown(true);
    return took;
  }

  // --- storms: recurring jobs, one thread, a clock that is moved by hand; as Storm of engine_bench.cpp

  private static long storm(int listeners) {
    Instant start = Instant.now();
    ManualClock clock = new ManualClock(start);
    try (Scheduler scheduler = new Scheduler(quiet().hosted(true).clock(clock));
        Trigger eachMillisecond =
            Trigger.interval(Duration.ofMillis(1), new io.duetime.IntervalOptions().start(start))) {
      scheduler.addInlineExecutor("default");
      scheduler.registerTask("task", call -> {});
      for (int i = 0; i < listeners; ++i) {
        scheduler.addListener(EnumSet.of(EventType.JOB_EXECUTED), event -> {});
      }
      scheduler.start();
      for (int i = 0; i < STORM_JOBS; ++i) {
        scheduler.addJob(eachMillisecond, new JobOptions("task").id("job-" + i));
      }
      long began = System.nanoTime();
      for (int tick = 0; tick < STORM_TICKS; ++tick) {
        clock.advance(Duration.ofMillis(1));
        scheduler.runPending();
      }
      return System.nanoTime() - began;
    }
  }

  // --- calls into the engine

  private static long calls() {
    ManualClock clock = new ManualClock(Instant.now());
    long began = System.nanoTime();
    for (int i = 0; i < CALLS; ++i) {
      clock.now();
    }
    return System.nanoTime() - began;
  }

  public static void main(String[] arguments) throws Exception {
    Map<String, Measure> measures = new LinkedHashMap<>();
    Map<String, Integer> operations = new LinkedHashMap<>();
    measures.put("burst, duetime", SchedulerBench::burst);
    measures.put("burst, Quartz", () -> quartzBurst(1));
    measures.put("burst, Quartz, batches of 100", () -> quartzBurst(100));
    measures.put("storm", () -> storm(0));
    measures.put("storm, one listener", () -> storm(1));
    measures.put("storm, two listeners", () -> storm(2));
    measures.put("call into the engine", SchedulerBench::calls);
    for (String name : measures.keySet()) {
      operations.put(name, name.startsWith("burst") ? BURST : STORM_JOBS * STORM_TICKS);
    }
    operations.put("call into the engine", CALLS);

    Map<String, Long> passed = new LinkedHashMap<>();
    Map<String, Long> worked = new LinkedHashMap<>();
    for (int round = 0; round < ROUNDS; ++round) {
      for (Map.Entry<String, Measure> measure : measures.entrySet()) {
        System.gc();
        long before = processorNanos();
        passed.merge(measure.getKey(), measure.getValue().take(), Math::min);
        worked.merge(measure.getKey(), processorNanos() - before, Math::min);
      }
    }
    for (String name : measures.keySet()) {
      double nanos = (double) passed.get(name) / operations.get(name);
      double processor = (double) worked.get(name) / operations.get(name);
      System.out.printf("%-32s %9.0f ns %9.1f k/s %9.0f ns of processors%n", name, nanos, 1e6 / nanos, processor);
    }
  }

  /** Of all threads, the compiler's and the collector's too. */
  private static long processorNanos() {
    return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
  }
}
