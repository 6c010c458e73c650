#include <duetime/trigger.h>

#include <cstring>

#include "tests/capi/capi_test.h"

namespace duetime::capi_test {
namespace {

std::string json_of(const Held<duetime_trigger>& trigger) {
  Held<char> json;
  EXPECT_OK(duetime_trigger_to_json(trigger.get(), Out(json)));
  return json ? json.get() : "";
}

duetime_time fire_after(const Held<duetime_trigger>& trigger, duetime_time previous,
                        duetime_time now = kNoon) {
  duetime_time fire = 0;
  EXPECT_OK(duetime_trigger_next_fire_time(trigger.get(), previous, now, &fire));
  return fire;
}

TEST(Clock, MovesOnlyWhenToldTo) {
  const Held<duetime_clock> clock = manual_clock();
  duetime_time now = 0;
  EXPECT_OK(duetime_clock_advance(clock.get(), kSecond));
  EXPECT_OK(duetime_clock_now(clock.get(), &now));
  EXPECT_EQ(now, kNoon + kSecond);
  EXPECT_OK(duetime_clock_set(clock.get(), kNoon - kSecond));
  EXPECT_OK(duetime_clock_now(clock.get(), &now));
  EXPECT_EQ(now, kNoon - kSecond);
}

TEST(Clock, RefusesWhatIsNoTime) {
  const Held<duetime_clock> clock = manual_clock();
  Held<duetime_clock> other;
  duetime_time now = 0;
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "by is -1", duetime_clock_advance(clock.get(), -1));
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "9999", duetime_clock_advance(clock.get(), INT64_MAX));
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "now is", duetime_clock_set(clock.get(), DUETIME_TIME_NONE));
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "now is", duetime_clock_create_manual(INT64_MAX, Out(other)));
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "out_clock", duetime_clock_create_manual(kNoon, nullptr));
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "out_now", duetime_clock_now(clock.get(), nullptr));
  EXPECT_OK(duetime_clock_now(clock.get(), &now));
  EXPECT_EQ(now, kNoon);
}

TEST(Trigger, DateFiresOnce) {
  const Held<duetime_trigger> trigger = date_trigger(kNoon + kSecond);
  EXPECT_EQ(fire_after(trigger, DUETIME_TIME_NONE), kNoon + kSecond);
  EXPECT_EQ(fire_after(trigger, kNoon + kSecond), DUETIME_TIME_NONE);
}

TEST(Trigger, IntervalKeepsToItsGrid) {
  duetime_interval_options options = DUETIME_INTERVAL_OPTIONS_INIT;
  options.interval = 10 * kSecond;
  options.start = kNoon - 15 * kSecond;
  options.end = kNoon + 15 * kSecond;
  Held<duetime_trigger> trigger;
  ASSERT_OK(duetime_trigger_create_interval(&options, Out(trigger)));
  EXPECT_EQ(fire_after(trigger, DUETIME_TIME_NONE), kNoon + 5 * kSecond);
  EXPECT_EQ(fire_after(trigger, kNoon + 5 * kSecond), kNoon + 15 * kSecond);
  EXPECT_EQ(fire_after(trigger, kNoon + 15 * kSecond), DUETIME_TIME_NONE);
}

// New York, 2026-03-08: 02:00 EST becomes 03:00 EDT, which is 07:00 UTC.
TEST(Trigger, CronTakesTheDaylightSavingPolicy) {
  const duetime_time gap = 1'772'953'200'000'000;  // 2026-03-08T07:00:00Z
  const struct {
    int32_t dst;
    duetime_time expected;
  } rows[] = {{DUETIME_DST_VIXIE, gap},
              {DUETIME_DST_APSCHEDULER, gap + 1'800 * kSecond},
              {DUETIME_DST_SKIP, gap + 23 * 3'600 * kSecond + 1'800 * kSecond}};
  for (const auto& row : rows) {
    duetime_cron_options options = DUETIME_CRON_OPTIONS_INIT;
    options.hour = "2";
    options.minute = "30";
    options.timezone = "America/New_York";
    options.dst = row.dst;
    Held<duetime_trigger> trigger;
    ASSERT_OK(duetime_trigger_create_cron(&options, Out(trigger)));
    EXPECT_EQ(fire_after(trigger, gap - 3'600 * kSecond, gap - 3'600 * kSecond), row.expected) << row.dst;
  }
}

TEST(Trigger, GoesToJsonAndBack) {
  duetime_cron_options options = DUETIME_CRON_OPTIONS_INIT;
  options.day_of_week = "mon-fri";
  options.hour = "9";
  options.timezone = "Europe/Berlin";
  Held<duetime_trigger> cron, again;
  ASSERT_OK(duetime_trigger_create_cron(&options, Out(cron)));
  const std::string json = json_of(cron);
  EXPECT_NE(json.find("\"vixie\""), std::string::npos) << json;
  ASSERT_OK(duetime_trigger_create_from_json(json.c_str(), Out(again)));
  EXPECT_EQ(json_of(again), json);
  EXPECT_EQ(fire_after(again, DUETIME_TIME_NONE), fire_after(cron, DUETIME_TIME_NONE));
}

TEST(Trigger, RefusesBadArgumentsByName) {
  Held<duetime_trigger> out;
  duetime_interval_options interval = DUETIME_INTERVAL_OPTIONS_INIT;
  const auto make_interval = [&] { return duetime_trigger_create_interval(&interval, Out(out)); };
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "interval", make_interval());
  interval.interval = kSecond;
  interval.start = INT64_MAX;
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "start is 9223372036854775807", make_interval());
  interval.start = DUETIME_TIME_NONE;
  interval.timezone = "../etc/passwd";
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "../etc/passwd", make_interval());
  interval.timezone = "Nowhere/Land";
  EXPECT_ERROR(DUETIME_ERROR_NOT_FOUND, "Nowhere/Land", make_interval());
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "options", duetime_trigger_create_interval(nullptr, Out(out)));
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "out_trigger",
               duetime_trigger_create_interval(&interval, nullptr));

  duetime_cron_options cron = DUETIME_CRON_OPTIONS_INIT;
  const auto make_cron = [&] { return duetime_trigger_create_cron(&cron, Out(out)); };
  cron.dst = 7;
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "dst is 7", make_cron());
  cron.dst = DUETIME_DST_SKIP;
  cron.hour = "\xFF";
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "hour", make_cron());
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "run_time is",
               duetime_trigger_create_date(INT64_MIN, nullptr, Out(out)));
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "json is NULL",
               duetime_trigger_create_from_json(nullptr, Out(out)));
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "trigger document",
               duetime_trigger_create_from_json("{", Out(out)));
  EXPECT_ERROR(DUETIME_ERROR_NOT_FOUND, "moon",
               duetime_trigger_create_from_json(R"({"type": "moon"})", Out(out)));
  EXPECT_EQ(out, nullptr);
}

// A struct of a caller that was compiled against another version of the header.
template <class Struct>
struct Enlarged {
  Struct known;
  std::uint64_t later;
};

TEST(StructSize, OlderCallersGetDefaults) {
  duetime_interval_options options = DUETIME_INTERVAL_OPTIONS_INIT;
  options.interval = kSecond;
  options.timezone = reinterpret_cast<const char*>(1);  // beyond the older struct: must not be read
  options.struct_size = offsetof(duetime_interval_options, timezone);
  Held<duetime_trigger> trigger;
  ASSERT_OK(duetime_trigger_create_interval(&options, Out(trigger)));
  EXPECT_EQ(fire_after(trigger, DUETIME_TIME_NONE), kNoon + kSecond);
}

TEST(StructSize, NewerCallersAreHeardWhileTheyAskForNothingNew) {
  Enlarged<duetime_interval_options> newer = {DUETIME_INTERVAL_OPTIONS_INIT, 0};
  newer.known.interval = kSecond;
  newer.known.struct_size = sizeof newer;
  Held<duetime_trigger> trigger;
  EXPECT_OK(duetime_trigger_create_interval(&newer.known, Out(trigger)));
  newer.later = 1;
  EXPECT_ERROR(DUETIME_ERROR_UNSUPPORTED, "duetime_interval_options",
               duetime_trigger_create_interval(&newer.known, Out(trigger)));
}

TEST(StructSize, RefusesWhatNoVersionHad) {
  for (const std::uint32_t size : {0u, 4u, 7u, 13u, 4'104u, 1'000'000u, UINT32_MAX}) {
    duetime_interval_options options = DUETIME_INTERVAL_OPTIONS_INIT;
    options.interval = kSecond;
    options.struct_size = size;
    Held<duetime_trigger> trigger;
    EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "struct_size is " + std::to_string(size),
                 duetime_trigger_create_interval(&options, Out(trigger)));
  }
}

TEST(TimeZonePath, RefusesNull) {
  const char* const directories[] = {"/usr/share/zoneinfo", nullptr};
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "directories is NULL", duetime_set_time_zone_path(nullptr, 1));
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "directories[1] is NULL",
               duetime_set_time_zone_path(directories, 2));
}

}  // namespace
}  // namespace duetime::capi_test
