import io.duetime.CronFields;
import io.duetime.CronOptions;
import io.duetime.Event;
import io.duetime.EventType;
import io.duetime.Job;
import io.duetime.JobOptions;
import io.duetime.Payload;
import io.duetime.Run;
import io.duetime.RunFilter;
import io.duetime.Scheduler;
import io.duetime.TaskCall;
import io.duetime.Trigger;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.EnumSet;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A schedule that lives in an SQLite file: an interval job, a cron job and a one-shot job, a listener that counts, a few
 * seconds of work, and a second scheduler that finds what is stored and goes on.
 *
 * <pre>java -cp duetime.jar Quickstart.java [FILE]    FILE is made anew; default duetime_quickstart.db</pre>
 *
 * Exit status 0 says that everything happened as promised, 1 that something did not (it says what).
 */
public final class Quickstart {
  private static final int SECONDS_AT_MOST = 60;

  // What is still to happen; the tasks and the listener run in several threads.
  private final CountDownLatch beatsWanted = new CountDownLatch(5);
  private final CountDownLatch ticksWanted = new CountDownLatch(2);
  private final CountDownLatch greetingsWanted = new CountDownLatch(1);
  private final CountDownLatch executedWanted = new CountDownLatch(8);

  private final AtomicInteger beats = new AtomicInteger();
  private final AtomicInteger ticks = new AtomicInteger();
  private final AtomicInteger greetings = new AtomicInteger();
  private final AtomicInteger executed = new AtomicInteger(); // runs that the listener was told of
  private final AtomicInteger failed = new AtomicInteger();

  private final Path file;

  private Quickstart(Path file) {
    this.file = file;
  }

  // --- tasks

  private static void say(TaskCall call, String what) {
    System.out.printf("  %-9s %s%n", call.jobId(), what);
  }

  private void beat(TaskCall call) {
    say(call, "due " + call.scheduledTime() + "  run " + call.runId().substring(0, 8));
    beats.incrementAndGet();
    beatsWanted.countDown();
  }

  private void tick(TaskCall call) {
    say(call, "due " + call.scheduledTime() + "  run " + call.runId().substring(0, 8));
    ticks.incrementAndGet();
    ticksWanted.countDown();
  }

  /** Arguments travel as the job's payload: bytes that only the task understands. */
  private void greet(TaskCall call) {
    String name = call.payload().text();
    if (name.isEmpty()) {
      throw new IllegalArgumentException("nobody to greet"); // becomes the run's error
    }
    say(call, "Hello, " + name + "!");
    greetings.incrementAndGet();
    greetingsWanted.countDown();
  }

  /** Called in the scheduler's event thread, so that it delays no run. */
  private void hear(Event event) {
    if (event.type() == EventType.JOB_EXECUTED) {
      executed.incrementAndGet();
      executedWanted.countDown();
    } else {
      System.out.printf("  %-9s failed: %s: %s%n", event.jobId(), event.errorKind(), event.error());
      failed.incrementAndGet();
    }
  }

  // --- the schedule

  private Scheduler open() {
    Scheduler scheduler = new Scheduler();
    scheduler.addStore("default", "sqlite:///" + file);
    scheduler.registerTask("beat", this::beat);
    scheduler.registerTask("tick", this::tick);
    scheduler.registerTask("greet", this::greet);
    return scheduler;
  }

  private static void addJobs(Scheduler scheduler) {
    scheduler.addJob(Trigger.interval(Duration.ofMillis(500)), new JobOptions("beat").id("heartbeat"));

    CronOptions inBerlin = new CronOptions().zone(ZoneId.of("Europe/Berlin"));
    scheduler.addJob(Trigger.cron(new CronFields().second("*"), inBerlin), new JobOptions("tick").id("tick"));

    JobOptions greeting = new JobOptions("greet").id("greeting").payload(Payload.of("text", "world".getBytes()));
    scheduler.addJob(
        Trigger.date(Instant.now().plusSeconds(1)), greeting.misfireGrace(JobOptions.UNLIMITED)); // once, however late
  }

  private boolean runForAWhile() throws InterruptedException {
    try (Scheduler scheduler = open()) {
      scheduler.addListener(EnumSet.of(EventType.JOB_EXECUTED, EventType.JOB_ERROR), this::hear);
      scheduler.start();
      addJobs(scheduler);
      boolean happened = allHasHappened();
      scheduler.shutdown(); // waits for what runs
      printLatestRuns(scheduler);
      return happened;
    }
  }

  private boolean allHasHappened() throws InterruptedException {
    boolean happened = true;
    for (CountDownLatch wanted : new CountDownLatch[] {beatsWanted, ticksWanted, greetingsWanted, executedWanted}) {
      happened &= wanted.await(SECONDS_AT_MOST, TimeUnit.SECONDS);
    }
    return happened;
  }

  // --- looking on

  private static void printLatestRuns(Scheduler scheduler) {
    System.out.println("\nThe latest three runs, as the store has them:");
    for (Run run : scheduler.runs(new RunFilter().limit(3))) {
      System.out.printf("  %-9s for %s: %s%n", run.jobId(), run.scheduledTime(), run.state());
    }
  }

  /** Another scheduler, as if the program were started again: it runs what it finds. */
  private Set<String> startAgain() throws Exception {
    try (Scheduler scheduler = open()) {
      Set<String> stored = new TreeSet<>();
      for (Job job : scheduler.jobs()) {
        System.out.printf("  %-9s runs task %-4s next at %s%n", job.id(), job.task(), job.nextRunTime().orElse(null));
        stored.add(job.id());
      }
      scheduler.start();
      Event end = scheduler.runJob("heartbeat").ended().get(SECONDS_AT_MOST, TimeUnit.SECONDS);
      System.out.println("  a run beside the schedule: " + end.type());
      scheduler.shutdown();
      return stored;
    }
  }

  private static boolean promise(boolean kept, String what) {
    System.out.println((kept ? "ok      " : "BROKEN  ") + what);
    return kept;
  }

  private boolean show() throws Exception {
    boolean happened = runForAWhile();
    int told = executed.get();
    int done = beats.get() + ticks.get() + greetings.get();

    System.out.println("\nWhat another scheduler finds in the file:");
    Set<String> stored = startAgain();

    System.out.printf("%n%d runs, %d successes and %d failures heard%n", done, told, failed.get());
    return promise(happened, "the interval, the cron and the one-shot job ran, and the listener heard of it")
        & promise(greetings.get() == 1, "the one-shot job ran once")
        & promise(failed.get() == 0, "no run failed")
        & promise(told == done, "after the shutdown every run was told, none twice")
        & promise(
            stored.equals(Set.of("heartbeat", "tick")),
            "the interval and the cron job are still stored, the one-shot job is gone");
  }

  private static void removeEarlierFile(Path file) throws IOException {
    for (String suffix : new String[] {"", "-wal", "-shm"}) {
      Files.deleteIfExists(Path.of(file + suffix));
    }
  }

  public static void main(String[] arguments) throws Exception {
    Path file = Path.of(arguments.length > 0 ? arguments[0] : "duetime_quickstart.db");
    System.out.println("duetime, jobs in " + file);
    removeEarlierFile(file);
    System.exit(new Quickstart(file).show() ? 0 : 1);
  }
}
