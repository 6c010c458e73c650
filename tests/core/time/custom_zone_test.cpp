// Zones that a host language knows and the tz database does not.
#include <gtest/gtest.h>

#include <random>

#include "core/base/error.h"
#include "core/time/time_zone.h"

namespace duetime {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

Instant utc(const char* text) { return parse_instant(text, "test time"); }

TEST(ZoneFromOffsets, IsTheZoneThatTheOffsetsCameFrom) {
  for (const char* name : {"America/New_York", "Europe/Dublin", "Australia/Lord_Howe", "Africa/Casablanca"}) {
    const TimeZone original = TimeZone::load(name);
    const TimeZone probed =
        TimeZone::from_offsets("custom/probed", [&](Instant t) { return original.offset_at(t); });
    std::mt19937_64 random(7);
    const int64_t first = to_micros(utc("1950-01-01T00:00:00Z"));
    std::uniform_int_distribution<int64_t> any(first, to_micros(utc("2430-01-01T00:00:00Z")));
    for (int i = 0; i < 2000; ++i) {
      const Instant t = from_micros(any(random));
      ASSERT_EQ(probed.offset_at(t), original.offset_at(t)) << name << " " << to_string(t);
      ASSERT_EQ(probed.period_at(t).end, original.period_at(t).end) << name << " " << to_string(t);
    }
  }
}

TEST(ZoneFromOffsets, GoesOnForEver) {
  const TimeZone original = TimeZone::load("America/New_York");
  const TimeZone probed =
      TimeZone::from_offsets("custom/probed", [&](Instant t) { return original.offset_at(t); });
  for (const char* text :
       {"2438-01-10T23:59:59Z", "2438-07-01T00:00:00Z", "5000-07-01T00:00:00Z", "9999-12-31T00:00:00Z"}) {
    EXPECT_EQ(probed.offset_at(utc(text)), original.offset_at(utc(text))) << text;
    EXPECT_EQ(probed.period_at(utc(text)).end, original.period_at(utc(text)).end) << text;
  }
}

TEST(ZoneFromOffsets, PassesErrorsOnAndRefusesImpossibleOffsets) {
  EXPECT_THROW(
      TimeZone::from_offsets("custom/x", [](Instant) -> seconds { throw Error(ErrorCode::kCallback, "no"); }),
      Error);
  EXPECT_THROW(TimeZone::from_offsets("custom/x", [](Instant) { return seconds{86'400}; }), Error);
}

TEST(RegisteredZone, IsLoadedByItsNameAlsoAfterAReload) {
  register_time_zone(TimeZone::from_offsets("custom/registered", [](Instant) { return hours{3}; }));
  EXPECT_EQ(TimeZone::load("custom/registered").offset_at(Instant{}), hours{3});
  reload_time_zones();
  EXPECT_EQ(TimeZone::load("custom/registered").offset_at(Instant{}), hours{3});
  register_time_zone(TimeZone::from_offsets("custom/registered", [](Instant) { return hours{4}; }));
  EXPECT_EQ(TimeZone::load("custom/registered").offset_at(Instant{}), hours{4});
}

TEST(RegisteredZone, NeedsANameOfItsOwn) {
  for (const char* name : {"Europe/Berlin", "custom", "custom/../x", "custom/a b", ""}) {
    EXPECT_THROW(register_time_zone(TimeZone::from_offsets(name, [](Instant) { return hours{3}; })), Error)
        << name;
  }
}

}  // namespace
}  // namespace duetime
