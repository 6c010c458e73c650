#include "core/triggers/rrule.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/base/error.h"
#include "core/triggers/registry.h"
#include "tests/support/data_file.h"

namespace duetime {
namespace {

using std::chrono::hours;

Instant instant(const std::string& text) { return parse_instant(text, "test"); }

std::string text_of(const std::optional<Instant>& fire) { return fire ? to_string(*fire) : "none"; }

TriggerPtr rrule(const std::string& rule, const std::string& dtstart, const std::string& zone = "UTC") {
  return make_trigger({{"type", "rrule"}, {"rrule", rule}, {"dtstart", dtstart}, {"timezone", zone}});
}

class RRuleTable : public testing::TestWithParam<const char*> {
 protected:
  static TriggerPtr trigger_of(Json row) {
    for (const char* other : {"what", "fires", "total", "last"}) row.erase(other);
    row["type"] = "rrule";
    return make_trigger(row);
  }
};

TEST_P(RRuleTable, FiresAsListed) {
  for (const Json& row : data_rows("rrule_fires.json", GetParam())) {
    const TriggerPtr trigger = trigger_of(row);
    std::optional<Instant> previous;
    for (const Json& expected : row.at("fires")) {
      previous = trigger->next_fire_time(previous, previous.value_or(kEarliestInstant));
      EXPECT_EQ(text_of(previous), expected.is_null() ? "none" : to_string(instant(expected))) << row;
    }
  }
}

TEST_P(RRuleTable, EndsAsListed) {
  for (const Json& row : data_rows("rrule_fires.json", GetParam())) {
    if (!row.contains("total")) continue;
    const TriggerPtr trigger = trigger_of(row);
    int total = 0;
    std::optional<Instant> last;
    for (auto fire = trigger->next_fire_time({}, kEarliestInstant); fire; ++total) {
      last = fire;
      fire = trigger->next_fire_time(fire, *fire);
    }
    EXPECT_EQ(total, row.at("total")) << row;
    EXPECT_EQ(last, instant(row.at("last"))) << row;
  }
}

// What piled up is the same, whether counted one by one or looked for from the end.
TEST_P(RRuleTable, BacklogIsWhatFired) {
  for (const Json& row : data_rows("rrule_fires.json", GetParam())) {
    const TriggerPtr trigger = trigger_of(row);
    std::vector<Instant> fires;
    auto fire = trigger->next_fire_time({}, kEarliestInstant);
    for (; fire && fires.size() < 300; fire = trigger->next_fire_time(fire, *fire)) fires.push_back(*fire);
    if (fires.empty()) continue;
    const Backlog backlog = trigger->backlog(fires.front(), fires.back(), 2);
    const auto kept = static_cast<std::ptrdiff_t>(std::min<std::size_t>(2, fires.size()));
    EXPECT_EQ(backlog.fires, std::vector<Instant>(fires.end() - kept, fires.end())) << row;
    EXPECT_EQ(backlog.next, fire) << row;
    EXPECT_EQ(backlog.dropped_is_exact, fires.size() <= 258) << row;
  }
}

TEST_P(RRuleTable, DocumentsMakeEqualTriggers) {
  for (const Json& row : data_rows("rrule_fires.json", GetParam())) {
    const TriggerPtr trigger = trigger_of(row);
    const TriggerPtr again = make_trigger(trigger->document());
    EXPECT_EQ(again->document(), trigger->document());
    EXPECT_EQ(again->next_fire_time({}, kEarliestInstant), trigger->next_fire_time({}, kEarliestInstant));
  }
}

INSTANTIATE_TEST_SUITE_P(Tables, RRuleTable,
                         testing::Values("examples of RFC 5545, 3.8.5.3", "clock changes", "edges", "dates"));

// Far from DTSTART the answer comes from the period asked for, not from a walk: the fires of a random moment
// are those of the walk.
TEST(RRule, AnyMomentGivesTheFireAfterIt) {
  for (const char* rule :
       {"FREQ=YEARLY;INTERVAL=3;BYDAY=-2SU;BYSETPOS=1", "FREQ=MONTHLY;INTERVAL=5;BYDAY=MO,TU,3FR",
        "FREQ=WEEKLY;INTERVAL=3;BYDAY=MO,SA;WKST=SU",
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SA;BYHOUR=1,5;BYSETPOS=2,-1", "FREQ=DAILY;INTERVAL=11",
        "FREQ=HOURLY;INTERVAL=7;BYDAY=MO,TU", "FREQ=MINUTELY;INTERVAL=1441;BYMONTHDAY=-1,5",
        "FREQ=DAILY;BYHOUR=3,4,5;BYMINUTE=0,30;BYSETPOS=-1,2;COUNT=1000"}) {
    const TriggerPtr trigger = rrule(rule, "1997-09-02T09:10:11", "America/New_York");
    auto fire = trigger->next_fire_time({}, kEarliestInstant);
    ASSERT_TRUE(fire) << rule;
    for (int i = 0; i < 300; ++i) {
      const auto next = trigger->next_fire_time(fire, *fire);
      if (!next) break;
      const Instant between = *fire + (*next - *fire) / 2;
      EXPECT_EQ(trigger->next_fire_time({}, between), next) << rule;
      EXPECT_EQ(trigger->next_fire_time({}, *next), next) << rule;
      fire = next;
    }
  }
}

// Each is proved when the trigger is made.
TEST(RRule, RulesThatNeverFireEndAtOnce) {
  for (const char* rule : {"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
                           "FREQ=YEARLY;INTERVAL=4;BYMONTH=2;BYMONTHDAY=29",
                           "FREQ=MONTHLY;INTERVAL=12;BYMONTH=2",
                           "FREQ=MONTHLY;BYDAY=6MO",
                           "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=6",
                           "FREQ=WEEKLY;BYDAY=MO;BYSETPOS=2",
                           "FREQ=DAILY;INTERVAL=7;BYDAY=MO",
                           "FREQ=HOURLY;INTERVAL=168;BYDAY=MO",
                           "FREQ=HOURLY;INTERVAL=2;BYHOUR=1,3",
                           "FREQ=HOURLY;INTERVAL=14;BYHOUR=9",
                           "FREQ=MINUTELY;INTERVAL=90;BYMINUTE=1",
                           "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30",
                           "FREQ=SECONDLY;INTERVAL=604800;BYDAY=MO",
                           "FREQ=SECONDLY;INTERVAL=86401;BYHOUR=9;BYMINUTE=0;BYSECOND=0;BYDAY=MO",
                           "FREQ=SECONDLY;INTERVAL=2147483647;BYMONTH=2;BYMONTHDAY=30",
                           "FREQ=SECONDLY;BYMINUTE=5;BYSETPOS=2",
                           "FREQ=MINUTELY;BYSECOND=5,6;BYSETPOS=3",
                           "FREQ=HOURLY;BYMINUTE=5,6;BYSETPOS=-3",
                           "FREQ=DAILY;UNTIL=20001231",
                           "FREQ=YEARLY;BYWEEKNO=53;BYMONTH=6",
                           "FREQ=YEARLY;BYYEARDAY=366;BYMONTHDAY=30"}) {
    const TriggerPtr trigger = rrule(rule, "2026-11-24T10:00:00", "America/New_York");
    EXPECT_EQ(trigger->next_fire_time({}, instant("2026-11-01T00:00:00Z")), std::nullopt) << rule;
    EXPECT_EQ(trigger->next_fire_time({}, instant("2030-03-10T06:59:00Z")), std::nullopt) << rule;
  }
}

TEST(RRule, LargestCountIsFound) {
  const TriggerPtr trigger = rrule("FREQ=MINUTELY;COUNT=1000000", "2026-01-01T00:00:00");
  const Instant last = instant("2026-01-01T00:00:00Z") + std::chrono::minutes{999'999};
  EXPECT_EQ(trigger->next_fire_time({}, last), last);
  EXPECT_EQ(trigger->next_fire_time(last, last), std::nullopt);
}

// A year of seconds costs a few steps.
TEST(RRule, BacklogCostsWhatIsKept) {
  const TriggerPtr trigger = rrule("FREQ=SECONDLY", "2026-01-01T00:00:00");
  const Backlog backlog =
      trigger->backlog(instant("2026-01-01T00:00:00Z"), instant("2027-01-01T00:00:00.5Z"), 2);
  EXPECT_EQ(backlog.fires, (std::vector{instant("2026-12-31T23:59:59Z"), instant("2027-01-01T00:00:00Z")}));
  EXPECT_FALSE(backlog.dropped_is_exact);
  EXPECT_EQ(backlog.next, instant("2027-01-01T00:00:01Z"));
}

TEST(RRule, ManyExclusionsAreOneStep) {
  Json document = rrule("FREQ=MINUTELY", "2026-01-01T00:00:00")->document();
  for (int day = 1; day <= 28; ++day) {
    document["exdates"].push_back("2026-02-" + std::string(day < 10 ? "0" : "") + std::to_string(day));
  }
  EXPECT_EQ(make_trigger(document)->next_fire_time({}, instant("2026-02-01T00:00:00Z")),
            instant("2026-03-01T00:00:00Z"));
}

TEST(RRule, TellsZoneTypeAndJitter) {
  Json document = rrule("FREQ=DAILY", "2026-11-23T09:00:00", "Europe/Berlin")->document();
  document["jitter_us"] = 5;
  const TriggerPtr trigger = make_trigger(document);
  EXPECT_EQ(trigger->document(), document);
  EXPECT_EQ(trigger->zone().name(), "Europe/Berlin");
  EXPECT_EQ(trigger->type(), "rrule");
  EXPECT_EQ(trigger->jitter(Instant{}), Duration{5});
}

TEST(RRule, ExplainsItself) {
  const struct {
    const char* rule;
    const char* sentence;
  } rows[] = {
      {"FREQ=MONTHLY;BYDAY=-1FR;COUNT=10",
       "every month on the last Friday at 09:00, 10 times, from 2026-11-23 (Europe/Berlin)"},
      {"FREQ=WEEKLY", "every week on Monday at 09:00, from 2026-11-23 (Europe/Berlin)"},
      {"FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR;BYHOUR=9,17",
       "every 2 weeks on Monday and Friday at 09:00 and 17:00, from 2026-11-23 (Europe/Berlin)"},
      {"FREQ=YEARLY;UNTIL=20301224T080000Z",
       "every year in November on the 23rd at 09:00, from 2026-11-23, until 2030-12-24 09:00 "
       "(Europe/Berlin)"},
      {"FREQ=MONTHLY;BYMONTHDAY=13;BYDAY=FR",
       "every month on the 13th if it is Friday at 09:00, from 2026-11-23 (Europe/Berlin)"},
      {"FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2",
       "every month on Monday, Tuesday, Wednesday, Thursday and Friday at 09:00, of these the 2nd to last of "
       "the month, from 2026-11-23 (Europe/Berlin)"},
      {"FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO",
       "every year in the 20th week of the year on Monday at 09:00, from 2026-11-23 (Europe/Berlin)"},
      {"FREQ=YEARLY;BYYEARDAY=1,100,-1;COUNT=1",
       "every year on the last, 1st and 100th day of the year at 09:00, once, from 2026-11-23 "
       "(Europe/Berlin)"},
      {"FREQ=HOURLY;INTERVAL=3;UNTIL=20261201",
       "every 3 hours at minute 0, from 2026-11-23 09:00, until 2026-12-01 23:59:59 (Europe/Berlin)"},
      {"FREQ=MINUTELY;INTERVAL=15;BYHOUR=9,10",
       "every 15 minutes in hours 9 and 10, from 2026-11-23 09:00 (Europe/Berlin)"},
      {"FREQ=SECONDLY;BYSECOND=0,30",
       "every second at seconds 0 and 30, from 2026-11-23 09:00 (Europe/Berlin)"},
  };
  for (const auto& row : rows)
    EXPECT_EQ(rrule(row.rule, "2026-11-23T09:00:00", "Europe/Berlin")->explain(), row.sentence);
}

TEST(RRule, ExplainsExceptions) {
  Json document = rrule("FREQ=DAILY", "2026-11-23T09:00:00")->document();
  document["exdates"] = {"2026-12-25"};
  document["rdates"] = {"2026-12-25T11:00:00", "2026-12-26T11:00:00"};
  document["end"] = "2027-01-01T00:00:00Z";
  EXPECT_EQ(make_trigger(document)->explain(),
            "every day at 09:00, from 2026-11-23, without 1 listed date, with 2 listed dates, until "
            "2027-01-01 (UTC)");
}

}  // namespace
}  // namespace duetime
