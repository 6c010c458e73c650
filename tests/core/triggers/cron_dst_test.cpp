// What cron rules do where the clock changes: stories with dates, and every policy against an evaluator that
// steps through the minutes of UTC.
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "core/triggers/cron.h"

namespace duetime {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr DstPolicy kAps = DstPolicy::kApscheduler;
constexpr DstPolicy kVixie = DstPolicy::kVixie;
constexpr DstPolicy kSkip = DstPolicy::kSkip;

Instant instant(const std::string& text) { return parse_instant(text, "test"); }

TriggerPtr cron(const std::string& line, const std::string& zone, DstPolicy dst) {
  CronRule rule = crontab_rule(line);
  rule.zone = TimeZone::load(zone);
  rule.dst = dst;
  return make_cron_trigger(rule);
}

struct Story {
  const char* zone;
  const char* line;
  DstPolicy dst;
  const char* after;
  std::vector<const char*> fires;
};

class CronDstStory : public testing::TestWithParam<Story> {};

TEST_P(CronDstStory, FiresAsTold) {
  const Story& story = GetParam();
  const TriggerPtr trigger = cron(story.line, story.zone, story.dst);
  Instant previous = instant(story.after);
  for (const char* expected : story.fires) {
    const auto fire = trigger->next_fire_time(previous, previous);
    ASSERT_TRUE(fire) << expected;
    EXPECT_EQ(to_string(*fire), to_string(instant(expected))) << story.zone << " " << story.line;
    previous = *fire;
  }
}

// New York, 2026-03-08: 02:00 to 03:00 is skipped.
INSTANTIATE_TEST_SUITE_P(
    NewYorkGap, CronDstStory,
    testing::Values(
        Story{"America/New_York",
              "30 2 * * *",
              kAps,
              "2026-03-07T12:00:00-05:00",
              {"2026-03-08T03:30:00-04:00", "2026-03-09T02:30:00-04:00"}},
        Story{"America/New_York",
              "30 2 * * *",
              kVixie,
              "2026-03-07T12:00:00-05:00",
              {"2026-03-08T03:00:00-04:00", "2026-03-09T02:30:00-04:00"}},
        Story{"America/New_York",
              "30 2 * * *",
              kSkip,
              "2026-03-07T12:00:00-05:00",
              {"2026-03-09T02:30:00-04:00", "2026-03-10T02:30:00-04:00"}},
        // 3.11.3 loses 02:20 and 02:40.
        Story{"America/New_York",
              "*/20 2 * * *",
              kAps,
              "2026-03-07T12:00:00-05:00",
              {"2026-03-08T03:00:00-04:00", "2026-03-08T03:20:00-04:00", "2026-03-08T03:40:00-04:00",
               "2026-03-09T02:00:00-04:00"}},
        // Skipped 02:30 and real 03:30 are one instant, fired once.
        Story{"America/New_York",
              "30 2,3 * * *",
              kAps,
              "2026-03-07T12:00:00-05:00",
              {"2026-03-08T03:30:00-04:00", "2026-03-09T02:30:00-04:00", "2026-03-09T03:30:00-04:00"}},
        Story{"America/New_York",
              "30 2,3 * * *",
              kVixie,
              "2026-03-07T12:00:00-05:00",
              {"2026-03-08T03:00:00-04:00", "2026-03-08T03:30:00-04:00", "2026-03-09T02:30:00-04:00"}},
        Story{"America/New_York",
              "0 2,3 * * *",
              kVixie,
              "2026-03-07T12:00:00-05:00",
              {"2026-03-08T03:00:00-04:00", "2026-03-09T02:00:00-04:00"}},
        // Wildcards follow the clock.
        Story{"America/New_York",
              "*/30 * * * *",
              kAps,
              "2026-03-08T01:30:00-05:00",
              {"2026-03-08T03:00:00-04:00", "2026-03-08T03:30:00-04:00"}},
        Story{"America/New_York",
              "*/30 * * * *",
              kVixie,
              "2026-03-08T01:30:00-05:00",
              {"2026-03-08T03:00:00-04:00", "2026-03-08T03:30:00-04:00"}},
        Story{"America/New_York",
              "*/20 2 * * *",
              kVixie,
              "2026-03-07T12:00:00-05:00",
              {"2026-03-09T02:00:00-04:00", "2026-03-09T02:20:00-04:00"}},
        // 3.11.3 loses the whole of April here: after the gap it lands at 01:00 on the 1st.
        Story{"America/New_York",
              "0 0 1 * *",
              kAps,
              "2026-03-01T00:00:00-05:00",
              {"2026-04-01T00:00:00-04:00", "2026-05-01T00:00:00-04:00"}},
        // Asked from within the hour after the change.
        Story{"America/New_York",
              "*/20 2 * * *",
              kAps,
              "2026-03-08T03:10:00-04:00",
              {"2026-03-08T03:20:00-04:00", "2026-03-08T03:40:00-04:00"}},
        Story{"America/New_York",
              "30 2 * * *",
              kVixie,
              "2026-03-08T03:00:00-04:00",
              {"2026-03-09T02:30:00-04:00"}}));

// New York, 2026-11-01: 01:00 to 02:00 comes twice.
INSTANTIATE_TEST_SUITE_P(
    NewYorkFold, CronDstStory,
    testing::Values(
        Story{"America/New_York",
              "30 1 * * *",
              kAps,
              "2026-10-31T12:00:00-04:00",
              {"2026-11-01T01:30:00-04:00", "2026-11-01T01:30:00-05:00", "2026-11-02T01:30:00-05:00"}},
        Story{"America/New_York",
              "30 1 * * *",
              kVixie,
              "2026-10-31T12:00:00-04:00",
              {"2026-11-01T01:30:00-04:00", "2026-11-02T01:30:00-05:00"}},
        Story{"America/New_York",
              "30 1 * * *",
              kSkip,
              "2026-10-31T12:00:00-04:00",
              {"2026-11-01T01:30:00-04:00", "2026-11-02T01:30:00-05:00"}},
        Story{"America/New_York",
              "30 * * * *",
              kVixie,
              "2026-11-01T00:30:00-04:00",
              {"2026-11-01T01:30:00-04:00", "2026-11-01T01:30:00-05:00", "2026-11-01T02:30:00-05:00"}},
        Story{"America/New_York",
              "30 * * * *",
              kSkip,
              "2026-11-01T00:30:00-04:00",
              {"2026-11-01T01:30:00-04:00", "2026-11-01T02:30:00-05:00"}},
        Story{"America/New_York",
              "0 */2 * * *",
              kAps,
              "2026-10-31T22:00:00-04:00",
              {"2026-11-01T00:00:00-04:00", "2026-11-01T02:00:00-05:00"}},
        // The second 01:30, asked between the two.
        Story{"America/New_York",
              "30 1 * * *",
              kAps,
              "2026-11-01T01:45:00-04:00",
              {"2026-11-01T01:30:00-05:00"}},
        Story{"America/New_York",
              "30 1 * * *",
              kVixie,
              "2026-11-01T01:15:00-05:00",
              {"2026-11-02T01:30:00-05:00"}},
        // Once a year, only in the fold.
        Story{"America/New_York",
              "30 1 1 11 *",
              kAps,
              "2026-01-01T00:00:00-05:00",
              {"2026-11-01T01:30:00-04:00", "2026-11-01T01:30:00-05:00", "2027-11-01T01:30:00-04:00"}}));

INSTANTIATE_TEST_SUITE_P(
    Elsewhere, CronDstStory,
    testing::Values(
        Story{"Europe/Berlin",
              "30 2 * * *",
              kAps,
              "2026-03-28T12:00:00+01:00",
              {"2026-03-29T03:30:00+02:00", "2026-03-30T02:30:00+02:00"}},
        Story{"Europe/Berlin",
              "30 2 * * *",
              kAps,
              "2026-10-24T12:00:00+02:00",
              {"2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00"}},
        // Half an hour: 02:00 to 02:30 is skipped, 01:30 to 02:00 comes twice.
        Story{"Australia/Lord_Howe",
              "15 2 * * *",
              kAps,
              "2026-10-03T12:00:00+10:30",
              {"2026-10-04T02:45:00+11:00", "2026-10-05T02:15:00+11:00"}},
        Story{"Australia/Lord_Howe",
              "15 2 * * *",
              kVixie,
              "2026-10-03T12:00:00+10:30",
              {"2026-10-04T02:30:00+11:00", "2026-10-05T02:15:00+11:00"}},
        Story{"Australia/Lord_Howe",
              "45 1 * * *",
              kAps,
              "2026-04-04T12:00:00+11:00",
              {"2026-04-05T01:45:00+11:00", "2026-04-05T01:45:00+10:30"}},
        // Midnight is skipped: 3.11.3 loses the day.
        Story{"America/Santiago",
              "0 0 * * *",
              kAps,
              "2022-09-10T12:00:00-04:00",
              {"2022-09-11T01:00:00-03:00", "2022-09-12T00:00:00-03:00"}},
        Story{"America/Santiago",
              "0 0 * * *",
              kVixie,
              "2022-09-10T12:00:00-04:00",
              {"2022-09-11T01:00:00-03:00", "2022-09-12T00:00:00-03:00"}},
        Story{"America/Santiago",
              "0 0 * * *",
              kSkip,
              "2022-09-10T12:00:00-04:00",
              {"2022-09-12T00:00:00-03:00"}},
        Story{"Africa/Cairo",
              "0 0 * * fri",
              kAps,
              "2024-04-25T12:00:00+02:00",
              {"2024-04-26T01:00:00+03:00", "2024-05-03T00:00:00+03:00"}},
        // Apia had no 2011-12-30: its noon is what 24 hours later is.
        Story{"Pacific/Apia",
              "0 12 * * *",
              kAps,
              "2011-12-29T12:00:00-10:00",
              {"2011-12-31T12:00:00+14:00", "2012-01-01T12:00:00+14:00"}},
        Story{"Pacific/Apia",
              "0 12 * * *",
              kVixie,
              "2011-12-29T12:00:00-10:00",
              {"2011-12-31T00:00:00+14:00", "2011-12-31T12:00:00+14:00"}},
        Story{
            "Pacific/Apia", "0 12 * * *", kSkip, "2011-12-29T12:00:00-10:00", {"2011-12-31T12:00:00+14:00"}},
        // Dublin's winter is the daylight time, one hour back.
        Story{"Europe/Dublin",
              "30 1 * * *",
              kAps,
              "2026-03-28T12:00:00Z",
              {"2026-03-29T02:30:00+01:00", "2026-03-30T01:30:00+01:00"}},
        Story{"Europe/Dublin",
              "30 1 * * *",
              kAps,
              "2026-10-24T12:00:00+01:00",
              {"2026-10-25T01:30:00+01:00", "2026-10-25T01:30:00Z"}},
        // Casablanca goes back for Ramadan.
        Story{"Africa/Casablanca",
              "30 2 * * *",
              kVixie,
              "2022-03-26T12:00:00+01:00",
              {"2022-03-27T02:30:00+01:00", "2022-03-28T02:30:00Z"}},
        Story{"Africa/Casablanca",
              "30 2 * * *",
              kAps,
              "2022-05-07T12:00:00Z",
              {"2022-05-08T03:30:00+01:00", "2022-05-09T02:30:00+01:00"}},
        // Long after the last transition that files list.
        Story{"America/New_York",
              "30 2 * * *",
              kAps,
              "2499-03-07T12:00:00-05:00",
              {"2499-03-08T03:30:00-04:00", "2499-03-09T02:30:00-04:00"}}));

// A rule by its sets of values, in the simplest form: what it says is looked up, not computed.
struct PlainRule {
  std::set<int> minutes;  // empty: `*`
  std::set<int> hours;
  std::set<int> weekdays;

  bool matches(CivilTime time) const {
    const CivilFields f = fields_of(time);
    const int weekday = weekday_of(date::floor<date::days>(time));
    return has(minutes, f.minute) && has(hours, f.hour) && has(weekdays, weekday) && f.second == 0;
  }
  bool is_fixed() const { return !minutes.empty() && !hours.empty(); }
  std::string line() const { return text(minutes) + " " + text(hours) + " * * " + text(weekdays); }

 private:
  static bool has(const std::set<int>& values, int value) { return values.empty() || values.contains(value); }
  static std::string text(const std::set<int>& values) {
    std::string list;
    for (const int value : values) list += (list.empty() ? "" : ",") + std::to_string(value);
    return values.empty() ? "*" : list;
  }
};

bool fires_once(const PlainRule& rule, DstPolicy dst) {
  return dst == kSkip || (dst == kVixie && rule.is_fixed());
}

// The skipped wall times of one transition, minute by minute.
void add_skipped(const PlainRule& rule, const ZoneTransition& change, DstPolicy dst,
                 std::set<Instant>& fires) {
  if (dst == kSkip || (dst == kVixie && !rule.is_fixed())) return;
  for (Instant t = change.at; t < change.at + (change.offset_after - change.offset_before); t += minutes{1}) {
    if (!rule.matches(CivilTime{t.time_since_epoch() + change.offset_before})) continue;
    fires.insert(dst == kVixie ? change.at : t);
  }
}

std::set<Instant> all_fires(const PlainRule& rule, const TimeZone& zone, DstPolicy dst, Instant begin,
                            Instant end) {
  std::set<Instant> fires;
  for (Instant t = begin; t < end; t += minutes{1}) {
    const CivilTime shown = zone.to_civil(t);
    if (!rule.matches(shown)) continue;
    const CivilLookup lookup = zone.lookup(shown);
    const bool second_time = lookup.kind == CivilLookup::Kind::kRepeated && t != lookup.pre;
    if (!second_time || !fires_once(rule, dst)) fires.insert(t);
  }
  for (auto change = zone.next_transition(begin - hours{48}); change && change->at < end;
       change = zone.next_transition(change->at)) {
    add_skipped(rule, *change, dst, fires);
  }
  return {fires.lower_bound(begin), fires.lower_bound(end)};
}

class RandomRules {
 public:
  PlainRule next() {
    return {values(60, 3), values(random(2) == 0 ? 4 : 24, 2),
            random(3) == 0 ? values(7, 2) : std::set<int>()};
  }
  int random(int below) { return std::uniform_int_distribution<int>(0, below - 1)(generator_); }

 private:
  std::set<int> values(int below, int most) {
    std::set<int> result;
    for (int i = random(most + 1); i > 0; --i)
      result.insert(random(3) == 0 ? random(below / 2) * 2 : random(below));
    return result;
  }

  std::mt19937 generator_{20'261'123};
};

class CronDstOracle : public testing::TestWithParam<const char*> {};

TEST_P(CronDstOracle, AgreesWithSteppingThroughTheMinutes) {
  const TimeZone zone = TimeZone::load(GetParam());
  RandomRules rules;
  int compared = 0;
  for (auto change = zone.next_transition(instant("2008-01-01T00:00:00Z"));
       change && change->at < instant("2024-12-31T00:00:00Z"); change = zone.next_transition(change->at)) {
    for (const DstPolicy dst : {kAps, kVixie, kSkip}) {
      const PlainRule rule = rules.next();
      const Instant begin = std::chrono::floor<minutes>(change->at) - minutes{rules.random(2000)};
      const Instant end = change->at + hours{60};
      const TriggerPtr trigger = cron(rule.line(), GetParam(), dst);
      std::set<Instant> found;
      for (auto fire = trigger->next_fire_time({}, begin); fire && *fire < end;) {
        found.insert(*fire);
        fire = trigger->next_fire_time(fire, *fire);
      }
      ASSERT_EQ(found, all_fires(rule, zone, dst, begin, end))
          << rule.line() << " from " << to_string(begin) << " policy " << static_cast<int>(dst);
      ++compared;
    }
  }
  EXPECT_GT(compared, 0);
}

INSTANTIATE_TEST_SUITE_P(Zones, CronDstOracle,
                         testing::Values("America/New_York", "Europe/Berlin", "Australia/Lord_Howe",
                                         "America/Santiago", "Africa/Cairo", "Pacific/Apia", "Europe/Dublin",
                                         "Africa/Casablanca", "Asia/Gaza", "Antarctica/Troll",
                                         "Pacific/Chatham", "America/Godthab", "America/Sao_Paulo",
                                         "Asia/Tehran"),
                         [](const auto& zone) {
                           std::string name = zone.param;
                           std::erase_if(name, [](char c) { return c == '/' || c == '_'; });
                           return name;
                         });

}  // namespace
}  // namespace duetime
