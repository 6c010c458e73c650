package io.duetime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.ref.WeakReference;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Logger;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What crosses between the engine's threads and users' code, and how long it lives. */
class CallbacksTest {
  private static final long PATIENCE = Played.PATIENCE.getSeconds();
  private static final Duration SECOND = Duration.ofSeconds(1);
  private static final EnumSet<EventType> ENDS = EnumSet.of(EventType.JOB_EXECUTED, EventType.JOB_ERROR);

  private final Played played = new Played();
  private final Scheduler scheduler = played.scheduler;
  private final List<Event> events = Collections.synchronizedList(new ArrayList<>());

  @AfterEach
  void close() {
    played.close();
  }

  /** The event of a run of this task. */
  private Event run(Task task) {
    scheduler.addListener(ENDS, events::add);
    scheduler.registerTask("task", task);
    scheduler.start();
    played.add(Trigger.date(played.clock.now()), new JobOptions("task").id("a"));
    played.pass(Duration.ZERO);
    assertEquals(1, events.size());
    return events.get(0);
  }

  // --- failures

  @Test
  void whatATaskThrowsIsTheRunsError() {
    Event event =
        run(
            call -> {
              throw new IllegalStateException("kaputt 🗓", new RuntimeException("because"));
            });
    assertEquals(EventType.JOB_ERROR, event.type());
    assertEquals("a", event.jobId());
    assertEquals(List.of(played.clock.now()), event.scheduledTimes());
    assertEquals("java.lang.IllegalStateException", event.errorKind());
    assertEquals("kaputt 🗓", event.error());
    assertTrue(event.traceback().contains("whatATaskThrowsIsTheRunsError"), event.traceback());
    assertTrue(event.traceback().contains("Caused by: java.lang.RuntimeException: because"), event.traceback());
    Run run = scheduler.runs(new RunFilter()).get(0);
    assertEquals(RunState.FAILED, run.state());
    assertTrue(run.error().contains("kaputt 🗓"), run.error());
  }

  @Test
  void errorsOfTheMachineAreNoExceptionToThat() {
    Event event =
        run(
            call -> {
              throw new StackOverflowError();
            });
    assertEquals("java.lang.StackOverflowError", event.errorKind());
    assertEquals("", event.error());
  }

  /** Its texts are users' code too. */
  private static final class BrokenException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    @Override
    public String getMessage() {
      throw new IllegalStateException("no message");
    }
  }

  @Test
  void anExceptionWithoutATextHasAKind() {
    Event event =
        run(
            call -> {
              throw new BrokenException();
            });
    assertEquals(BrokenException.class.getName(), event.errorKind());
    assertEquals("", event.error());
    assertEquals("", event.traceback());
  }

  @Test
  void aTaskThatCannotReadItsPayloadGivesTheRunBack() {
    scheduler.registerTask(
        "task",
        call -> {
          throw new CannotRunException("what is " + call.payload().text() + "?");
        });
    scheduler.start();
    played.add(Trigger.date(played.clock.now()), new JobOptions("task").id("a").payload(Payload.json("[7]")));
    played.pass(SECOND);
    assertEquals("what is [7]?", scheduler.parkedJobs().get(0).reason());
    assertEquals(List.of(), scheduler.runs(new RunFilter()));
    scheduler.registerTask("task", call -> {});
    scheduler.releaseParked("a");
    played.pass(SECOND);
    assertEquals(RunState.SUCCEEDED, scheduler.runs(new RunFilter()).get(0).state());
  }

  @Test
  void aRunThatWasAskedForTellsOfThatToo() throws Exception {
    scheduler.registerTask(
        "task",
        call -> {
          throw new CannotRunException("no");
        });
    scheduler.start();
    played.add(Trigger.interval(Duration.ofHours(1)), new JobOptions("task").id("a"));
    RunHandle run = scheduler.runJob("a");
    played.pass(Duration.ZERO);
    assertEquals(EventType.JOB_PARKED, run.ended().get().type());
  }

  @Test
  void whatListenersAndResolversThrowGoesToTheThreadsHandler() {
    List<Throwable> told = Collections.synchronizedList(new ArrayList<>());
    Thread.UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();
    Thread.setDefaultUncaughtExceptionHandler((thread, thrown) -> told.add(thrown));
    try {
      scheduler.addListener(
          EnumSet.of(EventType.JOB_ADDED),
          event -> {
            throw new IllegalStateException("listener");
          });
      scheduler.setTaskResolver(
          name -> {
            throw new IllegalStateException("resolver");
          });
      scheduler.start();
      played.add(Trigger.date(played.clock.now()), new JobOptions("stranger"));
      played.pass(Duration.ZERO);
    } finally {
      Thread.setDefaultUncaughtExceptionHandler(before);
    }
    assertEquals(
        List.of("listener", "resolver"), told.stream().map(Throwable::getMessage).collect(Collectors.toList()));
    assertEquals(1, scheduler.parkedJobs().size());
  }

  // --- calls

  @Test
  void aCallEndsWithItsTask() {
    List<TaskCall> calls = new ArrayList<>();
    run(calls::add);
    assertThrows(IllegalStateException.class, () -> calls.get(0).jobId());
  }

  @Test
  void aCallIsForTheThreadOfItsTask() {
    Event event =
        run(
            call -> {
              BlockingQueue<Throwable> thrown = new LinkedBlockingQueue<>();
              Thread other = new Thread(call::runId);
              other.setUncaughtExceptionHandler((thread, failure) -> thrown.add(failure));
              other.start();
              throw (Exception) thrown.poll(PATIENCE, TimeUnit.SECONDS);
            });
    assertEquals(IllegalStateException.class.getName(), event.errorKind());
  }

  @Test
  void anInterruptStaysInItsTask() {
    AtomicInteger interrupted = new AtomicInteger();
    scheduler.addThreadPool("one", 1);
    scheduler.registerTask(
        "task",
        call -> {
          if (Thread.currentThread().isInterrupted()) {
            interrupted.incrementAndGet();
          }
          Thread.currentThread().interrupt();
        });
    scheduler.start();
    played.add(Trigger.interval(SECOND), new JobOptions("task").executor("one"));
    played.pass(SECOND.multipliedBy(3));
    assertEquals(3, scheduler.runs(new RunFilter().state(RunState.SUCCEEDED)).size());
    assertEquals(0, interrupted.get());
  }

  @Test
  void aRunIsToldThatItIsToEnd() throws Exception {
    try (Scheduler threaded = new Scheduler(Played.quiet())) {
      CountDownLatch began = new CountDownLatch(1);
      threaded.registerTask(
          "task",
          call -> {
            assertFalse(call.isCancelled());
            began.countDown();
            while (!call.isCancelled()) {
              Thread.onSpinWait();
            }
          });
      threaded.start();
      threaded.addJob(Trigger.interval(Duration.ofHours(1)), new JobOptions("task").id("a"));
      RunHandle run = threaded.runJob("a");
      assertTrue(began.await(PATIENCE, TimeUnit.SECONDS));
      assertEquals(run.id(), threaded.running().get(0).id());
      threaded.cancelRun(run.id());
      assertEquals(EventType.JOB_EXECUTED, run.ended().get(PATIENCE, TimeUnit.SECONDS).type());
    }
  }

  @Test
  void aShutdownEndsTheWaitForWhatItDoesNotWaitFor() {
    CountDownLatch go = new CountDownLatch(1);
    try (Scheduler threaded = new Scheduler(Played.quiet())) {
      threaded.registerTask("task", call -> go.await());
      threaded.start();
      threaded.addJob(Trigger.interval(Duration.ofHours(1)), new JobOptions("task").id("a"));
      RunHandle run = threaded.runJob("a");
      threaded.shutdown(false);
      Exception thrown =
          assertThrows(Exception.class, () -> run.ended().get(PATIENCE, TimeUnit.SECONDS));
      assertEquals(IllegalStateException.class, thrown.getCause().getClass());
    } finally {
      go.countDown();
    }
  }

  @Test
  void threadsOfTheEngineAreDaemonsThatStayAttached() throws Exception {
    BlockingQueue<Thread> threads = new LinkedBlockingQueue<>();
    try (Scheduler threaded = new Scheduler(Played.quiet())) {
      threaded.addThreadPool("one", 1);
      threaded.registerTask("task", call -> threads.add(Thread.currentThread()));
      threaded.start();
      threaded.addJob(Trigger.interval(Duration.ofHours(1)), new JobOptions("task").id("a").executor("one"));
      threaded.runJob("a").ended().get(PATIENCE, TimeUnit.SECONDS);
      threaded.runJob("a").ended().get(PATIENCE, TimeUnit.SECONDS);
      Thread first = threads.remove();
      assertTrue(first.isDaemon());
      assertSame(first, threads.remove());
    }
  }

  @Test
  void aTaskMayCloseItsScheduler() throws Exception {
    CountDownLatch closed = new CountDownLatch(1);
    try (Scheduler threaded = new Scheduler(Played.quiet())) {
      threaded.registerTask(
          "task",
          call -> {
            threaded.close();
            closed.countDown();
          });
      threaded.start();
      threaded.addJob(Trigger.date(Instant.now()), new JobOptions("task").misfireGrace(JobOptions.UNLIMITED));
      assertTrue(closed.await(PATIENCE, TimeUnit.SECONDS));
    }
  }

  // --- listeners and logs

  @Test
  void listenersHearWhatTheyAskFor() {
    Subscription all = scheduler.addListener(events::add);
    List<EventType> added = new ArrayList<>();
    scheduler.addListener(EnumSet.of(EventType.JOB_ADDED), event -> added.add(event.type()));
    scheduler.start();
    all.close();
    all.close();
    played.add(Trigger.interval(SECOND), new JobOptions("task"));
    assertEquals(List.of(EventType.JOB_ADDED), added);
    Subscription late = scheduler.addListener(events::add);
    scheduler.close();
    late.close();
    assertEquals(
        List.of("EXECUTOR_ADDED default", "SCHEDULER_SHUTDOWN", "SCHEDULER_STARTED", "STORE_ADDED default"),
        events.stream().map(Event::toString).sorted().collect(Collectors.toList()));
  }

  @Test
  void theLogGoesWhereItIsSent() {
    List<String> lines = Collections.synchronizedList(new ArrayList<>());
    SchedulerOptions options =
        new SchedulerOptions()
            .log((level, logger, message) -> lines.add(level + " " + logger + " " + message))
            .logLevel(System.Logger.Level.INFO);
    try (Scheduler logged = new Scheduler(options)) {
      logged.start();
    }
    assertEquals(List.of("INFO scheduler Scheduler started", "INFO scheduler Scheduler has been shut down"), lines);
    try (Scheduler silent = new Scheduler(options.logLevel(System.Logger.Level.OFF))) {
      silent.start();
    }
    assertEquals(2, lines.size());
  }

  @Test
  void theLogGoesToTheSystemsUnlessItIsSent() {
    List<String> lines = Collections.synchronizedList(new ArrayList<>());
    Logger logger = Logger.getLogger("io.duetime.scheduler");
    logger.setUseParentHandlers(false);
    logger.setFilter(record -> lines.add(record.getLevel() + " " + record.getMessage()));
    try (Scheduler logged = new Scheduler()) {
      logged.start();
    } finally {
      logger.setFilter(null);
      logger.setUseParentHandlers(true);
    }
    assertEquals(List.of("INFO Scheduler started", "INFO Scheduler has been shut down"), lines);
  }

  // --- lives

  /** Once more and more, until nothing but the engine can be holding it. */
  private static void collectGarbage() {
    WeakReference<Object> canary = new WeakReference<>(new Object());
    while (canary.get() != null) {
      System.gc();
    }
  }

  private static boolean isCollected(WeakReference<?> reference) {
    Instant deadline = Instant.now().plus(Played.PATIENCE);
    while (reference.get() != null && Instant.now().isBefore(deadline)) {
      System.gc();
    }
    return reference.get() == null;
  }

  /** Nobody else knows the task that it registers. */
  private WeakReference<Task> register(String name, AtomicInteger runs) {
    Task task = call -> runs.incrementAndGet();
    scheduler.registerTask(name, task);
    return new WeakReference<>(task);
  }

  @Test
  void theEngineKeepsATaskUntilItIsReplaced() {
    AtomicInteger runs = new AtomicInteger();
    WeakReference<Task> task = register("task", runs);
    scheduler.start();
    played.add(Trigger.interval(SECOND), new JobOptions("task"));
    collectGarbage();
    played.pass(SECOND);
    assertEquals(1, runs.get());
    scheduler.registerTask("task", call -> {});
    assertTrue(isCollected(task));
  }

  @Test
  void theEngineLetsEverythingGoWhenItIsClosed() {
    Listener listener = event -> events.add(event);
    TaskResolver resolver = name -> Optional.of(call -> events.clear());
    WeakReference<Listener> heldListener = new WeakReference<>(listener);
    WeakReference<TaskResolver> heldResolver = new WeakReference<>(resolver);
    WeakReference<Task> heldTask = register("task", new AtomicInteger());
    scheduler.addListener(listener);
    scheduler.setTaskResolver(resolver);
    listener = null;
    resolver = null;
    scheduler.start();
    scheduler.close();
    assertTrue(isCollected(heldTask));
    assertTrue(isCollected(heldListener));
    assertTrue(isCollected(heldResolver));
  }

  @Test
  void aTaskThatCouldNotBeRegisteredIsLetGo() {
    AtomicInteger runs = new AtomicInteger();
    Task task = call -> runs.incrementAndGet();
    WeakReference<Task> held = new WeakReference<>(task);
    Task refused = task;
    assertThrows(DuetimeException.class, () -> scheduler.registerTask("a\0b", refused));
    assertThrows(DuetimeException.class, () -> scheduler.registerTask("", call -> runs.incrementAndGet()));
    assertSame(task, held.get());
  }
}
