// Jobs and runs, by the C++ interface.
#include <nlohmann/json.hpp>

#include "tests/capi/hpp_test.h"

namespace duetime::hpp_test {
namespace {

using nlohmann::json;
using testing::ElementsAre;

class HppJobs : public HppScheduler {
 protected:
  HppJobs() {
    scheduler.register_task("task", [this](Call&) { ++runs; });
  }

  std::vector<std::string> ids(const std::vector<Job>& jobs) {
    std::vector<std::string> found;
    for (const Job& job : jobs) found.push_back(job.id());
    return found;
  }

  Trigger hourly = Trigger::interval(1h);
  int runs = 0;
};

TEST_F(HppJobs, AreAsTheyWereAdded) {
  scheduler.add_store("second", "memory:");
  scheduler.add_thread_pool("threads", 1);
  JobOptions options = job_of("job \xc3\xa4");
  options.name = "A name";
  options.executor = "threads";
  options.store = "second";
  options.coalesce = false;
  options.max_instances = 3;
  options.recover = true;
  options.misfire_grace = kUnlimited;
  options.next_run_time = kNoon + 5min;
  options.tags = {"b", "a"};
  options.payload = Payload::json(R"({"args": [1]})");
  scheduler.add_job(hourly, options);

  const Job job = scheduler.get_job("job \xc3\xa4").value();
  EXPECT_EQ(job.id(), "job \xc3\xa4");
  EXPECT_EQ(job.name(), "A name");
  EXPECT_EQ(job.task(), "task");
  EXPECT_EQ(job.executor(), "threads");
  EXPECT_EQ(job.store(), "second");
  EXPECT_EQ(job.error(), "");
  EXPECT_EQ(job.status(), JobStatus::kScheduled);
  EXPECT_FALSE(job.coalesce());
  EXPECT_EQ(job.max_instances(), 3);
  EXPECT_TRUE(job.recover());
  EXPECT_EQ(job.misfire_grace(), kUnlimited);
  EXPECT_EQ(job.next_run_time(), kNoon + 5min);
  EXPECT_THAT(job.tags(), testing::UnorderedElementsAre("a", "b"));
  EXPECT_EQ(job.payload().encoding, "json");
  EXPECT_EQ(job.payload().data, R"({"args": [1]})");
  EXPECT_EQ(job.trigger().to_json(), hourly.to_json());
  EXPECT_EQ(json::parse(job.to_json()).at("name"), "A name");
  const Job copy = job;
  EXPECT_EQ(copy.handle(), job.handle());
}

TEST_F(HppJobs, HaveDefaults) {
  const Job job = scheduler.add_job(hourly, job_of("")).value();
  EXPECT_FALSE(job.id().empty());
  EXPECT_EQ(job.name(), "task");
  EXPECT_EQ(job.executor(), "default");
  EXPECT_EQ(job.misfire_grace(), 1s);
  EXPECT_TRUE(job.coalesce());
  EXPECT_TRUE(job.tags().empty());
  EXPECT_EQ(job.payload().encoding, "none");
  EXPECT_EQ(job.next_run_time(), kNoon + 1h);
}

TEST_F(HppJobs, WhoseTriggerNeverFiresAreNotAdded) {
  CronFields leap;
  leap.year = "2000";
  EXPECT_EQ(scheduler.add_job(Trigger::cron(leap), job_of("job")), std::nullopt);
  EXPECT_EQ(scheduler.get_job("job"), std::nullopt);
}

TEST_F(HppJobs, WithATakenIdConflictOrReplace) {
  JobOptions options = job_of("job");
  scheduler.add_job(hourly, options);
  expect_error(ErrorCode::kConflict, "job", [&] { scheduler.add_job(hourly, options); });
  options.replace = true;
  options.name = "Second";
  EXPECT_EQ(scheduler.add_job(hourly, options)->name(), "Second");
}

TEST_F(HppJobs, ThatCannotBeAreRefused) {
  expect_error(ErrorCode::kInvalidArgument, "task", [&] { scheduler.add_job(hourly, JobOptions()); });
  JobOptions options = job_of("job");
  options.max_instances = 0;
  expect_error(ErrorCode::kInvalidArgument, "max_instances", [&] { scheduler.add_job(hourly, options); });
  options = job_of(std::string("a\0b", 3));
  expect_error(ErrorCode::kInvalidArgument, "NUL", [&] { scheduler.add_job(hourly, options); });
  options = job_of("job");
  options.tags = {std::string("a\0b", 3)};
  expect_error(ErrorCode::kInvalidArgument, "NUL", [&] { scheduler.add_job(hourly, options); });
  options = job_of("job");
  options.store = "nowhere";
  expect_error(ErrorCode::kNotFound, "nowhere", [&] { scheduler.add_job(hourly, options); });
  Trigger moved = hourly;
  const Trigger taken = std::move(moved);
  expect_error(ErrorCode::kInvalidArgument, "NULL",
               [&] { scheduler.add_job(moved, job_of("job")); });  // NOLINT(bugprone-use-after-move)
  EXPECT_TRUE(scheduler.jobs().empty());
}

TEST_F(HppJobs, AreAddedAllOrNone) {
  scheduler.add_jobs({});
  scheduler.add_jobs({{hourly, job_of("a")}, {hourly, job_of("b")}});
  expect_error(ErrorCode::kConflict, "b", [&] {
    scheduler.add_jobs({{hourly, job_of("c")}, {hourly, job_of("b")}});
  });
  EXPECT_THAT(ids(scheduler.jobs()), ElementsAre("a", "b"));
  expect_error(ErrorCode::kUnsupported, "no SQL", [&] {
    scheduler.sql_to_add_jobs({{hourly, job_of("d")}});
  });
}

TEST_F(HppJobs, AreChangedWhereTheChangesSay) {
  JobOptions options = job_of("job");
  options.tags = {"old"};
  options.payload = {"bytes", "old"};
  scheduler.add_job(hourly, options);
  EXPECT_EQ(scheduler.modify_job("job", {}).name(), "task");

  JobChanges changes;
  changes.name = "new";
  changes.max_instances = 7;
  changes.coalesce = false;
  changes.recover = true;
  changes.misfire_grace = 1h;
  changes.executor = "elsewhere";
  Job job = scheduler.modify_job("job", changes);
  EXPECT_EQ(job.name(), "new");
  EXPECT_EQ(job.max_instances(), 7);
  EXPECT_FALSE(job.coalesce());
  EXPECT_TRUE(job.recover());
  EXPECT_EQ(job.misfire_grace(), 1h);
  EXPECT_EQ(job.executor(), "elsewhere");
  EXPECT_THAT(job.tags(), ElementsAre("old"));
  EXPECT_EQ(job.payload().data, "old");
  EXPECT_EQ(job.next_run_time(), kNoon + 1h);

  changes = {};
  changes.tags = std::vector<std::string>{};
  changes.payload = Payload{"bytes", ""};
  changes.task = "other";
  changes.trigger = Trigger::interval(10min);
  job = scheduler.modify_job("job", changes);
  EXPECT_TRUE(job.tags().empty());
  EXPECT_EQ(job.payload().data, "");
  EXPECT_EQ(job.task(), "other");
  EXPECT_EQ(job.next_run_time(), kNoon + 1h);
  changes.reschedule = true;
  EXPECT_EQ(scheduler.modify_job("job", changes).next_run_time(), kNoon + 10min);
  changes = {};
  changes.next_run_time = kNoon + 3s;
  EXPECT_EQ(scheduler.modify_job("job", changes).next_run_time(), kNoon + 3s);
  expect_error(ErrorCode::kNotFound, "nobody", [&] { scheduler.modify_job("nobody", changes); });
}

TEST_F(HppJobs, ArePausedResumedAndRemoved) {
  JobOptions paused = job_of("paused");
  paused.paused = true;
  EXPECT_EQ(scheduler.add_job(hourly, paused)->status(), JobStatus::kPaused);
  EXPECT_EQ(scheduler.resume_job("paused")->next_run_time(), kNoon + 1h);
  const Job job = scheduler.pause_job("paused");
  EXPECT_EQ(job.status(), JobStatus::kPaused);
  EXPECT_EQ(job.next_run_time(), std::nullopt);
  IntervalOptions short_lived;
  short_lived.start = kNoon;
  short_lived.end = kNoon + 1min;
  scheduler.add_job(Trigger::interval(1s, short_lived), job_of("spent"));
  scheduler.pause_job("spent");
  clock.advance(1h);
  EXPECT_EQ(scheduler.resume_job("spent"), std::nullopt);
  EXPECT_THAT(ids(scheduler.jobs()), ElementsAre("paused"));
  scheduler.remove_job("paused");
  expect_error(ErrorCode::kNotFound, "paused", [&] { scheduler.remove_job("paused"); });
  scheduler.add_job(hourly, job_of("job"));
  scheduler.remove_all_jobs("default");
  EXPECT_TRUE(scheduler.jobs().empty());
}

TEST_F(HppJobs, AreListedByTimeAndFoundByWhatTheyAre) {
  JobOptions tagged = job_of("c");
  tagged.tags = {"nightly"};
  scheduler.add_job(Trigger::interval(3h), job_of("a"));
  scheduler.add_job(Trigger::interval(2h), job_of("b"));
  scheduler.add_job(Trigger::interval(1h), tagged);
  EXPECT_THAT(ids(scheduler.jobs()), ElementsAre("c", "b", "a"));
  JobFilter filter;
  filter.tag = "nightly";
  EXPECT_THAT(ids(scheduler.find_jobs(filter)), ElementsAre("c"));
  filter = {};
  filter.limit = 2;
  EXPECT_THAT(ids(scheduler.find_jobs(filter, "default")), ElementsAre("a", "b"));
  filter.after_id = "b";
  EXPECT_THAT(ids(scheduler.find_jobs(filter, "default")), ElementsAre("c"));
  filter.limit = 0;
  expect_error(ErrorCode::kInvalidArgument, "limit is 0", [&] { scheduler.find_jobs(filter, "default"); });
}

TEST_F(HppJobs, LeaveRuns) {
  scheduler.start();
  scheduler.add_job(hourly, job_of("job"));
  advance(1h);
  const std::string asked_for = scheduler.run_job("job");
  scheduler.run_pending();
  scheduler.run_pending();
  EXPECT_EQ(runs, 2);
  const std::vector<duetime::Run> all = scheduler.runs();
  ASSERT_EQ(all.size(), 2u);
  RunFilter filter;
  filter.job_id = "job";
  filter.state = RunState::kSucceeded;
  filter.scheduled_from = kNoon;
  filter.scheduled_until = kNoon + 1h;
  filter.limit = 1;
  const duetime::Run run = scheduler.runs(filter).at(0);
  EXPECT_EQ(run.job_id, "job");
  EXPECT_EQ(run.task, "task");
  EXPECT_EQ(run.store, "default");
  EXPECT_EQ(run.node.size(), 32u);
  EXPECT_EQ(run.scheduled_time, kNoon + 1h);
  EXPECT_EQ(run.started_at, kNoon + 1h);
  EXPECT_EQ(run.ended_at, kNoon + 1h);
  EXPECT_EQ(run.attempt, 1);
  EXPECT_EQ(run.error, "");
  EXPECT_EQ(to_string(run.state), "succeeded");
  EXPECT_THAT(asked_for, testing::AnyOf(all[0].id, all[1].id));
  filter.state = RunState::kFailed;
  EXPECT_TRUE(scheduler.runs(filter).empty());
  EXPECT_TRUE(scheduler.running().empty());
  expect_error(ErrorCode::kNotFound, "under way", [&] { scheduler.cancel_run(asked_for); });
  expect_error(ErrorCode::kInvalidArgument, "run_id is 'x'", [&] { scheduler.cancel_run("x"); });
  scheduler.set_history(0us, 0);
  advance(10min);
  EXPECT_TRUE(scheduler.runs().empty());
  expect_error(ErrorCode::kInvalidArgument, "max_age is -1", [&] { scheduler.set_history(-1us, 0); });
}

TEST_F(HppJobs, AreRunningWhileTheirTaskIs) {
  scheduler.register_task("task", [this](Call& call) {
    const std::vector<duetime::Run> running = scheduler.running();
    ASSERT_EQ(running.size(), 1u);
    EXPECT_EQ(running[0].id, call.run_id());
    EXPECT_EQ(running[0].state, RunState::kClaimed);
    EXPECT_EQ(running[0].ended_at, std::nullopt);
    expect_error(ErrorCode::kMaxInstances, "max_instances", [&] { scheduler.run_job("job"); });
    ++runs;
  });
  scheduler.start();
  scheduler.add_job(hourly, job_of("job"));
  scheduler.run_job("job");
  EXPECT_EQ(runs, 1);
}

}  // namespace
}  // namespace duetime::hpp_test
