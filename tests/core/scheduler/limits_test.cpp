// A process that may have no more descriptors or threads: start() says so, leaves nothing half started, and
// works when there is room again. In processes of their own, whose limits are theirs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <future>
#include <memory>
#include <string>

#include "core/base/error.h"
#include "core/executors/thread_pool.h"
#include "core/jobstores/memory.h"
#include "core/scheduler/scheduler.h"
#include "tests/support/child_process.h"
#include "tests/support/jobs.h"

namespace duetime {
namespace {

void limit(__rlimit_resource resource, rlim_t most) {
  rlimit limits{};
  getrlimit(resource, &limits);
  limits.rlim_cur = most;
  EXPECT_EQ(setrlimit(resource, &limits), 0);
}

std::size_t entries(const char* directory) {
  const std::filesystem::directory_iterator all(directory);
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

std::unique_ptr<Scheduler> make_scheduler() {
  auto scheduler = std::make_unique<Scheduler>(
      SchedulerOptions{.log = std::make_shared<const Log>([](auto, auto, auto) {})});
  scheduler->add_store("default", make_memory_job_store());
  scheduler->add_executor("default", make_thread_pool({.workers = 4}));
  return scheduler;
}

// Starts under each limit from `least` on, until it works; before that, all is as it was.
bool starts_with_enough(__rlimit_resource resource, rlim_t least, rlim_t usual) {
  int failures = 0;
  for (rlim_t most = least;; ++most) {
    const std::size_t threads = entries("/proc/self/task");
    limit(resource, usual);
    const std::unique_ptr<Scheduler> scheduler = make_scheduler();
    limit(resource, most);
    try {
      scheduler->start();
      EXPECT_EQ(scheduler->state(), SchedulerState::kRunning);
      scheduler->shutdown();
      return failures > 0;
    } catch (const Error& error) {
      EXPECT_STRNE(error.what(), "");
    }
    ++failures;
    limit(resource, usual);
    EXPECT_EQ(scheduler->state(), SchedulerState::kStopped);
    EXPECT_EQ(entries("/proc/self/task"), threads) << most;
    scheduler->start();  // now that there is room
    EXPECT_EQ(scheduler->state(), SchedulerState::kRunning);
    scheduler->shutdown();
  }
}

TEST(Limits, WithoutDescriptorsNothingIsHalfStarted) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "UndefinedBehaviorSanitizer, its companion, looks at objects through a pipe of its own";
#endif
  EXPECT_TRUE(in_child([] {
    const auto open = static_cast<rlim_t>(entries("/proc/self/fd"));
    return starts_with_enough(RLIMIT_NOFILE, open - 1, 1024);
  }));
}

TEST(Limits, WithoutThreadsNothingIsHalfStarted) {
  EXPECT_TRUE(in_child([] {
    // Root may have any number; a user that nobody else is.
    if (getuid() == 0 && setuid(54321) != 0) return false;
    return starts_with_enough(RLIMIT_NPROC, 1, 1000);
  }));
}

// The pool has no worker yet, and cannot have one: the job stays due until it can.
TEST(Limits, AJobWaitsForAThread) {
  EXPECT_TRUE(in_child([] {
    if (getuid() == 0 && setuid(54322) != 0) return false;
    const std::unique_ptr<Scheduler> scheduler = make_scheduler();
    std::promise<void> refused;
    std::promise<void> ran;
    std::atomic<bool> told{false};
    scheduler->register_task("task", [&](const TaskCall&) {
      ran.set_value();
      return TaskOutcome{};
    });
    scheduler->add_listener(kJobSubmitError, [&](const Event&) {
      if (!told.exchange(true)) refused.set_value();
    });
    scheduler->start();
    limit(RLIMIT_NPROC, 1);
    Job job = once(system_clock()->now());
    job.misfire_grace = std::nullopt;
    scheduler->add_job("default", std::move(job));
    EXPECT_EQ(refused.get_future().wait_for(std::chrono::seconds(60)), std::future_status::ready);
    limit(RLIMIT_NPROC, 1000);
    EXPECT_EQ(ran.get_future().wait_for(std::chrono::seconds(60)), std::future_status::ready);
    scheduler->shutdown();
    return true;
  }));
}

}  // namespace
}  // namespace duetime
