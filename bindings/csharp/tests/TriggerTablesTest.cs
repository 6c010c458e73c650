using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using NUnit.Framework;

namespace Duetime.Tests
{
    /// <summary>The tables of tests/data, which the tests of every language read.</summary>
    [TestFixture]
    public class TriggerTablesTest
    {
        private static readonly DateTimeOffset Earliest = new DateTimeOffset(1, 1, 1, 0, 0, 0, TimeSpan.Zero);

        private static DateTimeOffset Time(Json text)
        {
            return DateTimeOffset.Parse(text.Text, CultureInfo.InvariantCulture);
        }

        private static DateTimeOffset? OptionalTime(Json row, string member)
        {
            return row.Members.ContainsKey(member) ? Time(row[member]) : (DateTimeOffset?)null;
        }

        private static void AssertFires(Json fires, Trigger trigger, DateTimeOffset now)
        {
            DateTimeOffset? previous = null;
            foreach (Json expected in fires.Items)
            {
                DateTimeOffset? fire = trigger.NextFireTime(previous, previous ?? now);
                Assert.AreEqual(expected.IsNull ? (DateTimeOffset?)null : Time(expected), fire, trigger.ToJson());
                previous = fire;
            }
        }

        [TestCase("trigger_fires.json")]
        [TestCase("crontab_fires.json")]
        [TestCase("quartz_fires.json")]
        public void DocumentsFire(string file)
        {
            foreach (Json row in Json.Rows(file))
            {
                using (Trigger trigger = Trigger.FromJson(row["document"].Source))
                using (Trigger again = Trigger.FromJson(trigger.ToJson()))
                {
                    AssertFires(row["fires"], trigger, Time(row["now"]));
                    AssertFires(row["fires"], again, Time(row["now"]));
                }
            }
        }

        [TestCase("crontab")]
        [TestCase("quartz")]
        public void DialectsFireAsTheirDocuments(string dialect)
        {
            foreach (Json row in Json.Rows(dialect + "_fires.json"))
            {
                using (Trigger trigger = OfDialect(dialect, row["document"]))
                {
                    AssertFires(row["fires"], trigger, Time(row["now"]));
                }
            }
        }

        private static Trigger OfDialect(string dialect, Json document)
        {
            string line = document["expression"].Text;
            string zone = document["timezone"].Text;
            DstPolicy dst = document.Members.ContainsKey("dst") ? Policy(document["dst"].Text) : DstPolicy.Vixie;
            DateTimeOffset? start = OptionalTime(document, "start");
            DateTimeOffset? end = OptionalTime(document, "end");
            return dialect == "quartz"
                ? Trigger.Quartz(line, zone, dst, start, end)
                : Trigger.Crontab(line, zone, dst, start, end);
        }

        private static DstPolicy Policy(string name)
        {
            return (DstPolicy)Enum.Parse(typeof(DstPolicy), name, true);
        }

        private static Trigger OfFields(Json row, DstPolicy dst)
        {
            Json fields = row["fields"];
            Func<string, string> field = name => fields.Members.ContainsKey(name) ? fields[name].Text : null;
            return Trigger.Cron(field("year"), field("month"), field("day"), field("week"), field("day_of_week"),
                field("hour"), field("minute"), field("second"), row["timezone"].Text, dst);
        }

        [Test]
        public void CronFieldsFire()
        {
            foreach (Json row in Json.Rows("cron_fires.json"))
            {
                using (Trigger trigger = OfFields(row, DstPolicy.Vixie))
                {
                    AssertFires(row["fires"], trigger, Time(row["now"]));
                }
            }
        }

        [Test]
        public void CronFieldsFireAsThePolicySays()
        {
            foreach (Json row in Json.Rows("cron_dst_fires.json"))
            {
                foreach (KeyValuePair<string, Json> policy in row["fires"].Members)
                {
                    using (Trigger trigger = OfFields(row, Policy(policy.Key)))
                    {
                        AssertFires(policy.Value, trigger, Time(row["now"]));
                    }
                }
            }
        }

        [TestCase("examples of RFC 5545, 3.8.5.3")]
        [TestCase("clock changes")]
        [TestCase("edges")]
        [TestCase("dates")]
        public void RecurrencesFire(string table)
        {
            string[] others = { "what", "fires", "total", "last" };
            foreach (Json row in Json.Rows("rrule_fires.json", table))
            {
                IEnumerable<string> members = row.Members.Where(member => !others.Contains(member.Key))
                    .Select(member => ", \"" + member.Key + "\": " + member.Value.Source);
                using (Trigger trigger = Trigger.FromJson("{\"type\": \"rrule\"" + string.Concat(members) + "}"))
                {
                    AssertFires(row["fires"], trigger, Earliest);
                }
            }
        }

        [Test]
        public void DocumentsAreRefused()
        {
            foreach (Json row in Json.Rows("trigger_errors.json", "documents"))
            {
                AssertRefused(row.Items[1].Text, () => Trigger.FromJson(row.Items[0].Source));
            }
        }

        [TestCase("crontab")]
        [TestCase("quartz")]
        public void LinesAreRefused(string dialect)
        {
            foreach (Json row in Json.Rows(dialect + "_errors.json", "errors"))
            {
                string line = row.Items[0].Text;
                if (line.Length > 0) // refused before it is read
                {
                    AssertRefused(row.Items[1].Text,
                        () => (dialect == "quartz" ? Trigger.Quartz(line) : Trigger.Crontab(line)).Dispose());
                }
            }
        }

        private static void AssertRefused(string message, TestDelegate call)
        {
            Assert.AreEqual(message, Assert.Throws<DuetimeException>(call).Message);
        }

        [TestCase("trigger_explanations.json")]
        [TestCase("cron_explanations.json")]
        public void ExplainsItself(string file)
        {
            foreach (Json row in Json.Rows(file))
            {
                using (Trigger trigger = Trigger.FromJson(row.Items[0].Source))
                {
                    Assert.AreEqual(row.Items[1].Text, trigger.Explain());
                }
            }
        }
    }
}
