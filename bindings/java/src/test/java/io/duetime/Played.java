package io.duetime;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** A hosted scheduler on a manual clock, and time that is played to it. */
final class Played implements AutoCloseable {
  static final Instant NOON = Instant.parse("2026-01-05T12:00:00Z"); // a Monday
  static final Duration PATIENCE = Duration.ofSeconds(60);

  final ManualClock clock = new ManualClock(NOON);
  final Scheduler scheduler = new Scheduler(quiet().hosted(true).clock(clock));

  static SchedulerOptions quiet() {
    return new SchedulerOptions().logLevel(System.Logger.Level.OFF);
  }

  /** Lets so much time pass, with all that is due in it. */
  void pass(Duration time) {
    assertTrue(Scheduler.play(List.of(scheduler), clock.now().plus(time), PATIENCE));
  }

  Job add(Trigger trigger, JobOptions options) {
    return scheduler.addJob(trigger, options).orElseThrow();
  }

  @Override
  public void close() {
    scheduler.close();
  }
}
