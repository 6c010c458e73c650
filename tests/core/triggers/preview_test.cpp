#include "core/triggers/preview.h"

#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/triggers/cron.h"
#include "core/triggers/date.h"

namespace duetime {
namespace {

using std::chrono::hours;

Instant utc(const char* text) { return parse_instant(text, "test time"); }

TriggerPtr in_new_york(const char* line) {
  CronRule rule = crontab_rule(line);
  rule.zone = TimeZone::load("America/New_York");
  return make_cron_trigger(rule);
}

TEST(Preview, MarksTheChangeOfTheClockBeforeAFire) {
  const auto fires = preview(*in_new_york("30 2 * * *"), utc("2026-03-07T00:00:00Z"), 3);
  ASSERT_EQ(fires.size(), 3u);
  EXPECT_EQ(fires[0].time, utc("2026-03-07T07:30:00Z"));
  EXPECT_EQ(fires[0].offset, hours{-5});
  EXPECT_FALSE(fires[0].transition);
  EXPECT_EQ(fires[1].time, utc("2026-03-08T07:30:00Z"));
  EXPECT_EQ(fires[1].offset, hours{-4});
  ASSERT_TRUE(fires[1].transition);
  EXPECT_EQ(fires[1].transition->at, utc("2026-03-08T07:00:00Z"));
  EXPECT_EQ(fires[1].transition->offset_before, hours{-5});
  EXPECT_EQ(fires[1].transition->offset_after, hours{-4});
  EXPECT_FALSE(fires[2].transition);
}

TEST(Preview, TellsTheFirstOfTwoWallTimesFromTheSecond) {
  const auto fires = preview(*in_new_york("30 1 * * *"), utc("2026-11-01T00:00:00Z"), 3);
  ASSERT_EQ(fires.size(), 3u);
  EXPECT_EQ(fires[0].wall_time, WallTime::kFirstOfTwo);
  EXPECT_EQ(fires[1].wall_time, WallTime::kSecondOfTwo);
  EXPECT_EQ(fires[1].time - fires[0].time, hours{1});
  EXPECT_TRUE(fires[1].transition);
  EXPECT_EQ(fires[2].wall_time, WallTime::kUnique);
}

TEST(Preview, EndsWithTheRule) {
  const auto trigger = make_date_trigger(DateRule{utc("2026-03-07T00:00:00Z"), TimeZone()});
  EXPECT_EQ(preview(*trigger, utc("2026-01-01T00:00:00Z"), 5).size(), 1u);
  EXPECT_TRUE(preview(*trigger, utc("2026-01-01T00:00:00Z"), 0).empty());
}

TEST(Preview, RefusesATriggerThatDoesNotMoveOn) {
  class Stuck final : public Trigger {
    std::optional<Instant> next_fire_time(std::optional<Instant>, Instant now) const override { return now; }
    std::string_view type() const override { return "stuck"; }
    Json document() const override { return {{"type", "stuck"}}; }
  };
  EXPECT_THROW(preview(Stuck(), utc("2026-01-01T00:00:00Z"), 2), Error);
}

}  // namespace
}  // namespace duetime
