#include "core/triggers/cron_expression.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/base/error.h"
#include "tests/support/data_file.h"

namespace duetime {
namespace {

CronFieldIndex field_named(const std::string& name) {
  const auto found = std::find(kCronFieldNames.begin(), kCronFieldNames.end(), name);
  return static_cast<CronFieldIndex>(found - kCronFieldNames.begin());
}

std::string refusal_of(CronFieldIndex field, const std::string& text) {
  try {
    parse_cron_field(field, text);
    return "";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
    return error.what();
  }
}

TEST(CronExpression, IsAcceptedAndRefusedAsByApscheduler) {
  for (const Json& row : data_rows("cron_expressions.json", "expressions")) {
    const CronFieldIndex field = field_named(row.at(0));
    ASSERT_LT(field, kCronFieldCount);
    const std::string expected = row.at(2).is_null() ? "" : row.at(2).get<std::string>();
    EXPECT_EQ(refusal_of(field, row.at(1)), expected) << row;
  }
}

TEST(CronExpression, ListsKeepTheirOrder) {
  const auto list = parse_cron_field(kMinute, " 5 , 10-20/2,*/30 ");
  ASSERT_EQ(list.size(), 3u);
  EXPECT_EQ(list[0].first, 5);
  EXPECT_EQ(list[0].last, 5);
  EXPECT_EQ(list[1].first, 10);
  EXPECT_EQ(list[1].last, 20);
  EXPECT_EQ(list[1].step, 2);
  EXPECT_TRUE(list[2].wildcard);
  EXPECT_EQ(list[2].step, 30);
  EXPECT_FALSE(list[1].wildcard);
}

TEST(CronExpression, AnOpenRangeRunsToTheMaximum) {
  const CronExpression e = parse_cron_field(kDay, "5/10").front();
  EXPECT_EQ(e.first, 5);
  EXPECT_EQ(e.last, 31);
  EXPECT_EQ(e.step, 10);
}

TEST(CronExpression, NamesCountFromJanuaryAndMonday) {
  const CronExpression months = parse_cron_field(kMonth, "Feb-APR").front();
  EXPECT_EQ(months.first, 2);
  EXPECT_EQ(months.last, 4);
  const CronExpression days = parse_cron_field(kDayOfWeek, "mon-sun").front();
  EXPECT_EQ(days.first, 0);
  EXPECT_EQ(days.last, 6);
}

TEST(CronExpression, PositionsInTheMonth) {
  const CronExpression third = parse_cron_field(kDay, "3rd fri").front();
  EXPECT_EQ(third.kind, CronExpression::Kind::kNthWeekday);
  EXPECT_EQ(third.nth, 3);
  EXPECT_EQ(third.weekday, 4);
  const CronExpression last = parse_cron_field(kDay, "last SUN").front();
  EXPECT_EQ(last.kind, CronExpression::Kind::kLastWeekday);
  EXPECT_EQ(last.weekday, 6);
  EXPECT_EQ(parse_cron_field(kDay, "last").front().kind, CronExpression::Kind::kLastDay);
}

// As 3.11.3 does: what follows a name is not looked at.
TEST(CronExpression, LeniencyHasItsMeaningToo) {
  const CronExpression days = parse_cron_field(kDayOfWeek, "mon-fri/2").front();
  EXPECT_EQ(days.last, 4);
  EXPECT_EQ(days.step, 1);
  EXPECT_EQ(parse_cron_field(kMonth, "jan-").front().last, 1);
  EXPECT_EQ(parse_cron_field(kDay, "lastly").front().kind, CronExpression::Kind::kLastDay);
}

}  // namespace
}  // namespace duetime
