// Runs that somebody asks for, lists or cancels.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "core/base/error.h"
#include "core/jobstores/sqlite.h"
#include "tests/support/hosted_scheduler.h"
#include "tests/support/temporary_directory.h"

namespace duetime {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

ErrorCode code_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode{0};
}

// Keeps executions until the test runs them, as a pool without a free worker.
class WaitingExecutor final : public Executor {
 public:
  void start() override {}
  void submit(std::vector<Execution> executions) override {
    for (Execution& execution : executions) waiting.push_back(std::move(execution));
  }
  std::size_t free_slots() const override { return 0; }
  void shutdown(bool) noexcept override { run_all(); }

  void run_all() {
    for (const Execution& execution : std::exchange(waiting, {})) run_execution(execution);
  }

  std::vector<Execution> waiting;
};

class RunNow : public testing::Test {
 protected:
  // The default executor is one that waits.
  std::shared_ptr<WaitingExecutor> make_wait() {
    auto executor = std::make_shared<WaitingExecutor>();
    host.scheduler.remove_executor("default");
    host.scheduler.add_executor("default", executor);
    return executor;
  }

  std::vector<RunRecord> ended() {
    std::vector<RunRecord> records;
    for (const StoreRun& run : host.scheduler.list_runs("default", {})) records.push_back(run.record);
    return records;
  }
  std::vector<StoreRun> running() { return host.scheduler.list_running(""); }

  HostedScheduler host;
};

TEST_F(RunNow, RunsBesideTheSchedule) {
  host.started();
  host.scheduler.add_job("default", every(hours(1), at("11:00:00")));
  const Uuid run = host.scheduler.run_job_now("", "job");
  host.scheduler.run_pending();
  EXPECT_THAT(host.run_times(), ElementsAre(at("10:00:00")));
  ASSERT_THAT(ended(), SizeIs(1));
  EXPECT_EQ(ended()[0].id, run);
  EXPECT_EQ(ended()[0].state, RunState::kSucceeded);
  host.advance(hours(1));
  EXPECT_THAT(host.run_times(), ElementsAre(at("10:00:00"), at("11:00:00")));
}

TEST_F(RunNow, RunsPausedJobsOfAPausedScheduler) {
  host.started();
  host.scheduler.add_job("default", every(hours(1), at("11:00:00")));
  host.scheduler.pause_job("", "job");
  host.scheduler.pause();
  host.scheduler.run_job_now("default", "job");
  EXPECT_THAT(host.calls, SizeIs(1));
  EXPECT_EQ(host.scheduler.find_job("", "job")->record.position.status, JobStatus::kPaused);
}

TEST_F(RunNow, SaysThatThereIsNoRoom) {
  std::optional<ErrorCode> refusal;
  host.body = [&](const TaskCall&) {
    refusal = code_of([&] { host.scheduler.run_job_now("", "job"); });
    return TaskOutcome{};
  };
  host.started();
  host.scheduler.add_job("default", every(hours(1), at("11:00:00")));
  host.scheduler.run_job_now("", "job");
  EXPECT_EQ(refusal, ErrorCode::kMaxInstances);
  EXPECT_THAT(host.calls, SizeIs(1));
}

TEST_F(RunNow, MakesAScheduledRunWaitForRoom) {
  const auto executor = make_wait();
  host.started();
  host.scheduler.add_job("default", every(minutes(1), at("10:01:00")));
  host.scheduler.run_job_now("", "job");
  host.scheduler.remove_executor("default");
  host.scheduler.add_executor("default", make_inline_executor());
  host.advance(minutes(1));
  EXPECT_THAT(host.run_times(), ElementsAre(at("10:00:00"), at("10:01:00")));
}

TEST_F(RunNow, NeedsAJobAndARunningScheduler) {
  host.scheduler.add_job("default", every(hours(1), at("11:00:00")));
  EXPECT_EQ(code_of([&] { host.scheduler.run_job_now("", "job"); }), ErrorCode::kNotRunning);
  EXPECT_EQ(code_of([&] { host.scheduler.list_running(""); }), ErrorCode::kNotRunning);
  host.started();
  EXPECT_EQ(code_of([&] { host.scheduler.run_job_now("", "nobody"); }), ErrorCode::kNotFound);
  EXPECT_EQ(code_of([&] { host.scheduler.run_job_now("elsewhere", "job"); }), ErrorCode::kNotFound);
}

TEST_F(RunNow, IsNeverTooLate) {
  const auto executor = make_wait();
  host.started();
  host.scheduler.add_job("default", every(hours(1), at("11:00:00")));
  host.scheduler.run_job_now("", "job");
  host.clock->advance(minutes(30));
  executor->run_all();
  host.scheduler.run_pending();
  EXPECT_THAT(host.calls, SizeIs(1));
}

TEST_F(RunNow, RunsAOneShotThatIsFinishing) {
  const auto executor = make_wait();
  host.started();
  Job job = once(at("11:00:00"));
  job.max_instances = 2;
  host.scheduler.add_job("default", job);
  host.scheduler.run_job_now("", "job");
  host.scheduler.edit_job("", "job", [](Job&, JobPosition& position) {
    position.next_run_time.reset();
    position.status = JobStatus::kFinishing;
  });
  host.scheduler.run_job_now("", "job");
  executor->run_all();
  host.scheduler.run_pending();
  EXPECT_THAT(host.calls, SizeIs(2));
}

TEST_F(RunNow, OfAnUnknownTaskIsParkedAndRunsOnceTheTaskIsKnown) {
  host.started();
  Job job = every(hours(1), at("11:00:00"));
  job.task = "stranger";
  host.scheduler.add_job("default", job);
  const Uuid run = host.scheduler.run_job_now("", "job");
  ASSERT_THAT(host.scheduler.list_parked(), SizeIs(1));
  host.scheduler.run_pending();
  host.scheduler.register_task("stranger", [](const TaskCall&) { return TaskOutcome{}; });
  host.scheduler.release_parked("", "job");
  host.scheduler.run_pending();
  host.scheduler.run_pending();
  ASSERT_THAT(ended(), SizeIs(1));
  EXPECT_EQ(ended()[0].id, run);
  EXPECT_EQ(ended()[0].state, RunState::kSucceeded);
}

TEST_F(RunNow, IsListedWhileItIsUnderWay) {
  const auto executor = make_wait();
  std::vector<StoreRun> seen;
  host.body = [&](const TaskCall&) {
    seen = running();
    return TaskOutcome{};
  };
  host.started();
  host.scheduler.add_job("default", every(hours(1), at("11:00:00")));
  const Uuid run = host.scheduler.run_job_now("", "job");
  ASSERT_THAT(running(), SizeIs(1));
  EXPECT_EQ(running()[0].record.id, run);
  EXPECT_EQ(running()[0].store, "default");
  EXPECT_EQ(running()[0].record.state, RunState::kClaimed);
  EXPECT_EQ(running()[0].record.owner, host.scheduler.health().node);
  EXPECT_EQ(running()[0].record.started_at, std::nullopt);
  host.clock->advance(seconds(5));
  executor->run_all();
  ASSERT_THAT(seen, SizeIs(1));
  EXPECT_EQ(seen[0].record.started_at, at("10:00:05"));
  EXPECT_THAT(running(), IsEmpty());
}

TEST(ListRunning, TellsOfOtherNodesToo) {
  const TemporaryDirectory directory;
  const auto store = [&] {
    return make_sqlite_job_store(SqliteStoreOptions{.path = directory.path() + "/jobs.db"});
  };
  HostedScheduler one(store());
  HostedScheduler two(store(), one.clock);
  one.started();
  two.started();
  std::vector<StoreRun> here;
  std::vector<StoreRun> there;
  one.body = [&](const TaskCall&) {
    here = one.scheduler.list_running("");
    there = two.scheduler.list_running("");
    return TaskOutcome{};
  };
  one.scheduler.add_job("default", every(hours(1), at("11:00:00")));
  one.scheduler.run_job_now("", "job");
  ASSERT_THAT(here, SizeIs(1));
  ASSERT_THAT(there, SizeIs(1));
  EXPECT_EQ(there[0].record.id, here[0].record.id);
  EXPECT_EQ(there[0].record.owner, one.scheduler.health().node);
  EXPECT_EQ(here[0].record.started_at, at("10:00:00"));
  EXPECT_EQ(there[0].record.started_at, std::nullopt);
}

TEST_F(RunNow, ATaskSeesThatItsRunWasCancelled) {
  std::vector<bool> seen;
  host.body = [&](const TaskCall& call) {
    seen.push_back(call.is_cancelled());
    EXPECT_TRUE(host.scheduler.cancel_run(call.run.id));
    seen.push_back(call.is_cancelled());
    EXPECT_TRUE(host.scheduler.is_run_cancelled(call.run.id));
    EXPECT_FALSE(host.scheduler.cancel_run(make_uuid()));
    return TaskOutcome{};
  };
  host.started();
  host.scheduler.add_job("default", every(hours(1), at("11:00:00")));
  const Uuid run = host.scheduler.run_job_now("", "job");
  host.scheduler.run_job_now("", "job");
  EXPECT_THAT(seen, ElementsAre(false, true, false, true));
  EXPECT_FALSE(host.scheduler.cancel_run(run));
}

TEST_F(RunNow, ACancelledRunThatWaitsDoesNotStart) {
  const auto executor = make_wait();
  host.started();
  host.scheduler.add_job("default", every(hours(1), at("11:00:00")));
  EXPECT_TRUE(host.scheduler.cancel_run(host.scheduler.run_job_now("", "job")));
  executor->run_all();
  host.scheduler.run_pending();
  EXPECT_THAT(host.calls, IsEmpty());
  ASSERT_THAT(ended(), SizeIs(1));
  EXPECT_EQ(ended()[0].state, RunState::kFailed);
  EXPECT_THAT(ended()[0].error, HasSubstr("cancelled before it started"));
  EXPECT_EQ(ended()[0].started_at, std::nullopt);
  EXPECT_THAT(host.events_of(kJobError), SizeIs(1));
}

TEST_F(RunNow, ShutdownTellsRunningTasksToEnd) {
  bool before = true;
  bool after = false;
  host.body = [&](const TaskCall& call) {
    before = call.is_cancelled();
    host.scheduler.shutdown();
    after = call.is_cancelled();
    return TaskOutcome{};
  };
  host.started();
  host.scheduler.add_job("default", every(hours(1), at("11:00:00")));
  host.scheduler.run_job_now("", "job");
  EXPECT_FALSE(before);
  EXPECT_TRUE(after);
}

}  // namespace
}  // namespace duetime
