// Schedulers that live by a clock written outside.
#include <duetime/plugin.h>
#include <poll.h>

#include <atomic>
#include <future>
#include <limits>
#include <mutex>

#include "tests/capi/capi_test.h"

namespace duetime::capi_test {
namespace {

// Time in the hands of the test.
struct HostClock {
  std::atomic<duetime_time> time{kNoon};
  std::mutex mutex;
  duetime_time earliest = DUETIME_TIME_LATEST;  // that was awaited
  std::atomic<int> released{0};

  static duetime_time now(void* user_data) { return static_cast<HostClock*>(user_data)->time; }
  static duetime_duration boot_time(void* user_data) { return now(user_data) - kNoon; }
  static void awaited(void* user_data, duetime_time when) {
    auto* const self = static_cast<HostClock*>(user_data);
    const std::lock_guard lock(self->mutex);
    self->earliest = std::min(self->earliest, when);
  }
  static void release(void* user_data) { ++static_cast<HostClock*>(user_data)->released; }

  duetime_clock_plugin plugin() {
    return {sizeof(duetime_clock_plugin), 0, this, release, now, boot_time, "host", awaited};
  }

  Held<duetime_clock> make() {
    const duetime_clock_plugin given = plugin();
    Held<duetime_clock> clock;
    EXPECT_OK(duetime_clock_create_plugin(&given, Out(clock)));
    return clock;
  }

  duetime_time awaited_at() {
    const std::lock_guard lock(mutex);
    return earliest;
  }
};

class ClockPlugin : public testing::Test {
 protected:
  void make_scheduler(int32_t hosted) {
    duetime_scheduler_options options = DUETIME_SCHEDULER_OPTIONS_INIT;
    options.hosted = hosted;
    options.clock = clock.get();
    ASSERT_OK(duetime_scheduler_create(&options, Out(scheduler)));
    ASSERT_OK(duetime_scheduler_add_inline_executor(scheduler.get(), "default"));
    ASSERT_OK(duetime_scheduler_add_store(scheduler.get(), "default", "memory:"));
  }

  void add_job(duetime_time when, duetime_task_fn fn, void* user_data) {
    ASSERT_OK(duetime_scheduler_register_task(scheduler.get(), "task", fn, user_data, nullptr));
    const duetime_job_options options = job_options("job", "task");
    ASSERT_OK(duetime_scheduler_add_job(scheduler.get(), date_trigger(when).get(), &options, nullptr));
  }

  bool has_work() {
    int32_t fd = -1;
    EXPECT_OK(duetime_scheduler_wakeup_fd(scheduler.get(), &fd));
    pollfd entry{fd, POLLIN, 0};
    return poll(&entry, 1, 0) == 1;
  }

  duetime_time run_pending() {
    duetime_time next = 0;
    EXPECT_OK(duetime_scheduler_run_pending(scheduler.get(), &next));
    return next;
  }

  HostClock host;
  Held<duetime_clock> clock = host.make();
  Held<duetime_scheduler> scheduler;
};

TEST_F(ClockPlugin, IsWhatTheTimeIs) {
  duetime_time now = 0;
  ASSERT_OK(duetime_clock_now(clock.get(), &now));
  EXPECT_EQ(now, kNoon);
  host.time = std::numeric_limits<int64_t>::max();
  ASSERT_OK(duetime_clock_now(clock.get(), &now));
  EXPECT_EQ(now, DUETIME_TIME_LATEST);
}

TEST_F(ClockPlugin, WakesAHostedSchedulerWhenTimeHasCome) {
  make_scheduler(1);
  Counted task;
  add_job(kNoon + 10 * kSecond, Counted::succeed, &task);
  ASSERT_OK(duetime_scheduler_start(scheduler.get(), 0));
  while (run_pending() != kNoon + 10 * kSecond) {
  }
  EXPECT_LE(host.awaited_at(), kNoon + 10 * kSecond);
  EXPECT_FALSE(has_work());

  host.time = kNoon + 9 * kSecond;
  duetime_time next = 0;
  ASSERT_OK(duetime_clock_wake(clock.get(), 0, &next));
  EXPECT_FALSE(has_work());
  EXPECT_EQ(next, kNoon + 10 * kSecond);

  host.time = kNoon + 10 * kSecond;
  ASSERT_OK(duetime_clock_wake(clock.get(), 0, &next));
  EXPECT_TRUE(has_work());
  EXPECT_EQ(next, DUETIME_TIME_LATEST);
  run_pending();
  EXPECT_EQ(task.calls, 1);
}

TEST_F(ClockPlugin, WakesAThreadWhenTimeHasCome) {
  make_scheduler(0);
  std::promise<void> ran;
  add_job(
      kNoon + 3600 * kSecond,
      [](void* user_data, duetime_call*) -> int32_t {
        static_cast<std::promise<void>*>(user_data)->set_value();
        return DUETIME_TASK_SUCCEEDED;
      },
      &ran);
  ASSERT_OK(duetime_scheduler_start(scheduler.get(), 0));
  host.time = kNoon + 3600 * kSecond;
  ASSERT_OK(duetime_clock_wake(clock.get(), 0, nullptr));
  EXPECT_EQ(ran.get_future().wait_for(std::chrono::seconds(60)), std::future_status::ready);
}

TEST_F(ClockPlugin, TellsWhenItWasSet) {
  make_scheduler(1);
  Counted changes;
  uint64_t listener = 0;
  ASSERT_OK(duetime_scheduler_add_listener(
      scheduler.get(), DUETIME_EVENT_CLOCK_CHANGED,
      [](void* user_data, const duetime_event*) { ++static_cast<Counted*>(user_data)->calls; }, &changes,
      nullptr, &listener));
  ASSERT_OK(duetime_scheduler_start(scheduler.get(), 0));
  run_pending();
  host.time = kNoon - 3600 * kSecond;
  ASSERT_OK(duetime_clock_wake(clock.get(), 1, nullptr));
  EXPECT_TRUE(has_work());
  run_pending();
  EXPECT_EQ(changes.calls, 1);
}

TEST_F(ClockPlugin, IsReleasedWithItsLastUser) {
  make_scheduler(1);
  clock.reset();
  EXPECT_EQ(host.released, 0);
  scheduler.reset();
  EXPECT_EQ(host.released, 1);
}

TEST_F(ClockPlugin, HasNoBootTimeOfItsOwnUnlessItSaysSo) {
  duetime_clock_plugin plugin = host.plugin();
  plugin.boot_time = nullptr;
  plugin.boot_id = nullptr;
  ASSERT_OK(duetime_clock_create_plugin(&plugin, Out(clock)));
  make_scheduler(1);
  ASSERT_OK(duetime_scheduler_start(scheduler.get(), 0));
  run_pending();
}

TEST_F(ClockPlugin, MovesByItselfOnly) {
  EXPECT_ERROR(DUETIME_ERROR_UNSUPPORTED, "not a manual clock", duetime_clock_advance(clock.get(), kSecond));
  EXPECT_STATUS(DUETIME_ERROR_UNSUPPORTED, duetime_clock_set(clock.get(), kNoon));
  EXPECT_STATUS(DUETIME_ERROR_UNSUPPORTED, duetime_clock_wake(manual_clock().get(), 0, nullptr));
  make_scheduler(1);
  duetime_scheduler* const players[] = {scheduler.get()};
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "not on a manual clock",
               duetime_scheduler_play(players, 1, kNoon, 0));
}

TEST_F(ClockPlugin, MisuseIsRefusedAndReleased) {
  duetime_clock* out = nullptr;
  EXPECT_STATUS(DUETIME_ERROR_INVALID_ARGUMENT, duetime_clock_create_plugin(nullptr, &out));
  duetime_clock_plugin plugin = host.plugin();
  plugin.now = nullptr;
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "now is NULL", duetime_clock_create_plugin(&plugin, &out));
  EXPECT_EQ(host.released, 1);
  plugin = host.plugin();
  plugin.boot_id = nullptr;
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "both or neither", duetime_clock_create_plugin(&plugin, &out));
  plugin = host.plugin();
  const std::string long_id(192, 'x');
  plugin.boot_id = long_id.c_str();
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "192 bytes", duetime_clock_create_plugin(&plugin, &out));
  plugin = host.plugin();
  EXPECT_STATUS(DUETIME_ERROR_INVALID_ARGUMENT, duetime_clock_create_plugin(&plugin, nullptr));
  EXPECT_EQ(host.released, 4);
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "was_set is 2", duetime_clock_wake(clock.get(), 2, nullptr));
  EXPECT_EQ(out, nullptr);
}

}  // namespace
}  // namespace duetime::capi_test
