#include "core/time/instant.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/time/civil.h"

namespace duetime {
namespace {

using testing::HasSubstr;

Instant read(const std::string& text) { return parse_instant(text, "test"); }

TEST(Instant, ReadsRfc3339) {
  const struct {
    const char* text;
    int64_t micros;
  } rows[] = {
      {"1970-01-01T00:00:00Z", 0},
      {"1970-01-01T00:00:00.5Z", 500'000},
      {"1969-12-31T23:59:59.999999Z", -1},
      {"2026-11-23T09:30:00.000000Z", 1'795'426'200'000'000},
      {"2026-11-23T04:30:00-05:00", 1'795'426'200'000'000},
      {"2026-11-23 15:00:00+05:30", 1'795'426'200'000'000},
      {"2026-11-23t09:30:00.000001z", 1'795'426'200'000'001},
      {"2038-01-19T03:14:08Z", 2'147'483'648'000'000},
      {"0001-01-01T00:00:00Z", -62'135'596'800'000'000},
      {"9999-12-31T23:59:59.999999Z", 253'402'300'799'999'999},
      {"2024-02-29T23:59:59Z", 1'709'251'199'000'000},
  };
  for (const auto& row : rows) EXPECT_EQ(to_micros(read(row.text)), row.micros) << row.text;
}

TEST(Instant, RefusesEverythingElse) {
  for (const char* text : {"",
                           "now",
                           "2026-11-23",
                           "2026-11-23T09:30Z",
                           "2026-11-23T09:30:00",
                           "2026-11-23T09:30:00.Z",
                           "2026-11-23T09:30:00.1234567Z",
                           "2026-11-23T09:30:60Z",
                           "2026-11-23T24:00:00Z",
                           "2026-11-23T09:60:00Z",
                           "2026-13-01T00:00:00Z",
                           "2026-00-01T00:00:00Z",
                           "2026-02-29T00:00:00Z",
                           "2026-04-31T00:00:00Z",
                           "0000-01-01T00:00:00Z",
                           "0001-01-01T00:00:00+00:01",
                           "9999-12-31T23:59:59-00:01",
                           "2026-11-23T09:30:00+24:00",
                           "2026-11-23T09:30:00+05:60",
                           "2026-11-23T09:30:00+0530",
                           "2026-11-23T09:30:00Z ",
                           "+2026-11-23T09:30:00Z",
                           "2026-1-23T09:30:00Z"}) {
    EXPECT_THROW(read(text), Error) << text;
  }
}

TEST(Instant, RefusalNamesTheValueAndItsPlace) {
  try {
    parse_instant("tomorrow", "job document: start");
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
    EXPECT_THAT(error.what(), HasSubstr("job document: start: \"tomorrow\" is not an instant"));
  }
}

TEST(Instant, WritesWhatItReads) {
  for (const char* text : {"0001-01-01T00:00:00.000000Z", "1969-12-31T23:59:59.999999Z",
                           "2026-11-23T09:30:00.000001Z", "9999-12-31T23:59:59.999999Z"}) {
    EXPECT_EQ(to_string(read(text)), text);
  }
}

TEST(Instant, AdditionEndsWithTheYear9999) {
  EXPECT_EQ(checked_add(from_micros(1), Duration{2}), from_micros(3));
  EXPECT_EQ(checked_add(kLatestInstant, Duration{0}), kLatestInstant);
  EXPECT_EQ(checked_add(kLatestInstant, Duration{1}), std::nullopt);
  EXPECT_EQ(checked_add(kLatestInstant, Duration::max()), std::nullopt);
  EXPECT_EQ(checked_add(kEarliestInstant, Duration{-1}), std::nullopt);
}

TEST(Civil, FieldsAndBack) {
  const CivilFields fields{2026, 11, 23, 9, 30, 1, 42};
  const CivilFields again = fields_of(civil_time(fields));
  EXPECT_EQ(again.year, 2026);
  EXPECT_EQ(again.month, 11);
  EXPECT_EQ(again.day, 23);
  EXPECT_EQ(again.hour, 9);
  EXPECT_EQ(again.minute, 30);
  EXPECT_EQ(again.second, 1);
  EXPECT_EQ(again.microsecond, 42);
  EXPECT_EQ(fields_of(CivilTime{Duration{-1}}).microsecond, 999'999);
}

TEST(Civil, KnowsItsCalendar) {
  EXPECT_EQ(days_in_month(2024, 2), 29);
  EXPECT_EQ(days_in_month(2100, 2), 28);
  EXPECT_EQ(days_in_month(2000, 2), 29);
  EXPECT_EQ(days_in_month(2026, 12), 31);
  const auto day = [](int y, int m, int d) { return CivilDay{date::year{y} / m / d}; };
  EXPECT_EQ(weekday_of(day(1970, 1, 1)), 3);
  EXPECT_EQ(weekday_of(day(2026, 11, 23)), 0);
  EXPECT_EQ(weekday_of(day(1969, 12, 28)), 6);
  const struct {
    CivilDay day;
    int week;
  } weeks[] = {{day(2026, 1, 1), 1},    {day(2027, 1, 1), 53}, {day(2027, 1, 4), 1},   {day(2024, 12, 30), 1},
               {day(2020, 12, 31), 53}, {day(2023, 1, 1), 52}, {day(2026, 12, 28), 53}};
  for (const auto& row : weeks) EXPECT_EQ(iso_week_of(row.day), row.week) << row.day;
}

}  // namespace
}  // namespace duetime
