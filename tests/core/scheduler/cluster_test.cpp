// Several nodes on one SQLite file, in one thread, on one clock.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "core/jobstores/sqlite.h"
#include "tests/support/hosted_scheduler.h"

namespace duetime {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr Duration kLease = seconds(30);

// Takes executions and never runs them, as a node that died just after its claim.
class DeadExecutor final : public Executor {
 public:
  void start() override {}
  void submit(std::vector<Execution> executions) override {
    for (Execution& execution : executions) taken.push_back(std::move(execution));
  }
  std::size_t free_slots() const override { return 1'000; }
  void shutdown(bool) noexcept override { taken.clear(); }

  std::vector<Execution> taken;
};

class Cluster : public testing::Test {
 protected:
  Cluster() {
    std::string pattern = (std::filesystem::temp_directory_path() / "duetime-XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
  }
  ~Cluster() override { std::filesystem::remove_all(directory_); }

  JobStorePtr store() const {
    return make_sqlite_job_store(SqliteStoreOptions{.path = directory_ + "/jobs.db"});
  }

  std::unique_ptr<HostedScheduler> node() {
    auto node = std::make_unique<HostedScheduler>(store(), clock_, kLease);
    node->started();
    return node;
  }

  // A node that claims and then does nothing more, not even renew.
  std::unique_ptr<HostedScheduler> dying_node() {
    auto node = std::make_unique<HostedScheduler>(store(), clock_, kLease);
    node->scheduler.remove_executor("default");
    dead_ = std::make_shared<DeadExecutor>();
    node->scheduler.add_executor("default", dead_);
    node->started();
    return node;
  }

  std::string directory_;
  std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>(at("10:00:00"));
  std::shared_ptr<DeadExecutor> dead_;
};

TEST_F(Cluster, EachFireRunsOnOneNode) {
  const auto one = node();
  const auto two = node();
  for (int i = 0; i < 20; ++i) {
    one->scheduler.add_job("default", every(seconds(10), at("10:00:10"), "job" + std::to_string(i)));
  }
  for (int step = 0; step < 6; ++step) {
    clock_->advance(seconds(10));
    (step % 2 == 0 ? one : two)->scheduler.run_pending();
    (step % 2 == 0 ? two : one)->scheduler.run_pending();
  }
  EXPECT_EQ(one->calls.size() + two->calls.size(), 120u);
  EXPECT_THAT(one->calls, SizeIs(60));
}

TEST_F(Cluster, ANodeSeesWhatAnotherAdded) {
  const auto one = node();
  const auto two = node();
  one->scheduler.add_job("default", once(at("10:00:05")));
  two->advance(seconds(10));
  EXPECT_THAT(two->calls, SizeIs(1));
  one->scheduler.run_pending();
  EXPECT_THAT(one->calls, IsEmpty());
  EXPECT_FALSE(one->scheduler.find_job("", "job"));
}

TEST_F(Cluster, TheRunOfADeadNodeIsAbandonedAfterItsLease) {
  const auto dead = dying_node();
  dead->scheduler.add_job("default", once(at("10:00:05")));
  clock_->advance(seconds(5));
  dead->scheduler.run_pending();
  ASSERT_THAT(dead_->taken, SizeIs(1));

  const auto living = node();
  clock_->advance(kLease - seconds(1));
  living->scheduler.run_pending();
  EXPECT_THAT(living->events_of(kJobAbandoned), IsEmpty());
  clock_->advance(seconds(2));
  living->scheduler.run_pending();
  EXPECT_THAT(living->events_of(kJobAbandoned), SizeIs(1));
  EXPECT_THAT(living->events_of(kJobRemoved), SizeIs(1));
  EXPECT_THAT(living->calls, IsEmpty());
  const auto runs = living->scheduler.list_runs("default", {});
  ASSERT_THAT(runs, SizeIs(1));
  EXPECT_EQ(runs[0].record.state, RunState::kAbandoned);
}

TEST_F(Cluster, AJobThatAsksToRecoverRunsAgainAndTheDeadNodesEndIsRefused) {
  const auto dead = dying_node();
  Job job = once(at("10:00:05"));
  job.recover = true;
  dead->scheduler.add_job("default", job);
  clock_->advance(seconds(5));
  dead->scheduler.run_pending();

  const auto living = node();
  living->advance(kLease + seconds(1));
  EXPECT_THAT(living->calls, ElementsAre(HostedScheduler::Call{"job", at("10:00:05"), 2}));
  EXPECT_THAT(living->events_of(kJobRecovered), SizeIs(1));

  // The dead node comes to life again: it may not start, and nothing of it is recorded.
  ASSERT_THAT(dead_->taken, SizeIs(1));
  run_execution(dead_->taken[0]);
  dead->scheduler.run_pending();
  EXPECT_THAT(dead->calls, IsEmpty());
  EXPECT_THAT(dead->events_of(kRunLost), SizeIs(1));
  EXPECT_FALSE(living->scheduler.find_job("", "job"));
}

TEST_F(Cluster, MaxInstancesCountsAllNodes) {
  const auto one = dying_node();
  one->scheduler.add_job("default", every(seconds(10), at("10:00:10")));
  clock_->advance(seconds(10));
  one->scheduler.run_pending();

  const auto two = node();
  clock_->advance(seconds(10));
  two->scheduler.run_pending();
  EXPECT_THAT(two->calls, IsEmpty());
  EXPECT_THAT(two->events_of(kJobMaxInstances), SizeIs(1));
}

TEST_F(Cluster, WhatANodeCannotRunIsLeftToOthers) {
  const auto one = node();
  const auto two = node();
  int runs = 0;
  two->scheduler.register_task("reports.daily", [&](const TaskCall&) {
    ++runs;
    return TaskOutcome{};
  });
  Job job = once(at("10:00:05"));
  job.task = "reports.daily";
  one->scheduler.add_job("default", job);
  one->advance(seconds(5));
  EXPECT_THAT(one->scheduler.list_parked(), SizeIs(1));
  two->scheduler.run_pending();
  EXPECT_EQ(runs, 1);
  EXPECT_THAT(one->scheduler.list_parked(), IsEmpty());
}

TEST_F(Cluster, ShutDownWithoutWaitingGivesQueuedRunsToOthers) {
  const auto one = dying_node();
  one->scheduler.add_job("default", once(at("10:00:05")));
  clock_->advance(seconds(5));
  one->scheduler.run_pending();
  ASSERT_THAT(dead_->taken, SizeIs(1));
  dead_->taken[0].host->unstarted(dead_->taken[0].claim);
  one->scheduler.shutdown(false);

  const auto two = node();
  EXPECT_THAT(two->calls, ElementsAre(HostedScheduler::Call{"job", at("10:00:05"), 1}));
}

TEST_F(Cluster, JobsAndHistoryOutliveTheirScheduler) {
  {
    const auto one = node();
    one->scheduler.add_job("default", every(minutes(1), at("10:01:00"), "kept"));
    one->advance(minutes(2));
    one->scheduler.shutdown();
  }
  const auto two = node();
  EXPECT_EQ(two->scheduler.find_job("", "kept")->record.position.next_run_time, at("10:03:00"));
  EXPECT_THAT(two->scheduler.list_runs("default", {}), SizeIs(2));
}

}  // namespace
}  // namespace duetime
