package io.duetime;

import io.duetime.internal.NativeCalendarInterval;
import java.time.Duration;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneId;

/**
 * Every so many years, months, weeks and days (none negative, at least one positive) at the same time of day. Setters
 * return this.
 */
public final class CalendarInterval {
  private int years;
  private int months;
  private int weeks;
  private int days;
  private LocalTime time = LocalTime.MIDNIGHT;
  private String startDate;
  private String endDate;
  private String zone = "UTC";
  private long jitter;

  public CalendarInterval years(int years) {
    this.years = years;
    return this;
  }

  public CalendarInterval months(int months) {
    this.months = months;
    return this;
  }

  public CalendarInterval weeks(int weeks) {
    this.weeks = weeks;
    return this;
  }

  public CalendarInterval days(int days) {
    this.days = days;
    return this;
  }

  /** In whole seconds; midnight unless set. */
  public CalendarInterval at(LocalTime time) {
    if (time.getNano() != 0) {
      throw new IllegalArgumentException("got " + time + ", expected whole seconds");
    }
    this.time = time;
    return this;
  }

  /** The first day; without: the day of {@code now} at the first question. */
  public CalendarInterval startDate(LocalDate startDate) {
    this.startDate = startDate.toString();
    return this;
  }

  /** The last day on which it may fire. */
  public CalendarInterval endDate(LocalDate endDate) {
    this.endDate = endDate.toString();
    return this;
  }

  /** Whose wall time and days are meant; UTC unless set. */
  public CalendarInterval zone(ZoneId zone) {
    this.zone = Zones.nameOf(zone);
    return this;
  }

  /** Each run is delayed by up to so much. */
  public CalendarInterval jitter(Duration jitter) {
    this.jitter = Micros.of(jitter);
    return this;
  }

  /** The caller deletes it. */
  NativeCalendarInterval toNative() {
    NativeCalendarInterval interval = new NativeCalendarInterval();
    interval.setYears(years);
    interval.setMonths(months);
    interval.setWeeks(weeks);
    interval.setDays(days);
    interval.setHour(time.getHour());
    interval.setMinute(time.getMinute());
    interval.setSecond(time.getSecond());
    interval.setStartDate(startDate);
    interval.setEndDate(endDate);
    interval.setTimezone(zone);
    interval.setJitter(jitter);
    return interval;
  }
}
