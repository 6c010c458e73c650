package io.duetime;

import io.duetime.internal.NativeCalendarInterval;
import io.duetime.internal.NativeCronFields;
import io.duetime.internal.NativeCronOptions;
import io.duetime.internal.NativeIntervalOptions;
import io.duetime.internal.NativePreview;
import io.duetime.internal.NativePreviewedFire;
import io.duetime.internal.NativeTrigger;
import io.duetime.internal.NativeTriggers;
import java.lang.ref.Cleaner;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * A rule that says when. It holds no position and does not change; any thread may use it. {@link #close()} frees what
 * it has in native memory; of a trigger that is forgotten, the garbage collector does. A closed trigger answers
 * IllegalStateException.
 *
 * <p>Instants and durations are rounded down to microseconds. What makes a trigger throws {@link DuetimeException} for
 * a rule that cannot be: the message names the value and what was expected.
 */
public final class Trigger implements AutoCloseable {
  private static final Cleaner CLEANER = Cleaner.create();

  private final Cleaner.Cleanable cleanable;
  private NativeTrigger trigger; // null when closed; guarded by this

  private Trigger(NativeTrigger trigger) {
    this.trigger = trigger;
    cleanable = CLEANER.register(this, trigger::delete);
  }

  static Trigger of(NativeTrigger trigger) {
    return new Trigger(trigger);
  }

  /** From a trigger document, {@code {"type": "interval", ...}}: the door to every kind of trigger. */
  public static Trigger fromJson(String json) {
    return new Trigger(NativeTrigger.fromJson(json));
  }

  /** Once. */
  public static Trigger date(Instant runTime) {
    return date(runTime, ZoneOffset.UTC);
  }

  /** Once; the zone is for display only. */
  public static Trigger date(Instant runTime, ZoneId zone) {
    return new Trigger(NativeTrigger.date(Micros.of(runTime), Zones.nameOf(zone)));
  }

  /** Once; the zone is for display only. */
  public static Trigger date(ZonedDateTime runTime) {
    return date(runTime.toInstant(), runTime.getZone());
  }

  /** Every {@code interval}, at least a microsecond; first one interval after now. */
  public static Trigger interval(Duration interval) {
    return interval(interval, new IntervalOptions());
  }

  public static Trigger interval(Duration interval, IntervalOptions options) {
    long micros = Micros.of(interval);
    NativeIntervalOptions nativeOptions = options.toNative();
    try {
      return new Trigger(NativeTrigger.interval(micros, nativeOptions));
    } finally {
      nativeOptions.delete();
    }
  }

  public static Trigger cron(CronFields fields) {
    return cron(fields, new CronOptions());
  }

  public static Trigger cron(CronFields fields, CronOptions options) {
    NativeCronFields nativeFields = fields.toNative();
    try {
      return withCronOptions(options, nativeOptions -> NativeTrigger.cron(nativeFields, nativeOptions));
    } finally {
      nativeFields.delete();
    }
  }

  /** A line of a crontab in UTC, {@code "0 9 * * mon-fri"} or {@code "@daily"}; six fields begin with seconds. */
  public static Trigger crontab(String expression) {
    return crontab(expression, new CronOptions());
  }

  public static Trigger crontab(String expression, CronOptions options) {
    return withCronOptions(options, nativeOptions -> NativeTrigger.crontab(expression, nativeOptions));
  }

  /** An expression of Quartz in UTC, {@code "0 0 9 ? * MON-FRI"}; Sunday is 1. */
  public static Trigger quartz(String expression) {
    return quartz(expression, new CronOptions());
  }

  public static Trigger quartz(String expression, CronOptions options) {
    return withCronOptions(options, nativeOptions -> NativeTrigger.quartz(expression, nativeOptions));
  }

  private static Trigger withCronOptions(CronOptions options, Function<NativeCronOptions, NativeTrigger> make) {
    NativeCronOptions nativeOptions = options.toNative();
    try {
      return new Trigger(make.apply(nativeOptions));
    } finally {
      nativeOptions.delete();
    }
  }

  public static Trigger calendarInterval(CalendarInterval interval) {
    NativeCalendarInterval nativeInterval = interval.toNative();
    try {
      return new Trigger(NativeTrigger.calendarInterval(nativeInterval));
    } finally {
      nativeInterval.delete();
    }
  }

  /** A recurrence of RFC 5545: lines DTSTART, RRULE, EXDATE, RDATE, as in an iCalendar file. */
  public static Trigger rrule(String lines) {
    return rrule(lines, ZoneOffset.UTC);
  }

  /** The zone is for times with neither TZID nor Z. */
  public static Trigger rrule(String lines, ZoneId zone) {
    return new Trigger(NativeTrigger.rrule(lines, Zones.nameOf(zone)));
  }

  /** Fires when any of the triggers does. They may be closed at once. */
  public static Trigger anyOf(Trigger... triggers) {
    return withList(triggers, list -> NativeTrigger.anyOf(list, 0));
  }

  /** Fires when all of the triggers do at the same instant. They may be closed at once. */
  public static Trigger allOf(Trigger... triggers) {
    return withList(triggers, list -> NativeTrigger.allOf(list, 0));
  }

  /** The fires of this trigger but for those that one of the others has too. All may be closed at once. */
  public Trigger except(Trigger... others) {
    return withList(others, list -> without(list, null));
  }

  /**
   * The fires of this trigger but for those that lie in one of the calendars: a JSON array such as
   * {@code [{"dates": ["2026-12-25"]}, {"weekdays": ["sat", "sun"], "windows": ["12:00/13:30"]}]}, in wall time of the
   * trigger's zone.
   */
  public Trigger exceptCalendars(String calendarsJson) {
    return withList(new Trigger[0], list -> without(list, calendarsJson));
  }

  /** Locks this alone: a.except(b) and b.except(a) may run at once. */
  private synchronized NativeTrigger without(NativeTriggers others, String calendarsJson) {
    return NativeTrigger.except(open(), others, calendarsJson, null);
  }

  private static Trigger withList(Trigger[] triggers, Function<NativeTriggers, NativeTrigger> make) {
    NativeTriggers list = new NativeTriggers();
    try {
      for (Trigger trigger : triggers) {
        trigger.addTo(list);
      }
      return new Trigger(make.apply(list));
    } finally {
      list.delete();
    }
  }

  private synchronized void addTo(NativeTriggers list) {
    list.add(open());
  }

  /** The first fire of all, without jitter; empty if there is none. {@code now} bounds rules that have no start. */
  public Optional<Instant> firstFireTime(Instant now) {
    return fireAfter(Micros.NONE, now);
  }

  /** The first fire after {@code previous}, without jitter; empty when the rule is spent. */
  public Optional<Instant> nextFireTime(Instant previous, Instant now) {
    return fireAfter(Micros.of(previous), now);
  }

  private synchronized Optional<Instant> fireAfter(long previous, Instant now) {
    long fire = open().nextFireTime(previous, Micros.of(now));
    return fire == Micros.NONE ? Optional.empty() : Optional.of(Micros.toInstant(fire));
  }

  /** The first {@code count} fires from {@code now} on; fewer if the rule is spent. */
  public synchronized List<PreviewedFire> preview(Instant now, int count) {
    if (count < 0) {
      throw new IllegalArgumentException("count: got " + count + ", expected at least 0");
    }
    NativePreview found = open().preview(Micros.of(now), count);
    try {
      List<PreviewedFire> fires = new ArrayList<>();
      for (NativePreviewedFire fire : found) {
        fires.add(toFire(fire));
      }
      return fires;
    } finally {
      found.delete();
    }
  }

  /** {@code fire} belongs to its list. */
  private static PreviewedFire toFire(NativePreviewedFire fire) {
    ZoneOffset offset = ZoneOffset.ofTotalSeconds(fire.offset());
    return new PreviewedFire(
        Micros.toInstant(fire.firesAt()).atOffset(offset),
        PreviewedFire.WallTime.values()[fire.wall()],
        fire.changesAt() == Micros.NONE ? null : toChange(fire));
  }

  private static PreviewedFire.ClockChange toChange(NativePreviewedFire fire) {
    return new PreviewedFire.ClockChange(
        Micros.toInstant(fire.changesAt()),
        ZoneOffset.ofTotalSeconds(fire.offsetBefore()),
        ZoneOffset.ofTotalSeconds(fire.offsetAfter()));
  }

  /** An English sentence, "every 15 minutes (UTC)"; its wording may change. */
  public synchronized String explain() {
    return open().explain();
  }

  /** The trigger document: what {@link #fromJson} reads. */
  public synchronized String toJson() {
    return open().toJson();
  }

  /** Doing it twice does nothing. */
  @Override
  public synchronized void close() {
    trigger = null;
    cleanable.clean();
  }

  /** {@link #explain()}, for people who debug. */
  @Override
  public synchronized String toString() {
    return trigger == null ? "closed trigger" : trigger.explain();
  }

  /** The same rule, for use without a lock. The caller deletes it. */
  synchronized NativeTrigger share() {
    return new NativeTrigger(open());
  }

  private NativeTrigger open() {
    if (trigger == null) {
      throw new IllegalStateException("the trigger is closed");
    }
    return trigger;
  }
}
