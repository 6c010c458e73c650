// The scheduler's life, parts and listeners, by the C++ interface.
#include <nlohmann/json.hpp>
#include <thread>
#include <type_traits>
#include <vector>

#include "tests/capi/hpp_test.h"

namespace duetime::hpp_test {
namespace {

using nlohmann::json;

static_assert(std::is_nothrow_move_constructible_v<Scheduler> && !std::is_copy_constructible_v<Scheduler>);

TEST_F(HppScheduler, HasALife) {
  EXPECT_EQ(scheduler.state(), SchedulerState::kStopped);
  expect_error(ErrorCode::kNotRunning, "not running", [&] { scheduler.shutdown(); });
  scheduler.start(true);
  EXPECT_EQ(scheduler.state(), SchedulerState::kPaused);
  scheduler.resume();
  EXPECT_EQ(scheduler.state(), SchedulerState::kRunning);
  expect_error(ErrorCode::kAlreadyRunning, "already running", [&] { scheduler.start(); });
  scheduler.pause();
  EXPECT_EQ(scheduler.state(), SchedulerState::kPaused);
  scheduler.shutdown();
  EXPECT_EQ(scheduler.state(), SchedulerState::kStopped);
  scheduler.start();
  EXPECT_EQ(json::parse(scheduler.health()).at("state"), "running");
  EXPECT_EQ(json::parse(scheduler.statistics()).at("stores").size(), 1u);
  EXPECT_THAT(scheduler.metrics(), HasSubstr("\nduetime_running 1\n"));
}

TEST_F(HppScheduler, IsHosted) {
  scheduler.start();
  EXPECT_GE(scheduler.wakeup_fd(), 0);
  while (scheduler.run_pending()) {
  }
  scheduler.register_task("task", [](Call&) {});
  scheduler.add_job(Trigger::date(kNoon + 10s), job_of("job"));
  EXPECT_EQ(scheduler.run_pending(), kNoon + 10s);
  Scheduler threaded;
  expect_error(ErrorCode::kUnsupported, "hosted", [&] { threaded.wakeup_fd(); });
  expect_error(ErrorCode::kUnsupported, "hosted", [&] { threaded.run_pending(); });
}

TEST_F(HppScheduler, MovesAndLeavesNothingBehind) {
  Scheduler moved = std::move(scheduler);
  EXPECT_EQ(moved.state(), SchedulerState::kStopped);
  expect_error(ErrorCode::kInvalidArgument, "NULL",
               [&] { scheduler.start(); });  // NOLINT(bugprone-use-after-move)
  expect_error(ErrorCode::kInvalidArgument, "NULL", [&] { scheduler.jobs(); });
  scheduler = std::move(moved);
  EXPECT_EQ(scheduler.state(), SchedulerState::kStopped);
}

TEST_F(HppScheduler, HasStoresAndExecutors) {
  scheduler.add_store("second", "memory:");
  expect_error(ErrorCode::kConflict, "second", [&] { scheduler.add_store("second", "memory:"); });
  expect_error(ErrorCode::kNotFound, "nosuch", [&] { scheduler.add_store("third", "nosuch:"); });
  scheduler.remove_store("second");
  expect_error(ErrorCode::kNotFound, "second", [&] { scheduler.remove_store("second"); });
  scheduler.add_thread_pool("threads", 2);
  expect_error(ErrorCode::kInvalidArgument, "0", [&] { scheduler.add_thread_pool("none", 0); });
  scheduler.remove_executor("threads");
  expect_error(ErrorCode::kNotFound, "threads", [&] { scheduler.remove_executor("threads"); });
  expect_error(ErrorCode::kInvalidArgument, "no worker program",
               [&] { scheduler.add_process_pool("workers", {}); });
  expect_error(ErrorCode::kInvalidArgument, "NUL after \"a\"",
               [&] { scheduler.add_inline_executor(std::string("a\0b", 3)); });
}

TEST(HppSchedulerOptions, AreChecked) {
  SchedulerOptions options;
  options.lease = 1ms;
  expect_error(ErrorCode::kInvalidArgument, "lease 1000", [&] { Scheduler{options}; });
  options = {};
  options.history_max_age = -1us;
  expect_error(ErrorCode::kInvalidArgument, "history_max_age is -1", [&] { Scheduler{options}; });
}

TEST(HppSchedulerOptions, LogGoesToTheSinkWhichIsDestroyedOnce) {
  std::atomic<int> destroyed = 0;
  std::vector<std::string> lines;
  {
    SchedulerOptions options;
    options.log = [&lines, witness = Witness(destroyed)](LogLevel level, const std::string& logger,
                                                         const std::string& message) {
      if (level == LogLevel::kWarning) lines.push_back(logger + ": " + message);
    };
    const ManualClock clock(kNoon);
    options.hosted = true;
    options.clock = clock;
    Scheduler scheduler(options);
    options.log = nullptr;
    scheduler.start();
    scheduler.run_pending();
    options.clock->set(kNoon - 1h);
    scheduler.run_pending();
    EXPECT_EQ(destroyed, 0);
  }
  EXPECT_THAT(lines, testing::ElementsAre(HasSubstr("clock was set")));
  EXPECT_EQ(destroyed, 1);
  SchedulerOptions wrong;
  wrong.lease = -1us;
  wrong.log = [witness = Witness(destroyed)](LogLevel, const std::string&, const std::string&) {};
  EXPECT_THROW(Scheduler{wrong}, Error);
  wrong.log = nullptr;
  EXPECT_EQ(destroyed, 2);
}

TEST(HppConfiguration, MakesASchedulerFromJson) {
  Scheduler scheduler = Scheduler::from_json(
      R"({"hosted": true, "stores": {"mine": "memory:"}, "executors": {"default": {"type": "inline"}}})");
  EXPECT_GE(scheduler.wakeup_fd(), 0);
  scheduler.remove_store("mine");
  expect_error(ErrorCode::kInvalidArgument, "unknown member 'store'; did you mean 'stores'?",
               [] { Scheduler::from_json(R"({"store": {}})"); });
}

TEST_F(HppScheduler, TellsListeners) {
  std::vector<Event> events;
  std::atomic<int> destroyed = 0;
  const uint64_t id = scheduler.add_listener(
      DUETIME_EVENT_JOB_EXECUTED | DUETIME_EVENT_JOB_ERROR | DUETIME_EVENT_STORE_ADDED,
      [&events, witness = Witness(destroyed)](const Event& event) { events.push_back(event); });
  scheduler.add_store("second", "memory:");
  scheduler.register_task("fail", [](Call&) { throw std::out_of_range("beyond"); });
  scheduler.register_task("task", [](Call&) {});
  scheduler.start();
  scheduler.add_job(Trigger::date(kNoon + 1s), job_of("good"));
  advance(1s);
  scheduler.add_job(Trigger::date(kNoon + 2s), job_of("bad", "fail"));
  advance(1s);

  ASSERT_EQ(events.size(), 3u);
  EXPECT_EQ(events[0].code, DUETIME_EVENT_STORE_ADDED);
  EXPECT_EQ(events[0].alias, "second");
  EXPECT_EQ(events[1].code, DUETIME_EVENT_JOB_EXECUTED);
  EXPECT_EQ(events[1].job_id, "good");
  EXPECT_EQ(events[1].store, "default");
  EXPECT_EQ(events[1].scheduled_times, std::vector{kNoon + 1s});
  EXPECT_EQ(events[1].attempt, 1);
  EXPECT_EQ(events[1].run_id.size(), 32u);
  EXPECT_EQ(events[2].code, DUETIME_EVENT_JOB_ERROR);
  EXPECT_EQ(events[2].error_kind, "std::out_of_range");
  EXPECT_EQ(events[2].error, "beyond");

  EXPECT_EQ(destroyed, 0);
  scheduler.remove_listener(id);
  EXPECT_EQ(destroyed, 1);
  expect_error(ErrorCode::kNotFound, "no listener", [&] { scheduler.remove_listener(id); });
  expect_error(ErrorCode::kInvalidArgument, "empty function", [&] { scheduler.add_listener(1, {}); });
}

TEST_F(HppScheduler, PlaysTime) {
  int runs = 0;
  scheduler.register_task("task", [&](Call&) { ++runs; });
  IntervalOptions daily;
  daily.start = kNoon;
  scheduler.add_job(Trigger::interval(24h, daily), job_of("daily"));
  scheduler.start();
  EXPECT_TRUE(play({&scheduler}, kNoon + 365 * 24h));
  EXPECT_EQ(runs, 366);
  EXPECT_EQ(clock.now(), kNoon + 365 * 24h);
  expect_error(ErrorCode::kInvalidArgument, "count is 0", [] { play({}, kNoon); });
}

TEST_F(HppScheduler, ReadsZonesAgain) { EXPECT_EQ(scheduler.reload_time_zones(), 0u); }

TEST(HppClock, MovesWhenTold) {
  ManualClock clock(kNoon);
  ManualClock same = clock;
  same.advance(1h);
  EXPECT_EQ(clock.now(), kNoon + 1h);
  clock.set(kNoon);
  EXPECT_EQ(same.now(), kNoon);
  expect_error(ErrorCode::kInvalidArgument, "-1", [&] { clock.advance(-1us); });
}

TEST(HppThreads, AnyThreadMayCall) {
  Scheduler scheduler;
  Counter runs;
  scheduler.register_task("task", [&](Call&) { runs.add(); });
  scheduler.start();
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&scheduler, thread] {
      const TimePoint now = std::chrono::floor<Duration>(std::chrono::system_clock::now());
      for (int i = 0; i < 25; ++i) {
        JobOptions options = job_of(std::to_string(thread) + "-" + std::to_string(i));
        options.misfire_grace = kUnlimited;
        scheduler.add_job(Trigger::date(now), options);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  runs.wait_for(100);
  scheduler.shutdown();
}

}  // namespace
}  // namespace duetime::hpp_test
