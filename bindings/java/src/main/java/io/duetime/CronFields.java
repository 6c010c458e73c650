package io.duetime;

import io.duetime.internal.NativeCronFields;
import java.util.Objects;

/**
 * Cron fields as APScheduler reads them: all must match, Monday is 0. What is not set is {@code "*"}, below the least
 * significant set field the minimum. Setters return this.
 */
public final class CronFields {
  private String year;
  private String month;
  private String day;
  private String week;
  private String dayOfWeek;
  private String hour;
  private String minute;
  private String second;

  public CronFields year(String expression) {
    this.year = Objects.requireNonNull(expression, "year");
    return this;
  }

  public CronFields month(String expression) {
    this.month = Objects.requireNonNull(expression, "month");
    return this;
  }

  public CronFields day(String expression) {
    this.day = Objects.requireNonNull(expression, "day");
    return this;
  }

  public CronFields week(String expression) {
    this.week = Objects.requireNonNull(expression, "week");
    return this;
  }

  public CronFields dayOfWeek(String expression) {
    this.dayOfWeek = Objects.requireNonNull(expression, "dayOfWeek");
    return this;
  }

  public CronFields hour(String expression) {
    this.hour = Objects.requireNonNull(expression, "hour");
    return this;
  }

  public CronFields minute(String expression) {
    this.minute = Objects.requireNonNull(expression, "minute");
    return this;
  }

  public CronFields second(String expression) {
    this.second = Objects.requireNonNull(expression, "second");
    return this;
  }

  /** The caller deletes it. */
  NativeCronFields toNative() {
    NativeCronFields fields = new NativeCronFields();
    fields.setYear(year);
    fields.setMonth(month);
    fields.setDay(day);
    fields.setWeek(week);
    fields.setDayOfWeek(dayOfWeek);
    fields.setHour(hour);
    fields.setMinute(minute);
    fields.setSecond(second);
    return fields;
  }
}
