// Contract: claiming due jobs and carrying plans out.
#include <atomic>
#include <barrier>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "core/triggers/registry.h"
#include "tests/support/job_store_contract.h"

namespace duetime {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

using Outcome = RunPlan::Outcome;

RunPlan plan_of(Outcome outcome) {
  RunPlan plan;
  plan.outcome = outcome;
  return plan;
}

RunPlanner always(const RunPlan& plan) {
  return [plan](auto&&...) { return plan; };
}

// A trigger of the host language, also when it comes out of the store: planned with nothing locked.
class ForeignTrigger final : public Trigger {
 public:
  std::optional<Instant> next_fire_time(std::optional<Instant>, Instant) const override {
    return std::nullopt;
  }
  bool calls_out() const override { return true; }
  std::string_view type() const override { return "tests:foreign"; }
  Json document() const override { return Json{{"type", type()}}; }
};

TriggerPtr make_foreign_trigger() {
  static const bool registered = [] {
    register_trigger_type("tests:foreign", [](const Json&) { return std::make_shared<ForeignTrigger>(); });
    return true;
  }();
  static_cast<void>(registered);
  return std::make_shared<ForeignTrigger>();
}

TEST_P(JobStoreContract, ClaimsWhatIsDueAndMovesTheJob) {
  add("job", 1);
  const JobPosition before = store().get("job")->position;
  EXPECT_THAT(store().claim_due(request(0.999999), run_minutely).claims, IsEmpty());

  const ClaimRequest asked = request(1);
  const ClaimResult result = store().claim_due(asked, run_minutely);

  ASSERT_THAT(result.claims, SizeIs(1));
  const Claim& claim = *result.claims[0];
  EXPECT_EQ(claim.owner, owner_);
  EXPECT_EQ(claim.claim_id, asked.claim_id);
  EXPECT_EQ(claim.claimed_at, at(1));
  EXPECT_EQ(claim.claimed_boot_time, asked.time.boot_time);
  EXPECT_EQ(claim.record.job->task, "tests:task");
  EXPECT_GT(claim.fence, before.fence);
  EXPECT_EQ(claim.fence, claim.record.position.fence);
  ASSERT_THAT(claim.runs, SizeIs(1));
  EXPECT_EQ(claim.runs[0].scheduled_time, at(1));
  EXPECT_EQ(claim.runs[0].fire_time, at(1));
  EXPECT_EQ(claim.runs[0].attempt, 1);
  EXPECT_FALSE(claim.runs[0].id.is_nil());
  EXPECT_EQ(result.next_due, at(61));
  EXPECT_THAT(result.skipped, IsEmpty());

  const JobPosition after = store().get("job")->position;
  EXPECT_EQ(after.next_run_time, at(61));
  EXPECT_EQ(after.revision, before.revision);
  EXPECT_GT(after.version, before.version);
  EXPECT_EQ(after.version, claim.record.position.version);
  EXPECT_THAT(store().claim_due(request(1), run_minutely).claims, IsEmpty());
}

TEST_P(JobStoreContract, ClaimsEarliestFirstTiesById) {
  add("c", 2);
  add("b", 2);
  add("d", 1);
  add("a", 3);
  const ClaimResult result = store().claim_due(request(3, 3), run_minutely);
  EXPECT_THAT(ids_of(result.claims), ElementsAre("d", "b", "c"));
  EXPECT_EQ(result.next_due, at(3));
}

TEST_P(JobStoreContract, LeavesExcludedJobsToOthersWithoutCountingThem) {
  for (int i = 0; i < 5; ++i) {
    Job job = minutely_job("excluded-" + std::to_string(i));
    job.task = "tests:unknown";
    add(scheduled(job, 1));
  }
  Job busy = minutely_job("busy");
  busy.executor = "full";
  add(scheduled(busy, 1));
  add("here", 2);
  exclusions_.tasks = {"tests:unknown"};
  exclusions_.executors = {"full"};
  const ClaimResult result = store().claim_due(request(5, 1), run_minutely);
  EXPECT_THAT(ids_of(result.claims), ElementsAre("here"));
  EXPECT_EQ(result.next_due, at(62));
  EXPECT_EQ(store().get("busy")->position.next_run_time, at(1));
}

TEST_P(JobStoreContract, ABacklogIsOneClaimOfSeveralRuns) {
  add("job", 1);
  const auto planner = [](const Job&, const JobPosition&, Instant, int) {
    RunPlan plan;
    plan.runs = {{at(1), at(1)}, {at(2), at(2)}, {at(3), at(3)}};
    plan.next_run_time = plan.next_fire_time = at(4);
    return plan;
  };
  const ClaimPtr claim = claim_one(3, planner);
  ASSERT_THAT(claim->runs, SizeIs(3));
  EXPECT_EQ(claim->runs[2].scheduled_time, at(3));
  EXPECT_EQ(std::set<Uuid>({claim->runs[0].id, claim->runs[1].id, claim->runs[2].id}).size(), 3u);

  int running = -1;
  store().claim_due(request(4), [&](const Job&, const JobPosition&, Instant, int instances) {
    running = instances;
    return plan_of(Outcome::kLeave);
  });
  EXPECT_EQ(running, 1);
}

TEST_P(JobStoreContract, CountsRunningInstances) {
  add("job", 0);
  std::vector<int> seen;
  const auto planner = [&](const Job& job, const JobPosition& position, Instant now, int running) {
    seen.push_back(running);
    return run_minutely(job, position, now, running);
  };
  const ClaimPtr first = claim_one(0, planner);
  const ClaimPtr second = claim_one(60, planner);
  complete(first, 20);
  claim_one(120, planner);
  EXPECT_THAT(seen, ElementsAre(0, 1, 1));
}

TEST_P(JobStoreContract, AMissedJobMovesAndItsFiresAreRecorded) {
  add("job", 1);
  RunPlan plan = plan_of(Outcome::kMissed);
  plan.missed = {at(1), at(2)};
  plan.missed_count = 5;
  plan.next_run_time = plan.next_fire_time = at(100);
  const ClaimResult result = store().claim_due(request(50), always(plan));
  EXPECT_THAT(result.claims, IsEmpty());
  ASSERT_THAT(result.skipped, SizeIs(1));
  EXPECT_EQ(result.skipped[0].record.id, "job");
  EXPECT_EQ(result.skipped[0].plan.missed_count, 5);
  EXPECT_FALSE(result.skipped[0].removed);
  EXPECT_EQ(result.next_due, at(100));
  EXPECT_EQ(store().get("job")->position.next_run_time, at(100));

  const std::vector<RunRecord> missed = runs(RunState::kMissed);
  ASSERT_THAT(missed, SizeIs(2));
  EXPECT_EQ(missed[0].scheduled_time, at(2));
  EXPECT_EQ(missed[1].scheduled_time, at(1));
  EXPECT_EQ(missed[0].job_id, "job");
  EXPECT_EQ(missed[0].task, "tests:task");
  EXPECT_EQ(missed[0].ended_at, at(50));
  EXPECT_EQ(missed[0].started_at, std::nullopt);
}

TEST_P(JobStoreContract, AClaimedJobMayHaveMissedPartsToo) {
  add("job", 1);
  const ClaimResult result = store().claim_due(request(3), [](const Job&, const JobPosition&, Instant, int) {
    RunPlan plan;
    plan.runs = {{at(3), at(3)}};
    plan.missed = {at(1)};
    plan.missed_count = 1;
    plan.next_run_time = plan.next_fire_time = at(4);
    return plan;
  });
  EXPECT_THAT(result.claims, SizeIs(1));
  EXPECT_THAT(result.skipped, SizeIs(1));
  EXPECT_THAT(runs(RunState::kMissed), SizeIs(1));
}

TEST_P(JobStoreContract, RefusedFiresAreRecorded) {
  add("job", 1);
  RunPlan plan = plan_of(Outcome::kRefused);
  plan.runs = {{at(1), at(1)}};
  plan.next_run_time = plan.next_fire_time = at(61);
  const ClaimResult result = store().claim_due(request(1), always(plan));
  EXPECT_THAT(result.claims, IsEmpty());
  EXPECT_THAT(result.skipped, SizeIs(1));
  ASSERT_THAT(runs(RunState::kRefused), SizeIs(1));
  EXPECT_EQ(runs(RunState::kRefused)[0].scheduled_time, at(1));
  EXPECT_EQ(store().get("job")->position.next_run_time, at(61));
}

// By an executor that counts instances itself, after the claim.
TEST_P(JobStoreContract, AClaimedRunMayEndAsMissedOrRefused) {
  add("job", 1);
  double seconds = 1;
  for (const RunState state : {RunState::kMissed, RunState::kRefused}) {
    const RunEnd end = end_of(claim_one(seconds), 0, state, seconds);
    EXPECT_TRUE(store().complete(std::span(&end, 1), call_time(seconds)).at(0).accepted);
    EXPECT_THAT(runs(state), SizeIs(1));
    seconds += 60;
  }
}

TEST_P(JobStoreContract, ADeferredJobStaysDue) {
  add("job", 1);
  RunPlan plan = plan_of(Outcome::kDeferred);
  plan.next_run_time = at(2);
  plan.next_fire_time = at(1);
  EXPECT_THAT(store().claim_due(request(1), always(plan)).skipped, SizeIs(1));
  const JobPosition position = store().get("job")->position;
  EXPECT_EQ(position.status, JobStatus::kScheduled);
  EXPECT_EQ(position.next_run_time, at(2));
  EXPECT_EQ(position.fire_time, at(1));
}

TEST_P(JobStoreContract, ABrokenJobIsPaused) {
  add("job", 1);
  RunPlan plan = plan_of(Outcome::kBroken);
  plan.next_status = JobStatus::kPaused;
  plan.error = "ZeroDivisionError";
  const ClaimResult result = store().claim_due(request(1), always(plan));
  ASSERT_THAT(result.skipped, SizeIs(1));
  EXPECT_EQ(result.skipped[0].plan.error, "ZeroDivisionError");
  EXPECT_EQ(store().get("job")->position.status, JobStatus::kPaused);
  EXPECT_EQ(store().next_due({}), std::nullopt);
}

TEST_P(JobStoreContract, AJobThatIsLeftDoesNotChange) {
  add("job", 1);
  const JobPosition before = store().get("job")->position;
  const ClaimResult result = store().claim_due(request(1), always(plan_of(Outcome::kLeave)));
  EXPECT_THAT(result.claims, IsEmpty());
  EXPECT_THAT(result.skipped, IsEmpty());
  EXPECT_EQ(result.next_due, at(1));
  EXPECT_EQ(store().get("job")->position.version, before.version);
  EXPECT_THAT(ids_of(store().claim_due(request(1), run_minutely).claims), ElementsAre("job"));
}

TEST_P(JobStoreContract, ASpentJobLeavesWithItsLastRun) {
  add("once", 1);
  const ClaimPtr claim = claim_one(1, run_once);
  EXPECT_EQ(store().get("once")->position.status, JobStatus::kFinishing);
  EXPECT_THAT(store().list({}), IsEmpty());
  EXPECT_THAT(ids_of(store().list({.include_finishing = true})), ElementsAre("once"));
  const CompletionResult result = complete(claim, 2).at(0);
  EXPECT_TRUE(result.accepted);
  EXPECT_TRUE(result.job_removed);
  EXPECT_FALSE(store().get("once"));
  EXPECT_EQ(store().count(), 0u);
}

TEST_P(JobStoreContract, ASpentJobWaitsForAllItsRuns) {
  add("job", 1);
  const ClaimPtr first = claim_one(1);
  const ClaimPtr last = claim_one(61, run_once);
  EXPECT_FALSE(complete(last, 61).at(0).job_removed);
  EXPECT_TRUE(store().get("job"));
  EXPECT_TRUE(complete(first, 20).at(0).job_removed);
  EXPECT_FALSE(store().get("job"));
}

TEST_P(JobStoreContract, AMissedSpentJobLeavesAtOnce) {
  add("job", 1);
  RunPlan plan = plan_of(Outcome::kMissed);
  plan.missed = {at(1)};
  plan.missed_count = 1;
  plan.next_status = JobStatus::kFinishing;
  const ClaimResult result = store().claim_due(request(50), always(plan));
  ASSERT_THAT(result.skipped, SizeIs(1));
  EXPECT_TRUE(result.skipped[0].removed);
  EXPECT_FALSE(store().get("job"));
  EXPECT_THAT(runs(RunState::kMissed), SizeIs(1));
}

TEST_P(JobStoreContract, AFinishingJobDoesNotTakeItsId) {
  add("once", 1);
  const ClaimPtr claim = claim_one(1, run_once);
  add("once", 50);
  EXPECT_FALSE(complete(claim, 2).at(0).job_removed);
  const std::optional<JobRecord> successor = store().get("once");
  ASSERT_TRUE(successor);
  EXPECT_EQ(successor->position.next_run_time, at(50));
  EXPECT_EQ(successor->position.status, JobStatus::kScheduled);
}

TEST_P(JobStoreContract, ARunOutlivesTheRemovalOfItsJob) {
  add("job", 1);
  const ClaimPtr claim = claim_one(1);
  store().remove("job");
  const CompletionResult result = complete(claim, 2).at(0);
  EXPECT_TRUE(result.accepted);
  EXPECT_FALSE(result.job_removed);
  EXPECT_THAT(runs(RunState::kSucceeded), SizeIs(1));
}

TEST_P(JobStoreContract, ARepeatedCallFindsItsOwnClaims) {
  if (!store().traits().shared) GTEST_SKIP() << "its calls have no unknown outcome";
  add("a", 1);
  add("b", 1);
  const ClaimRequest asked = request(1, 1);
  const ClaimResult first = store().claim_due(asked, run_minutely);
  const ClaimResult again = store().claim_due(asked, run_minutely);
  ASSERT_THAT(ids_of(again.claims), ElementsAre("a"));
  EXPECT_EQ(again.claims[0]->runs.at(0).id, first.claims.at(0)->runs.at(0).id);
  EXPECT_EQ(again.claims[0]->fence, first.claims[0]->fence);
  EXPECT_EQ(again.claims[0]->lease_until, first.claims[0]->lease_until);
  EXPECT_EQ(again.claims[0]->claimed_boot_time, first.claims[0]->claimed_boot_time);
  EXPECT_TRUE(complete(again.claims[0], 2).at(0).accepted);
  EXPECT_THAT(store().claim_due(asked, run_minutely).claims, IsEmpty());
  EXPECT_THAT(ids_of(store().claim_due(request(1), run_minutely).claims), ElementsAre("b"));
}

TEST_P(JobStoreContract, APlannerOfForeignCodeMayCallBack) {
  Job job = minutely_job("job");
  job.trigger = make_foreign_trigger();
  add(scheduled(job, 1));
  const auto planner = [&](const Job&, const JobPosition& position, Instant now, int running) {
    EXPECT_EQ(store().count(), 1u);
    add("made-by-planner", 30);
    std::thread([&] { EXPECT_TRUE(store().get("made-by-planner")); }).join();
    return run_minutely(minutely_job("job"), position, now, running);
  };
  EXPECT_THAT(store().claim_due(request(1), planner).claims, SizeIs(1));
}

TEST_P(JobStoreContract, AJobThatChangedWhileItWasPlannedIsNotClaimed) {
  Job job = minutely_job("job");
  job.trigger = make_foreign_trigger();
  const std::vector<std::function<void()>> changes = {
      [&] { store().remove("job"); }, [&] { replace(scheduled(job, 500)); },
      [&] {
        store().remove("job");
        replace(scheduled(job, 500));
      },
      [&] {
        JobRecord record = *store().get("job");
        record.position.next_run_time = record.position.fire_time = at(500);
        ASSERT_TRUE(store().update(record));
      }};
  for (const auto& change : changes) {
    replace(scheduled(job, 1));
    const auto planner = [&](const Job& planned, const JobPosition& position, Instant now, int running) {
      change();
      return run_minutely(planned, position, now, running);
    };
    EXPECT_THAT(store().claim_due(request(1), planner).claims, IsEmpty());
    const std::optional<JobRecord> record = store().get("job");
    if (record) {
      EXPECT_EQ(record->position.next_run_time, at(500));
    }
    EXPECT_THAT(runs(), IsEmpty());
  }
}

TEST_P(JobStoreContract, AThrowingPlannerHarmsNoOther) {
  Job job = minutely_job("a-throws");
  job.trigger = make_foreign_trigger();
  add(scheduled(job, 1));
  add("b-runs", 1);
  const auto planner = [](const Job& planned, const JobPosition& position, Instant now, int running) {
    if (planned.id == "a-throws") throw std::runtime_error("foreign");
    return run_minutely(planned, position, now, running);
  };
  EXPECT_THAT(ids_of(store().claim_due(request(1), planner).claims), ElementsAre("b-runs"));
  EXPECT_EQ(store().get("a-throws")->position.next_run_time, at(1));
}

// Two claims of the same fire would be two runs of one scheduled time.
TEST_P(JobStoreContract, ManyThreadsClaimEachFireOnce) {
  constexpr int kJobs = 120;
  constexpr int kThreads = 4;
  std::vector<NewJob> jobs;
  for (int i = 0; i < kJobs; ++i) jobs.push_back(scheduled(minutely_job("job-" + std::to_string(i)), 1));
  store().add(jobs, OnConflict::kFail);
  std::vector<JobStorePtr> nodes;
  for (int i = 0; i < kThreads; ++i)
    nodes.push_back(store().traits().shared && i > 0 ? another_node() : nullptr);

  std::mutex mutex;
  std::map<std::string, int> claimed;
  std::atomic<int> total = 0;
  std::barrier start(kThreads);
  const auto work = [&](JobStore& node) {
    const Uuid owner = make_uuid();
    start.arrive_and_wait();
    while (total < kJobs) {
      for (const ClaimPtr& claim : node.claim_due(request_of(owner, 1, 7), run_once).claims) {
        {
          const std::lock_guard lock(mutex);
          ++claimed[claim->record.id];
        }
        const RunEnd end = end_of(claim, 0, RunState::kSucceeded, 1);
        EXPECT_TRUE(node.complete(std::span(&end, 1), call_time(1)).at(0).job_removed);
        ++total;
      }
    }
  };
  std::vector<std::thread> threads;
  for (const JobStorePtr& node : nodes) threads.emplace_back([&] { work(node ? *node : store()); });
  for (std::thread& thread : threads) thread.join();

  EXPECT_EQ(total, kJobs);
  EXPECT_THAT(claimed, SizeIs(kJobs));
  EXPECT_EQ(store().count(), 0u);
}

}  // namespace
}  // namespace duetime
