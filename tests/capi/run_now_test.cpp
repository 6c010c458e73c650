// Runs that a program asks for, lists and cancels; time that is played.
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "tests/capi/capi_test.h"

namespace duetime::capi_test {
namespace {

constexpr duetime_duration kPatience = 120 * kSecond;

class RunNow : public HostedScheduler {
 public:  // tasks use it, too
  using HostedScheduler::scheduler;

  void SetUp() override {
    HostedScheduler::SetUp();
    start();
    ASSERT_OK(add(job_options("job", "succeed"), interval_trigger(3600 * kSecond)));
  }

  std::string run_job(const char* id = "job") {
    Held<char> run_id;
    EXPECT_OK(duetime_scheduler_run_job(scheduler, nullptr, id, Out(run_id)));
    return run_id ? run_id.get() : "";
  }

  std::vector<ListedRun> running() {
    Held<duetime_run_list> list;
    EXPECT_OK(duetime_scheduler_list_running(scheduler, nullptr, Out(list)));
    return runs_in(list);
  }

  void task_is(duetime_task_fn fn, void* user_data) {
    ASSERT_OK(duetime_scheduler_register_task(scheduler, "succeed", fn, user_data, nullptr));
  }

  duetime_status play(duetime_duration by, duetime_duration timeout = kPatience) {
    duetime_time now = 0;
    EXPECT_OK(duetime_clock_now(clock.get(), &now));
    return duetime_scheduler_play(&scheduler, 1, now + by, timeout);
  }
};

TEST_F(RunNow, RunsAndAnswersItsId) {
  const std::string run_id = run_job();
  run_pending();
  EXPECT_EQ(task.calls, 1);
  EXPECT_EQ(run_id.size(), 32u);
  ASSERT_EQ(runs().size(), 1u);
  EXPECT_EQ(runs()[0].id, run_id);
  EXPECT_OK(duetime_scheduler_run_job(scheduler, "default", "job", nullptr));
  EXPECT_EQ(task.calls, 2);
}

TEST_F(RunNow, SaysWhyNot) {
  char* run_id = nullptr;
  EXPECT_ERROR(DUETIME_ERROR_NOT_FOUND, "nobody",
               duetime_scheduler_run_job(scheduler, nullptr, "nobody", &run_id));
  EXPECT_ERROR(DUETIME_ERROR_NOT_FOUND, "elsewhere",
               duetime_scheduler_run_job(scheduler, "elsewhere", "job", &run_id));
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "id",
               duetime_scheduler_run_job(scheduler, nullptr, nullptr, &run_id));
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "NULL",
               duetime_scheduler_run_job(nullptr, nullptr, "job", &run_id));
  EXPECT_OK(duetime_scheduler_shutdown(scheduler, 1));
  EXPECT_STATUS(DUETIME_ERROR_NOT_RUNNING, duetime_scheduler_run_job(scheduler, nullptr, "job", &run_id));
  Held<duetime_run_list> list;
  EXPECT_STATUS(DUETIME_ERROR_NOT_RUNNING, duetime_scheduler_list_running(scheduler, nullptr, Out(list)));
  EXPECT_EQ(run_id, nullptr);
}

TEST_F(RunNow, SaysThatThereIsNoRoom) {
  task_is(
      [](void* user_data, duetime_call*) -> int32_t {
        EXPECT_STATUS(
            DUETIME_ERROR_MAX_INSTANCES,
            duetime_scheduler_run_job(static_cast<RunNow*>(user_data)->scheduler, nullptr, "job", nullptr));
        return DUETIME_TASK_SUCCEEDED;
      },
      this);
  run_job();
}

TEST_F(RunNow, IsListedAndCancelledWhileItRuns) {
  static std::vector<ListedRun> seen;
  task_is(
      [](void* user_data, duetime_call* call) -> int32_t {
        auto& test = *static_cast<RunNow*>(user_data);
        seen = test.running();
        int32_t cancelled = -1;
        EXPECT_EQ(duetime_call_is_cancelled(call), 0);
        EXPECT_OK(duetime_scheduler_is_run_cancelled(test.scheduler, duetime_call_run_id(call), &cancelled));
        EXPECT_EQ(cancelled, 0);
        EXPECT_OK(duetime_scheduler_cancel_run(test.scheduler, duetime_call_run_id(call)));
        EXPECT_EQ(duetime_call_is_cancelled(call), 1);
        EXPECT_OK(duetime_scheduler_is_run_cancelled(test.scheduler, duetime_call_run_id(call), &cancelled));
        EXPECT_EQ(cancelled, 1);
        return DUETIME_TASK_SUCCEEDED;
      },
      this);
  const std::string run_id = run_job();
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].id, run_id);
  EXPECT_EQ(seen[0].store, "default");
  EXPECT_EQ(seen[0].state, DUETIME_RUN_CLAIMED);
  EXPECT_TRUE(running().empty());
  EXPECT_STATUS(DUETIME_ERROR_NOT_FOUND, duetime_scheduler_cancel_run(scheduler, run_id.c_str()));
}

TEST_F(RunNow, CancellingRefusesWhatIsNoId) {
  int32_t cancelled = 0;
  for (const char* bad : {"", "job", "0123456789abcdef0123456789abcdeg"}) {
    EXPECT_STATUS(DUETIME_ERROR_INVALID_ARGUMENT, duetime_scheduler_cancel_run(scheduler, bad));
    EXPECT_STATUS(DUETIME_ERROR_INVALID_ARGUMENT,
                  duetime_scheduler_is_run_cancelled(scheduler, bad, &cancelled));
  }
  EXPECT_STATUS(DUETIME_ERROR_INVALID_ARGUMENT, duetime_scheduler_cancel_run(scheduler, nullptr));
  EXPECT_STATUS(DUETIME_ERROR_INVALID_ARGUMENT,
                duetime_scheduler_is_run_cancelled(scheduler, "0123456789abcdef0123456789abcdef", nullptr));
  EXPECT_EQ(duetime_call_is_cancelled(nullptr), 0);
  EXPECT_EQ(duetime_execution_is_cancelled(nullptr, 0), 0);
}

TEST_F(RunNow, ShutdownTellsTasksOfThreadsToEnd) {
  static std::atomic<bool> started;
  started = false;
  duetime_scheduler_options options = DUETIME_SCHEDULER_OPTIONS_INIT;
  Held<duetime_scheduler> threaded;
  ASSERT_OK(duetime_scheduler_create(&options, Out(threaded)));
  ASSERT_OK(duetime_scheduler_register_task(
      threaded.get(), "loop",
      [](void*, duetime_call* call) -> int32_t {
        started = true;
        while (duetime_call_is_cancelled(call) == 0) std::this_thread::yield();
        return DUETIME_TASK_SUCCEEDED;
      },
      nullptr, nullptr));
  ASSERT_OK(duetime_scheduler_start(threaded.get(), 0));
  const duetime_job_options job = job_options("job", "loop");
  ASSERT_OK(duetime_scheduler_add_job(threaded.get(), interval_trigger(3600 * kSecond).get(), &job, nullptr));
  ASSERT_OK(duetime_scheduler_run_job(threaded.get(), nullptr, "job", nullptr));
  while (!started) std::this_thread::yield();
  EXPECT_OK(duetime_scheduler_shutdown(threaded.get(), 1));
}

TEST_F(RunNow, PlayRunsWhatFallsDue) {
  EXPECT_OK(play(30 * 24 * 3600 * kSecond));
  EXPECT_EQ(task.calls, 720);
  duetime_time now = 0;
  EXPECT_OK(duetime_clock_now(clock.get(), &now));
  EXPECT_EQ(now, kNoon + 30 * 24 * 3600 * kSecond);
  EXPECT_OK(play(0));
  EXPECT_EQ(task.calls, 720);
}

TEST_F(RunNow, PlayWaitsForThreads) {
  ASSERT_OK(duetime_scheduler_remove_executor(scheduler, "default", 1));
  ASSERT_OK(duetime_scheduler_add_thread_pool(scheduler, "default", 2, nullptr));
  static std::atomic<bool> may_end;
  may_end = false;
  task_is(
      [](void*, duetime_call*) -> int32_t {
        while (!may_end) std::this_thread::yield();
        return DUETIME_TASK_SUCCEEDED;
      },
      nullptr);
  EXPECT_ERROR(DUETIME_ERROR_TIMEOUT, "have not ended", play(3600 * kSecond, 0));
  may_end = true;
  EXPECT_OK(play(0));
  ASSERT_EQ(runs().size(), 1u);
  EXPECT_EQ(runs()[0].state, DUETIME_RUN_SUCCEEDED);
}

TEST_F(RunNow, PlayRefusesWhatItCannotPlay) {
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "count", duetime_scheduler_play(&scheduler, 0, kNoon, 0));
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "schedulers", duetime_scheduler_play(nullptr, 1, kNoon, 0));
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "until",
               duetime_scheduler_play(&scheduler, 1, DUETIME_TIME_NONE, 0));
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "timeout", duetime_scheduler_play(&scheduler, 1, kNoon, -1));

  const Held<duetime_clock> other = manual_clock();
  duetime_scheduler_options options = DUETIME_SCHEDULER_OPTIONS_INIT;
  Held<duetime_scheduler> on_system_clock;
  ASSERT_OK(duetime_scheduler_create(&options, Out(on_system_clock)));
  options.clock = other.get();
  Held<duetime_scheduler> threaded;
  ASSERT_OK(duetime_scheduler_create(&options, Out(threaded)));
  options.hosted = 1;
  Held<duetime_scheduler> elsewhere;
  ASSERT_OK(duetime_scheduler_create(&options, Out(elsewhere)));
  const auto expect_refusal = [&](duetime_scheduler* second, const char* reason) {
    duetime_scheduler* const both[] = {scheduler, second};
    EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, reason, duetime_scheduler_play(both, 2, kNoon, 0));
  };
  expect_refusal(on_system_clock.get(), "schedulers[1] is not on a manual clock");
  expect_refusal(threaded.get(), "schedulers[1] is not hosted");
  expect_refusal(elsewhere.get(), "another clock");
  duetime_scheduler* const stale = elsewhere.get();
  elsewhere.reset();
  duetime_scheduler* const both[] = {scheduler, stale};
  EXPECT_STATUS(DUETIME_ERROR_STALE_HANDLE, duetime_scheduler_play(both, 2, kNoon, 0));
}

}  // namespace
}  // namespace duetime::capi_test
