#include "core/scheduler/run_planner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "core/base/error.h"
#include "tests/support/jobs.h"

namespace duetime {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using Outcome = RunPlan::Outcome;

JobPosition due_at(Instant when) {
  return {
      .status = JobStatus::kScheduled, .next_run_time = when, .fire_time = when, .revision = 1, .version = 1};
}

std::vector<Instant> times(const std::vector<PlannedRun>& runs) {
  std::vector<Instant> result;
  for (const PlannedRun& run : runs) result.push_back(run.scheduled_time);
  return result;
}

// Answers whatever the test tells it to.
class ScriptedTrigger final : public Trigger {
 public:
  explicit ScriptedTrigger(std::function<std::optional<Instant>(std::optional<Instant>)> answer)
      : answer_(std::move(answer)) {}
  std::optional<Instant> next_fire_time(std::optional<Instant> previous, Instant) const override {
    return answer_(previous);
  }
  bool calls_out() const override { return true; }
  std::string_view type() const override { return "scripted"; }
  Json document() const override { return {{"type", "scripted"}}; }

 private:
  std::function<std::optional<Instant>(std::optional<Instant>)> answer_;
};

TEST(RunPlanner, ADueJobRunsAndMovesOn) {
  const Job job = every(minutes(1), at("10:00:00"));
  const RunPlan plan = plan_runs(job, due_at(at("10:00:00")), at("10:00:00.5"), 0);
  EXPECT_EQ(plan.outcome, Outcome::kRun);
  EXPECT_THAT(times(plan.runs), ElementsAre(at("10:00:00")));
  EXPECT_EQ(plan.next_run_time, at("10:01:00"));
  EXPECT_EQ(plan.next_status, JobStatus::kScheduled);
}

TEST(RunPlanner, CoalescingKeepsTheLatestOfABacklog) {
  Job job = every(minutes(1), at("10:00:00"));
  const RunPlan plan = plan_runs(job, due_at(at("10:00:00")), at("10:05:00.5"), 0);
  EXPECT_THAT(times(plan.runs), ElementsAre(at("10:05:00")));
  EXPECT_EQ(plan.missed_count, 0);
  EXPECT_EQ(plan.next_run_time, at("10:06:00"));
}

TEST(RunPlanner, WithoutCoalescingEveryFireWithinTheGraceRuns) {
  Job job = every(minutes(1), at("10:00:00"));
  job.coalesce = false;
  job.misfire_grace = minutes(2);
  const RunPlan plan = plan_runs(job, due_at(at("10:00:00")), at("10:04:30"), 0);
  EXPECT_THAT(times(plan.runs), ElementsAre(at("10:03:00"), at("10:04:00")));
  EXPECT_THAT(plan.missed, ElementsAre(at("10:00:00"), at("10:01:00"), at("10:02:00")));
  EXPECT_EQ(plan.missed_count, 3);
}

TEST(RunPlanner, ALateRunIsMissedAndTheJobMovesOn) {
  const RunPlan plan = plan_runs(every(hours(1), at("09:00:00")), due_at(at("09:00:00")), at("09:00:02"), 0);
  EXPECT_EQ(plan.outcome, Outcome::kMissed);
  EXPECT_THAT(plan.runs, IsEmpty());
  EXPECT_THAT(plan.missed, ElementsAre(at("09:00:00")));
  EXPECT_EQ(plan.next_run_time, at("10:00:00"));
}

TEST(RunPlanner, WithoutAGraceNothingIsEverTooLate) {
  Job job = once(at("09:00:00"));
  job.misfire_grace = std::nullopt;
  const RunPlan plan = plan_runs(job, due_at(at("09:00:00")), at("23:00:00"), 0);
  EXPECT_EQ(plan.outcome, Outcome::kRun);
  EXPECT_EQ(plan.next_status, JobStatus::kFinishing);
  EXPECT_EQ(plan.next_run_time, std::nullopt);
}

TEST(RunPlanner, AYearOfSecondsCostsWhatIsKept) {
  Job job = every(seconds(1), at("10:00:00"));
  job.coalesce = false;
  job.misfire_grace = std::nullopt;
  const Instant now = at("10:00:00") + hours(24 * 365);
  const RunPlan plan = plan_runs(job, due_at(at("10:00:00")), now, 0);
  EXPECT_THAT(plan.runs, SizeIs(kMaxCatchUpRuns));
  EXPECT_EQ(plan.runs.back().scheduled_time, now);
  EXPECT_EQ(plan.missed_count, 365 * 86'400 + 1 - static_cast<int64_t>(kMaxCatchUpRuns));
  EXPECT_EQ(plan.next_run_time, now + seconds(1));
}

TEST(RunPlanner, AtMaxInstancesARecurringJobGivesTheFireUp) {
  const RunPlan plan =
      plan_runs(every(minutes(1), at("10:00:00")), due_at(at("10:00:00")), at("10:00:00"), 1);
  EXPECT_EQ(plan.outcome, Outcome::kRefused);
  EXPECT_THAT(times(plan.runs), ElementsAre(at("10:00:00")));
  EXPECT_EQ(plan.next_run_time, at("10:01:00"));
}

TEST(RunPlanner, AtMaxInstancesTheLastFireStaysDue) {
  const RunPlan plan = plan_runs(once(at("10:00:00")), due_at(at("10:00:00")), at("10:00:00"), 1);
  EXPECT_EQ(plan.outcome, Outcome::kDeferred);
  EXPECT_EQ(plan.next_run_time, at("10:00:00") + kDeferral);
  EXPECT_EQ(plan.next_fire_time, at("10:00:00"));
  EXPECT_EQ(plan.next_status, JobStatus::kScheduled);
}

TEST(RunPlanner, ADeferredRunIsNotLateForWhatItWaited) {
  JobPosition position = due_at(at("10:00:00"));
  position.next_run_time = at("10:05:00");
  const RunPlan plan = plan_runs(once(at("10:00:00")), position, at("10:05:00.2"), 0);
  EXPECT_EQ(plan.outcome, Outcome::kRun);
  EXPECT_THAT(times(plan.runs), ElementsAre(at("10:05:00")));
}

TEST(RunPlanner, JitterDelaysWithinItsBoundAndDoesNotAccumulate) {
  const Job job = job_with(make_interval_trigger(
      IntervalRule{.interval = minutes(1), .start = at("10:00:00"), .jitter = seconds(30)}));
  JobPosition position = first_position(job, at("09:59:00"));
  for (int minute = 0; minute < 50; ++minute) {
    const Instant fire = at("10:00:00") + minutes(minute);
    ASSERT_EQ(position.fire_time, fire);
    ASSERT_GE(*position.next_run_time, fire);
    ASSERT_LE(*position.next_run_time, fire + seconds(30));
    const RunPlan plan = plan_runs(job, position, *position.next_run_time, 0);
    ASSERT_EQ(plan.outcome, Outcome::kRun);
    position.next_run_time = plan.next_run_time;
    position.fire_time = plan.next_fire_time;
  }
}

TEST(RunPlanner, JitterIsTheSameOnEveryNode) {
  const auto rule = IntervalRule{.interval = minutes(1), .start = at("10:00:00"), .jitter = seconds(30)};
  const Job one = job_with(make_interval_trigger(rule));
  const Job other = job_with(make_interval_trigger(rule));
  const Job named = job_with(make_interval_trigger(rule), "another id");
  EXPECT_EQ(run_time_of(one, at("10:07:00")), run_time_of(other, at("10:07:00")));
  EXPECT_NE(run_time_of(one, at("10:07:00")), run_time_of(named, at("10:07:00")));
}

TEST(RunPlanner, ATriggerThatDoesNotMoveOnPausesTheJob) {
  const Job job = job_with(std::make_shared<ScriptedTrigger>([](auto) { return at("10:00:00"); }));
  const RunPlan plan = plan_runs(job, due_at(at("10:00:00")), at("10:00:00"), 0);
  EXPECT_EQ(plan.outcome, Outcome::kBroken);
  EXPECT_EQ(plan.next_status, JobStatus::kPaused);
  EXPECT_THAT(plan.error, HasSubstr("not later than the previous fire"));
}

TEST(RunPlanner, ATriggerThatThrowsPausesTheJob) {
  const Job job = job_with(std::make_shared<ScriptedTrigger>(
      [](auto) -> std::optional<Instant> { throw std::runtime_error("no calendar today"); }));
  const RunPlan plan = plan_runs(job, due_at(at("10:00:00")), at("10:00:00"), 0);
  EXPECT_EQ(plan.outcome, Outcome::kBroken);
  EXPECT_THAT(plan.error, HasSubstr("no calendar today"));
}

TEST(RunPlanner, ATriggerThatLeavesTheCalendarPausesTheJob) {
  const Job job =
      job_with(std::make_shared<ScriptedTrigger>([](auto) { return kLatestInstant + seconds(1); }));
  EXPECT_EQ(plan_runs(job, due_at(at("10:00:00")), at("10:00:00"), 0).outcome, Outcome::kBroken);
}

TEST(RunPlanner, TheSameQuestionGetsTheSamePlan) {
  Job job = every(milliseconds(700), at("10:00:00"));
  job.coalesce = false;
  const RunPlan one = plan_runs(job, due_at(at("10:00:00")), at("10:00:09"), 0);
  const RunPlan two = plan_runs(job, due_at(at("10:00:00")), at("10:00:09"), 0);
  EXPECT_EQ(times(one.runs), times(two.runs));
  EXPECT_EQ(one.next_run_time, two.next_run_time);
  EXPECT_EQ(one.missed, two.missed);
}

TEST(FirstPosition, IsTheFirstFireOrTheEnd) {
  EXPECT_EQ(first_position(every(minutes(1), at("10:00:00")), at("10:00:30")).next_run_time, at("10:01:00"));
  const Job spent = job_with(make_interval_trigger(
      IntervalRule{.interval = minutes(1), .start = at("08:00:00"), .end = at("09:00:00")}));
  EXPECT_EQ(first_position(spent, at("10:00:00")).status, JobStatus::kFinishing);
}

}  // namespace
}  // namespace duetime
