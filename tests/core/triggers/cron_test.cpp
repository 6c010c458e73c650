#include "core/triggers/cron.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "core/base/error.h"
#include "core/triggers/registry.h"
#include "tests/support/data_file.h"
#include "tests/support/times.h"

namespace duetime {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Instant instant(const std::string& text) { return parse_instant(text, "test"); }

std::string text_of(const std::optional<Instant>& fire) { return fire ? to_string(*fire) : "none"; }

// The tables of APScheduler's answers.
TEST(Cron, FiresAsApscheduler) {
  for (const Json& row : data_rows("cron_fires.json", "rules")) {
    const TriggerPtr trigger =
        make_trigger({{"type", "cron"}, {"fields", row.at("fields")}, {"timezone", row.at("timezone")}});
    std::optional<Instant> previous;
    for (const Json& expected : row.at("fires")) {
      previous = trigger->next_fire_time(previous, previous.value_or(instant(row.at("now"))));
      EXPECT_EQ(text_of(previous), expected.is_null() ? "none" : to_string(instant(expected))) << row;
    }
  }
}

TEST(Cron, CrontabLinesAreReadAsByApscheduler) {
  const CronRule rule = crontab_rule("*/15  9-17 \t1,15 jan mon");
  EXPECT_EQ(rule.fields[kMinute], "*/15");
  EXPECT_EQ(rule.fields[kHour], "9-17");
  EXPECT_EQ(rule.fields[kDay], "1,15");
  EXPECT_EQ(rule.fields[kMonth], "jan");
  EXPECT_EQ(rule.fields[kDayOfWeek], "mon");
  EXPECT_FALSE(rule.fields[kSecond] || rule.fields[kWeek] || rule.fields[kYear]);
}

TEST(Cron, ACrontabLineHasFiveFields) {
  for (const auto& [line, count] :
       {std::pair{"", "0"}, {"* * * *", "4"}, {"* * * * * *", "6"}, {"@daily", "1"}}) {
    try {
      crontab_rule(line);
      ADD_FAILURE() << line << " accepted";
    } catch (const Error& error) {
      EXPECT_EQ(std::string(error.what()),
                std::string("Wrong number of fields; got ") + count + ", expected 5");
    }
  }
}

TriggerPtr hourly(std::optional<Instant> start, std::optional<Instant> end) {
  CronRule rule;
  rule.fields[kMinute] = "0";
  rule.start = start;
  rule.end = end;
  return make_cron_trigger(rule);
}

TEST(Cron, NothingFiresBeforeTheStart) {
  const TriggerPtr trigger = hourly(at("10:00:00"), {});
  EXPECT_EQ(trigger->next_fire_time({}, at("05:00:00")), at("10:00:00"));
  EXPECT_EQ(trigger->next_fire_time({}, at("10:30:00")), at("11:00:00"));
  EXPECT_EQ(hourly(at("10:00:00.000001"), {})->next_fire_time({}, at("05:00:00")), at("11:00:00"));
  // A combined trigger may pass a fire of another one as the previous.
  EXPECT_EQ(trigger->next_fire_time(at("05:00:00"), at("05:00:00")), at("10:00:00"));
}

TEST(Cron, TheEndIsInclusive) {
  const TriggerPtr trigger = hourly({}, at("11:00:00"));
  EXPECT_EQ(trigger->next_fire_time(at("10:00:00"), at("10:00:00")), at("11:00:00"));
  EXPECT_EQ(trigger->next_fire_time(at("11:00:00"), at("11:00:00")), std::nullopt);
  EXPECT_EQ(hourly({}, at("10:59:59.999999"))->next_fire_time({}, at("10:00:01")), std::nullopt);
}

TEST(Cron, TheNextFireFollowsThePreviousOneNotNow) {
  const TriggerPtr trigger = hourly({}, {});
  EXPECT_EQ(trigger->next_fire_time(at("10:00:00"), at("15:30:00")), at("11:00:00"));
  EXPECT_EQ(trigger->next_fire_time(at("10:00:00"), at("09:30:00")), at("11:00:00"));
}

TEST(Cron, FiresEndWithTheYear9999) {
  CronRule rule;
  rule.fields[kSecond] = "*";
  EXPECT_EQ(make_cron_trigger(rule)->next_fire_time({}, kLatestInstant), std::nullopt);
  EXPECT_EQ(make_cron_trigger(rule)->next_fire_time(kLatestInstant - Duration{999'999}, {}), std::nullopt);
  EXPECT_EQ(make_cron_trigger(rule)->next_fire_time({}, kLatestInstant - Duration{999'999}),
            kLatestInstant - Duration{999'999});
  rule.zone = TimeZone::load("America/New_York");  // its 9999-12-31 ends in the year 10000
  EXPECT_EQ(make_cron_trigger(rule)->next_fire_time({}, kLatestInstant), std::nullopt);
  EXPECT_EQ(make_cron_trigger(rule)->next_fire_time({}, kLatestInstant + Duration{1}), std::nullopt);
}

TEST(Cron, FiresBegin1970) {
  CronRule rule;
  rule.fields[kHour] = "12";
  for (const char* zone : {"UTC", "America/New_York", "Asia/Tokyo"}) {
    rule.zone = TimeZone::load(zone);
    const auto first = make_cron_trigger(rule)->next_fire_time({}, kEarliestInstant);
    ASSERT_TRUE(first);
    EXPECT_EQ(rule.zone.to_civil(*first), civil_time({1970, 1, 1, 12})) << zone;
  }
}

// Each of these is answered from at most 400 years of months, not by trying every day.
TEST(Cron, RulesThatNeverFireEndAtOnce) {
  const char* fields[] = {
      R"({"month": "2", "day": "30"})",
      R"({"month": "2,4,6,9,11", "day": "31"})",
      R"({"month": "mar", "week": "53"})",
      R"({"month": "jan", "week": "10-50"})",
      R"({"day": "1st mon", "day_of_week": "tue"})",
      R"({"day": "last", "month": "1", "week": "20"})",
      R"({"day": "29", "month": "2", "year": "2027,2030,2101"})",
      R"({"year": "2000"})",
      R"({"year": "2001-9999/2", "month": "2", "day": "29"})",
  };
  for (const char* text : fields) {
    for (const char* zone : {"UTC", "America/New_York", "Australia/Lord_Howe"}) {
      const Json document = {{"type", "cron"}, {"fields", Json::parse(text)}, {"timezone", zone}};
      const TriggerPtr trigger = make_trigger(document);
      EXPECT_EQ(trigger->next_fire_time({}, instant("2026-03-08T06:00:00Z")), std::nullopt) << document;
    }
  }
}

// 29 February is a Thursday week 9 in some years only; the calendar's 400 years decide.
TEST(Cron, RareRulesAreFound) {
  const struct {
    const char* fields;
    const char* expected;
  } rows[] = {
      {R"({"month": "2", "day": "29", "day_of_week": "sun"})", "2032-02-29T00:00:00.000000Z"},
      {R"({"month": "2", "day": "5th thu"})", "2052-02-29T00:00:00.000000Z"},
      {R"({"month": "1", "day": "3", "week": "53"})", "2027-01-03T00:00:00.000000Z"},
      {R"({"year": "9000", "month": "2", "day": "last"})", "9000-02-28T00:00:00.000000Z"},
  };
  for (const auto& row : rows) {
    const TriggerPtr trigger = make_trigger({{"type", "cron"}, {"fields", Json::parse(row.fields)}});
    EXPECT_EQ(text_of(trigger->next_fire_time({}, instant("2026-03-01T00:00:00Z"))), row.expected)
        << row.fields;
  }
}

TEST(Cron, WeeksAreThoseOfTheCalendar) {
  CronRule rule;
  rule.fields[kWeek] = "1,5,9,18,31,40,44,52,53";
  rule.fields[kDayOfWeek] = "*";
  const std::set<int> weeks = {1, 5, 9, 18, 31, 40, 44, 52, 53};
  const TriggerPtr trigger = make_cron_trigger(rule);
  auto fire = trigger->next_fire_time({}, instant("2000-01-01T00:00:00Z"));
  for (CivilDay day{date::year{2000} / 1 / 1}; day < CivilDay{date::year{2400} / 1 / 1};
       day += date::days{1}) {
    if (!weeks.contains(iso_week_of(day))) continue;
    ASSERT_EQ(fire, Instant{CivilTime{day}.time_since_epoch()}) << day;
    fire = trigger->next_fire_time(fire, *fire);
  }
}

TEST(Cron, JitterIsToldNotApplied) {
  CronRule rule = crontab_rule("0 * * * *");
  rule.jitter = Duration{5};
  const TriggerPtr trigger = make_cron_trigger(rule);
  EXPECT_EQ(trigger->jitter(at("10:00:00")), Duration{5});
  EXPECT_EQ(trigger->next_fire_time({}, at("10:00:01")), at("11:00:00"));
}

TEST(CronBacklog, OfAFewIsCounted) {
  const Backlog backlog = hourly({}, {})->backlog(at("10:00:00"), at("15:30:00"), 2);
  EXPECT_THAT(backlog.fires, ElementsAre(at("14:00:00"), at("15:00:00")));
  EXPECT_EQ(backlog.dropped, 4);
  EXPECT_TRUE(backlog.dropped_is_exact);
  EXPECT_EQ(backlog.next, at("16:00:00"));
}

TEST(CronBacklog, IsWholeIfThereIsRoom) {
  const Backlog backlog = hourly({}, {})->backlog(at("00:00:00"), at("23:30:00"), SIZE_MAX);
  EXPECT_EQ(backlog.fires.size(), 24u);
  EXPECT_EQ(backlog.dropped, 0);
}

TEST(CronBacklog, OfManyHasTheLatest) {
  CronRule rule;
  rule.fields[kSecond] = "*";
  const TriggerPtr trigger = make_cron_trigger(rule);
  const Backlog backlog =
      trigger->backlog(instant("2025-01-01T00:00:00Z"), instant("2026-01-01T00:00:00.7Z"), 3);
  EXPECT_THAT(backlog.fires, ElementsAre(instant("2025-12-31T23:59:58Z"), instant("2025-12-31T23:59:59Z"),
                                         instant("2026-01-01T00:00:00Z")));
  EXPECT_GT(backlog.dropped, 0);
  EXPECT_FALSE(backlog.dropped_is_exact);
  EXPECT_EQ(backlog.next, instant("2026-01-01T00:00:01Z"));
}

// Every second, in January only: nothing near the end, and millions of fires before it.
TEST(CronBacklog, FindsTheLatestBehindALongPause) {
  CronRule rule;
  rule.fields[kMonth] = "1";
  rule.fields[kDay] = rule.fields[kHour] = rule.fields[kMinute] = rule.fields[kSecond] = "*";
  const TriggerPtr trigger = make_cron_trigger(rule);
  const Backlog backlog =
      trigger->backlog(instant("2025-01-01T00:00:00Z"), instant("2025-12-01T00:00:00Z"), 2);
  EXPECT_THAT(backlog.fires, ElementsAre(instant("2025-01-31T23:59:58Z"), instant("2025-01-31T23:59:59Z")));
  EXPECT_EQ(backlog.next, instant("2026-01-01T00:00:00Z"));
}

TEST(CronBacklog, EndsWithTheRule) {
  CronRule rule;
  rule.fields[kSecond] = "*";
  rule.end = at("12:00:00");
  const Backlog backlog = make_cron_trigger(rule)->backlog(at("10:00:00"), at("23:00:00"), 1);
  EXPECT_THAT(backlog.fires, ElementsAre(at("12:00:00")));
  EXPECT_EQ(backlog.next, std::nullopt);
}

TEST(CronBacklog, HasItsFirstFireEvenIfSetByHand) {
  const Backlog backlog = hourly({}, {})->backlog(at("10:20:00"), at("11:30:00"), 5);
  EXPECT_THAT(backlog.fires, ElementsAre(at("10:20:00"), at("11:00:00")));
}

// The search backwards against stepping forwards, over both changes of the clock.
TEST(CronBacklog, IsTheTailOfAllFires) {
  for (const char* line : {"*/7 * * * *", "30 1 * * *", "*/20 2 * * *", "0 0 * * sun"}) {
    CronRule rule = crontab_rule(line);
    rule.zone = TimeZone::load("America/New_York");
    const TriggerPtr trigger = make_cron_trigger(rule);
    const Instant until = instant("2026-11-01T06:40:00Z");
    const Instant first = *trigger->next_fire_time({}, instant("2016-03-01T00:00:00Z"));
    std::vector<Instant> all;
    for (auto fire = trigger->next_fire_time({}, first); fire && *fire <= until;) {
      all.push_back(*fire);
      fire = trigger->next_fire_time(fire, until);
    }
    const Backlog backlog = trigger->backlog(first, until, 20);
    EXPECT_EQ(backlog.fires, std::vector<Instant>(all.end() - 20, all.end())) << line;
    EXPECT_LE(backlog.dropped, static_cast<int64_t>(all.size()) - 20);
  }
}

TEST(CronDocument, GivesAnEqualTrigger) {
  const Json documents[] = {
      {{"type", "cron"}, {"fields", Json::object()}, {"timezone", "UTC"}, {"dst", "apscheduler"}},
      {{"type", "cron"},
       {"fields", {{"hour", "2"}, {"minute", "*/5"}, {"day", "last fri"}, {"week", "*"}}},
       {"timezone", "Europe/Berlin"},
       {"dst", "vixie"},
       {"start", "2026-11-23T09:30:00.000000Z"},
       {"end", "2027-11-23T09:30:00.000001Z"},
       {"jitter_us", 5}},
      {{"type", "cron"}, {"fields", {{"second", "*/10"}}}, {"timezone", "+05:30"}, {"dst", "skip"}},
  };
  for (const Json& document : documents) EXPECT_EQ(make_trigger(document)->document(), document);
}

TEST(CronDocument, TakesDefaults) {
  const Json written = make_trigger({{"type", "cron"}, {"dialect", "apscheduler"}})->document();
  EXPECT_EQ(written.at("timezone"), "UTC");
  EXPECT_EQ(written.at("dst"), "apscheduler");
  EXPECT_FALSE(written.contains("jitter_us") || written.contains("start") || written.contains("end"));
}

TEST(CronDocument, RefusalsNameMemberAndValue) {
  const struct {
    const char* document;
    const char* text;
  } rows[] = {
      {R"({"type": "cron", "fields": []})", "cron trigger: fields: got [], expected an object"},
      {R"({"type": "cron", "fields": {"hours": "1"}})", "cron trigger: fields: there is no field \"hours\""},
      {R"({"type": "cron", "fields": {"hour": 1}})", "cron trigger: fields.hour: got 1, expected a string"},
      {R"({"type": "cron", "fields": {"hour": "25"}})",
       "the last value (25) is higher than the maximum value (23)"},
      {R"({"type": "cron", "hour": "1"})", "cron trigger: hour: got \"1\", but there is no such member"},
      {R"({"type": "cron", "dst": "both"})", "cron trigger: dst: got \"both\", expected \"apscheduler\""},
      {R"({"type": "cron", "dialect": "cobol"})", "cron trigger: dialect: got \"cobol\""},
      {R"({"type": "cron", "jitter_us": -1})", "jitter: got -1 us"},
      {R"({"type": "cron", "timezone": 1})", "cron trigger: timezone: got 1, expected a string"},
      {R"({"type": "cron", "timezone": "../UTC"})", "\"../UTC\" is not the name of a time zone"},
  };
  for (const auto& row : rows) {
    try {
      make_trigger(Json::parse(row.document));
      ADD_FAILURE() << row.document << " accepted";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
      EXPECT_THAT(error.what(), HasSubstr(row.text));
    }
  }
}

}  // namespace
}  // namespace duetime
