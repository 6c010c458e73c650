using System;
using System.Collections.Generic;

namespace Duetime
{
    /// <summary>A rule that says when. It holds no position and does not change; any thread may use it. Dispose frees
    /// what it has in native memory; of a trigger that is forgotten, the garbage collector does. A disposed trigger
    /// answers ObjectDisposedException.
    ///
    /// Times are rounded down to microseconds; zones are IANA names or offsets such as "+05:30"; ends are inclusive;
    /// jitter delays each run by up to so much. What makes a trigger throws DuetimeException for a rule that cannot be:
    /// the message names the value and what was expected.</summary>
    public sealed class Trigger : IDisposable
    {
        private readonly object gate = new object();
        private NativeTrigger trigger; // null when disposed; guarded by gate

        internal Trigger(NativeTrigger trigger)
        {
            this.trigger = trigger;
        }

        /// <summary>From a trigger document, {"type": "interval", ...}: the door to every kind of trigger.</summary>
        public static Trigger FromJson(string json)
        {
            return new Trigger(NativeTrigger.from_json(Arguments.Given(json, nameof(json))));
        }

        /// <summary>Once. The zone is for display only.</summary>
        public static Trigger Date(DateTimeOffset runTime, string timeZone = "UTC")
        {
            return new Trigger(NativeTrigger.date(Micros.Of(runTime), Arguments.Given(timeZone, nameof(timeZone))));
        }

        /// <summary>At start + k * interval; without a start, first one interval after now. The zone is for display
        /// only.</summary>
        public static Trigger Interval(TimeSpan interval, DateTimeOffset? start = null, DateTimeOffset? end = null,
            TimeSpan jitter = default(TimeSpan), string timeZone = "UTC")
        {
            using (var options = new NativeIntervalOptions())
            {
                options.start = Micros.Of(start);
                options.end = Micros.Of(end);
                options.jitter = Micros.Of(jitter);
                options.timezone = Arguments.Given(timeZone, nameof(timeZone));
                return new Trigger(NativeTrigger.interval(Micros.Of(interval), options));
            }
        }

        /// <summary>Fields as APScheduler reads them: all must match, Monday is 0. What is not given is "*", below the
        /// least significant given field the minimum.</summary>
        public static Trigger Cron(string year = null, string month = null, string day = null, string week = null,
            string dayOfWeek = null, string hour = null, string minute = null, string second = null,
            string timeZone = "UTC", DstPolicy dst = DstPolicy.Vixie, DateTimeOffset? start = null,
            DateTimeOffset? end = null, TimeSpan jitter = default(TimeSpan))
        {
            using (var fields = new NativeCronFields())
            using (var options = CronOptions(timeZone, dst, start, end, jitter))
            {
                fields.year = year;
                fields.month = month;
                fields.day = day;
                fields.week = week;
                fields.day_of_week = dayOfWeek;
                fields.hour = hour;
                fields.minute = minute;
                fields.second = second;
                return new Trigger(NativeTrigger.cron(fields, options));
            }
        }

        /// <summary>A line of a crontab, "0 9 * * mon-fri" or "@daily"; six fields begin with seconds.</summary>
        public static Trigger Crontab(string expression, string timeZone = "UTC", DstPolicy dst = DstPolicy.Vixie,
            DateTimeOffset? start = null, DateTimeOffset? end = null, TimeSpan jitter = default(TimeSpan))
        {
            using (var options = CronOptions(timeZone, dst, start, end, jitter))
            {
                return new Trigger(NativeTrigger.crontab(Arguments.Given(expression, nameof(expression)), options));
            }
        }

        /// <summary>An expression of Quartz, "0 0 9 ? * MON-FRI"; Sunday is 1.</summary>
        public static Trigger Quartz(string expression, string timeZone = "UTC", DstPolicy dst = DstPolicy.Vixie,
            DateTimeOffset? start = null, DateTimeOffset? end = null, TimeSpan jitter = default(TimeSpan))
        {
            using (var options = CronOptions(timeZone, dst, start, end, jitter))
            {
                return new Trigger(NativeTrigger.quartz(Arguments.Given(expression, nameof(expression)), options));
            }
        }

        private static NativeCronOptions CronOptions(string timeZone, DstPolicy dst, DateTimeOffset? start,
            DateTimeOffset? end, TimeSpan jitter)
        {
            var options = new NativeCronOptions();
            options.timezone = Arguments.Given(timeZone, nameof(timeZone));
            options.set_dst((int)dst);
            options.start = Micros.Of(start);
            options.end = Micros.Of(end);
            options.jitter = Micros.Of(jitter);
            return options;
        }

        /// <summary>Every so many years, months, weeks and days, none negative and at least one positive, at the same
        /// time of day, in whole seconds. Dates are days such as "2026-11-23"; without a first one: the day of now at
        /// the first question.</summary>
        public static Trigger CalendarInterval(int years = 0, int months = 0, int weeks = 0, int days = 0,
            TimeSpan timeOfDay = default(TimeSpan), string startDate = null, string endDate = null,
            string timeZone = "UTC", TimeSpan jitter = default(TimeSpan))
        {
            if (timeOfDay < TimeSpan.Zero || timeOfDay.Days > 0 || timeOfDay.Ticks % TimeSpan.TicksPerSecond != 0)
            {
                throw new ArgumentException("got " + timeOfDay + ", expected whole seconds from 00:00:00 to 23:59:59",
                    nameof(timeOfDay));
            }
            using (var interval = new NativeCalendarInterval())
            {
                interval.years = years;
                interval.months = months;
                interval.weeks = weeks;
                interval.days = days;
                interval.hour = timeOfDay.Hours;
                interval.minute = timeOfDay.Minutes;
                interval.second = timeOfDay.Seconds;
                interval.start_date = startDate;
                interval.end_date = endDate;
                interval.timezone = Arguments.Given(timeZone, nameof(timeZone));
                interval.jitter = Micros.Of(jitter);
                return new Trigger(NativeTrigger.calendar_interval(interval));
            }
        }

        /// <summary>A recurrence of RFC 5545: lines DTSTART, RRULE, EXDATE, RDATE, as in an iCalendar file. The zone is
        /// for times with neither TZID nor Z.</summary>
        public static Trigger RRule(string lines, string timeZone = "UTC")
        {
            return new Trigger(NativeTrigger.rrule(Arguments.Given(lines, nameof(lines)),
                Arguments.Given(timeZone, nameof(timeZone))));
        }

        /// <summary>Fires when any of the triggers does. They may be disposed at once.</summary>
        public static Trigger AnyOf(params Trigger[] triggers)
        {
            using (var list = ListOf(triggers))
            {
                return new Trigger(NativeTrigger.any_of(list, 0));
            }
        }

        /// <summary>Fires when all of the triggers do at the same instant. They may be disposed at once.</summary>
        public static Trigger AllOf(params Trigger[] triggers)
        {
            using (var list = ListOf(triggers))
            {
                return new Trigger(NativeTrigger.all_of(list, 0));
            }
        }

        /// <summary>The fires of this trigger but for those that one of the others has too. All may be disposed at
        /// once.</summary>
        public Trigger Except(params Trigger[] others)
        {
            using (var list = ListOf(others))
            {
                return Ask(own => new Trigger(NativeTrigger.except(own, list, null, null)));
            }
        }

        /// <summary>The fires of this trigger but for those that lie in one of the calendars: a JSON array such as
        /// [{"dates": ["2026-12-25"]}, {"weekdays": ["sat", "sun"]}], in wall time of the trigger's zone.</summary>
        public Trigger ExceptCalendars(string calendarsJson)
        {
            using (var list = new NativeTriggers())
            {
                return Ask(own => new Trigger(
                    NativeTrigger.except(own, list, Arguments.Given(calendarsJson, nameof(calendarsJson)), null)));
            }
        }

        /// <summary>The rule itself, for as long as the caller wants it.</summary>
        internal NativeTrigger Copy()
        {
            return Ask(own => own.copy());
        }

        private static NativeTriggers ListOf(Trigger[] triggers)
        {
            var list = new NativeTriggers();
            foreach (Trigger trigger in triggers)
            {
                trigger.Ask(own =>
                {
                    list.Add(own);
                    return true;
                });
            }
            return list;
        }

        /// <summary>The first fire after <paramref name="previous"/> (null before the first), without jitter, in UTC;
        /// null when the rule is spent. <paramref name="now"/> bounds rules that have no start.</summary>
        public DateTimeOffset? NextFireTime(DateTimeOffset? previous, DateTimeOffset now)
        {
            return Micros.ToOptional(Ask(own => own.next_fire_time(Micros.Of(previous), Micros.Of(now))));
        }

        /// <summary>The first <paramref name="count"/> fires from <paramref name="now"/> on; fewer if the rule is
        /// spent.</summary>
        public IReadOnlyList<PreviewedFire> Preview(DateTimeOffset now, int count)
        {
            if (count < 0)
            {
                throw new ArgumentOutOfRangeException(nameof(count), count, "expected at least 0");
            }
            using (NativePreview found = Ask(own => own.preview(Micros.Of(now), (uint)count)))
            {
                var fires = new List<PreviewedFire>();
                foreach (NativePreviewedFire fire in found)
                {
                    fires.Add(ToFire(fire));
                }
                return fires;
            }
        }

        private static PreviewedFire ToFire(NativePreviewedFire fire)
        {
            long at = fire.changes_at();
            ClockChange change = at == Micros.None ? null : new ClockChange(Micros.ToTime(at),
                TimeSpan.FromSeconds(fire.offset_before()), TimeSpan.FromSeconds(fire.offset_after()));
            return new PreviewedFire(Micros.ToTime(fire.fires_at()), TimeSpan.FromSeconds(fire.offset()),
                (WallTime)fire.wall(), change);
        }

        /// <summary>An English sentence, "every 15 minutes (UTC)"; its wording may change.</summary>
        public string Explain()
        {
            return Ask(own => own.explain());
        }

        /// <summary>The trigger document: what FromJson reads.</summary>
        public string ToJson()
        {
            return Ask(own => own.to_json());
        }

        /// <summary>Doing it twice does nothing.</summary>
        public void Dispose()
        {
            lock (gate)
            {
                trigger?.Dispose();
                trigger = null;
            }
        }

        private T Ask<T>(Func<NativeTrigger, T> question)
        {
            lock (gate)
            {
                return question(trigger ?? throw new ObjectDisposedException(nameof(Trigger)));
            }
        }
    }
}
