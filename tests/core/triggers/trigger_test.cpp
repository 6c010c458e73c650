#include "core/triggers/trigger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "core/base/error.h"
#include "core/triggers/fire_or_none.h"
#include "tests/support/times.h"

namespace duetime {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;

// A trigger that leaves backlog() to the base class.
class StepTrigger final : public Trigger {
 public:
  using Step = std::function<std::optional<Instant>(Instant previous)>;
  explicit StepTrigger(Step step) : step_(std::move(step)) {}

  std::optional<Instant> next_fire_time(std::optional<Instant> previous, Instant now) const override {
    ++calls;
    return step_(previous.value_or(now));
  }
  std::string_view type() const override { return "step"; }
  Json document() const override { return {{"type", "step"}}; }

  mutable int calls = 0;

 private:
  Step step_;
};

TEST(Backlog, IsSteppedThrough) {
  const StepTrigger trigger([](Instant previous) { return previous + seconds{10}; });
  const Backlog backlog = trigger.backlog(at("10:00:00"), at("10:01:00"), 2);
  EXPECT_THAT(backlog.fires, ElementsAre(at("10:00:50"), at("10:01:00")));
  EXPECT_EQ(backlog.dropped, 5);
  EXPECT_TRUE(backlog.dropped_is_exact);
  EXPECT_EQ(backlog.next, at("10:01:10"));
}

TEST(Backlog, EndsWhenTheRuleIsSpent) {
  const StepTrigger trigger([](Instant) { return std::nullopt; });
  const Backlog backlog = trigger.backlog(at("10:00:00"), at("10:01:00"), 2);
  EXPECT_THAT(backlog.fires, ElementsAre(at("10:00:00")));
  EXPECT_EQ(backlog.next, std::nullopt);
}

TEST(Backlog, StartsAgainFromTheEndWhenThereIsTooMuch) {
  const StepTrigger trigger([](Instant previous) { return previous + Duration{1}; });
  const Backlog backlog = trigger.backlog(at("10:00:00"), at("11:00:00"), 1);
  EXPECT_EQ(backlog.fires.size(), 1u);
  EXPECT_EQ(backlog.dropped, kMaxBacklogSteps - 1);
  EXPECT_FALSE(backlog.dropped_is_exact);
  EXPECT_EQ(backlog.next, at("11:00:00") + Duration{1});
  EXPECT_LE(trigger.calls, kMaxBacklogSteps + 1);
}

TEST(Backlog, ATriggerThatDoesNotMoveOnIsAnError) {
  for (const Duration step : {Duration{0}, Duration{-1}}) {
    const StepTrigger trigger([step](Instant previous) { return previous + step; });
    try {
      trigger.backlog(at("10:00:00"), at("11:00:00"), 1);
      ADD_FAILURE() << "accepted";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kCallback);
    }
  }
}

// It assumes how std::optional is laid out.
TEST(FireOrNone, IsAnOptional) {
  EXPECT_EQ(fire_or_none(from_micros(7), true), std::optional(from_micros(7)));
  EXPECT_EQ(fire_or_none(from_micros(-1), true), std::optional(from_micros(-1)));
  EXPECT_EQ(fire_or_none(from_micros(7), false), std::nullopt);
  std::optional<Instant> copy = fire_or_none(kLatestInstant, true);
  EXPECT_TRUE(copy.has_value());
  copy.reset();
  EXPECT_EQ(copy, fire_or_none({}, false));
}

}  // namespace
}  // namespace duetime
