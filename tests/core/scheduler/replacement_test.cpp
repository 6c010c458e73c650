#include "core/scheduler/replacement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/hosted_scheduler.h"

namespace duetime {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

// A stored job every minute, due at 10:01:00, is added again.
class Replacement : public testing::Test {
 protected:
  Replacement() {
    host_.started();
    host_.scheduler.add_job("default", every(minutes(1), at("10:01:00")));
    before_ = stored();
  }

  JobRecord stored() { return host_.scheduler.find_job("", "job")->record; }

  std::optional<JobRecord> replace(Job job, std::optional<JobPosition> position = std::nullopt) {
    return host_.scheduler.add_job("default", std::move(job), OnConflict::kReplace, position);
  }

  HostedScheduler host_;
  JobRecord before_;
};

TEST_F(Replacement, TheSameJobIsNotWritten) {
  ASSERT_TRUE(replace(every(minutes(1), at("10:01:00"))));
  EXPECT_EQ(stored().position.version, before_.position.version);
  EXPECT_EQ(stored().position.revision, before_.position.revision);
}

TEST_F(Replacement, TheSameTriggerKeepsAFireThatIsDue) {
  host_.clock->advance(minutes(1) + seconds(1));  // nobody has looked yet
  Job job = every(minutes(1), at("10:01:00"));
  job.name = "new";
  EXPECT_EQ(replace(job)->position.next_run_time, at("10:01:00"));
  EXPECT_EQ(stored().job->name, "new");
  EXPECT_GT(stored().position.revision, before_.position.revision);
  host_.scheduler.run_pending();
  EXPECT_THAT(host_.run_times(), ElementsAre(at("10:01:00")));
}

TEST_F(Replacement, AFireThatRanIsNotDueAgain) {
  host_.advance(minutes(1));
  Job job = every(minutes(1), at("10:01:00"));
  job.name = "new";
  EXPECT_EQ(replace(job)->position.next_run_time, at("10:02:00"));
}

TEST_F(Replacement, APausedJobStaysPaused) {
  host_.scheduler.pause_job("", "job");
  Job job = every(minutes(1), at("10:01:00"));
  job.name = "new";
  EXPECT_EQ(replace(job)->position.next_run_time, std::nullopt);
  EXPECT_EQ(stored().position.status, JobStatus::kPaused);
}

TEST_F(Replacement, AnotherTriggerBeginsAnew) {
  host_.clock->advance(minutes(2));
  EXPECT_EQ(replace(every(minutes(10), at("10:05:00")))->position.next_run_time, at("10:05:00"));
  host_.scheduler.run_pending();
  EXPECT_THAT(host_.run_times(), IsEmpty());
}

TEST_F(Replacement, APositionThatIsGivenCounts) {
  JobPosition position;
  position.status = JobStatus::kScheduled;
  position.next_run_time = position.fire_time = at("10:00:30");
  EXPECT_EQ(replace(every(minutes(1), at("10:01:00")), position)->position.next_run_time, at("10:00:30"));
  EXPECT_EQ(stored().position.next_run_time, at("10:00:30"));
}

TEST_F(Replacement, ATriggerThatNeverFiresChangesNothing) {
  const TriggerPtr spent = make_interval_trigger(
      IntervalRule{.interval = minutes(1), .start = at("08:00:00"), .end = at("09:00:00")});
  EXPECT_FALSE(replace(job_with(spent)));
  EXPECT_EQ(stored().position.version, before_.position.version);
}

TEST_F(Replacement, OfWhatIsNotThereAdds) {
  host_.scheduler.remove_job("", "job");
  ASSERT_TRUE(replace(every(minutes(1), at("10:01:00"))));
  EXPECT_THAT(host_.scheduler.list_jobs(""), SizeIs(1));
}

TEST(SameDefinition, LivePayloadsAreNeverTheSame) {
  Job job = every(minutes(1), at("10:01:00"));
  EXPECT_TRUE(is_same_definition(job, job));
  job.payload.live = std::make_shared<int>(1);
  EXPECT_FALSE(is_same_definition(job, job));
}

}  // namespace
}  // namespace duetime
