#include "core/time/posix_rule.h"

#include <gtest/gtest.h>

#include "core/time/civil.h"

namespace duetime {
namespace {

int64_t seconds(int year, int month, int day, int hour = 0) {
  return civil_time({year, month, day, hour}).time_since_epoch().count() / 1'000'000;
}

TEST(PosixRule, ReadsZonesWithoutDaylightTime) {
  EXPECT_EQ(parse_posix_rule("JST-9")->offset, 9 * 3600);
  EXPECT_EQ(parse_posix_rule("<+0545>-5:45")->offset, 5 * 3600 + 45 * 60);
  EXPECT_EQ(parse_posix_rule("XXX3:04:05")->offset, -(3 * 3600 + 4 * 60 + 5));
  EXPECT_FALSE(parse_posix_rule("JST-9")->daylight);
}

TEST(PosixRule, ReadsNewYork) {
  const auto rule = parse_posix_rule("EST5EDT,M3.2.0,M11.1.0");
  ASSERT_TRUE(rule && rule->daylight);
  EXPECT_EQ(rule->offset, -5 * 3600);
  EXPECT_EQ(rule->daylight->offset, -4 * 3600);
  EXPECT_EQ(wall_seconds(rule->daylight->begins, 2026), seconds(2026, 3, 8, 2));
  EXPECT_EQ(wall_seconds(rule->daylight->ends, 2026), seconds(2026, 11, 1, 2));
}

TEST(PosixRule, ReadsDublinWhoseDaylightTimeIsBehind) {
  const auto rule = parse_posix_rule("IST-1GMT0,M10.5.0,M3.5.0/1");
  ASSERT_TRUE(rule && rule->daylight);
  EXPECT_EQ(rule->offset, 3600);
  EXPECT_EQ(rule->daylight->offset, 0);
  EXPECT_EQ(wall_seconds(rule->daylight->begins, 2026), seconds(2026, 10, 25, 2));
  EXPECT_EQ(wall_seconds(rule->daylight->ends, 2026), seconds(2026, 3, 29, 1));
}

TEST(PosixRule, TimesMayBeNegativeOrBeyondTheDay) {
  const auto rule = parse_posix_rule("<-02>2<-01>,M3.5.0/-1,M10.5.0/26:30");
  ASSERT_TRUE(rule && rule->daylight);
  EXPECT_EQ(wall_seconds(rule->daylight->begins, 2026), seconds(2026, 3, 28, 23));
  EXPECT_EQ(wall_seconds(rule->daylight->ends, 2026), seconds(2026, 10, 26, 2) + 30 * 60);
}

TEST(PosixRule, DaysAreCountedWithAndWithoutThe29thOfFebruary) {
  const auto day = [](const char* text, int year) {
    return wall_seconds(parse_posix_rule(std::string("AAA0BBB,") + text + "/0,J365/0")->daylight->begins,
                        year);
  };
  EXPECT_EQ(day("J60", 2024), seconds(2024, 3, 1));
  EXPECT_EQ(day("J60", 2023), seconds(2023, 3, 1));
  EXPECT_EQ(day("J59", 2024), seconds(2024, 2, 28));
  EXPECT_EQ(day("59", 2024), seconds(2024, 2, 29));
  EXPECT_EQ(day("59", 2023), seconds(2023, 3, 1));
  EXPECT_EQ(day("0", 2023), seconds(2023, 1, 1));
}

TEST(PosixRule, RefusesWhatIsNoRule) {
  for (const char* text : {"",
                           "E",
                           "ES5",
                           "EST",
                           "5",
                           "<+03",
                           "<>3",
                           "EST25",
                           "EST5:60",
                           "EST5EDT",
                           "EST5EDT,M3.2.0",
                           "EST5EDT,M13.2.0,M11.1.0",
                           "EST5EDT,M3.6.0,M11.1.0",
                           "EST5EDT,M3.2.7,M11.1.0",
                           "EST5EDT,M0.2.0,M11.1.0",
                           "EST5EDT,J0,J365",
                           "EST5EDT,J366,J1",
                           "EST5EDT,366,1",
                           "EST5EDT,M3.2.0/168,M11.1.0",
                           "EST5EDT,M3.2.0,M11.1.0,",
                           "EST5EDT,M3.2.0,M11.1.0 ",
                           "EST99999999999999999999"}) {
    EXPECT_FALSE(parse_posix_rule(text)) << text;
  }
}

}  // namespace
}  // namespace duetime
