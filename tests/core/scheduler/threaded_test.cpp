// The scheduler with its real threads. Nothing here asserts how long something took.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>

#include "core/base/error.h"
#include "core/executors/thread_pool.h"
#include "core/jobstores/memory.h"
#include "core/scheduler/scheduler.h"
#include "tests/support/jobs.h"

namespace duetime {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

// Waits for a condition that other threads make true; a hang fails the test instead of blocking the suite.
class Waiter {
 public:
  void notify() {
    const std::lock_guard lock(mutex_);
    changed_.notify_all();
  }
  template <typename Condition>
  bool until(Condition condition) {
    std::unique_lock lock(mutex_);
    const auto deadline = std::chrono::steady_clock::now() + seconds(60);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      changed_.wait_for(lock, milliseconds(20));
    }
    return true;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
};

struct ThreadedScheduler {
  explicit ThreadedScheduler(std::size_t workers = 4)
      : scheduler({.log = std::make_shared<const Log>([](auto, auto, auto) {})}) {
    scheduler.add_store("default", make_memory_job_store());
    scheduler.add_executor("default", make_thread_pool({.workers = workers}));
    scheduler.register_task("task", [this](const TaskCall&) {
      ++runs;
      waiter.notify();
      return TaskOutcome{};
    });
  }

  static Instant now() { return system_clock()->now(); }
  static Job now_job(const std::string& id) {
    Job job = once(now(), id);
    job.misfire_grace = std::nullopt;
    return job;
  }

  Waiter waiter;
  std::atomic<int> runs{0};
  Scheduler scheduler;
};

TEST(ThreadedScheduler, RunsABurstExactlyOnceEach) {
  ThreadedScheduler threaded;
  threaded.scheduler.start();
  for (int i = 0; i < 5'000; ++i) threaded.scheduler.add_job("default", threaded.now_job(std::to_string(i)));
  ASSERT_TRUE(threaded.waiter.until([&] { return threaded.runs == 5'000; }));
  threaded.scheduler.shutdown();
  EXPECT_EQ(threaded.runs, 5'000);
  EXPECT_THAT(threaded.scheduler.list_jobs("", {}), testing::IsEmpty());
}

TEST(ThreadedScheduler, ShutdownWaitsForEverythingSubmitted) {
  ThreadedScheduler threaded(1);
  std::atomic<bool> let_go{false};
  std::atomic<int> ended{0};
  threaded.scheduler.register_task("slow", [&](const TaskCall&) {
    while (!let_go) std::this_thread::yield();
    ++ended;
    return TaskOutcome{};
  });
  threaded.scheduler.start();
  Job job = threaded.now_job("slow");
  job.task = "slow";
  threaded.scheduler.add_job("default", job);
  ASSERT_TRUE(threaded.waiter.until([&] { return threaded.scheduler.health().lanes[0].executing == 1; }));
  std::thread releaser([&] { let_go = true; });
  threaded.scheduler.shutdown(true);
  EXPECT_EQ(ended, 1);
  releaser.join();
}

TEST(ThreadedScheduler, ShutdownWithoutWaitingReturnsWhileATaskRuns) {
  std::atomic<bool> begun{false};
  std::atomic<bool> let_go{false};
  std::atomic<bool> ended{false};
  ThreadedScheduler threaded;
  threaded.scheduler.register_task("slow", [&](const TaskCall&) {
    begun = true;
    while (!let_go) std::this_thread::yield();
    ended = true;
    return TaskOutcome{};
  });
  threaded.scheduler.start();
  Job job = threaded.now_job("slow");
  job.task = "slow";
  threaded.scheduler.add_job("default", job);
  ASSERT_TRUE(threaded.waiter.until([&] { return begun.load(); }));
  EXPECT_EQ(threaded.scheduler.health().lanes[0].executing, 1u);
  threaded.scheduler.shutdown(false);
  EXPECT_FALSE(ended);
  let_go = true;
  ASSERT_TRUE(threaded.waiter.until([&] { return ended.load(); }));
}

TEST(ThreadedScheduler, ShutsDownFromJobAndListenerAndManyThreads) {
  for (int round = 0; round < 50; ++round) {
    ThreadedScheduler threaded;
    std::atomic<int> inside{0};
    const auto shut_down = [&](bool wait) {
      ++inside;
      try {
        threaded.scheduler.shutdown(wait);
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::kNotRunning);
      }
      --inside;
    };
    threaded.scheduler.register_task("stop", [&](const TaskCall&) {
      shut_down(true);
      return TaskOutcome{};
    });
    const ListenerId listener =
        threaded.scheduler.add_listener(kJobExecuted, [&](const Event&) { shut_down(true); });
    threaded.scheduler.start();
    Job job = threaded.now_job("stop");
    job.task = round % 2 == 0 ? "stop" : "task";
    threaded.scheduler.add_job("default", job);
    std::thread other([&] {
      if (round % 5 == 0) shut_down(round % 3 == 0);
    });
    other.join();
    ASSERT_TRUE(threaded.waiter.until(
        [&] { return threaded.scheduler.state() == SchedulerState::kStopped && inside == 0; }));
    // It can be used again, which also says that nobody is in its listeners any more.
    threaded.scheduler.remove_listener(listener);
    threaded.scheduler.start();
    threaded.scheduler.shutdown();
    ASSERT_EQ(inside, 0);
  }
}

TEST(ThreadedScheduler, SurvivesAStormOfCalls) {
  ThreadedScheduler threaded;
  threaded.scheduler.start();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 300; ++i) {
        const std::string id = "job" + std::to_string((i + t) % 20);
        try {
          switch ((i * 7 + t) % 6) {
            case 0:
            case 1:
              threaded.scheduler.add_job("default", every(milliseconds(1), threaded.now(), id),
                                         OnConflict::kReplace);
              break;
            case 2:
              threaded.scheduler.pause_job("", id);
              break;
            case 3:
              threaded.scheduler.resume_job("", id);
              break;
            case 4:
              threaded.scheduler.edit_job("", id, [](Job& job, JobPosition&) { job.name += "x"; });
              break;
            default:
              threaded.scheduler.remove_job("", id);
          }
        } catch (const Error& error) {
          EXPECT_EQ(error.code(), ErrorCode::kNotFound) << error.what();
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(threaded.scheduler.state(), SchedulerState::kRunning);
  threaded.scheduler.remove_all_jobs("");
  threaded.scheduler.shutdown();
}

TEST(ThreadedScheduler, AThreadPoolTellsItsHostWhenWorkersAreBusy) {
  std::atomic<int> started{0}, stopping{0}, busy{0}, idle{0};
  ThreadHooks hooks{[&] { ++started; }, [&] { ++stopping; }, [&] { ++busy; }, [&] { ++idle; }};
  ThreadedScheduler threaded;
  threaded.scheduler.add_executor("hooked", make_thread_pool({.workers = 2, .hooks = hooks}));
  threaded.scheduler.start();
  for (int i = 0; i < 100; ++i) {
    Job job = threaded.now_job(std::to_string(i));
    job.executor = "hooked";
    threaded.scheduler.add_job("default", job);
  }
  ASSERT_TRUE(threaded.waiter.until([&] { return threaded.runs == 100; }));
  threaded.scheduler.shutdown();
  EXPECT_GE(started, 1);
  EXPECT_EQ(started, stopping);
  EXPECT_EQ(busy, idle);
}

TEST(ThreadedScheduler, AForkedChildIsStoppedAndMayDestroyItsCopy) {
  auto threaded = std::make_unique<ThreadedScheduler>();
  threaded->scheduler.start();
  threaded->scheduler.add_job("default", every(milliseconds(1), threaded->now(), "tick"));
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const bool stopped = threaded->scheduler.state() == SchedulerState::kStopped;
    bool refused = false;
    try {
      threaded->scheduler.remove_job("", "tick");
    } catch (const Error& error) {
      refused = error.code() == ErrorCode::kForked;
    }
    threaded.reset();
    _exit(stopped && refused ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(threaded->scheduler.state(), SchedulerState::kRunning);
  threaded->scheduler.shutdown();
}

}  // namespace
}  // namespace duetime
