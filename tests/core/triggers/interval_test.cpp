#include "core/triggers/interval.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/triggers/registry.h"
#include "tests/support/times.h"

namespace duetime {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

IntervalRule every(Duration interval) {
  IntervalRule rule;
  rule.interval = interval;
  return rule;
}

TEST(Interval, FirstFireLiesOnTheGridOfItsStart) {
  IntervalRule rule = every(seconds{10});
  rule.start = at("10:00:03");
  const TriggerPtr trigger = make_interval_trigger(rule);
  const struct {
    const char* now;
    const char* expected;
  } rows[] = {{"09:00:00", "10:00:03"},        {"10:00:03", "10:00:03"}, {"10:00:03.000001", "10:00:13"},
              {"10:00:12.999999", "10:00:13"}, {"10:00:13", "10:00:13"}, {"10:00:14", "10:00:23"}};
  for (const auto& row : rows) {
    EXPECT_EQ(trigger->next_fire_time({}, at(row.now)), at(row.expected)) << row.now;
  }
}

TEST(Interval, WithoutStartTheFirstFireIsOneIntervalAway) {
  EXPECT_EQ(make_interval_trigger(every(seconds{10}))->next_fire_time({}, at("10:00:00.5")),
            at("10:00:10.5"));
}

TEST(Interval, LaterFiresFollowThePreviousOne) {
  IntervalRule rule = every(seconds{10});
  rule.start = at("10:00:03");
  const TriggerPtr trigger = make_interval_trigger(rule);
  EXPECT_EQ(trigger->next_fire_time(at("10:00:05"), at("12:00:00")), at("10:00:15"));
}

TEST(Interval, EndIsInclusive) {
  IntervalRule rule = every(seconds{10});
  rule.end = at("10:00:20");
  const TriggerPtr trigger = make_interval_trigger(rule);
  EXPECT_EQ(trigger->next_fire_time(at("10:00:10"), at("10:00:10")), at("10:00:20"));
  EXPECT_EQ(trigger->next_fire_time(at("10:00:20"), at("10:00:20")), std::nullopt);
  EXPECT_EQ(trigger->next_fire_time(at("10:00:10.000001"), at("10:00:20")), std::nullopt);
}

TEST(Interval, ADayIs24HoursAlsoWhenTheClockChanges) {
  IntervalRule rule = every(hours{24});
  rule.zone = TimeZone::load("America/New_York");
  const Instant before = parse_instant("2026-10-31T09:00:00-04:00", "test");
  EXPECT_EQ(make_interval_trigger(rule)->next_fire_time(before, before),
            parse_instant("2026-11-01T08:00:00-05:00", "test"));
}

TEST(Interval, EndsWithTheYear9999) {
  const TriggerPtr trigger = make_interval_trigger(every(Duration::max()));
  EXPECT_EQ(trigger->next_fire_time({}, at("10:00:00")), std::nullopt);
  EXPECT_EQ(trigger->next_fire_time(at("10:00:00"), at("10:00:00")), std::nullopt);
  IntervalRule rule = every(hours{1});
  rule.start = kEarliestInstant;
  EXPECT_EQ(make_interval_trigger(rule)->next_fire_time({}, kLatestInstant), std::nullopt);
}

TEST(Interval, BacklogKeepsTheLatest) {
  const TriggerPtr trigger = make_interval_trigger(every(seconds{10}));
  const Backlog backlog = trigger->backlog(at("10:00:00"), at("10:01:05"), 2);
  EXPECT_THAT(backlog.fires, ElementsAre(at("10:00:50"), at("10:01:00")));
  EXPECT_EQ(backlog.dropped, 5);
  EXPECT_TRUE(backlog.dropped_is_exact);
  EXPECT_EQ(backlog.next, at("10:01:10"));
}

TEST(Interval, BacklogIsWholeIfThereIsRoom) {
  const TriggerPtr trigger = make_interval_trigger(every(seconds{10}));
  const Backlog backlog = trigger->backlog(at("10:00:00"), at("10:00:10"), 100);
  EXPECT_THAT(backlog.fires, ElementsAre(at("10:00:00"), at("10:00:10")));
  EXPECT_EQ(backlog.dropped, 0);
}

TEST(Interval, BacklogOfAgesIsCountedNotVisited) {
  const TriggerPtr trigger = make_interval_trigger(every(Duration{1}));
  const Backlog backlog = trigger->backlog(kEarliestInstant, kLatestInstant, 1);
  EXPECT_THAT(backlog.fires, ElementsAre(kLatestInstant));
  EXPECT_EQ(backlog.dropped, (kLatestInstant - kEarliestInstant).count());
  EXPECT_EQ(backlog.next, std::nullopt);
}

TEST(Interval, BacklogEndsWithTheRule) {
  IntervalRule rule = every(seconds{10});
  rule.end = at("10:00:25");
  const TriggerPtr trigger = make_interval_trigger(rule);
  const Backlog backlog = trigger->backlog(at("10:00:00"), at("11:00:00"), 2);
  EXPECT_THAT(backlog.fires, ElementsAre(at("10:00:10"), at("10:00:20")));
  EXPECT_EQ(backlog.dropped, 1);
  EXPECT_EQ(backlog.next, std::nullopt);
}

// A next run time set by hand need not obey the rule.
TEST(Interval, BacklogHasItsFirstFireEvenAfterTheEnd) {
  IntervalRule rule = every(seconds{10});
  rule.end = at("10:00:00");
  const Backlog backlog = make_interval_trigger(rule)->backlog(at("10:00:05"), at("11:00:00"), 2);
  EXPECT_THAT(backlog.fires, ElementsAre(at("10:00:05")));
  EXPECT_EQ(backlog.next, std::nullopt);
}

TEST(Interval, DocumentGivesAnEqualTrigger) {
  const Json documents[] = {
      {{"type", "interval"}, {"interval_us", 1}, {"timezone", "UTC"}},
      {{"type", "interval"},
       {"interval_us", 90'000'000},
       {"start", "2026-11-23T09:30:00.000000Z"},
       {"end", "2027-11-23T09:30:00.000001Z"},
       {"jitter_us", 5},
       {"timezone", "Europe/Berlin"}},
  };
  for (const Json& document : documents) EXPECT_EQ(make_trigger(document)->document(), document);
  EXPECT_EQ(make_trigger(documents[1])->jitter(at("10:00:00")), Duration{5});
}

TEST(Interval, RefusalsNameMemberAndValue) {
  const struct {
    const char* document;
    const char* text;
  } rows[] = {
      {R"({"type": "interval"})", "interval_us: missing"},
      {R"({"type": "interval", "interval_us": 0})", "interval: got 0 us, expected at least 1 us"},
      {R"({"type": "interval", "interval_us": -1})", "interval: got -1 us"},
      {R"({"type": "interval", "interval_us": 1.5})", "interval_us: got 1.5, expected an integer"},
      {R"({"type": "interval", "interval_us": "10"})", "interval_us: got \"10\", expected an integer"},
      {R"({"type": "interval", "interval_us": 9223372036854775808})", "interval_us: got 9223372036854775808"},
      {R"({"type": "interval", "interval_us": 1, "start": 5})", "start: got 5, expected a string"},
      {R"({"type": "interval", "interval_us": 1, "end": "soon"})", "interval trigger: end: \"soon\" is not"},
      {R"({"type": "interval", "interval_us": 1, "jitter_us": -2})", "jitter: got -2 us"},
      {R"({"type": "interval", "interval_us": 1, "timezone": null})",
       "timezone: got null, expected a string"},
      {R"({"type": "interval", "interval_us": 1, "seconds": 2})",
       "seconds: got 2, but there is no such member"},
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

TEST(Interval, RefusesInstantsOutsideTheYears) {
  IntervalRule rule = every(seconds{1});
  rule.start = kLatestInstant + Duration{1};
  EXPECT_THROW(make_interval_trigger(rule), Error);
  rule.start.reset();
  rule.end = kEarliestInstant - Duration{1};
  EXPECT_THROW(make_interval_trigger(rule), Error);
}

}  // namespace
}  // namespace duetime
