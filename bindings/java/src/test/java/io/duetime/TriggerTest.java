package io.duetime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;

class TriggerTest {
  private static final Instant NOON = Instant.parse("2026-01-05T12:00:00Z"); // a Monday
  private static final Duration HOUR = Duration.ofHours(1);
  private static final ZoneId BERLIN = ZoneId.of("Europe/Berlin");

  private static JsonObject documentOf(Trigger trigger) {
    return JsonParser.parseString(trigger.toJson()).getAsJsonObject();
  }

  @Test
  void aDateFiresOnceAndIsShownInItsZone() {
    try (Trigger trigger = Trigger.date(NOON, BERLIN)) {
      assertEquals("once, on 2026-01-05 13:00 (Europe/Berlin)", trigger.explain());
      assertEquals(Optional.of(NOON), trigger.firstFireTime(NOON.plus(HOUR)));
      assertEquals(Optional.empty(), trigger.nextFireTime(NOON, NOON));
    }
  }

  @Test
  void anIntervalTakesEveryOption() {
    IntervalOptions options =
        new IntervalOptions()
            .start(NOON)
            .end(NOON.plusSeconds(1200))
            .jitter(Duration.ofSeconds(3))
            .zone(ZoneOffset.ofHoursMinutes(5, 30));
    try (Trigger trigger = Trigger.interval(Duration.ofMinutes(15), options)) {
      assertEquals(Optional.of(NOON.plusSeconds(900)), trigger.firstFireTime(NOON.plusSeconds(1)));
      assertEquals(Optional.empty(), trigger.nextFireTime(NOON.plusSeconds(900), NOON));
      assertEquals(3_000_000, documentOf(trigger).get("jitter_us").getAsLong());
      assertEquals("+05:30", documentOf(trigger).get("timezone").getAsString());
    }
  }

  @Test
  void cronTakesEveryOption() {
    CronOptions options =
        new CronOptions()
            .zone(BERLIN)
            .dst(DstPolicy.SKIP)
            .start(NOON)
            .end(NOON.plus(HOUR))
            .jitter(Duration.ofSeconds(2));
    try (Trigger trigger = Trigger.crontab("@hourly", options)) {
      JsonObject document = documentOf(trigger);
      assertEquals("Europe/Berlin", document.get("timezone").getAsString());
      assertEquals("skip", document.get("dst").getAsString());
      assertEquals(NOON, Tables.instant(document.get("start")));
      assertEquals(NOON.plus(HOUR), Tables.instant(document.get("end")));
      assertEquals(2_000_000, document.get("jitter_us").getAsLong());
    }
  }

  @Test
  void aCalendarIntervalTakesEveryMember() {
    CalendarInterval interval =
        new CalendarInterval()
            .years(1)
            .months(2)
            .weeks(3)
            .days(4)
            .at(LocalTime.of(5, 6, 7))
            .startDate(LocalDate.of(2026, 11, 23))
            .endDate(LocalDate.of(2036, 11, 23))
            .zone(BERLIN)
            .jitter(Duration.ofNanos(8_000));
    try (Trigger trigger = Trigger.calendarInterval(interval)) {
      String expected =
          "{\"type\": \"calendar_interval\", \"years\": 1, \"months\": 2, \"weeks\": 3, \"days\": 4,"
              + "\"time\": \"05:06:07\", \"start_date\": \"2026-11-23\", \"end_date\": \"2036-11-23\","
              + "\"timezone\": \"Europe/Berlin\", \"jitter_us\": 8}";
      assertEquals(JsonParser.parseString(expected), documentOf(trigger));
    }
  }

  @Test
  void recurrencesTakeTheZoneForTimesWithout() {
    try (Trigger trigger = Trigger.rrule("DTSTART:20260105T130000\nRRULE:FREQ=DAILY;COUNT=1", BERLIN)) {
      assertEquals(Optional.of(NOON), trigger.firstFireTime(Instant.EPOCH));
      assertEquals(Optional.empty(), trigger.nextFireTime(NOON, NOON));
    }
  }

  @Test
  void triggersAreCombinedAndMayThenBeClosed() {
    Trigger any;
    Trigger all;
    Trigger without;
    Trigger afternoons;
    try (Trigger hourly = Trigger.crontab("0 * * * *");
        Trigger two = Trigger.crontab("0 14 * * *");
        Trigger noon = Trigger.crontab("0 12 * * *")) {
      any = Trigger.anyOf(two, noon);
      all = Trigger.allOf(hourly, two);
      without = hourly.except(noon);
      afternoons = hourly.exceptCalendars("[{\"windows\": [\"00:00/13:30\"]}]");
    }
    try (any;
        all;
        without;
        afternoons) {
      assertEquals(Optional.of(NOON), any.firstFireTime(NOON));
      assertEquals(Optional.of(NOON.plus(HOUR).plus(HOUR)), any.nextFireTime(NOON, NOON));
      assertEquals(Optional.of(NOON.plus(HOUR).plus(HOUR)), all.firstFireTime(NOON));
      assertEquals(Optional.of(NOON.plus(HOUR)), without.firstFireTime(NOON));
      assertEquals(Optional.of(NOON.plus(HOUR).plus(HOUR)), afternoons.firstFireTime(NOON));
    }
  }

  @Test
  void previewsMarkChangesOfTheClock() {
    Instant change = Instant.parse("2026-11-01T06:00:00Z"); // 02:00 EDT becomes 01:00 EST
    CronOptions options = new CronOptions().zone(ZoneId.of("America/New_York")).dst(DstPolicy.APSCHEDULER);
    try (Trigger trigger = Trigger.crontab("30 1 1,2 11 *", options)) {
      List<PreviewedFire> fires = trigger.preview(change.minusSeconds(21_600), 3);
      assertEquals(3, fires.size());
      assertEquals(OffsetDateTime.parse("2026-11-01T01:30:00-04:00"), fires.get(0).time());
      assertEquals(PreviewedFire.WallTime.FIRST_OF_TWO, fires.get(0).wallTime());
      assertFalse(fires.get(0).change().isPresent());
      assertEquals(OffsetDateTime.parse("2026-11-01T01:30:00-05:00"), fires.get(1).time());
      assertEquals(PreviewedFire.WallTime.SECOND_OF_TWO, fires.get(1).wallTime());
      assertEquals(change, fires.get(1).change().orElseThrow().at());
      assertEquals(ZoneOffset.ofHours(-4), fires.get(1).change().orElseThrow().before());
      assertEquals(ZoneOffset.ofHours(-5), fires.get(1).change().orElseThrow().after());
      assertEquals(PreviewedFire.WallTime.UNIQUE, fires.get(2).wallTime());
      assertTrue(trigger.preview(change, 0).isEmpty());
      assertThrows(IllegalArgumentException.class, () -> trigger.preview(change, -1));
    }
  }

  @Test
  void theEdgesOfTimeAreExact() {
    for (String edge : new String[] {"0001-01-01T00:00:00Z", "1969-12-31T23:59:59.999999Z", "9999-12-31T23:59:59Z"}) {
      Instant instant = Instant.parse(edge);
      try (Trigger trigger = Trigger.date(instant)) {
        assertEquals(Optional.of(instant), trigger.firstFireTime(NOON));
      }
    }
    assertThrows(IllegalArgumentException.class, () -> Trigger.date(Instant.MAX));
    assertThrows(DuetimeException.class, () -> Trigger.date(Instant.parse("+10000-01-01T00:00:00Z")));
    assertThrows(IllegalArgumentException.class, () -> Trigger.interval(Duration.ofSeconds(Long.MAX_VALUE)));
  }

  @Test
  void errorsTellTheirKindAndKeepEveryLetter() {
    DuetimeException refused = assertThrows(DuetimeException.class, () -> Trigger.interval(Duration.ZERO));
    assertEquals(ErrorCode.INVALID_ARGUMENT, refused.code());
    assertEquals(-1, refused.status());
    refused = assertThrows(DuetimeException.class, () -> Trigger.crontab("0 9 * * ü🚀"));
    assertTrue(refused.getMessage().contains("ü🚀"), refused.getMessage());
    refused = assertThrows(DuetimeException.class, () -> Trigger.fromJson("{\"type\": \"a\"}\u0000"));
    assertEquals(ErrorCode.INVALID_ARGUMENT, refused.code());
    assertThrows(NullPointerException.class, () -> Trigger.crontab(null));
    assertThrows(IllegalArgumentException.class, () -> new CalendarInterval().at(LocalTime.of(1, 2, 3, 4)));
  }

  @Test
  void aClosedTriggerRefuses() {
    Trigger trigger = Trigger.date(NOON);
    trigger.close();
    trigger.close();
    assertThrows(IllegalStateException.class, trigger::explain);
    assertThrows(IllegalStateException.class, () -> trigger.firstFireTime(NOON));
    assertThrows(IllegalStateException.class, () -> Trigger.anyOf(trigger));
    assertEquals("closed trigger", trigger.toString());
  }

  /** Questions that race with close() are answered or refused; nothing else happens. */
  @Test
  void closingRacesWithQuestions() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try {
      for (int i = 0; i < 1000; ++i) {
        Trigger trigger = Trigger.date(NOON);
        Callable<Boolean> ask =
            () -> {
              try {
                return trigger.firstFireTime(NOON).equals(Optional.of(NOON));
              } catch (IllegalStateException closed) {
                return true;
              }
            };
        var answer = threads.submit(ask);
        threads.submit(trigger::close);
        assertTrue(answer.get());
      }
    } finally {
      threads.shutdown();
    }
  }
}
