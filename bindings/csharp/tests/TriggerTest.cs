using System;
using System.Collections.Generic;
using NUnit.Framework;

namespace Duetime.Tests
{
    [TestFixture]
    public class TriggerTest
    {
        private static readonly DateTimeOffset Noon = new DateTimeOffset(2026, 1, 5, 12, 0, 0, TimeSpan.Zero); // Monday
        private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

        [Test]
        public void ADateFiresOnceAndIsShownInItsZone()
        {
            using (Trigger trigger = Trigger.Date(Noon, "Europe/Berlin"))
            {
                Assert.AreEqual("once, on 2026-01-05 13:00 (Europe/Berlin)", trigger.Explain());
                Assert.AreEqual(Noon, trigger.NextFireTime(null, Noon + Hour));
                Assert.IsNull(trigger.NextFireTime(Noon, Noon));
            }
        }

        [Test]
        public void AnIntervalTakesEveryOption()
        {
            using (Trigger trigger = Trigger.Interval(TimeSpan.FromMinutes(15), Noon, Noon + TimeSpan.FromMinutes(20),
                TimeSpan.FromSeconds(3), "Europe/Berlin"))
            {
                Assert.AreEqual(Noon + TimeSpan.FromMinutes(15), trigger.NextFireTime(null, Noon.AddSeconds(1)));
                Assert.IsNull(trigger.NextFireTime(Noon + TimeSpan.FromMinutes(15), Noon));
                Assert.AreEqual("every 15 minutes, from 2026-01-05 13:00, until 2026-01-05 13:20 (Europe/Berlin), each "
                    + "delayed by up to 3 seconds", trigger.Explain());
            }
        }

        [Test]
        public void CronTakesEveryOption()
        {
            using (Trigger trigger = Trigger.Crontab("@hourly", "Europe/Berlin", DstPolicy.Skip, Noon, Noon + Hour,
                TimeSpan.FromSeconds(2)))
            {
                Json document = Json.Parse(trigger.ToJson());
                Assert.AreEqual("Europe/Berlin", document["timezone"].Text);
                Assert.AreEqual("skip", document["dst"].Text);
                Assert.AreEqual("2026-01-05T12:00:00.000000Z", document["start"].Text);
                Assert.AreEqual("2026-01-05T13:00:00.000000Z", document["end"].Text);
                Assert.AreEqual("2000000", document["jitter_us"].Source);
            }
        }

        [Test]
        public void ACalendarIntervalTakesEveryMember()
        {
            using (Trigger trigger = Trigger.CalendarInterval(1, 2, 3, 4, new TimeSpan(5, 6, 7), "2026-11-23",
                "2036-11-23", "Europe/Berlin", TimeSpan.FromTicks(80)))
            {
                Json document = Json.Parse(trigger.ToJson());
                var expected = new Dictionary<string, string>
                {
                    { "type", "\"calendar_interval\"" }, { "years", "1" }, { "months", "2" }, { "weeks", "3" },
                    { "days", "4" }, { "time", "\"05:06:07\"" }, { "start_date", "\"2026-11-23\"" },
                    { "end_date", "\"2036-11-23\"" }, { "timezone", "\"Europe/Berlin\"" }, { "jitter_us", "8" }
                };
                CollectionAssert.AreEquivalent(expected.Keys, document.Members.Keys);
                foreach (KeyValuePair<string, string> member in expected)
                {
                    Assert.AreEqual(member.Value, document[member.Key].Source, member.Key);
                }
            }
        }

        [Test]
        public void RecurrencesTakeTheZoneForTimesWithout()
        {
            using (Trigger trigger = Trigger.RRule("DTSTART:20260105T130000\nRRULE:FREQ=DAILY;COUNT=1", "Europe/Berlin"))
            {
                Assert.AreEqual(Noon, trigger.NextFireTime(null, Noon.AddYears(-1)));
                Assert.IsNull(trigger.NextFireTime(Noon, Noon));
            }
        }

        [Test]
        public void TriggersAreCombinedAndMayThenBeDisposed()
        {
            Trigger any, all, without, afternoons;
            using (Trigger hourly = Trigger.Crontab("0 * * * *"))
            using (Trigger two = Trigger.Crontab("0 14 * * *"))
            using (Trigger noon = Trigger.Crontab("0 12 * * *"))
            {
                any = Trigger.AnyOf(two, noon);
                all = Trigger.AllOf(hourly, two);
                without = hourly.Except(noon);
                afternoons = hourly.ExceptCalendars("[{\"windows\": [\"00:00/13:30\"]}]");
            }
            using (any)
            using (all)
            using (without)
            using (afternoons)
            {
                Assert.AreEqual(Noon, any.NextFireTime(null, Noon));
                Assert.AreEqual(Noon + Hour + Hour, any.NextFireTime(Noon, Noon));
                Assert.AreEqual(Noon + Hour + Hour, all.NextFireTime(null, Noon));
                Assert.AreEqual(Noon + Hour, without.NextFireTime(null, Noon));
                Assert.AreEqual(Noon + Hour + Hour, afternoons.NextFireTime(null, Noon));
            }
        }

        [Test]
        public void PreviewsMarkChangesOfTheClock()
        {
            var change = new DateTimeOffset(2026, 11, 1, 6, 0, 0, TimeSpan.Zero); // 02:00 EDT becomes 01:00 EST
            using (Trigger trigger = Trigger.Crontab("30 1 1,2 11 *", "America/New_York", DstPolicy.Apscheduler))
            {
                IReadOnlyList<PreviewedFire> fires = trigger.Preview(change.AddHours(-6), 3);
                Assert.AreEqual(3, fires.Count);
                Assert.AreEqual(change.AddMinutes(-30), fires[0].Time);
                Assert.AreEqual(TimeSpan.FromHours(-4), fires[0].Offset);
                Assert.AreEqual(WallTime.FirstOfTwo, fires[0].WallTime);
                Assert.IsNull(fires[0].Change);
                Assert.AreEqual(WallTime.SecondOfTwo, fires[1].WallTime);
                Assert.AreEqual(change, fires[1].Change.At);
                Assert.AreEqual(TimeSpan.FromHours(-4), fires[1].Change.Before);
                Assert.AreEqual(TimeSpan.FromHours(-5), fires[1].Change.After);
                Assert.AreEqual(WallTime.Unique, fires[2].WallTime);
                Assert.AreEqual(0, trigger.Preview(change, 0).Count);
                Assert.Throws<ArgumentOutOfRangeException>(() => trigger.Preview(change, -1));
            }
        }

        [Test]
        public void TheEdgesOfTimeAreExact()
        {
            foreach (var edge in new[] { DateTimeOffset.MinValue, DateTimeOffset.MaxValue, Noon.AddTicks(-10) })
            {
                using (Trigger trigger = Trigger.Date(edge))
                {
                    Assert.AreEqual(edge.AddTicks(-(edge.Ticks % 10)), trigger.NextFireTime(null, Noon));
                }
            }
        }

        [Test]
        public void ErrorsTellTheirKindAndKeepEveryLetter()
        {
            var refused = Assert.Throws<DuetimeException>(() => Trigger.Interval(TimeSpan.Zero));
            Assert.AreEqual(ErrorCode.InvalidArgument, refused.Code);
            refused = Assert.Throws<DuetimeException>(() => Trigger.Crontab("0 9 * * ü🚀"));
            StringAssert.Contains("ü🚀", refused.Message);
            Assert.Throws<ArgumentException>(() => Trigger.FromJson("{\"type\": \"a\"}\0"));
            Assert.Throws<ArgumentNullException>(() => Trigger.Crontab(null));
            Assert.Throws<ArgumentException>(() => Trigger.CalendarInterval(days: 1, timeOfDay: TimeSpan.FromDays(1)));
        }

        [Test]
        public void ADisposedTriggerRefuses()
        {
            Trigger trigger = Trigger.Date(Noon);
            trigger.Dispose();
            trigger.Dispose();
            Assert.Throws<ObjectDisposedException>(() => trigger.Explain());
            Assert.Throws<ObjectDisposedException>(() => trigger.NextFireTime(null, Noon));
            Assert.Throws<ObjectDisposedException>(() => Trigger.AnyOf(trigger));
        }
    }
}
