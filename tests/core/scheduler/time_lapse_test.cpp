#include "core/scheduler/time_lapse.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <map>
#include <mutex>

#include "core/base/error.h"
#include "core/executors/thread_pool.h"
#include "core/jobstores/sqlite.h"
#include "tests/support/hosted_scheduler.h"
#include "tests/support/temporary_directory.h"

namespace duetime {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr Duration kPatience = minutes(2);

// Where time does not pass fast enough by itself, a minute of a stalled test is enough to fail.
bool play(HostedScheduler& host, Duration by, Duration patience = kPatience) {
  Scheduler* const schedulers[] = {&host.scheduler};
  return play(schedulers, *host.clock, host.clock->now() + by, patience);
}

void use_threads(HostedScheduler& host) {
  host.scheduler.remove_executor("default");
  host.scheduler.add_executor("default", make_thread_pool({.workers = 4}));
}

TEST(TimeLapse, RunsWhatFallsDueAtItsTimeAndInOrder) {
  HostedScheduler host;
  std::vector<Instant> seen;
  host.body = [&](const TaskCall&) {
    seen.push_back(host.clock->now());
    return TaskOutcome{};
  };
  host.started();
  host.scheduler.add_job("default", every(minutes(10), at("10:10:00"), "slow"));
  host.scheduler.add_job("default", every(minutes(4), at("10:04:00"), "fast"));
  ASSERT_TRUE(play(host, minutes(12)));
  EXPECT_THAT(seen, ElementsAre(at("10:04:00"), at("10:08:00"), at("10:10:00"), at("10:12:00")));
  EXPECT_EQ(host.clock->now(), at("10:12:00"));
}

TEST(TimeLapse, AYearOfHoursRunsEachOne) {
  HostedScheduler host;
  host.started();
  host.scheduler.add_job("default", every(hours(1), at("11:00:00")));
  ASSERT_TRUE(play(host, hours(24 * 365)));
  EXPECT_THAT(host.calls, SizeIs(24 * 365));
}

// A pass at least every minute, as outside of tests, would be half a billion of them.
TEST(TimeLapse, IdleStretchesCostNothing) {
  HostedScheduler host;
  host.started();
  host.scheduler.add_job("default", once(at("10:00:00") + hours(24 * 365 * 1000)));
  ASSERT_TRUE(play(host, hours(24 * 365 * 1001)));
  EXPECT_THAT(host.calls, SizeIs(1));
}

TEST(TimeLapse, RunsOfThreadsEndBeforeTimeGoesOn) {
  HostedScheduler host;
  std::mutex mutex;
  std::map<Instant, int> at_time;
  host.scheduler.register_task("task", [&](const TaskCall&) {
    const Instant began = host.clock->now();
    std::this_thread::yield();
    const std::lock_guard lock(mutex);
    ++at_time[host.clock->now()];
    EXPECT_EQ(host.clock->now(), began);
    return TaskOutcome{};
  });
  use_threads(host);
  host.started();
  for (int i = 0; i < 8; ++i) {
    host.scheduler.add_job("default", every(seconds(1), at("10:00:01"), "job" + std::to_string(i)));
  }
  ASSERT_TRUE(play(host, seconds(20)));
  EXPECT_THAT(at_time, SizeIs(20));
  for (const auto& [time, runs] : at_time) EXPECT_EQ(runs, 8);
  EXPECT_THAT(host.events_of(kJobExecuted), SizeIs(160));
}

TEST(TimeLapse, WhatARunAddsIsRunInTheSameLapse) {
  HostedScheduler host;
  int left = 3;
  host.body = [&](const TaskCall& call) {
    if (--left > 0) host.scheduler.add_job("default", once(call.run.scheduled_time, std::to_string(left)));
    return TaskOutcome{};
  };
  host.started();
  host.scheduler.add_job("default", once(at("10:00:01")));
  ASSERT_TRUE(play(host, seconds(1)));
  EXPECT_THAT(host.calls, SizeIs(3));
}

TEST(TimeLapse, FailuresDoNotStopIt) {
  HostedScheduler host;
  host.body = [](const TaskCall&) -> TaskOutcome { throw std::runtime_error("no"); };
  host.started();
  host.scheduler.add_job("default", every(seconds(1), at("10:00:01")));
  ASSERT_TRUE(play(host, seconds(5)));
  EXPECT_THAT(host.events_of(kJobError), SizeIs(5));
}

TEST(TimeLapse, SeveralNodesShareAStore) {
  const TemporaryDirectory directory;
  const auto store = [&] {
    return make_sqlite_job_store(SqliteStoreOptions{.path = directory.path() + "/jobs.db"});
  };
  HostedScheduler one(store());
  HostedScheduler two(store(), one.clock);
  one.started();
  two.started();
  one.scheduler.add_job("default", every(minutes(1), at("10:01:00"), "a"));
  two.body = [&](const TaskCall& call) {
    two.scheduler.remove_job("", call.claim.record.id);
    return TaskOutcome{};
  };
  Scheduler* const both[] = {&two.scheduler, &one.scheduler};
  ASSERT_TRUE(play(both, *one.clock, at("10:00:30"), kPatience));
  EXPECT_EQ(one.calls.size() + two.calls.size(), 0u);
  ASSERT_TRUE(play(both, *one.clock, at("10:05:00"), kPatience));
  EXPECT_THAT(two.run_times(), ElementsAre(at("10:01:00")));
  EXPECT_THAT(one.calls, IsEmpty());
}

TEST(TimeLapse, ARunOfADeadNodeIsTakenOverWhenItsLeaseEnds) {
  const TemporaryDirectory directory;
  const auto store = make_sqlite_job_store(SqliteStoreOptions{.path = directory.path() + "/jobs.db"});
  HostedScheduler host(make_sqlite_job_store(SqliteStoreOptions{.path = directory.path() + "/jobs.db"}));
  store->open();
  Job job = every(hours(1), at("11:00:00"));
  job.recover = true;
  host.started();
  host.scheduler.add_job("default", job);
  const ClaimRequest dead{.owner = make_uuid(),
                          .claim_id = make_uuid(),
                          .time = {host.clock->now(), host.clock->boot_time()},
                          .boot_id = host.clock->boot_id(),
                          .lease = seconds(30)};
  ASSERT_THAT(store->claim_now("job", dead).claims, SizeIs(1));
  ASSERT_TRUE(play(host, minutes(1)));
  ASSERT_THAT(host.calls, SizeIs(1));
  EXPECT_EQ(host.calls[0].attempt, 2);
}

TEST(TimeLapse, GivesUpWaitingAndGoesOnFromThere) {
  HostedScheduler host;
  std::promise<void> may_end;
  host.scheduler.register_task("task", [&](const TaskCall&) {
    may_end.get_future().wait();
    return TaskOutcome{};
  });
  use_threads(host);
  host.started();
  host.scheduler.add_job("default", once(at("10:00:01")));
  EXPECT_FALSE(play(host, seconds(5), Duration{0}));
  EXPECT_EQ(host.clock->now(), at("10:00:01"));
  may_end.set_value();
  EXPECT_TRUE(play(host, seconds(4)));
  EXPECT_EQ(host.clock->now(), at("10:00:05"));
  EXPECT_THAT(host.events_of(kJobExecuted), SizeIs(1));
}

TEST(TimeLapse, ATaskMayTakeItsTime) {
  HostedScheduler host;
  host.body = [&](const TaskCall&) {
    EXPECT_TRUE(play(host, minutes(3)));
    return TaskOutcome{};
  };
  use_threads(host);
  host.started();
  Job job = every(minutes(1), at("10:01:00"));
  job.misfire_grace = std::nullopt;
  host.scheduler.add_job("default", job);
  ASSERT_TRUE(play(host, minutes(6)));
  EXPECT_THAT(host.run_times(), ElementsAre(at("10:01:00"), at("10:04:00")));
  EXPECT_EQ(host.clock->now(), at("10:07:00"));
}

TEST(TimeLapse, LeavesStoppedSchedulersOut) {
  HostedScheduler host;
  host.body = [&](const TaskCall&) {
    host.scheduler.shutdown();
    return TaskOutcome{};
  };
  host.started();
  host.scheduler.add_job("default", every(minutes(1), at("10:01:00")));
  ASSERT_TRUE(play(host, minutes(6)));
  EXPECT_THAT(host.calls, SizeIs(1));
  EXPECT_EQ(host.clock->now(), at("10:06:00"));
}

TEST(TimeLapse, NeedsHostedSchedulers) {
  Scheduler threaded;
  threaded.add_store("default", make_memory_job_store());
  threaded.start();
  Scheduler* const schedulers[] = {&threaded};
  ManualClock clock(at("10:00:00"));
  EXPECT_THROW(play(schedulers, clock, at("11:00:00"), kPatience), Error);
}

}  // namespace
}  // namespace duetime
