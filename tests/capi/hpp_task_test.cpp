// Tasks as C++ functions: what they see, what they throw, and when what they captured is destroyed.
#include <stdexcept>
#include <thread>

#include "tests/capi/hpp_test.h"

namespace duetime::hpp_test {
namespace {

class OwnError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

using HppTask = HppScheduler;

TEST_F(HppTask, SeeTheirCall) {
  scheduler.register_task("task", [&](Call& call) {
    EXPECT_EQ(call.job_id(), "job");
    EXPECT_EQ(call.job_name(), "A job");
    EXPECT_EQ(call.task(), "task");
    EXPECT_EQ(call.store(), "default");
    EXPECT_EQ(call.run_id().size(), 32u);
    EXPECT_EQ(call.scheduled_time(), kNoon + 1s);
    EXPECT_EQ(call.attempt(), 1);
    EXPECT_GT(call.fence(), 0);
    EXPECT_FALSE(call.is_cancelled());
    EXPECT_EQ(call.payload().encoding, "bytes");
    EXPECT_EQ(call.payload().data, std::string("\0\xff", 2));
    scheduler.cancel_run(call.run_id());
    EXPECT_TRUE(call.is_cancelled());
  });
  scheduler.start();
  JobOptions options = job_of("job");
  options.name = "A job";
  options.payload = {"bytes", std::string("\0\xff", 2)};
  scheduler.add_job(Trigger::date(kNoon + 1s), options);
  advance(1s);
  EXPECT_EQ(scheduler.runs().at(0).state, RunState::kSucceeded);
}

TEST_F(HppTask, WhatTheyThrowIsTheRunsError) {
  const std::pair<Task, std::string> rows[] = {
      {[](Call&) { throw std::invalid_argument("no"); }, "std::invalid_argument: no"},
      {[](Call&) { throw OwnError(""); }, "OwnError"},
      {[](Call&) { throw std::string("text"); }, "the task threw what is no std::exception"},
      {[](Call&) { throw 7; }, "the task threw what is no std::exception"},
      {[](Call&) { throw OwnError("not UTF-8: \xff"); }, "not UTF-8: \xef\xbf\xbd"},
      {[this](Call&) { scheduler.remove_job("nobody"); }, "duetime::v0::Error: "},
  };
  for (const auto& [task, error] : rows) {
    const duetime::Run run = run_once(task);
    EXPECT_EQ(run.state, RunState::kFailed);
    EXPECT_THAT(run.error, HasSubstr(error));
  }
}

TEST_F(HppTask, ThatCannotRunParkTheirJob) {
  bool can_run = false;
  int runs = 0;
  scheduler.register_task("task", [&](Call&) {
    if (!can_run) throw CannotRun("a payload of the future");
    ++runs;
  });
  scheduler.start();
  scheduler.add_job(Trigger::date(kNoon + 1s), job_of("job"));
  advance(1s);
  const std::vector<ParkedJob> parked = scheduler.parked_jobs();
  ASSERT_EQ(parked.size(), 1u);
  EXPECT_EQ(parked[0].id, "job");
  EXPECT_EQ(parked[0].store, "default");
  EXPECT_THAT(parked[0].reason, HasSubstr("a payload of the future"));
  can_run = true;
  scheduler.release_parked("job");
  advance(1s);
  EXPECT_EQ(runs, 1);
  EXPECT_TRUE(scheduler.parked_jobs().empty());
  expect_error(ErrorCode::kNotFound, "job", [&] { scheduler.release_parked("job"); });
}

TEST_F(HppTask, WhatTheyCapturedIsDestroyedOnce) {
  std::atomic<int> first = 0, second = 0, refused = 0;
  scheduler.register_task("task", [witness = Witness(first)](Call&) {});
  EXPECT_EQ(first, 0);
  scheduler.register_task("task", [witness = Witness(second)](Call&) {});
  EXPECT_EQ(first, 1);
  expect_error(ErrorCode::kInvalidArgument, "name is empty",
               [&] { scheduler.register_task("", [witness = Witness(refused)](Call&) {}); });
  EXPECT_EQ(refused, 1);
  expect_error(ErrorCode::kInvalidArgument, "NUL", [&] {
    scheduler.register_task(std::string("a\0b", 3), [witness = Witness(refused)](Call&) {});
  });
  EXPECT_EQ(refused, 2);
  scheduler = Scheduler();
  EXPECT_EQ(first, 1);
  EXPECT_EQ(second, 1);
  expect_error(ErrorCode::kInvalidArgument, "the task \"none\" is an empty function",
               [&] { scheduler.register_task("none", {}); });
}

TEST(HppTaskThreads, MayOutliveTheirScheduler) {
  std::atomic<int> destroyed = 0;
  Counter started, may_end, ended;
  {
    Scheduler scheduler;
    scheduler.register_task("task", [&, witness = Witness(destroyed)](Call& call) {
      started.add();
      may_end.wait_for(1);
      EXPECT_TRUE(call.is_cancelled());
      ended.add();
    });
    scheduler.start();
    scheduler.add_job(Trigger::interval(1h), job_of("job"));
    scheduler.run_job("job");
    started.wait_for(1);
  }
  EXPECT_EQ(destroyed, 0);
  may_end.add();
  ended.wait_for(1);
  for (const auto deadline = std::chrono::steady_clock::now() + 60s; destroyed == 0;) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline);
    std::this_thread::yield();
  }
  EXPECT_EQ(destroyed, 1);
}

TEST_F(HppTask, AreResolvedByName) {
  std::atomic<int> resolvers = 0, tasks = 0;
  int runs = 0;
  scheduler.set_task_resolver([&, witness = Witness(resolvers)](const std::string& name) -> Task {
    if (name != "known") return {};
    return [&runs, witness = Witness(tasks)](Call&) { ++runs; };
  });
  scheduler.start();
  scheduler.add_job(Trigger::date(kNoon + 1s), job_of("a", "known"));
  scheduler.add_job(Trigger::date(kNoon + 1s), job_of("b", "unknown"));
  advance(1s);
  EXPECT_EQ(runs, 1);
  EXPECT_EQ(scheduler.parked_jobs().at(0).id, "b");
  scheduler.set_task_resolver({});
  EXPECT_EQ(resolvers, 1);
  scheduler = Scheduler();
  EXPECT_EQ(tasks, 1);
}

TEST(HppTaskThreads, RunInManyThreadsAtOnce) {
  constexpr int kTogether = 4;
  Scheduler scheduler;
  Counter together, ended;
  scheduler.add_thread_pool("default", kTogether);
  scheduler.register_task("task", [&](Call&) {
    together.add();
    together.wait_for(kTogether);
    ended.add();
  });
  scheduler.start();
  for (int i = 0; i < kTogether; ++i) {
    scheduler.add_job(Trigger::interval(1h), job_of(std::to_string(i)));
    scheduler.run_job(std::to_string(i));
  }
  ended.wait_for(kTogether);
  scheduler.shutdown();
}

TEST(HppTaskThreads, MayShutTheirSchedulerDown) {
  Scheduler scheduler;
  Counter ended;
  scheduler.register_task("task", [&](Call&) {
    scheduler.shutdown();
    ended.add();
  });
  scheduler.start();
  scheduler.add_job(Trigger::interval(1h), job_of("job"));
  scheduler.run_job("job");
  ended.wait_for(1);
  EXPECT_EQ(scheduler.state(), SchedulerState::kStopped);
}

TEST(HppProcessPool, FailsTheRunsOfAProgramThatIsNoWorker) {
  Scheduler scheduler;
  ProcessPoolOptions options;
  options.argv = {"false"};
  options.workers = 1;
  scheduler.add_process_pool("workers", options);
  scheduler.register_task("task", [](Call&) {});
  Counter failed;
  std::string kind;
  scheduler.add_listener(DUETIME_EVENT_JOB_ERROR, [&](const Event& event) {
    kind = event.error_kind;
    failed.add();
  });
  scheduler.start();
  JobOptions job = job_of("job");
  job.executor = "workers";
  scheduler.add_job(Trigger::interval(1h), job);
  scheduler.run_job("job");
  failed.wait_for(1);
  scheduler.shutdown();
  EXPECT_EQ(kind, "BrokenProcessPool");
}

}  // namespace
}  // namespace duetime::hpp_test
