#include <duetime/scheduler.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "tests/capi/capi_test.h"

namespace duetime::capi_test {
namespace {

class Life : public HostedScheduler {
 protected:
  int32_t state() {
    int32_t now = -1;
    EXPECT_OK(duetime_scheduler_state(scheduler, &now));
    return now;
  }
};

TEST_F(Life, GoesThroughItsStates) {
  EXPECT_EQ(state(), DUETIME_STATE_STOPPED);
  EXPECT_STATUS(DUETIME_ERROR_NOT_RUNNING, duetime_scheduler_shutdown(scheduler, 1));
  EXPECT_STATUS(DUETIME_ERROR_NOT_RUNNING, duetime_scheduler_pause(scheduler));
  start();
  EXPECT_EQ(state(), DUETIME_STATE_RUNNING);
  EXPECT_STATUS(DUETIME_ERROR_ALREADY_RUNNING, duetime_scheduler_start(scheduler, 0));
  EXPECT_OK(duetime_scheduler_pause(scheduler));
  EXPECT_EQ(state(), DUETIME_STATE_PAUSED);
  EXPECT_OK(duetime_scheduler_resume(scheduler));
  EXPECT_OK(duetime_scheduler_shutdown(scheduler, 1));
  EXPECT_EQ(state(), DUETIME_STATE_STOPPED);
  EXPECT_OK(duetime_scheduler_start(scheduler, 1));
  EXPECT_EQ(state(), DUETIME_STATE_PAUSED);
}

TEST_F(Life, PausedSchedulerClaimsNothing) {
  ASSERT_OK(duetime_scheduler_start(scheduler, 1));
  duetime_job_options options = job_options("job", "succeed");
  options.misfire_grace = DUETIME_DURATION_UNLIMITED;
  ASSERT_OK(add(options, date_trigger(kNoon + kSecond)));
  advance(kSecond);
  EXPECT_EQ(task.calls, 0);
  ASSERT_OK(duetime_scheduler_resume(scheduler));
  run_pending();
  EXPECT_EQ(task.calls, 1);
}

TEST_F(Life, RunPendingSaysWhenToComeAgain) {
  start();
  ASSERT_OK(add(job_options("job", "succeed"), date_trigger(kNoon + 5 * kSecond)));
  duetime_time next = 0;
  ASSERT_OK(duetime_scheduler_run_pending(scheduler, &next));
  EXPECT_GT(next, kNoon);
  EXPECT_LE(next, kNoon + 5 * kSecond);
}

TEST_F(Life, HealthIsAReport) {
  start();
  Held<char> json;
  ASSERT_OK(duetime_scheduler_health(scheduler, Out(json)));
  const std::string report = json.get();
  for (const char* part : {R"("state":"running")", R"("node":")", R"("store":"default")", R"("alive":true)",
                           R"("lag_us":)", R"("error":"")", R"("dropped_events":0)"}) {
    EXPECT_NE(report.find(part), std::string::npos) << part << " in " << report;
  }
}

TEST_F(Life, TakesFlagsOfZeroAndOneOnly) {
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "paused is 2", duetime_scheduler_start(scheduler, 2));
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "wait is -1", duetime_scheduler_shutdown(scheduler, -1));
  EXPECT_EQ(state(), DUETIME_STATE_STOPPED);
}

TEST_F(Life, AliasesAreUniqueAndCanBeRemoved) {
  EXPECT_ERROR(DUETIME_ERROR_CONFLICT, "default",
               duetime_scheduler_add_store(scheduler, "default", "memory:"));
  EXPECT_ERROR(DUETIME_ERROR_CONFLICT, "default",
               duetime_scheduler_add_inline_executor(scheduler, "default"));
  EXPECT_ERROR(DUETIME_ERROR_NOT_FOUND, "other", duetime_scheduler_remove_store(scheduler, "other", 1));
  EXPECT_ERROR(DUETIME_ERROR_NOT_FOUND, "other", duetime_scheduler_remove_executor(scheduler, "other", 1));
  EXPECT_OK(duetime_scheduler_add_store(scheduler, "other", R"({"type": "memory"})"));
  EXPECT_OK(duetime_scheduler_remove_store(scheduler, "other", 1));
  EXPECT_OK(duetime_scheduler_add_thread_pool(scheduler, "other", 2, nullptr));
  EXPECT_OK(duetime_scheduler_remove_executor(scheduler, "other", 1));
}

TEST_F(Life, StoreConfigurationIsRefusedByName) {
  const auto add_store = [&](const char* configuration) {
    return duetime_scheduler_add_store(scheduler, "other", configuration);
  };
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "configuration is NULL", add_store(nullptr));
  EXPECT_ERROR(DUETIME_ERROR_NOT_FOUND, "carrier-pigeon", add_store("carrier-pigeon://loft"));
  EXPECT_ERROR(DUETIME_ERROR_NOT_FOUND, "carrier-pigeon", add_store(R"({"type": "carrier-pigeon"})"));
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "store configuration", add_store("{"));
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "colour", add_store(R"({"type": "memory", "colour": "red"})"));
}

TEST(Options, AreRefusedByName) {
  const auto refused = [](const char* part, auto&& spoil) {
    duetime_scheduler_options options = DUETIME_SCHEDULER_OPTIONS_INIT;
    spoil(options);
    Held<duetime_scheduler> scheduler;
    EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, part, duetime_scheduler_create(&options, Out(scheduler)));
    EXPECT_EQ(scheduler, nullptr);
  };
  refused("struct_size is 0", [](auto& o) { o.struct_size = 0; });
  refused("hosted is 3", [](auto& o) { o.hosted = 3; });
  refused("lease", [](auto& o) { o.lease = 99'999; });
  refused("retry_interval_max", [](auto& o) { o.retry_interval_max = 0; });
  refused("history_max_age is -1", [](auto& o) { o.history_max_age = -1; });
  refused("log_level is 0", [](auto& o) { o.log_level = 0; });
}

TEST(Options, ClockMustBeOpen) {
  duetime_scheduler_options options = DUETIME_SCHEDULER_OPTIONS_INIT;
  options.clock = manual_clock().get();  // destroyed at the end of this statement
  Held<duetime_scheduler> scheduler;
  EXPECT_STATUS(DUETIME_ERROR_STALE_HANDLE, duetime_scheduler_create(&options, Out(scheduler)));
}

// A latch that a task opens, waited for with a deadline that no healthy machine needs.
struct Gate {
  std::mutex mutex;
  std::condition_variable changed;
  int passed = 0;
  bool open = true;

  static int32_t pass(void* user_data, duetime_call*) {
    auto* const gate = static_cast<Gate*>(user_data);
    std::unique_lock lock(gate->mutex);
    ++gate->passed;
    gate->changed.notify_all();
    gate->changed.wait(lock, [&] { return gate->open; });
    return DUETIME_TASK_SUCCEEDED;
  }

  bool wait_for(int wanted) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, std::chrono::minutes(2), [&] { return passed >= wanted; });
  }

  void let_go() {
    const std::scoped_lock lock(mutex);
    open = true;
    changed.notify_all();
  }
};

class Threaded : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK(duetime_scheduler_create(nullptr, Out(held)));
    scheduler = held.get();
    ASSERT_OK(duetime_scheduler_register_task(scheduler, "pass", Gate::pass, &gate, nullptr));
  }

  void add_frequent_job() {
    const duetime_job_options options = job_options("often", "pass");
    ASSERT_OK(duetime_scheduler_add_job(scheduler, interval_trigger(20'000).get(), &options, nullptr));
  }

  Gate gate;  // outlives the scheduler, whose threads use it
  Held<duetime_scheduler> held;
  duetime_scheduler* scheduler = nullptr;
};

TEST_F(Threaded, StartAddsAStoreAndAPoolWhereNoneIs) {
  ASSERT_OK(duetime_scheduler_start(scheduler, 0));
  add_frequent_job();
  EXPECT_TRUE(gate.wait_for(3));
  EXPECT_STATUS(DUETIME_ERROR_CONFLICT, duetime_scheduler_add_store(scheduler, "default", "memory:"));
  EXPECT_STATUS(DUETIME_ERROR_CONFLICT, duetime_scheduler_add_inline_executor(scheduler, "default"));
  EXPECT_OK(duetime_scheduler_shutdown(scheduler, 1));
}

TEST_F(Threaded, HasNoHostedFunctions) {
  ASSERT_OK(duetime_scheduler_start(scheduler, 0));
  duetime_time next = 0;
  int32_t fd = 0;
  EXPECT_STATUS(DUETIME_ERROR_UNSUPPORTED, duetime_scheduler_run_pending(scheduler, &next));
  EXPECT_STATUS(DUETIME_ERROR_UNSUPPORTED, duetime_scheduler_wakeup_fd(scheduler, &fd));
}

TEST_F(Threaded, ThreadHooksRunAroundTheTasks) {
  struct Hooked {
    std::atomic<int> started = 0, stopping = 0, busy = 0, idle = 0, released = 0;
  } hooked;
  const auto hook = [](auto member) { return member; };
  duetime_thread_hooks hooks = {};
  hooks.struct_size = sizeof hooks;
  hooks.user_data = &hooked;
  hooks.release = hook([](void* data) { ++static_cast<Hooked*>(data)->released; });
  hooks.started = [](void* data) { ++static_cast<Hooked*>(data)->started; };
  hooks.stopping = [](void* data) { ++static_cast<Hooked*>(data)->stopping; };
  hooks.busy = [](void* data) { ++static_cast<Hooked*>(data)->busy; };
  hooks.idle = [](void* data) { ++static_cast<Hooked*>(data)->idle; };
  ASSERT_OK(duetime_scheduler_add_thread_pool(scheduler, "default", 2, &hooks));
  ASSERT_OK(duetime_scheduler_start(scheduler, 0));
  add_frequent_job();
  EXPECT_TRUE(gate.wait_for(2));
  EXPECT_OK(duetime_scheduler_shutdown(scheduler, 1));
  held.reset();
  EXPECT_GT(hooked.started, 0);
  EXPECT_EQ(hooked.started, hooked.stopping);
  EXPECT_GT(hooked.busy, 0);
  EXPECT_EQ(hooked.busy, hooked.idle);
  EXPECT_EQ(hooked.released, 1);
}

TEST_F(Threaded, DestroyDoesNotWaitForRunningTasks) {
  Gate released;  // passed when the running task's user data is let go
  struct Data {
    Gate* gate;
    Gate* released;
  } data{&gate, &released};
  ASSERT_OK(duetime_scheduler_register_task(
      scheduler, "pass",
      [](void* both, duetime_call* call) { return Gate::pass(static_cast<Data*>(both)->gate, call); }, &data,
      [](void* both) { Gate::pass(static_cast<Data*>(both)->released, nullptr); }));
  gate.open = false;
  ASSERT_OK(duetime_scheduler_start(scheduler, 0));
  add_frequent_job();
  ASSERT_TRUE(gate.wait_for(1));
  held.reset();  // returns although the task does not
  int32_t state = 0;
  EXPECT_STATUS(DUETIME_ERROR_STALE_HANDLE, duetime_scheduler_state(scheduler, &state));
  EXPECT_EQ(released.passed, 0);
  gate.let_go();
  EXPECT_TRUE(released.wait_for(1));
}

TEST_F(Threaded, LogIsCalledForEveryLevelFromTheThreshold) {
  struct Lines {
    std::mutex mutex;
    std::string text;
  } lines;
  duetime_scheduler_options options = DUETIME_SCHEDULER_OPTIONS_INIT;
  options.log = [](void* data, int32_t level, const char* logger, const char* message) {
    auto* const to = static_cast<Lines*>(data);
    const std::scoped_lock lock(to->mutex);
    to->text += std::to_string(level) + " " + logger + ": " + message + "\n";
  };
  options.log_user_data = &lines;
  options.log_level = DUETIME_LOG_DEBUG;
  Held<duetime_scheduler> logged;
  ASSERT_OK(duetime_scheduler_create(&options, Out(logged)));
  uint64_t listener = 0;
  ASSERT_OK(duetime_scheduler_add_listener(
      logged.get(), DUETIME_EVENT_SCHEDULER_STARTED,
      [](void*, const duetime_event*) { throw std::runtime_error("spilt"); }, nullptr, nullptr, &listener));
  ASSERT_OK(duetime_scheduler_start(logged.get(), 0));
  ASSERT_OK(duetime_scheduler_shutdown(logged.get(), 1));
  logged.reset();
  EXPECT_NE(lines.text.find("spilt"), std::string::npos) << lines.text;
}

}  // namespace
}  // namespace duetime::capi_test
