#include "core/triggers/combining.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "core/base/error.h"
#include "core/triggers/cron.h"
#include "core/triggers/exclusion.h"
#include "core/triggers/interval.h"
#include "core/triggers/interval_intersection.h"
#include "core/triggers/registry.h"
#include "core/triggers/search_limit.h"
#include "tests/support/times.h"

namespace duetime {
namespace {

using std::chrono::seconds;

TriggerPtr every(seconds interval, std::optional<Instant> start, seconds jitter = seconds{0}) {
  return make_interval_trigger(IntervalRule{interval, start, std::nullopt, jitter, TimeZone()});
}

TriggerPtr cron(const char* line) { return make_cron_trigger(crontab_rule(line)); }

TEST(AndTrigger, GivesUpInsteadOfSearchingForEver) {
  const TriggerPtr trigger = make_and_trigger(CombiningRule{{cron("0 * * * *"), cron("30 * * * *")}});
  try {
    trigger->next_fire_time(std::nullopt, at("10:00:00"));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUnsupported);
    EXPECT_THAT(error.what(),
                testing::StartsWith("and trigger: no fire found in 20000 steps from 2026-01-05"));
  }
}

TEST(AndTrigger, MovesOnFromAFireOfItsOwn) {
  const TriggerPtr trigger = make_and_trigger(CombiningRule{{cron("*/2 * * * *"), cron("*/3 * * * *")}});
  EXPECT_EQ(trigger->next_fire_time(at("10:00:00"), at("10:00:00")), at("10:06:00"));
}

TEST(AndTrigger, AsksAPartOfWhichItKnowsNothing) {
  class Odd final : public Trigger {
    std::optional<Instant> next_fire_time(std::optional<Instant> previous, Instant now) const override {
      const Instant from = previous ? *previous + Duration{1} : now;
      const Instant minute = std::chrono::ceil<std::chrono::minutes>(from);
      return (minute - Instant{}) / std::chrono::minutes{1} % 2 == 1 ? minute
                                                                     : minute + std::chrono::minutes{1};
    }
    bool calls_out() const override { return true; }
    std::string_view type() const override { return "odd"; }
    Json document() const override { return {{"type", "odd"}}; }
  };
  const TriggerPtr trigger = make_and_trigger(CombiningRule{{std::make_shared<Odd>(), cron("*/5 * * * *")}});
  EXPECT_EQ(trigger->next_fire_time(std::nullopt, at("10:00:00")), at("10:05:00"));
  EXPECT_EQ(trigger->next_fire_time(at("10:05:00"), at("10:05:00")), at("10:15:00"));
  EXPECT_TRUE(trigger->calls_out());
}

TEST(OrTrigger, DelaysAFireByTheJitterOfThePartThatHasIt) {
  const TriggerPtr trigger = make_or_trigger(CombiningRule{
      {every(seconds{60}, at("10:00:00"), seconds{20}), every(seconds{60}, at("10:00:30"))}, seconds{5}});
  EXPECT_EQ(trigger->jitter(at("10:01:00")), seconds{25});
  EXPECT_EQ(trigger->jitter(at("10:01:30")), seconds{5});
}

TEST(CombiningTriggers, RefuseWhatIsMissing) {
  EXPECT_THROW(make_or_trigger(CombiningRule{{nullptr}}), Error);
  EXPECT_THROW(make_and_trigger(CombiningRule{}), Error);
  EXPECT_THROW(make_or_trigger(CombiningRule{{cron("* * * * *")}, Duration{-1}}), Error);
}

TEST(CombiningTriggers, MayBeNestedAsDeepAsADocument) {
  Json document{{"type", "date"}, {"run_time", "2026-01-05T10:00:00Z"}};
  for (int depth = 0; depth < 100; ++depth) {
    document = {{"type", "or"}, {"triggers", Json::array({document})}};
  }
  EXPECT_THROW(make_trigger(parse_json(to_text(document), "trigger")), Error);
}

TEST(ExclusionTrigger, GivesUpInsteadOfSearchingForEver) {
  const TriggerPtr trigger =
      make_trigger({{"type", "not"},
                    {"trigger", {{"type", "cron"}, {"fields", {{"hour", "3"}}}}},
                    {"calendars", Json::array({{{"windows", Json::array({"02:00/04:00"})}}})}});
  EXPECT_THROW(trigger->next_fire_time(std::nullopt, at("10:00:00")), Error);
}

// All pairs of small grids, against counting.
TEST(IntervalIntersection, IsWhereBothFire) {
  const auto rule = [](int step, int start) {
    return IntervalRule{Duration{step}, at("10:00:00") + Duration{start}, std::nullopt, Duration{0},
                        TimeZone()};
  };
  for (int a = 1; a <= 12; ++a) {
    for (int b = 1; b <= 12; ++b) {
      for (int apart = -13; apart <= 13; ++apart) {
        std::optional<int> expected;
        for (int t = std::max(0, apart); t < 300 && !expected; ++t) {
          if (t % a == 0 && (t - apart) % b == 0) expected = t;
        }
        const auto found = intersection(rule(a, 0), rule(b, apart));
        ASSERT_EQ(found.has_value(), expected.has_value()) << a << " " << b << " " << apart;
        if (!found) continue;
        EXPECT_EQ(*found->start, at("10:00:00") + Duration{*expected}) << a << " " << b << " " << apart;
        EXPECT_EQ(found->interval, Duration{std::lcm(a, b)});
      }
    }
  }
}

TEST(IntervalIntersection, OfHugeStepsDoesNotOverflow) {
  const Duration huge{INT64_MAX};
  const IntervalRule a{huge, at("10:00:00"), std::nullopt, Duration{0}, TimeZone()};
  const IntervalRule b{huge - Duration{1}, at("10:00:00"), std::nullopt, Duration{0}, TimeZone()};
  const auto found = intersection(a, b);
  ASSERT_TRUE(found);
  EXPECT_EQ(make_interval_trigger(*found)->next_fire_time(at("10:00:00"), at("10:00:00")), std::nullopt);
}

}  // namespace
}  // namespace duetime
