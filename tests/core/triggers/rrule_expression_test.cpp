#include "core/triggers/rrule_expression.h"

#include <gtest/gtest.h>

#include <functional>

#include "core/base/error.h"
#include "core/triggers/registry.h"
#include "core/triggers/rrule.h"
#include "tests/support/data_file.h"

namespace duetime {
namespace {

TEST(RRuleExpression, ReadsEveryPart) {
  const RRuleExpression rule = parse_rrule(
      "BYSETPOS=2,-1;FREQ=YEARLY;INTERVAL=2;COUNT=7;WKST=SU;BYMONTH=12,1;BYWEEKNO=-1,20;BYYEARDAY=+366;"
      "BYMONTHDAY=-31,31;BYDAY=MO,SU;BYHOUR=23,0;BYMINUTE=59,0,0;BYSECOND=60,59,1");
  EXPECT_EQ(rule.frequency, Frequency::kYearly);
  EXPECT_EQ(rule.interval, 2);
  EXPECT_EQ(rule.count, 7);
  EXPECT_EQ(rule.week_start, 6);
  EXPECT_EQ(rule.months, (std::vector{1, 12}));
  EXPECT_EQ(rule.weeks, (std::vector{-1, 20}));
  EXPECT_EQ(rule.year_days, (std::vector{366}));
  EXPECT_EQ(rule.month_days, (std::vector{-31, 31}));
  EXPECT_EQ(rule.weekdays, (std::vector<RRuleWeekday>{{0, 0}, {0, 6}}));
  EXPECT_EQ(rule.hours, (std::vector{0, 23}));
  EXPECT_EQ(rule.minutes, (std::vector{0, 59}));
  EXPECT_EQ(rule.seconds, (std::vector{1, 59}));
  EXPECT_EQ(rule.positions, (std::vector{-1, 2}));
}

TEST(RRuleExpression, ReadsNumberedWeekdays) {
  EXPECT_EQ(parse_rrule("FREQ=MONTHLY;BYDAY=+1MO,-53su,we").weekdays,
            (std::vector<RRuleWeekday>{{-53, 6}, {0, 2}, {1, 0}}));
}

std::string message_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
    return error.what();
  }
  return "accepted";
}

TEST(RRuleExpression, RefusesWithPartPlaceAndExpectation) {
  for (const Json& row : data_rows("rrule_errors.json", "rules")) {
    const std::string rule = row.at("rrule");
    EXPECT_EQ(message_of([&] { parse_rrule(rule); }), row.at("error")) << rule;
  }
}

TEST(RRuleDocument, RefusesByMember) {
  for (const Json& row : data_rows("rrule_errors.json", "documents")) {
    EXPECT_EQ(message_of([&] { make_trigger(row.at("document")); }), row.at("error"));
  }
}

TEST(RRuleText, RefusesByPropertyAndPlace) {
  for (const Json& row : data_rows("rrule_errors.json", "texts")) {
    const std::string text = row.at("text");
    EXPECT_EQ(message_of([&] { parse_recurrence(text, TimeZone()); }), row.at("error")) << text;
  }
}

}  // namespace
}  // namespace duetime
