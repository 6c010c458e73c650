// The kinds of trigger beyond date, interval and cron fields; what they say of themselves; zones of the
// host's.
#include <duetime/plugin.h>
#include <duetime/trigger.h>

#include <array>

#include "tests/capi/capi_test.h"

namespace duetime::capi_test {
namespace {

constexpr duetime_duration kHour = 3'600 * kSecond;
constexpr duetime_duration kDay = 24 * kHour;

duetime_time fire_after(const Held<duetime_trigger>& trigger, duetime_time previous) {
  duetime_time fire = 0;
  EXPECT_OK(duetime_trigger_next_fire_time(trigger.get(), previous, kNoon, &fire));
  return fire;
}

Held<duetime_trigger> from_json(const char* json) {
  Held<duetime_trigger> trigger;
  EXPECT_OK(duetime_trigger_create_from_json(json, Out(trigger)));
  return trigger;
}

std::string explained(const Held<duetime_trigger>& trigger) {
  Held<char> text;
  EXPECT_OK(duetime_trigger_explain(trigger.get(), Out(text)));
  return text ? text.get() : "";
}

TEST(CronDialects, AreChosenByName) {
  duetime_cron_options options = DUETIME_CRON_OPTIONS_INIT;
  options.dialect = "crontab";
  options.expression = "0 12 * * 7";
  Held<duetime_trigger> trigger;
  ASSERT_OK(duetime_trigger_create_cron(&options, Out(trigger)));
  EXPECT_EQ(fire_after(trigger, DUETIME_TIME_NONE), kNoon + 6 * kDay);
  options.dialect = "quartz";
  options.expression = "0 0 12 ? * SUN";
  ASSERT_OK(duetime_trigger_create_cron(&options, Out(trigger)));
  EXPECT_EQ(fire_after(trigger, DUETIME_TIME_NONE), kNoon + 6 * kDay);
}

TEST(CronDialects, RefuseMixtures) {
  Held<duetime_trigger> trigger;
  duetime_cron_options options = DUETIME_CRON_OPTIONS_INIT;
  options.dialect = "cron";
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "dialect is 'cron'",
               duetime_trigger_create_cron(&options, Out(trigger)));
  options.dialect = "crontab";
  EXPECT_STATUS(DUETIME_ERROR_INVALID_ARGUMENT, duetime_trigger_create_cron(&options, Out(trigger)));
  options.expression = "0 25 * * *";
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "column 3",
               duetime_trigger_create_cron(&options, Out(trigger)));
  options.expression = "0 12 * * *";
  options.minute = "0";
  EXPECT_STATUS(DUETIME_ERROR_INVALID_ARGUMENT, duetime_trigger_create_cron(&options, Out(trigger)));
  options = DUETIME_CRON_OPTIONS_INIT;
  options.expression = "0 12 * * *";
  EXPECT_STATUS(DUETIME_ERROR_INVALID_ARGUMENT, duetime_trigger_create_cron(&options, Out(trigger)));
  EXPECT_FALSE(trigger);
}

TEST(CalendarInterval, FiresAtTheSameTimeOfDay) {
  duetime_calendar_interval_options options = DUETIME_CALENDAR_INTERVAL_OPTIONS_INIT;
  options.weeks = 1;
  options.hour = 12;
  options.start_date = "2026-01-01";
  Held<duetime_trigger> trigger;
  ASSERT_OK(duetime_trigger_create_calendar_interval(&options, Out(trigger)));
  EXPECT_EQ(fire_after(trigger, DUETIME_TIME_NONE), kNoon + 3 * kDay);
  EXPECT_EQ(fire_after(trigger, kNoon + 3 * kDay), kNoon + 10 * kDay);
}

TEST(CalendarInterval, RefusesWhatCannotBe) {
  Held<duetime_trigger> trigger;
  duetime_calendar_interval_options options = DUETIME_CALENDAR_INTERVAL_OPTIONS_INIT;
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "interval must be at least 1 day long",
               duetime_trigger_create_calendar_interval(&options, Out(trigger)));
  options.days = 1;
  options.hour = 24;
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "hour is 24",
               duetime_trigger_create_calendar_interval(&options, Out(trigger)));
  options.hour = 0;
  options.end_date = "tomorrow";
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "end_date: got 'tomorrow'",
               duetime_trigger_create_calendar_interval(&options, Out(trigger)));
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "options",
               duetime_trigger_create_calendar_interval(nullptr, Out(trigger)));
}

TEST(RRule, IsReadFromICalendarLines) {
  Held<duetime_trigger> trigger;
  ASSERT_OK(duetime_trigger_create_rrule("DTSTART:20260105T120000Z\nRRULE:FREQ=DAILY;COUNT=2\n", nullptr,
                                         Out(trigger)));
  EXPECT_EQ(fire_after(trigger, DUETIME_TIME_NONE), kNoon);
  EXPECT_EQ(fire_after(trigger, kNoon), kNoon + kDay);
  EXPECT_EQ(fire_after(trigger, kNoon + kDay), DUETIME_TIME_NONE);
  EXPECT_STATUS(DUETIME_ERROR_INVALID_ARGUMENT,
                duetime_trigger_create_rrule("RRULE:FREQ=OFTEN", nullptr, Out(trigger)));
  EXPECT_STATUS(DUETIME_ERROR_INVALID_ARGUMENT, duetime_trigger_create_rrule(nullptr, nullptr, Out(trigger)));
}

TEST(Combining, OutlivesItsParts) {
  Held<duetime_trigger> either;
  Held<duetime_trigger> both;
  {
    const auto hourly = from_json(R"({"type": "cron", "fields": {"minute": "0"}})");
    const auto noon = from_json(R"({"type": "cron", "fields": {"hour": "12"}})");
    const std::array<const duetime_trigger*, 2> parts = {hourly.get(), noon.get()};
    ASSERT_OK(duetime_trigger_create_or(parts.data(), parts.size(), kSecond, Out(either)));
    ASSERT_OK(duetime_trigger_create_and(parts.data(), parts.size(), 0, Out(both)));
  }
  EXPECT_EQ(fire_after(either, kNoon), kNoon + kHour);
  EXPECT_EQ(fire_after(both, kNoon), kNoon + kDay);
}

TEST(Combining, RefusesWhatIsMissingOrStale) {
  Held<duetime_trigger> trigger;
  auto part = date_trigger(kNoon);
  const std::array<const duetime_trigger*, 1> parts = {part.get()};
  EXPECT_STATUS(DUETIME_ERROR_INVALID_ARGUMENT, duetime_trigger_create_or(nullptr, 0, 0, Out(trigger)));
  EXPECT_STATUS(DUETIME_ERROR_INVALID_ARGUMENT, duetime_trigger_create_or(nullptr, 1, 0, Out(trigger)));
  EXPECT_STATUS(DUETIME_ERROR_INVALID_ARGUMENT,
                duetime_trigger_create_and(parts.data(), 1, -1, Out(trigger)));
  part.reset();
  EXPECT_STATUS(DUETIME_ERROR_STALE_HANDLE, duetime_trigger_create_and(parts.data(), 1, 0, Out(trigger)));
}

TEST(Exclusion, TakesAwayCalendarsAndTriggers) {
  const auto hourly = from_json(R"({"type": "cron", "fields": {"minute": "0"}})");
  const auto at_two = date_trigger(kNoon + 2 * kHour);
  const std::array<const duetime_trigger*, 1> except = {at_two.get()};
  Held<duetime_trigger> trigger;
  ASSERT_OK(duetime_trigger_create_not(hourly.get(), except.data(), 1, R"([{"windows": ["13:00/14:00"]}])",
                                       nullptr, Out(trigger)));
  EXPECT_EQ(fire_after(trigger, kNoon), kNoon + 3 * kHour);
  ASSERT_OK(duetime_trigger_create_not(hourly.get(), nullptr, 0, R"([{"windows": ["13:00/14:00"]}])",
                                       "+01:00", Out(trigger)));
  EXPECT_EQ(fire_after(trigger, DUETIME_TIME_NONE), kNoon + kHour);
  EXPECT_STATUS(DUETIME_ERROR_INVALID_ARGUMENT,
                duetime_trigger_create_not(hourly.get(), nullptr, 0, nullptr, nullptr, Out(trigger)));
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "calendars_json",
               duetime_trigger_create_not(hourly.get(), nullptr, 0, "{}", nullptr, Out(trigger)));
}

TEST(Explain, IsASentence) {
  EXPECT_EQ(explained(interval_trigger(60 * kSecond)), "every minute (UTC)");
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "out_text",
               duetime_trigger_explain(interval_trigger(1).get(), nullptr));
}

TEST(Preview, TellsOffsetsAndChangesOfTheClock) {
  const auto trigger = from_json(
      R"({"type": "cron", "fields": {"hour": "1", "minute": "30", "day": "1", "month": "11"}, "timezone": "America/New_York"})");
  std::array<duetime_previewed_fire, 3> fires{};
  size_t count = 0;
  ASSERT_OK(duetime_trigger_preview(trigger.get(), kNoon, fires.size(), fires.data(), &count));
  ASSERT_EQ(count, 3U);
  EXPECT_EQ(fires[0].wall_time, DUETIME_WALL_FIRST_OF_TWO);
  EXPECT_EQ(fires[0].utc_offset, -4 * 3600);
  EXPECT_EQ(fires[1].wall_time, DUETIME_WALL_SECOND_OF_TWO);
  EXPECT_EQ(fires[1].offset_before, -4 * 3600);
  EXPECT_EQ(fires[1].offset_after, -5 * 3600);
  EXPECT_EQ(fires[1].transition, fires[0].time + kHour / 2);
  EXPECT_EQ(fires[2].wall_time, DUETIME_WALL_UNIQUE);
}

TEST(Preview, AnswersWhatThereIs) {
  const auto trigger = date_trigger(kNoon);
  std::array<duetime_previewed_fire, 3> fires{};
  size_t count = 9;
  ASSERT_OK(duetime_trigger_preview(trigger.get(), kNoon, fires.size(), fires.data(), &count));
  EXPECT_EQ(count, 1U);
  ASSERT_OK(duetime_trigger_preview(trigger.get(), kNoon, 0, nullptr, &count));
  EXPECT_EQ(count, 0U);
  EXPECT_STATUS(DUETIME_ERROR_INVALID_ARGUMENT,
                duetime_trigger_preview(trigger.get(), kNoon, 1, nullptr, &count));
  EXPECT_STATUS(DUETIME_ERROR_INVALID_ARGUMENT,
                duetime_trigger_preview(trigger.get(), kNoon, 1, fires.data(), nullptr));
}

int32_t three_hours_east(void* calls, duetime_time, int32_t* out_offset) {
  ++*static_cast<int*>(calls);
  *out_offset = 3 * 3600;
  return 0;
}

TEST(HostZone, IsKnownByItsNameOnceRegistered) {
  int calls = 0;
  ASSERT_OK(duetime_register_time_zone("custom/capi-test", &three_hours_east, &calls));
  EXPECT_GT(calls, 10'000);
  const int asked = calls;
  const auto trigger =
      from_json(R"({"type": "cron", "fields": {"hour": "16"}, "timezone": "custom/capi-test"})");
  EXPECT_EQ(fire_after(trigger, DUETIME_TIME_NONE), kNoon + kHour);
  ASSERT_OK(duetime_reload_time_zones());
  from_json(R"({"type": "cron", "fields": {"hour": "16"}, "timezone": "custom/capi-test"})");
  EXPECT_EQ(calls, asked);
}

TEST(HostZone, ThatFailsIsNotRegistered) {
  const auto fail = [](void*, duetime_time, int32_t*) -> int32_t {
    duetime_plugin_set_error("no offset today");
    return 1;
  };
  EXPECT_ERROR(DUETIME_ERROR_CALLBACK, "no offset today",
               duetime_register_time_zone("custom/capi-failing", fail, nullptr));
  Held<duetime_trigger> trigger;
  EXPECT_STATUS(DUETIME_ERROR_NOT_FOUND,
                duetime_trigger_create_date(kNoon, "custom/capi-failing", Out(trigger)));
  int calls = 0;
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "custom/",
               duetime_register_time_zone("Europe/Berlin", &three_hours_east, &calls));
  EXPECT_STATUS(DUETIME_ERROR_INVALID_ARGUMENT, duetime_register_time_zone("custom/x", nullptr, nullptr));
  EXPECT_STATUS(DUETIME_ERROR_INVALID_ARGUMENT,
                duetime_register_time_zone(nullptr, &three_hours_east, &calls));
}

}  // namespace
}  // namespace duetime::capi_test
