// fork() while other threads are inside the library: the child must neither hang nor touch what is its
// parent's.
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "tests/capi/capi_test.h"

namespace duetime::capi_test {
namespace {

// Runs `body` in a child; answers its exit status, or -1 if it was killed (also by its alarm, when it hangs).
template <class Body>
int exit_status_of_child(Body&& body) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(60);
    _exit(body());
  }
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(Fork, ChildMayUseHandlesWhateverOtherThreadsDid) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP()
      << "the sanitizer's allocator has locks that fork() does not wait for: a child hangs in malloc()";
#endif
  const std::jthread churning([](const std::stop_token& stop) {
    while (!stop.stop_requested()) manual_clock();
  });
  for (int round = 0; round < 50; ++round) {
    const int status = exit_status_of_child([] {
      duetime_clock* clock = nullptr;
      duetime_time now = 0;
      if (duetime_clock_create_manual(kNoon, &clock) != DUETIME_OK) return 1;
      if (duetime_clock_now(clock, &now) != DUETIME_OK || now != kNoon) return 2;
      duetime_clock_destroy(clock);
      return duetime_clock_now(clock, &now) == DUETIME_ERROR_STALE_HANDLE ? 0 : 3;
    });
    ASSERT_EQ(status, 0) << "round " << round;
  }
}

TEST(Fork, ChildIsToldThatTheSchedulerIsItsParents) {
  Held<duetime_scheduler> scheduler;
  ASSERT_OK(duetime_scheduler_create(nullptr, Out(scheduler)));
  ASSERT_OK(duetime_scheduler_start(scheduler.get(), 0));
  const Held<duetime_trigger> trigger = interval_trigger(3'600 * kSecond);
  const int status = exit_status_of_child([&] {
    const duetime_job_options options = job_options("job", "succeed");
    if (duetime_scheduler_add_job(scheduler.get(), trigger.get(), &options, nullptr) != DUETIME_ERROR_FORKED)
      return 1;
    duetime_scheduler_destroy(scheduler.release());
    duetime_scheduler* own = nullptr;
    if (duetime_scheduler_create(nullptr, &own) != DUETIME_OK) return 2;
    duetime_scheduler_destroy(own);
    return 0;
  });
  EXPECT_EQ(status, 0);
  int32_t state = 0;
  EXPECT_OK(duetime_scheduler_state(scheduler.get(), &state));
  EXPECT_EQ(state, DUETIME_STATE_RUNNING);
}

}  // namespace
}  // namespace duetime::capi_test
