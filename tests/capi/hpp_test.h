// What the tests of the C++ interface share: a hosted scheduler on a clock that waits for us, and functions
// that are counted.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <duetime/duetime.hpp>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace duetime::hpp_test {

using namespace std::chrono_literals;
using testing::HasSubstr;

inline constexpr TimePoint kNoon{Duration(1'767'614'400'000'000)};  // 2026-01-05T12:00:00Z, a Monday

template <class Call>
void expect_error(ErrorCode code, const std::string& part, const Call& call) {
  try {
    call();
    ADD_FAILURE() << "no error, expected one with " << part;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    EXPECT_THAT(error.what(), HasSubstr(part));
  }
}

// Says when it was destroyed: each of the objects made, whatever they were copied or moved to.
class Witness {
 public:
  explicit Witness(std::atomic<int>& destroyed) : token_(&destroyed, [](auto* count) { ++*count; }) {}

 private:
  std::shared_ptr<std::atomic<int>> token_;
};

// What several threads count, waited for with a deadline that no healthy machine needs.
class Counter {
 public:
  void add() {
    const std::lock_guard lock(mutex_);
    ++count_;
    changed_.notify_all();
  }

  void wait_for(int count) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, 60s, [&] { return count_ >= count; })) << count_ << " of " << count;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int count_ = 0;
};

inline JobOptions job_of(std::string id, std::string task = "task") {
  JobOptions options;
  options.id = std::move(id);
  options.task = std::move(task);
  return options;
}

inline SchedulerOptions hosted_on(const ManualClock& clock) {
  SchedulerOptions options;
  options.hosted = true;
  options.clock = clock;
  return options;
}

// In memory and inline: nothing happens but in advance() and run_pending().
class HppScheduler : public testing::Test {
 protected:
  HppScheduler() {
    scheduler.add_store("default", "memory:");
    scheduler.add_inline_executor("default");
  }

  void advance(Duration by) {
    clock.advance(by);
    scheduler.run_pending();
    scheduler.run_pending();  // tells the store how they ended
  }

  duetime::Run run_once(Task task) {
    scheduler.register_task("task", std::move(task));
    if (scheduler.state() == SchedulerState::kStopped) scheduler.start();
    scheduler.add_job(Trigger::date(clock.now() + 1s), job_of("once"));
    advance(1s);
    return scheduler.runs().at(0);
  }

  ManualClock clock{kNoon};
  Scheduler scheduler{hosted_on(clock)};
};

}  // namespace duetime::hpp_test
