package io.duetime;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

class SchedulerTest {
  private static final Instant NOON = Played.NOON;
  private static final Duration MINUTE = Duration.ofMinutes(1);
  private static final Duration HOUR = Duration.ofHours(1);

  private final Played played = new Played();
  private final Scheduler scheduler = played.scheduler;
  private final Trigger hourly = Trigger.interval(HOUR);
  private final AtomicInteger runs = new AtomicInteger();

  @AfterEach
  void close() {
    played.close();
  }

  private static void assertFails(ErrorCode code, Executable call) {
    assertEquals(code, assertThrows(DuetimeException.class, call).code());
  }

  private void start() {
    scheduler.registerTask("count", call -> runs.incrementAndGet());
    scheduler.start();
  }

  private static List<String> idsOf(List<Job> jobs) {
    return jobs.stream().map(Job::id).collect(Collectors.toList());
  }

  // --- life

  @Test
  void itStartsPausesAndEnds() {
    assertEquals(SchedulerState.STOPPED, scheduler.state());
    scheduler.start();
    assertEquals(SchedulerState.RUNNING, scheduler.state());
    assertFails(ErrorCode.ALREADY_RUNNING, scheduler::start);
    scheduler.pause();
    assertEquals(SchedulerState.PAUSED, scheduler.state());
    scheduler.resume();
    scheduler.shutdown();
    assertEquals(SchedulerState.STOPPED, scheduler.state());
    assertFails(ErrorCode.NOT_RUNNING, scheduler::shutdown);
    scheduler.startPaused();
    assertEquals(SchedulerState.PAUSED, scheduler.state());
  }

  @Test
  void aClosedOneSaysSo() {
    scheduler.close();
    scheduler.close();
    assertFails(ErrorCode.STALE_HANDLE, scheduler::start);
    assertFails(ErrorCode.STALE_HANDLE, () -> scheduler.getJob("a"));
  }

  @Test
  void aCallThatRacesWithCloseIsMadeOrRefused() throws Exception {
    start();
    CountDownLatch calling = new CountDownLatch(4);
    List<Future<ErrorCode>> refusals = new ArrayList<>();
    ExecutorService threads = Executors.newFixedThreadPool(4);
    for (int i = 0; i < 4; ++i) {
      refusals.add(threads.submit(() -> callUntilRefused(calling)));
    }
    calling.await();
    scheduler.close();
    for (Future<ErrorCode> refusal : refusals) {
      assertEquals(ErrorCode.STALE_HANDLE, refusal.get(Played.PATIENCE.getSeconds(), TimeUnit.SECONDS));
    }
    threads.shutdown();
  }

  private ErrorCode callUntilRefused(CountDownLatch calling) {
    while (true) {
      try {
        String id = scheduler.addJob(hourly, new JobOptions("count")).orElseThrow().id();
        scheduler.jobs();
        scheduler.removeJob(id);
        calling.countDown();
      } catch (DuetimeException refused) {
        return refused.code();
      }
    }
  }

  @Test
  void wrongOptionsMakeNoScheduler() {
    SchedulerOptions hasty = new SchedulerOptions().lease(Duration.ofMillis(1));
    assertFails(ErrorCode.INVALID_ARGUMENT, () -> new Scheduler(hasty));
  }

  @Test
  void healthIsJson() {
    scheduler.start();
    JsonObject health = JsonParser.parseString(scheduler.health()).getAsJsonObject();
    assertEquals("running", health.get("state").getAsString());
  }

  @Test
  void statisticsAndMetricsCountRuns() {
    start();
    played.add(hourly, new JobOptions("count"));
    played.pass(HOUR);
    JsonObject statistics = JsonParser.parseString(scheduler.statistics()).getAsJsonObject();
    JsonObject store = statistics.getAsJsonArray("stores").get(0).getAsJsonObject();
    assertEquals(1, store.getAsJsonObject("runs").get("succeeded").getAsLong());
    assertTrue(scheduler.metrics().contains("duetime_running 1"), scheduler.metrics());
  }

  @Test
  void aDocumentMakesAScheduler() {
    String configuration =
        "{\"stores\": {\"default\": \"memory:\"}, \"executors\": {\"here\": {\"type\": \"inline\"}}}";
    try (Scheduler made = Scheduler.fromJson(configuration, Played.quiet())) {
      made.removeExecutor("here");
      made.removeStore("default");
    }
    DuetimeException wrong = assertThrows(DuetimeException.class, () -> Scheduler.fromJson("{\"store\": {}}"));
    assertEquals(ErrorCode.INVALID_ARGUMENT, wrong.code());
    assertTrue(wrong.getMessage().contains("'store'"), wrong.getMessage());
  }

  @Test
  void aHostSaysWhenToRunWhatIsDue() {
    start();
    played.add(hourly, new JobOptions("count"));
    assertTrue(scheduler.wakeupFd() >= 0);
    assertEquals(Optional.of(NOON.plus(HOUR)), untilNothingIsDue());
    played.clock.advance(HOUR);
    assertEquals(Optional.of(NOON.plus(HOUR.multipliedBy(2))), untilNothingIsDue());
    played.pass(Duration.ZERO);
    assertEquals(1, runs.get());
  }

  private Optional<Instant> untilNothingIsDue() {
    Optional<Instant> next = scheduler.runPending();
    while (next.isPresent() && !next.get().isAfter(played.clock.now())) {
      next = scheduler.runPending();
    }
    return next;
  }

  @Test
  void theClockIsSet() {
    played.clock.set(NOON.minus(HOUR));
    assertEquals(NOON.minus(HOUR), played.clock.now());
    assertFails(ErrorCode.INVALID_ARGUMENT, () -> played.clock.advance(HOUR.negated()));
  }

  // --- jobs

  @Test
  void aJobRunsWhenItsTriggerSays() {
    List<String> calls = new ArrayList<>();
    scheduler.addInlineExecutor("here");
    scheduler.registerTask(
        "note",
        call ->
            calls.add(
                String.join(" ", call.jobId(), call.jobName(), call.task(), call.store(), call.payload().text())
                    + " "
                    + call.scheduledTime()
                    + " "
                    + call.attempt()));
    scheduler.start();
    played.add(hourly, new JobOptions("note").id("a").name("A").executor("here").payload(Payload.json("[1]")));
    played.pass(HOUR.multipliedBy(2));
    assertEquals(
        List.of("a A note default [1] 2026-01-05T13:00:00Z 1", "a A note default [1] 2026-01-05T14:00:00Z 1"), calls);
  }

  @Test
  void everyOptionArrives() {
    byte[] bytes = {0, -1, 65};
    scheduler.addStore("other", "memory:");
    scheduler.start();
    Job job =
        played.add(
            Trigger.date(NOON.plus(HOUR).atZone(ZoneId.of("Europe/Berlin"))),
            new JobOptions("reports:send")
                .id("übersicht 🗓")
                .name("Überſicht")
                .executor("far")
                .store("other")
                .coalesce(false)
                .maxInstances(3)
                .recover(true)
                .misfireGrace(JobOptions.UNLIMITED)
                .nextRunTime(NOON.plus(MINUTE).atZone(ZoneId.of("UTC")))
                .tags("a", "ß")
                .payload(Payload.of("raw", bytes)));
    assertEquals("übersicht 🗓", job.id());
    assertEquals("Überſicht", job.name());
    assertEquals("reports:send", job.task());
    assertEquals("far", job.executor());
    assertEquals("other", job.store());
    assertFalse(job.coalesce());
    assertEquals(3, job.maxInstances());
    assertTrue(job.recover());
    assertEquals(JobOptions.UNLIMITED, job.misfireGrace());
    assertEquals(Optional.of(NOON.plus(MINUTE)), job.nextRunTime());
    assertEquals(List.of("a", "ß"), job.tags());
    assertEquals("raw", job.payload().encoding());
    assertArrayEquals(bytes, job.payload().data());
    assertEquals(JobStatus.SCHEDULED, job.status());
    assertEquals("", job.error());
    try (Trigger trigger = job.trigger()) {
      assertEquals("once, on 2026-01-05 14:00 (Europe/Berlin)", trigger.explain());
    }
    JsonObject document = JsonParser.parseString(job.toJson()).getAsJsonObject();
    assertEquals("übersicht 🗓", document.get("id").getAsString());
  }

  @Test
  void whatIsNotSetHasTheEnginesDefaults() {
    scheduler.start();
    Job job = played.add(hourly, new JobOptions("count"));
    assertFalse(job.id().isEmpty());
    assertEquals("count", job.name());
    assertTrue(job.coalesce());
    assertEquals(1, job.maxInstances());
    assertFalse(job.recover());
    assertEquals(Duration.ofSeconds(1), job.misfireGrace());
    assertEquals(Optional.of(NOON.plus(HOUR)), job.nextRunTime());
    assertEquals("none", job.payload().encoding());
  }

  @Test
  void wrongOptionsNameTheValue() {
    scheduler.start();
    DuetimeException wrong =
        assertThrows(
            DuetimeException.class, () -> scheduler.addJob(hourly, new JobOptions("count").maxInstances(0)));
    assertEquals(ErrorCode.INVALID_ARGUMENT, wrong.code());
    assertTrue(wrong.getMessage().contains("max_instances"), wrong.getMessage());
    assertFails(ErrorCode.NOT_FOUND, () -> scheduler.addJob(hourly, new JobOptions("count").store("none")));
    assertFails(ErrorCode.INVALID_ARGUMENT, () -> scheduler.addJob(hourly, new JobOptions("a\0b")));
    assertThrows(NullPointerException.class, () -> new JobOptions(null));
  }

  @Test
  void aTakenIdIsAConflictUnlessItIsReplaced() {
    scheduler.start();
    played.add(hourly, new JobOptions("count").id("a"));
    assertFails(ErrorCode.CONFLICT, () -> scheduler.addJob(hourly, new JobOptions("other").id("a")));
    assertEquals("other", played.add(hourly, new JobOptions("other").id("a").replace(true)).task());
  }

  @Test
  void aTriggerThatNeverFiresAddsNothing() {
    scheduler.start();
    assertEquals(Optional.empty(), scheduler.addJob(Trigger.crontab("0 0 30 2 *"), new JobOptions("count")));
    assertEquals(List.of(), scheduler.jobs());
  }

  @Test
  void manyJobsAreAddedTogetherOrNotAtAll() {
    scheduler.start();
    List<NewJob> jobs =
        List.of(
            new NewJob(hourly, new JobOptions("count").id("b")),
            new NewJob(Trigger.date(NOON.plus(MINUTE)), new JobOptions("count").id("a")));
    scheduler.addJobs(jobs);
    assertEquals(List.of("a", "b"), idsOf(scheduler.jobs()));
    List<NewJob> others =
        List.of(
            new NewJob(hourly, new JobOptions("count").id("c")), new NewJob(hourly, new JobOptions("count").id("a")));
    assertFails(ErrorCode.CONFLICT, () -> scheduler.addJobs(others));
    assertEquals(List.of("a", "b"), idsOf(scheduler.jobs("default")));
  }

  @Test
  void jobsAreFoundAndReadInPages() {
    scheduler.start();
    for (String id : List.of("c", "a", "b")) {
      played.add(hourly, new JobOptions("count").id(id).tags("all", "only " + id).executor("default"));
    }
    JobFilter two = new JobFilter().tag("all").task("count").executor("default").limit(2);
    assertEquals(List.of("a", "b"), idsOf(scheduler.findJobs(two, "default")));
    assertEquals(List.of("c"), idsOf(scheduler.findJobs(two.afterId("b"), "default")));
    assertEquals(List.of("b"), idsOf(scheduler.findJobs(new JobFilter().tag("only b"))));
    assertEquals(List.of(), idsOf(scheduler.findJobs(new JobFilter().task("other"))));
  }

  @Test
  void everyChangeArrives() {
    scheduler.start();
    played.add(hourly, new JobOptions("count").id("a"));
    Job job =
        scheduler.modifyJob(
            "a",
            new JobChanges()
                .name("B")
                .task("other")
                .executor("far")
                .coalesce(false)
                .maxInstances(7)
                .recover(true)
                .misfireGrace(MINUTE)
                .trigger(Trigger.crontab("@daily"))
                .nextRunTime(NOON.plus(MINUTE))
                .tags("x")
                .payload(Payload.json("{}")));
    assertEquals("B", job.name());
    assertEquals("other", job.task());
    assertEquals("far", job.executor());
    assertFalse(job.coalesce());
    assertEquals(7, job.maxInstances());
    assertTrue(job.recover());
    assertEquals(MINUTE, job.misfireGrace());
    assertEquals("at 00:00 every day (UTC)", job.trigger().explain());
    assertEquals(Optional.of(NOON.plus(MINUTE)), job.nextRunTime());
    assertEquals(List.of("x"), job.tags());
    assertEquals("{}", job.payload().text());
  }

  @Test
  void aJobIsRescheduledPausedResumedAndRemoved() {
    scheduler.start();
    played.add(hourly, new JobOptions("count").id("a"));
    assertEquals(Optional.of(NOON.plus(MINUTE)), scheduler.rescheduleJob("a", Trigger.interval(MINUTE)).nextRunTime());
    Job paused = scheduler.pauseJob("a");
    assertEquals(JobStatus.PAUSED, paused.status());
    assertEquals(Optional.empty(), paused.nextRunTime());
    assertEquals(JobStatus.SCHEDULED, scheduler.resumeJob("a").orElseThrow().status());
    scheduler.removeJob("a");
    assertEquals(Optional.empty(), scheduler.getJob("a"));
    assertFails(ErrorCode.NOT_FOUND, () -> scheduler.removeJob("a"));
    assertFails(ErrorCode.NOT_FOUND, () -> scheduler.pauseJob("a", "default"));
    assertFails(ErrorCode.NOT_FOUND, () -> scheduler.modifyJob("a", new JobChanges().name("b"), "default"));
  }

  @Test
  void allJobsOfAStoreAreRemoved() {
    scheduler.addStore("other", "memory:");
    scheduler.start();
    played.add(hourly, new JobOptions("count").id("a"));
    played.add(hourly, new JobOptions("count").id("b").store("other"));
    scheduler.removeAllJobs("other");
    assertEquals(List.of("a"), idsOf(scheduler.jobs()));
    scheduler.removeAllJobs();
    assertEquals(List.of(), scheduler.jobs());
    scheduler.removeStore("other");
    assertFails(ErrorCode.NOT_FOUND, () -> scheduler.jobs("other"));
  }

  @Test
  void jobsOutliveTheirScheduler(@TempDir Path directory) {
    String store = "sqlite:///" + directory.resolve("jobs.db");
    try (Scheduler first = new Scheduler(Played.quiet())) {
      first.addStore("default", store);
      first.start();
      first.addJob(hourly, new JobOptions("count").id("a 🗓").payload(Payload.json("[]"))).orElseThrow();
      first.shutdown();
    }
    try (Scheduler second = new Scheduler(Played.quiet())) {
      second.addStore("default", store);
      assertEquals("[]", second.getJob("a 🗓").orElseThrow().payload().text());
    }
  }

  @Test
  void jobsAreAddedInATransactionOfTheCaller(@TempDir Path directory) {
    scheduler.addStore("default", "sqlite:///" + directory.resolve("jobs.db"));
    String sql = scheduler.sqlToAddJobs(List.of(new NewJob(hourly, new JobOptions("count").id("a"))));
    JsonArray statements = JsonParser.parseString(sql).getAsJsonArray();
    assertTrue(statements.get(1).getAsJsonObject().get("sql").getAsString().startsWith("INSERT"), sql);
  }

  // --- runs

  @Test
  void runsAreRemembered() {
    scheduler.addThreadPool("pool", 2);
    start();
    played.add(hourly, new JobOptions("count").id("a").executor("pool"));
    played.add(Trigger.interval(MINUTE), new JobOptions("count").id("b"));
    played.pass(HOUR.multipliedBy(2));
    List<Run> found = scheduler.runs(new RunFilter().jobId("a"));
    assertEquals(2, found.size());
    Run latest = found.get(0);
    assertEquals("a", latest.jobId());
    assertEquals("count", latest.task());
    assertEquals("default", latest.store());
    assertEquals(RunState.SUCCEEDED, latest.state());
    assertEquals(NOON.plus(HOUR.multipliedBy(2)), latest.scheduledTime());
    assertEquals(Optional.of(latest.scheduledTime()), latest.endedAt());
    assertEquals(latest.claimedAt(), latest.startedAt().orElseThrow());
    assertEquals(1, latest.attempt());
    assertEquals(32, latest.id().length());
    assertEquals(32, latest.node().length());
    assertEquals("", latest.error());
    RunFilter three =
        new RunFilter().scheduledFrom(NOON.plus(MINUTE)).scheduledUntil(NOON.plus(MINUTE.multipliedBy(3)));
    assertEquals(3, scheduler.runs(three.state(RunState.SUCCEEDED)).size());
    assertEquals(2, scheduler.runs(three.limit(2), "default").size());
    assertEquals(0, scheduler.runs(new RunFilter().state(RunState.FAILED)).size());
    assertEquals(List.of(), scheduler.running());
  }

  @Test
  void asManyRunsAreKeptAsOneAsks() {
    start();
    scheduler.setHistory(Duration.ofDays(1), 2);
    scheduler.setHistory(Duration.ofDays(1), 2, "default");
    assertFails(ErrorCode.NOT_FOUND, () -> scheduler.setHistory(Duration.ofDays(1), 2, "other"));
    played.add(Trigger.interval(MINUTE), new JobOptions("count"));
    played.pass(HOUR);
    assertTrue(scheduler.runs(new RunFilter()).size() < 60);
  }

  @Test
  void unknownTasksAreParkedUntilTheyAreKnown() {
    start();
    played.add(hourly, new JobOptions("stranger").id("a").misfireGrace(JobOptions.UNLIMITED));
    played.pass(HOUR);
    ParkedJob parked = scheduler.parkedJobs().get(0);
    assertEquals("a", parked.id());
    assertEquals("default", parked.store());
    assertTrue(parked.reason().contains("stranger"), parked.reason());
    scheduler.setTaskResolver(
        name -> name.equals("stranger") ? Optional.of(call -> runs.incrementAndGet()) : Optional.empty());
    scheduler.releaseParked("a");
    played.pass(MINUTE);
    assertEquals(1, runs.get());
    assertEquals(List.of(), scheduler.parkedJobs());
  }

  @Test
  void aJobRunsOnceMoreWhenItIsAskedTo() throws Exception {
    start();
    played.add(hourly, new JobOptions("count").id("a"));
    scheduler.pauseJob("a");
    RunHandle run = scheduler.runJob("a");
    played.pass(Duration.ZERO);
    Event end = run.ended().get();
    assertEquals(EventType.JOB_EXECUTED, end.type());
    assertEquals(run.id(), end.runId());
    assertEquals(1, runs.get());
    assertFails(ErrorCode.NOT_FOUND, () -> scheduler.runJob("b"));
  }

  @Test
  void zonesAreReadAgain() {
    start();
    assertEquals(0, scheduler.reloadTimeZones());
  }
}
