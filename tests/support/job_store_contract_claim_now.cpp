// Contract: claiming a run for now, beside the job's schedule.
#include <atomic>
#include <barrier>
#include <mutex>
#include <thread>

#include "tests/support/job_store_contract.h"

namespace duetime {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

Job job_of_instances(const std::string& id, int max_instances) {
  Job job = minutely_job(id);
  job.max_instances = max_instances;
  return job;
}

ClaimPtr claim_now(JobStore& store, const std::string& id, const ClaimRequest& request) {
  const ClaimResult result = store.claim_now(id, request);
  EXPECT_THAT(result.claims, SizeIs(1));
  return result.claims.at(0);
}

TEST_P(JobStoreContract, ARunForNowLeavesTheScheduleAlone) {
  add("job", 60);
  const JobPosition before = store().get("job")->position;
  const ClaimRequest asked = request(5);

  const ClaimPtr claim = claim_now(store(), "job", asked);

  EXPECT_EQ(claim->owner, owner_);
  EXPECT_EQ(claim->claim_id, asked.claim_id);
  EXPECT_EQ(claim->claimed_at, at(5));
  EXPECT_EQ(claim->claimed_boot_time, asked.time.boot_time);
  EXPECT_GT(claim->fence, before.fence);
  ASSERT_THAT(claim->runs, SizeIs(1));
  EXPECT_EQ(claim->runs[0].scheduled_time, at(5));
  EXPECT_EQ(claim->runs[0].fire_time, at(5));
  EXPECT_EQ(claim->runs[0].attempt, 1);
  const JobPosition after = store().get("job")->position;
  EXPECT_EQ(after.status, JobStatus::kScheduled);
  EXPECT_EQ(after.next_run_time, at(60));
  EXPECT_EQ(after.fire_time, at(60));
  EXPECT_EQ(after.revision, before.revision);
  EXPECT_GT(after.version, before.version);
  EXPECT_EQ(after.version, claim->record.position.version);
  EXPECT_EQ(after.fence, claim->fence);
  EXPECT_EQ(store().next_due({}), at(60));
  EXPECT_TRUE(complete(claim, 6).at(0).accepted);
  EXPECT_EQ(runs(RunState::kSucceeded).at(0).scheduled_time, at(5));
  EXPECT_EQ(claim_one(60)->runs.at(0).scheduled_time, at(60));
}

TEST_P(JobStoreContract, ARunForNowOfAPausedJobLeavesItPaused) {
  add(paused(minutely_job("job")));
  complete(claim_now(store(), "job", request(5)), 6);
  EXPECT_EQ(store().get("job")->position.status, JobStatus::kPaused);
  EXPECT_EQ(store().get("job")->position.next_run_time, std::nullopt);
}

TEST_P(JobStoreContract, ARunForNowOfAFinishingJobKeepsItUntilBothHaveEnded) {
  add(scheduled(job_of_instances("once", 2), 1));
  const ClaimPtr last = claim_one(1, run_once);
  const ClaimPtr extra = claim_now(store(), "once", request(2));
  EXPECT_FALSE(complete(last, 3).at(0).job_removed);
  EXPECT_TRUE(store().get("once"));
  EXPECT_TRUE(complete(extra, 4).at(0).job_removed);
  EXPECT_FALSE(store().get("once"));
}

TEST_P(JobStoreContract, ARunForNowCountsTowardMaxInstances) {
  add(scheduled(job_of_instances("job", 2), 10));
  const ClaimPtr first = claim_now(store(), "job", request(1));
  claim_now(store(), "job", request(2));
  const JobPosition before = store().get("job")->position;

  const ClaimResult refused = store().claim_now("job", request(3));

  EXPECT_THAT(refused.claims, IsEmpty());
  ASSERT_THAT(refused.skipped, SizeIs(1));
  EXPECT_EQ(refused.skipped[0].record.id, "job");
  EXPECT_EQ(refused.skipped[0].plan.outcome, RunPlan::Outcome::kRefused);
  EXPECT_FALSE(refused.skipped[0].removed);
  EXPECT_EQ(store().get("job")->position.version, before.version);
  EXPECT_THAT(runs(RunState::kRefused), IsEmpty());
  int running = -1;
  store().claim_due(request(10), [&](const Job&, const JobPosition&, Instant, int instances) {
    running = instances;
    RunPlan leave;
    leave.outcome = RunPlan::Outcome::kLeave;
    return leave;
  });
  EXPECT_EQ(running, 2);
  complete(first, 11);
  EXPECT_THAT(store().claim_now("job", request(12)).claims, SizeIs(1));
}

TEST_P(JobStoreContract, ExclusionsDoNotKeepARunForNowBack) {
  add("job", 60);
  exclusions_.tasks = {"tests:task"};
  EXPECT_THAT(ids_of(store().claim_now("job", request(1)).claims), ElementsAre("job"));
}

TEST_P(JobStoreContract, ARunForNowOfNoJobIsAnError) {
  add("job", 1);
  store().remove("job");
  EXPECT_EQ(error_of([&] { store().claim_now("job", request(1)); }), ErrorCode::kNotFound);
  EXPECT_EQ(error_of([&] { store().claim_now("", request(1)); }), ErrorCode::kNotFound);
}

TEST_P(JobStoreContract, ARunForNowOfAnUnreadableJobIsNotClaimed) {
  if (!GetParam().write_raw) GTEST_SKIP() << "keeps no bytes";
  add("job", 1);
  GetParam().write_raw(directory(), "job", "no document");
  const ClaimResult result = store().claim_now("job", request(1));
  EXPECT_THAT(result.claims, IsEmpty());
  EXPECT_THAT(ids_of(result.unreadable), ElementsAre("job"));
  EXPECT_EQ(GetParam().read_raw(directory(), "job"), "no document");
}

TEST_P(JobStoreContract, ARepeatedCallForNowFindsItsOwnClaim) {
  if (!store().traits().shared) GTEST_SKIP() << "its calls have no unknown outcome";
  add(scheduled(job_of_instances("job", 5), 60));
  const ClaimRequest asked = request(1);
  const ClaimPtr first = claim_now(store(), "job", asked);
  const ClaimPtr again = claim_now(store(), "job", asked);
  EXPECT_EQ(again->runs.at(0).id, first->runs.at(0).id);
  EXPECT_EQ(again->fence, first->fence);
  EXPECT_THAT(runs(RunState::kClaimed), SizeIs(1));
  complete(again, 2);
  EXPECT_THAT(store().claim_now("job", asked).claims, IsEmpty());
}

TEST_P(JobStoreLeaseContract, ARunForNowHasALease) {
  add("job", 600);
  claim_now(store(), "job", request(1));
  EXPECT_THAT(reclaim(31).abandoned, IsEmpty());
  EXPECT_THAT(reclaim(31.1).abandoned, SizeIs(1));
}

// Who counts and claims in two steps lets more in than there is room for.
TEST_P(JobStoreContract, ThreadsThatAskForNowShareTheRoom) {
  constexpr int kThreads = 4;
  constexpr int kRoom = 2;
  add(scheduled(job_of_instances("job", kRoom), 600));
  std::vector<JobStorePtr> nodes;
  for (int i = 0; i < kThreads; ++i)
    nodes.push_back(store().traits().shared && i > 0 ? another_node() : nullptr);
  std::atomic<int> claimed = 0;
  std::barrier start(kThreads);
  std::vector<std::thread> threads;
  for (const JobStorePtr& node : nodes) {
    threads.emplace_back([&] {
      start.arrive_and_wait();
      claimed += static_cast<int>((node ? *node : store()).claim_now("job", request(1)).claims.size());
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(claimed, kRoom);
}

}  // namespace
}  // namespace duetime
