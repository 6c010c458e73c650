// The C++ interface: the tables that every language reads, and what is special about C++.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <duetime/duetime.hpp>

#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>
#include <type_traits>

namespace duetime {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using testing::HasSubstr;

constexpr auto kEarliest = TimePoint(Duration(-62'135'596'800'000'000));  // 0001-01-01
constexpr auto kNoon = TimePoint(Duration(1'767'614'400'000'000));        // 2026-01-05T12:00:00Z, a Monday

json rows_of(const std::string& file, const std::string& table = "rules") {
  std::ifstream stream(std::string(DUETIME_SOURCE_DIR) + "/tests/data/" + file);
  json rows = json::parse(stream).at(table);
  EXPECT_FALSE(rows.empty()) << file;
  return rows;
}

// The engine reads RFC 3339: a trigger on that date fires then.
TimePoint time_of(const json& text) {
  return *Trigger::from_json(json{{"type", "date"}, {"run_time", text}}.dump()).next_fire_time({}, kEarliest);
}

std::optional<TimePoint> fire_of(const json& value) {
  return value.is_null() ? std::nullopt : std::optional(time_of(value));
}

void expect_fires(const Trigger& trigger, TimePoint now, const json& fires) {
  std::optional<TimePoint> previous;
  for (const json& expected : fires) {
    const auto fire = trigger.next_fire_time(previous, previous.value_or(now));
    ASSERT_EQ(fire, fire_of(expected)) << trigger.to_json() << "\nexpected " << expected;
    previous = fire;
  }
}

std::optional<std::string> member(const json& object, const char* name) {
  return object.contains(name) ? std::optional(object.at(name).get<std::string>()) : std::nullopt;
}

CronFields fields_of(const json& object) {
  CronFields fields;
  fields.year = member(object, "year");
  fields.month = member(object, "month");
  fields.day = member(object, "day");
  fields.week = member(object, "week");
  fields.day_of_week = member(object, "day_of_week");
  fields.hour = member(object, "hour");
  fields.minute = member(object, "minute");
  fields.second = member(object, "second");
  return fields;
}

DstPolicy policy_of(const std::string& name) {
  if (name == "apscheduler") return DstPolicy::kApscheduler;
  if (name == "vixie") return DstPolicy::kVixie;
  if (name == "skip") return DstPolicy::kSkip;
  EXPECT_EQ(name, "rfc5545");
  return DstPolicy::kRfc5545;
}

template <class Call>
Error error_of(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    return error;
  }
  return {ErrorCode{0}, "nothing was thrown"};
}

class HppDocumentTables : public testing::TestWithParam<const char*> {};

TEST_P(HppDocumentTables, Fire) {
  for (const json& row : rows_of(GetParam())) {
    const Trigger trigger = Trigger::from_json(row.at("document").dump());
    expect_fires(trigger, time_of(row.at("now")), row.at("fires"));
    expect_fires(Trigger::from_json(trigger.to_json()), time_of(row.at("now")), row.at("fires"));
  }
}

INSTANTIATE_TEST_SUITE_P(Tables, HppDocumentTables,
                         testing::Values("trigger_fires.json", "crontab_fires.json", "quartz_fires.json"),
                         [](const auto& file) {
                           const std::string name = file.param;
                           return name.substr(0, name.find('.'));
                         });

TEST(HppTables, DialectsFireAsTheirDocuments) {
  for (const char* file : {"crontab_fires.json", "quartz_fires.json"}) {
    for (const json& row : rows_of(file)) {
      const json& document = row.at("document");
      CronOptions options;
      options.timezone = document.at("timezone");
      if (document.contains("dst")) options.dst = policy_of(document.at("dst"));
      if (document.contains("start")) options.start = time_of(document.at("start"));
      if (document.contains("end")) options.end = time_of(document.at("end"));
      const auto& dialect = document.at("dialect") == "quartz" ? Trigger::quartz : Trigger::crontab;
      expect_fires(dialect(document.at("expression"), options), time_of(row.at("now")), row.at("fires"));
    }
  }
}

TEST(HppTables, CronFieldsFire) {
  for (const json& row : rows_of("cron_fires.json")) {
    CronOptions options;
    options.timezone = row.at("timezone");
    expect_fires(Trigger::cron(fields_of(row.at("fields")), options), time_of(row.at("now")),
                 row.at("fires"));
  }
}

TEST(HppTables, CronFieldsFireAsThePolicySays) {
  int policies = 0;
  for (const json& row : rows_of("cron_dst_fires.json")) {
    for (const auto& [policy, fires] : row.at("fires").items()) {
      CronOptions options;
      options.timezone = row.at("timezone");
      options.dst = policy_of(policy);
      SCOPED_TRACE(row.at("about").get<std::string>() + ", " + policy);
      expect_fires(Trigger::cron(fields_of(row.at("fields")), options), time_of(row.at("now")), fires);
      ++policies;
    }
  }
  EXPECT_GT(policies, 24);
}

TEST(HppTables, RecurrencesFire) {
  for (const char* table : {"examples of RFC 5545, 3.8.5.3", "clock changes", "edges", "dates"}) {
    for (json row : rows_of("rrule_fires.json", table)) {
      const json fires = row.at("fires");
      for (const char* other : {"what", "fires", "total", "last"}) row.erase(other);
      row["type"] = "rrule";
      expect_fires(Trigger::from_json(row.dump()), kEarliest, fires);
    }
  }
}

TEST(HppTables, RefuseAsListed) {
  for (const json& row : rows_of("trigger_errors.json", "documents")) {
    const Error error = error_of([&] { Trigger::from_json(row.at(0).dump()); });
    EXPECT_EQ(error.what(), row.at(1).get<std::string>()) << row.at(0);
    EXPECT_LT(static_cast<int32_t>(error.code()), 0);
  }
  for (const json& row : rows_of("rrule_errors.json", "texts")) {
    const std::string text = row.at("text");
    if (text.empty()) continue;
    EXPECT_EQ(error_of([&] { Trigger::rrule(text); }).what(), row.at("error").get<std::string>());
  }
}

template <class Dialect>
void expect_refusals(const std::string& file, const Dialect& dialect) {
  for (const json& row : rows_of(file, "errors")) {
    const std::string line = row.at(0);
    if (line.empty()) continue;
    EXPECT_EQ(error_of([&] { dialect(line); }).what(), row.at(1).get<std::string>());
  }
}

TEST(HppTables, DialectsRefuseAsListed) {
  expect_refusals("crontab_errors.json", [](const std::string& line) { return Trigger::crontab(line); });
  expect_refusals("quartz_errors.json", [](const std::string& line) { return Trigger::quartz(line); });
}

// The C ABI refuses empty text itself, by the name of its parameter.
TEST(HppTables, EmptyTextIsRefused) {
  EXPECT_THAT(error_of([] { Trigger::crontab(""); }).what(), HasSubstr("expression is empty"));
  EXPECT_THAT(error_of([] { Trigger::rrule(""); }).what(), HasSubstr("lines is empty"));
}

TEST(HppTables, ExplainAsListed) {
  for (const char* file : {"trigger_explanations.json", "cron_explanations.json"}) {
    for (const json& row : rows_of(file)) {
      EXPECT_EQ(Trigger::from_json(row.at(0).dump()).explain(), row.at(1).get<std::string>());
    }
  }
}

TEST(HppTrigger, DateFiresOnceAndIsShownInItsZone) {
  const Trigger trigger = Trigger::date(kNoon, "Europe/Berlin");
  EXPECT_EQ(trigger.explain(), "once, on 2026-01-05 13:00 (Europe/Berlin)");
  EXPECT_EQ(trigger.next_fire_time({}, kNoon + 1h), kNoon);
  EXPECT_EQ(trigger.next_fire_time(kNoon, kNoon), std::nullopt);
}

TEST(HppTrigger, IntervalTakesEveryOption) {
  IntervalOptions options;
  options.start = kNoon;
  options.end = kNoon + 20min;
  options.jitter = 3s;
  options.timezone = "Europe/Berlin";
  const Trigger trigger = Trigger::interval(15min, options);
  EXPECT_EQ(trigger.next_fire_time({}, kNoon + 1s), kNoon + 15min);
  EXPECT_EQ(trigger.next_fire_time(kNoon + 15min, kNoon), std::nullopt);
  EXPECT_EQ(
      trigger.explain(),
      "every 15 minutes, from 2026-01-05 13:00, until 2026-01-05 13:20 (Europe/Berlin), each delayed by "
      "up to 3 seconds");
}

TEST(HppTrigger, CronTakesEveryOption) {
  CronOptions options;
  options.timezone = "Europe/Berlin";
  options.dst = DstPolicy::kSkip;
  options.start = kNoon;
  options.end = kNoon + 24h;
  options.jitter = 2s;
  const json document = json::parse(Trigger::crontab("@hourly", options).to_json());
  EXPECT_EQ(document.at("timezone"), "Europe/Berlin");
  EXPECT_EQ(document.at("dst"), "skip");
  EXPECT_EQ(time_of(document.at("start")), kNoon);
  EXPECT_EQ(time_of(document.at("end")), kNoon + 24h);
  EXPECT_EQ(document.at("jitter_us"), 2'000'000);
}

TEST(HppTrigger, CalendarIntervalTakesEveryMember) {
  CalendarInterval interval;
  interval.years = 1;
  interval.months = 2;
  interval.weeks = 3;
  interval.days = 4;
  interval.hour = 5;
  interval.minute = 6;
  interval.second = 7;
  interval.start_date = "2026-11-23";
  interval.end_date = "2036-11-23";
  interval.timezone = "Europe/Berlin";
  interval.jitter = 8us;
  EXPECT_EQ(json::parse(Trigger::calendar_interval(interval).to_json()), json::parse(R"({
    "type": "calendar_interval", "years": 1, "months": 2, "weeks": 3, "days": 4, "time": "05:06:07",
    "start_date": "2026-11-23", "end_date": "2036-11-23", "timezone": "Europe/Berlin", "jitter_us": 8})"));
}

TEST(HppTrigger, RecurrencesTakeTheZoneForTimesWithout) {
  const Trigger trigger =
      Trigger::rrule("DTSTART:20260105T130000\nRRULE:FREQ=DAILY;COUNT=2", "Europe/Berlin");
  EXPECT_EQ(trigger.next_fire_time({}, kEarliest), kNoon);
  EXPECT_EQ(trigger.next_fire_time(kNoon, kNoon), kNoon + 24h);
  EXPECT_EQ(trigger.next_fire_time(kNoon + 24h, kNoon), std::nullopt);
}

Trigger daily_at(const char* hour) { return Trigger::crontab(std::string("0 ") + hour + " * * *"); }

TEST(HppTrigger, AreCombined) {
  const Trigger any = Trigger::any_of({daily_at("13"), daily_at("14")}, 1s);
  EXPECT_EQ(any.next_fire_time({}, kNoon), kNoon + 1h);
  EXPECT_EQ(any.next_fire_time(kNoon + 1h, kNoon), kNoon + 2h);
  EXPECT_EQ(json::parse(any.to_json()).at("jitter_us"), 1'000'000);
  const Trigger all = Trigger::all_of({Trigger::crontab("0 * * * *"), daily_at("14")});
  EXPECT_EQ(all.next_fire_time({}, kNoon), kNoon + 2h);
  EXPECT_EQ(error_of([] { Trigger::any_of({}); }).code(), ErrorCode::kInvalidArgument);
}

TEST(HppTrigger, FiresAreTakenAway) {
  const Trigger hourly = Trigger::crontab("0 * * * *");
  EXPECT_EQ(Trigger::except(hourly, {daily_at("12")}).next_fire_time({}, kNoon), kNoon + 1h);
  const Trigger working =
      Trigger::except(hourly, {daily_at("12")}, R"([{"windows": ["14:00/15:00"]}])", "Europe/Berlin");
  EXPECT_EQ(working.next_fire_time({}, kNoon), kNoon + 2h);  // 13:00 UTC is 14:00 in Berlin
}

TEST(HppTrigger, PreviewsMarkChangesOfTheClock) {
  CronOptions options;
  options.timezone = "America/New_York";
  options.dst = DstPolicy::kApscheduler;
  const TimePoint change = time_of("2026-11-01T06:00:00Z");  // 02:00 EDT becomes 01:00 EST
  const auto fires = Trigger::crontab("30 1 1,2 11 *", options).preview(change - 6h, 3);
  ASSERT_EQ(fires.size(), 3U);
  EXPECT_EQ(fires[0].time, change - 30min);
  EXPECT_EQ(fires[0].utc_offset, -4h);
  EXPECT_EQ(fires[0].wall_time, WallTime::kFirstOfTwo);
  EXPECT_FALSE(fires[0].change);
  EXPECT_EQ(fires[1].wall_time, WallTime::kSecondOfTwo);
  ASSERT_TRUE(fires[1].change);
  EXPECT_EQ(fires[1].change->at, change);
  EXPECT_EQ(fires[1].change->before, -4h);
  EXPECT_EQ(fires[1].change->after, -5h);
  EXPECT_EQ(fires[2].wall_time, WallTime::kUnique);
  EXPECT_EQ(Trigger::date(kNoon).preview(kNoon, 3).size(), 1U);
  EXPECT_TRUE(Trigger::date(kNoon).preview(kNoon, 0).empty());
}

TEST(HppTrigger, CopiesShareTheRule) {
  std::optional<Trigger> first = Trigger::date(kNoon);
  const Trigger copy = *first;
  EXPECT_EQ(copy.handle(), first->handle());
  first.reset();
  EXPECT_EQ(copy.next_fire_time({}, kNoon), kNoon);
}

TEST(HppTrigger, AMovedFromTriggerRefuses) {
  Trigger first = Trigger::date(kNoon);
  const Trigger second = std::move(first);
  EXPECT_EQ(second.next_fire_time({}, kNoon), kNoon);
  EXPECT_EQ(error_of([&] { first.explain(); }).code(),
            ErrorCode::kInvalidArgument);  // NOLINT: that is the point
  first = second;
  EXPECT_EQ(first.next_fire_time({}, kNoon), kNoon);
}

TEST(HppTrigger, ItsHandleGoesWithTheLastCopy) {
  const duetime_trigger* handle = nullptr;
  {
    const Trigger trigger = Trigger::date(kNoon);
    const Trigger copy = trigger;
    handle = copy.handle();
  }
  char* text = nullptr;
  EXPECT_EQ(duetime_trigger_explain(handle, &text), DUETIME_ERROR_STALE_HANDLE);
}

TEST(HppTrigger, TextWithANulIsRefused) {
  const Error error = error_of([] { Trigger::date(kNoon, std::string("UTC\0x", 5)); });
  EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
  EXPECT_THAT(error.what(), HasSubstr("\"UTC\""));
}

TEST(HppTrigger, ErrorsTellTheirKind) {
  EXPECT_EQ(error_of([] { Trigger::interval(0s); }).code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(error_of([] { Trigger::date(kNoon, "Europe/Nowhere"); }).code(), ErrorCode::kNotFound);
  EXPECT_THAT(error_of([] { Trigger::date(kNoon, "Europe/Nowhere"); }).what(), HasSubstr("Europe/Nowhere"));
}

}  // namespace
}  // namespace duetime
