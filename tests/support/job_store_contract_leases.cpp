// Contract: completion, leases, fences, taking over from dead nodes, release, and history.
#include "tests/support/job_store_contract.h"

namespace duetime {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

Job recovering_job(const std::string& id) {
  Job job = minutely_job(id);
  job.recover = true;
  return job;
}

TEST_P(JobStoreContract, RecordsHowARunEnded) {
  add("job", 1);
  const ClaimPtr claim = claim_one(1.5);
  if (store().traits().durable) {
    const std::vector<RunRecord> claimed = runs(RunState::kClaimed);
    ASSERT_THAT(claimed, SizeIs(1));
    EXPECT_EQ(claimed[0].id, claim->runs[0].id);
    EXPECT_EQ(claimed[0].lease_until, claim->lease_until);
  }
  RunEnd end = end_of(claim, 0, RunState::kFailed, 9);
  end.started_at = at(2);
  end.error = "ValueError: Größe\nline 2";
  EXPECT_TRUE(store().complete(std::span(&end, 1), call_time(9)).at(0).accepted);

  const std::vector<RunRecord> ended = runs();
  ASSERT_THAT(ended, SizeIs(1));
  const RunRecord& run = ended[0];
  EXPECT_EQ(run.id, claim->runs[0].id);
  EXPECT_EQ(run.job_id, "job");
  EXPECT_EQ(run.task, "tests:task");
  EXPECT_EQ(run.job_revision, claim->record.position.revision);
  EXPECT_EQ(run.scheduled_time, at(1));
  EXPECT_EQ(run.attempt, 1);
  EXPECT_EQ(run.state, RunState::kFailed);
  EXPECT_EQ(run.owner, owner_);
  EXPECT_EQ(run.fence, claim->fence);
  EXPECT_EQ(run.lease_until, std::nullopt);
  EXPECT_EQ(run.claimed_at, at(1.5));
  EXPECT_EQ(run.started_at, at(2));
  EXPECT_EQ(run.ended_at, at(9));
  EXPECT_EQ(run.error, end.error);
}

TEST_P(JobStoreContract, EndsTheRunsOfAClaimOneByOne) {
  add("job", 1);
  const ClaimPtr claim = claim_one(2, [](const Job&, const JobPosition&, Instant, int) {
    RunPlan plan;
    plan.runs = {{at(1), at(1)}, {at(2), at(2)}};
    plan.next_status = JobStatus::kFinishing;
    return plan;
  });
  const RunEnd first = end_of(claim, 0, RunState::kSucceeded, 3);
  const RunEnd second = end_of(claim, 1, RunState::kMissed, 4);
  EXPECT_FALSE(store().complete(std::span(&first, 1), call_time(3)).at(0).job_removed);
  EXPECT_TRUE(store().get("job"));
  EXPECT_TRUE(store().complete(std::span(&second, 1), call_time(4)).at(0).job_removed);
  EXPECT_FALSE(store().get("job"));
}

TEST_P(JobStoreContract, AcceptsTheSameEndAgain) {
  add("job", 1);
  const ClaimPtr claim = claim_one(1);
  EXPECT_TRUE(complete(claim, 2).at(0).accepted);
  EXPECT_TRUE(complete(claim, 3).at(0).accepted);
  ASSERT_THAT(runs(), SizeIs(1));
  EXPECT_EQ(runs()[0].ended_at, at(2));
}

TEST_P(JobStoreContract, ListsRunsLatestFirst) {
  add("a", 0);
  add("b", 10);
  for (const double due : {0, 10, 60, 70}) complete(claim_one(due), due + 1);
  const auto times = [&](const RunFilter& filter) {
    std::vector<Instant> scheduled_times;
    for (const RunRecord& run : store().list_runs(filter)) scheduled_times.push_back(run.scheduled_time);
    return scheduled_times;
  };
  EXPECT_THAT(times({}), ElementsAre(at(70), at(60), at(10), at(0)));
  EXPECT_THAT(times({.limit = 3}), ElementsAre(at(70), at(60), at(10)));
  EXPECT_THAT(times({.limit = 0}), IsEmpty());
  EXPECT_THAT(times({.job_id = "b"}), ElementsAre(at(70), at(10)));
  EXPECT_THAT(times({.scheduled_from = at(10), .scheduled_until = at(60)}), ElementsAre(at(60), at(10)));
  EXPECT_THAT(times({.job_id = "a", .state = RunState::kFailed}), IsEmpty());
}

TEST_P(JobStoreContract, KeepsHistoryAsLongAsAsked) {
  add("job", 0);
  for (int i = 0; i < 10; ++i) complete(claim_one(60 * i), 60 * i + 1);
  const ClaimPtr held = claim_one(600);

  EXPECT_EQ(store().prune_runs({.max_age = std::chrono::hours(1), .max_count = 8}, at(601)), 2u);
  EXPECT_EQ(store().prune_runs({.max_age = std::chrono::seconds(240), .max_count = 8}, at(601)), 4u);
  EXPECT_EQ(store().prune_runs({.max_age = Duration::max(), .max_count = SIZE_MAX}, at(601)), 0u);
  EXPECT_EQ(runs(RunState::kSucceeded).size(), 4u);
  EXPECT_EQ(store().prune_runs({.max_count = 0}, at(601)), 4u);
  EXPECT_TRUE(complete(held, 602).at(0).accepted);
}

TEST_P(JobStoreLeaseContract, AClaimHoldsForItsLease) {
  add("job", 1);
  const ClaimPtr claim = claim_one(1);
  const ClaimResult result = reclaim(31);
  EXPECT_THAT(result.claims, IsEmpty());
  EXPECT_THAT(result.abandoned, IsEmpty());
  ASSERT_TRUE(result.next_expiry);
  EXPECT_GT(*result.next_expiry, at(30));
  EXPECT_LE(*result.next_expiry, at(31.001));
  EXPECT_TRUE(complete(claim, 31).at(0).accepted);
}

TEST_P(JobStoreLeaseContract, ARunOfADeadNodeIsAbandoned) {
  add("job", 1);
  const ClaimPtr claim = claim_one(1);
  const ClaimResult result = reclaim(32);
  EXPECT_THAT(result.claims, IsEmpty());
  ASSERT_THAT(result.abandoned, SizeIs(1));
  EXPECT_EQ(result.abandoned[0].run.id, claim->runs[0].id);
  EXPECT_EQ(result.abandoned[0].run.state, RunState::kAbandoned);
  EXPECT_FALSE(result.abandoned[0].job_removed);
  EXPECT_EQ(result.next_expiry, std::nullopt);
  ASSERT_THAT(runs(RunState::kAbandoned), SizeIs(1));
  EXPECT_EQ(runs(RunState::kAbandoned)[0].ended_at, at(32));
  EXPECT_THAT(reclaim(33).abandoned, IsEmpty());
  EXPECT_TRUE(store().get("job"));
  EXPECT_FALSE(complete(claim, 33).at(0).accepted);
  EXPECT_EQ(runs(RunState::kAbandoned).size(), 1u);
}

TEST_P(JobStoreLeaseContract, ASpentJobLeavesWithItsAbandonedRun) {
  add("once", 1);
  claim_one(1, run_once);
  EXPECT_TRUE(reclaim(32).abandoned.at(0).job_removed);
  EXPECT_FALSE(store().get("once"));
}

TEST_P(JobStoreLeaseContract, ARecoveringJobRunsAgainElsewhere) {
  add(scheduled(recovering_job("job"), 1));
  const ClaimPtr lost = claim_one(1, run_once);
  const ClaimResult result = reclaim(32);
  ASSERT_THAT(result.claims, SizeIs(1));
  const ClaimPtr claim = result.claims[0];
  EXPECT_EQ(claim->owner, other_);
  EXPECT_GT(claim->fence, lost->fence);
  ASSERT_THAT(claim->runs, SizeIs(1));
  EXPECT_EQ(claim->runs[0].id, lost->runs[0].id);
  EXPECT_EQ(claim->runs[0].scheduled_time, at(1));
  EXPECT_EQ(claim->runs[0].attempt, 2);
  EXPECT_THAT(result.abandoned, IsEmpty());

  EXPECT_FALSE(complete(lost, 33).at(0).accepted);  // the dead node was only slow
  EXPECT_TRUE(store().get("job"));
  EXPECT_FALSE(renew(lost, 33));
  EXPECT_TRUE(renew(claim, 33));
  EXPECT_TRUE(complete(claim, 40).at(0).job_removed);
  ASSERT_THAT(runs(), SizeIs(1));
  EXPECT_EQ(runs()[0].attempt, 2);
  EXPECT_EQ(runs()[0].owner, other_);
}

TEST_P(JobStoreLeaseContract, RecoveryEndsAfterTheLastAttempt) {
  add(scheduled(recovering_job("killer"), 1));
  claim_one(1, run_once);
  double seconds = 32;
  for (int attempt = 2; attempt <= kMaxAttempts; ++attempt, seconds += 31) {
    const ClaimResult result = reclaim(make_uuid(), seconds);
    ASSERT_THAT(result.claims, SizeIs(1)) << attempt;
    EXPECT_EQ(result.claims[0]->runs[0].attempt, attempt);
  }
  const ClaimResult result = reclaim(seconds);
  EXPECT_THAT(result.claims, IsEmpty());
  ASSERT_THAT(result.abandoned, SizeIs(1));
  EXPECT_TRUE(result.abandoned[0].job_removed);
}

TEST_P(JobStoreLeaseContract, AJobThatWasChangedIsNotRecovered) {
  add(scheduled(recovering_job("job"), 1));
  claim_one(1);
  ASSERT_TRUE(store().update(*store().get("job")));
  const ClaimResult result = reclaim(32);
  EXPECT_THAT(result.claims, IsEmpty());
  EXPECT_THAT(result.abandoned, SizeIs(1));
}

TEST_P(JobStoreLeaseContract, RecoversOnlyWhatThisNodeCanRun) {
  Job job = recovering_job("elsewhere");
  job.task = "tests:unknown";
  add(scheduled(job, 1));
  claim_one(1);
  exclusions_.tasks = {"tests:unknown"};
  ClaimResult result = reclaim(32);
  EXPECT_THAT(result.claims, IsEmpty());
  EXPECT_THAT(result.abandoned, IsEmpty());
  EXPECT_EQ(result.next_expiry, std::nullopt);
  exclusions_ = {};
  EXPECT_THAT(ids_of(reclaim(33).claims), ElementsAre("elsewhere"));
}

TEST_P(JobStoreLeaseContract, RecoversUpToTheLimit) {
  for (const char* id : {"a", "b", "c"}) add(scheduled(recovering_job(id), 1));
  store().claim_due(request(1), run_minutely);
  ClaimResult result = reclaim(other_, 32, 2);
  EXPECT_THAT(result.claims, SizeIs(2));
  EXPECT_EQ(result.next_expiry, at(32));
  EXPECT_THAT(reclaim(other_, 32, 2).claims, SizeIs(1));
}

TEST_P(JobStoreLeaseContract, ALeaseThatPassedIsOverEvenIfNobodyTookOver) {
  add("job", 1);
  const ClaimPtr claim = claim_one(1);
  EXPECT_FALSE(renew(claim, 32));
  EXPECT_FALSE(complete(claim, 32).at(0).accepted);
  EXPECT_THAT(runs(RunState::kClaimed), SizeIs(1));
}

TEST_P(JobStoreLeaseContract, ARenewedLeaseHolds) {
  add("a", 1);
  add("b", 1);
  const std::vector<ClaimPtr> claims = store().claim_due(request(1), run_minutely).claims;
  ASSERT_THAT(claims, SizeIs(2));
  EXPECT_TRUE(renew(claims[0], 20));
  ClaimResult result = reclaim(40);
  ASSERT_THAT(result.abandoned, SizeIs(1));
  EXPECT_EQ(result.abandoned[0].run.job_id, "b");
  EXPECT_THAT(store().renew(claims, call_time(45), kLease), ElementsAre(true, false));
  EXPECT_TRUE(complete(claims[0], 70).at(0).accepted);
}

// The wall clock says it is an hour earlier; the lease has passed all the same.
TEST_P(JobStoreLeaseContract, AWallClockSetBackRevivesNoLease) {
  add("job", 1);
  const ClaimPtr claim = claim_one(1);
  CallTime time = call_time(32);
  time.now -= std::chrono::hours(1);
  EXPECT_FALSE(store().renew(std::span(&claim, 1), time, kLease).at(0));
  const RunEnd end = end_of(claim, 0, RunState::kSucceeded, 2);
  EXPECT_FALSE(store().complete(std::span(&end, 1), time).at(0).accepted);
}

TEST_P(JobStoreLeaseContract, AWallClockSetForwardEndsNoLease) {
  add("job", 1);
  const ClaimPtr claim = claim_one(1);
  ClaimRequest asked = request_of(other_, 2);
  asked.time.now += std::chrono::hours(24);
  EXPECT_THAT(store().reclaim_expired(asked).abandoned, IsEmpty());
  EXPECT_TRUE(renew(claim, 3));
}

// After a restart of the machine boot time begins anew, below the leases that are in the store.
TEST_P(JobStoreLeaseContract, AnotherBootEndsAllLeases) {
  if (!GetParam().leases_end_with_the_boot) GTEST_SKIP() << "counts leases on a server's clock";
  add(scheduled(recovering_job("job"), 1));
  claim_one(1);
  ClaimRequest asked = request_of(other_, 2);
  asked.boot_id = "boot-2";
  asked.time.boot_time = std::chrono::seconds(5);
  ClaimResult result = store().reclaim_expired(asked);
  ASSERT_THAT(result.claims, SizeIs(1));
  EXPECT_EQ(result.claims[0]->runs[0].attempt, 2);

  asked.claim_id = make_uuid();
  asked.time.boot_time = std::chrono::seconds(6);
  result = store().reclaim_expired(asked);
  EXPECT_THAT(result.claims, IsEmpty());
  EXPECT_THAT(result.abandoned, IsEmpty());
}

TEST_P(JobStoreLeaseContract, AStrangersCompletionIsRefused) {
  add("job", 1);
  const ClaimPtr claim = claim_one(1);
  Claim stolen = *claim;
  stolen.owner = other_;
  EXPECT_FALSE(complete(std::make_shared<const Claim>(stolen), 2).at(0).accepted);
  stolen = *claim;
  ++stolen.fence;
  EXPECT_FALSE(complete(std::make_shared<const Claim>(stolen), 2).at(0).accepted);
  stolen = *claim;
  stolen.runs[0].id = make_uuid();
  EXPECT_FALSE(complete(std::make_shared<const Claim>(stolen), 2).at(0).accepted);
  EXPECT_TRUE(complete(claim, 2).at(0).accepted);
}

TEST_P(JobStoreLeaseContract, AReclaimingCallMayBeRepeated) {
  add(scheduled(recovering_job("job"), 1));
  claim_one(1);
  const ClaimRequest asked = request_of(other_, 32);
  const ClaimResult first = store().reclaim_expired(asked);
  const ClaimResult again = store().reclaim_expired(asked);
  ASSERT_THAT(again.claims, SizeIs(1));
  EXPECT_EQ(again.claims[0]->fence, first.claims.at(0)->fence);
  EXPECT_EQ(again.claims[0]->runs[0].attempt, 2);
}

// In every store: an executor that shut down gives its claims back, whether or not others share the store.
TEST_P(JobStoreContract, AReleasedClaimComesBackAsItWas) {
  add("job", 1);
  const ClaimPtr claim = claim_one(1, run_once);
  store().release(std::span(&claim, 1), call_time(2));

  const Uuid other = make_uuid();
  exclusions_.tasks = {"tests:task"};
  EXPECT_THAT(store().reclaim_expired(request_of(other, 3)).claims, IsEmpty());
  exclusions_ = {};
  const ClaimResult result = store().reclaim_expired(request_of(other, 3));
  EXPECT_THAT(result.abandoned, IsEmpty());
  ASSERT_THAT(result.claims, SizeIs(1));
  const ClaimPtr again = result.claims[0];
  EXPECT_EQ(again->owner, other);
  ASSERT_THAT(again->runs, SizeIs(1));
  EXPECT_EQ(again->runs[0].id, claim->runs[0].id);
  EXPECT_EQ(again->runs[0].attempt, 1);
  EXPECT_THAT(store().reclaim_expired(request_of(other, 3)).claims, IsEmpty());
  EXPECT_FALSE(complete(claim, 4).at(0).accepted);
  EXPECT_TRUE(complete(again, 4).at(0).job_removed);
}

TEST_P(JobStoreContract, AReleaseDoesNotRewindTheJob) {
  add("job", 1);
  const ClaimPtr claim = claim_one(1);
  store().release(std::span(&claim, 1), call_time(2));
  EXPECT_EQ(store().get("job")->position.next_run_time, at(61));
  EXPECT_THAT(store().claim_due(request(2), run_minutely).claims, IsEmpty());
}

TEST_P(JobStoreContract, AReleasedClaimWaitsWhileItsJobIsPaused) {
  add("job", 1);
  const ClaimPtr claim = claim_one(1);
  store().release(std::span(&claim, 1), call_time(2));
  JobRecord paused = *store().get("job");
  paused.position.status = JobStatus::kPaused;
  paused.position.next_run_time = paused.position.fire_time = std::nullopt;
  JobRecord resumed = *store().update(paused);
  const ClaimResult meanwhile = store().reclaim_expired(request_of(make_uuid(), 3));
  EXPECT_THAT(meanwhile.claims, IsEmpty());
  EXPECT_THAT(meanwhile.abandoned, IsEmpty());

  resumed.position.status = JobStatus::kScheduled;
  resumed.position.next_run_time = resumed.position.fire_time = at(61);
  store().update(resumed);
  EXPECT_THAT(store().reclaim_expired(request_of(make_uuid(), 4)).claims, SizeIs(1));
}

TEST_P(JobStoreContract, AReleasedClaimOfARemovedJobIsAbandoned) {
  add("job", 1);
  const ClaimPtr claim = claim_one(1);
  store().release(std::span(&claim, 1), call_time(2));
  store().remove("job");
  const ClaimResult result = store().reclaim_expired(request_of(make_uuid(), 3));
  EXPECT_THAT(result.claims, IsEmpty());
  EXPECT_THAT(result.abandoned, SizeIs(1));
  EXPECT_THAT(store().reclaim_expired(request_of(make_uuid(), 4)).abandoned, IsEmpty());
}

TEST_P(JobStoreLeaseContract, AReleaseOfALostClaimChangesNothing) {
  add(scheduled(recovering_job("job"), 1));
  const ClaimPtr lost = claim_one(1);
  const ClaimPtr claim = reclaim(32).claims.at(0);
  release(lost, 33);
  EXPECT_THAT(reclaim(make_uuid(), 34).claims, IsEmpty());
  EXPECT_TRUE(complete(claim, 35).at(0).accepted);
}

TEST_P(JobStoreLeaseContract, RunningInstancesAreCountedOverAllNodes) {
  const JobStorePtr other = another_node();
  add("job", 0);
  claim_one(0);
  int running = -1;
  other->claim_due(request_of(other_, 60), [&](const Job&, const JobPosition&, Instant, int instances) {
    running = instances;
    RunPlan leave;
    leave.outcome = RunPlan::Outcome::kLeave;
    return leave;
  });
  EXPECT_EQ(running, 1);
}

TEST_P(JobStoreLeaseContract, TellsOthersOfChangesAndNotItself) {
  if (store().change_fd() < 0) GTEST_SKIP() << "no change descriptor";
  const JobStorePtr other = another_node();
  store().drain_changes();
  other->drain_changes();
  add("job", 1);
  EXPECT_TRUE(other->drain_changes());
  EXPECT_FALSE(other->drain_changes());
  EXPECT_FALSE(store().drain_changes());
  claim_one(1);
  EXPECT_TRUE(other->drain_changes());
  other->remove("job");
  EXPECT_TRUE(store().drain_changes());
}

}  // namespace

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(JobStoreLeaseContract);

}  // namespace duetime
