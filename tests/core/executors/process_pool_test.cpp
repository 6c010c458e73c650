// The process pool with tests/support/c_worker.c as its worker program, which does what a job's payload says.
#include "core/executors/process_pool.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <condition_variable>
#include <fstream>
#include <iterator>
#include <map>
#include <mutex>
#include <regex>
#include <set>
#include <sstream>

#include "core/base/error.h"
#include "core/time/clock.h"
#include "tests/support/child_process.h"
#include "tests/support/jobs.h"
#include "tests/support/temporary_directory.h"

namespace duetime {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

constexpr auto kDeadline = std::chrono::minutes(2);  // only ever waited for when something is broken

struct End {
  std::string job;
  std::size_t index = 0;
  TaskOutcome outcome;

  std::string result() const {
    return outcome.result ? *std::static_pointer_cast<std::string>(outcome.result) : "";
  }
};

// Keeps what it is told. `admits` may refuse runs.
class Host final : public ExecutionHost {
 public:
  void accepted(const ClaimPtr&) noexcept override {}
  bool may_start(const ClaimPtr& claim, std::size_t index) noexcept override {
    const std::lock_guard lock(mutex_);
    return !refused.contains({claim->record.id, index});
  }
  void finished(const ClaimPtr& claim, std::size_t index, TaskOutcome outcome, Instant started_at,
                Instant ended_at) noexcept override {
    EXPECT_LE(started_at, ended_at);
    const std::lock_guard lock(mutex_);
    ends_.push_back({claim->record.id, index, std::move(outcome)});
    changed_.notify_all();
  }
  void unstarted(const ClaimPtr& claim) noexcept override {
    const std::lock_guard lock(mutex_);
    unstarted_.insert(claim->record.id);
    changed_.notify_all();
  }
  void given_back(const ClaimPtr&, const std::string&) noexcept override { ADD_FAILURE() << "given back"; }
  bool is_cancelled(const Uuid&) const noexcept override { return false; }
  Instant now() const noexcept override { return system_clock()->now(); }
  const std::string& store_alias() const noexcept override { return alias_; }

  std::vector<End> wait_for_ends(std::size_t count) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, kDeadline, [&] { return ends_.size() >= count; }));
    return ends_;
  }
  std::vector<End> ends() const {
    const std::lock_guard lock(mutex_);
    return ends_;
  }
  std::set<std::string> unstarted_jobs() const {
    const std::lock_guard lock(mutex_);
    return unstarted_;
  }

  std::set<std::pair<std::string, std::size_t>> refused;

 private:
  const std::string alias_ = "a store";
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<End> ends_;
  std::set<std::string> unstarted_;
};

ClaimPtr claim_of(const std::string& id, const std::string& payload, std::size_t runs = 1) {
  auto job = std::make_shared<Job>(once(at("10:00:00"), id));
  job->payload = {.encoding = "text", .data = payload, .live = nullptr};
  auto claim = std::make_shared<Claim>();
  claim->record = {.id = id, .job = job, .unreadable = {}, .position = {}};
  claim->fence = 9;
  for (std::size_t i = 0; i < runs; ++i) {
    claim->runs.push_back(
        {.id = Uuid{1, i}, .scheduled_time = at("10:00:00"), .fire_time = {}, .attempt = 2});
  }
  return claim;
}

// A pool that was started, and gives results as text.
class Pool {
 public:
  explicit Pool(ProcessPoolOptions options) : pool_(make(std::move(options))) { pool_->start(); }
  ~Pool() { pool_->shutdown(true); }
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  static ProcessPoolOptions options(std::size_t workers = 1) {
    ProcessPoolOptions made;
    made.argv = {DUETIME_C_WORKER};
    made.workers = workers;
    made.hooks.ended = [](const TaskCall&, WorkerOutcome said) {
      return TaskOutcome{said.kind, said.error_kind, said.error_message, said.traceback,
                         std::make_shared<std::string>(said.result)};
    };
    return made;
  }

  Executor& operator*() { return *pool_; }
  Executor* operator->() { return pool_.get(); }
  Host& host() { return *host_; }

  void submit(const ClaimPtr& claim) { pool_->submit({{claim, nullptr, host_}}); }
  void submit(const std::string& id, const std::string& payload) { submit(claim_of(id, payload)); }

  // Runs it and waits; the host has to have no other ends.
  End run(const std::string& payload) {
    const std::size_t before = host_->ends().size();
    submit("job", payload);
    return host_->wait_for_ends(before + 1).back();
  }

 private:
  static ExecutorPtr make(ProcessPoolOptions options) { return make_process_pool(std::move(options)); }

  const std::shared_ptr<Host> host_ = std::make_shared<Host>();
  const ExecutorPtr pool_;
};

template <class Condition>
bool eventually(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + kDeadline;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    usleep(2'000);
  }
  return true;
}

// What "block PATH" jobs have noted, as soon as there are so many.
std::vector<pid_t> blocked(const std::string& path, std::size_t count) {
  std::vector<pid_t> pids;
  EXPECT_TRUE(eventually([&] {
    std::ifstream file(path);
    pids = {std::istream_iterator<pid_t>(file), {}};
    return pids.size() >= count;
  }));
  return pids;
}

void let_go(const std::string& path) { std::ofstream(path + ".go") << "go"; }

bool is_alive(pid_t pid) { return ::kill(pid, 0) == 0; }

// Whether this process has no child, dead or alive.
bool has_no_child() { return ::waitpid(-1, nullptr, WNOHANG) < 0 && errno == ECHILD; }

TEST(ProcessPool, RunsATaskInAnotherProcess) {
  Pool pool(Pool::options());
  const End end = pool.run("pid");
  EXPECT_EQ(end.outcome.kind, TaskOutcome::Kind::kSucceeded);
  EXPECT_NE(end.result(), std::to_string(getpid()));
  EXPECT_EQ(pool.run("pid").result(), end.result()) << "the worker stays";
}

TEST(ProcessPool, TellsTheWorkerEverythingAboutTheRun) {
  Pool pool(Pool::options());
  std::istringstream lines(pool.run("fields").result());
  std::vector<std::string> fields;
  for (std::string line; std::getline(lines, line);) fields.push_back(line);
  EXPECT_THAT(fields, ElementsAre(std::to_string(to_micros(at("10:00:00"))), "9", "2", to_string(Uuid{1, 0}),
                                  "job", "task", "task", "a store", "text"));
}

TEST(ProcessPool, FailuresComeBackAsTheyWere) {
  Pool pool(Pool::options());
  const End end = pool.run("fail it is broken");
  EXPECT_EQ(end.outcome.kind, TaskOutcome::Kind::kFailed);
  EXPECT_EQ(end.outcome.error_kind, "CError");
  EXPECT_EQ(end.outcome.error_message, "it is broken");
  EXPECT_EQ(end.outcome.traceback, "line 1\n");
  EXPECT_EQ(pool.run("unreadable").outcome.kind, TaskOutcome::Kind::kCannotRun);
}

TEST(ProcessPool, TextsAreRepaired) {
  Pool pool(Pool::options());
  EXPECT_EQ(pool.run("fail a\xFFz").outcome.error_message, "a\xEF\xBF\xBDz");
}

struct Death {
  const char* payload;
  const char* says;
};

class ProcessPoolDeaths : public testing::TestWithParam<Death> {};

TEST_P(ProcessPoolDeaths, FailTheRunAndNothingElse) {
  Pool pool(Pool::options());
  const std::string before = pool.run("pid").result();
  const End end = pool.run(GetParam().payload);
  EXPECT_EQ(end.outcome.kind, TaskOutcome::Kind::kFailed);
  EXPECT_EQ(end.outcome.error_kind, "BrokenProcessPool");
  EXPECT_THAT(end.outcome.error_message, StartsWith("worker process " + before + " "));
  EXPECT_THAT(end.outcome.error_message, HasSubstr(GetParam().says));
  const End after = pool.run("pid");
  EXPECT_EQ(after.outcome.kind, TaskOutcome::Kind::kSucceeded);
  EXPECT_NE(after.result(), before);
}

INSTANTIATE_TEST_SUITE_P(Ways, ProcessPoolDeaths,
                         testing::Values(Death{"exit 0", "exited with status 0"},
                                         Death{"exit 3", "exited with status 3"},
                                         Death{"raise 9", "was killed by signal 9 (SIGKILL)"},
                                         Death{"raise 15", "was killed by signal 15 (SIGTERM)"},
                                         Death{"garbage", "broke the protocol"},
                                         Death{"close", "closed its channel"}));

TEST(ProcessPool, WhatWaitsBehindADeathIsRunByOthers) {
  Pool pool(Pool::options(2));
  std::set<std::string> dead;
  for (int i = 0; i < 400; ++i) {
    const bool dies = i % 50 == 25;
    const std::string id = std::to_string(i);
    if (dies) dead.insert(id);
    pool.submit(id, dies ? "exit 1" : "echo " + id);
  }
  std::set<std::string> failed, seen;
  for (const End& end : pool.host().wait_for_ends(400)) {
    EXPECT_TRUE(seen.insert(end.job).second) << end.job << " ended twice";
    if (end.outcome.kind == TaskOutcome::Kind::kFailed) {
      EXPECT_TRUE(dead.contains(end.job)) << end.job << ": " << end.outcome.error_message;
      failed.insert(end.job);
    } else {
      EXPECT_EQ(end.result(), end.job);
    }
  }
  EXPECT_EQ(failed, dead);
}

// Kills it and waits until it is dead, whether or not the pool has noticed.
void kill_and_wait(pid_t worker) {
  siginfo_t end{};
  ::kill(worker, SIGKILL);
  ::waitid(P_PID, static_cast<id_t>(worker), &end, WEXITED | WNOWAIT);
}

TEST(ProcessPool, AWorkerThatIsKilledWhileIdleFailsNothing) {
  Pool pool(Pool::options());
  for (int round = 0; round < 20; ++round) {
    kill_and_wait(std::stoi(pool.run("pid").result()));
    const End end = pool.run("pid");
    ASSERT_EQ(end.outcome.kind, TaskOutcome::Kind::kSucceeded) << end.outcome.error_message;
  }
}

TEST(ProcessPool, TheProgramMayWaitForTheWorkersItself) {
  Pool pool(Pool::options());
  const pid_t worker = std::stoi(pool.run("pid").result());
  ::kill(worker, SIGKILL);
  ::waitpid(worker, nullptr, 0);  // may find it, or the pool was first
  EXPECT_EQ(pool.run("pid").outcome.kind, TaskOutcome::Kind::kSucceeded);
}

TEST(ProcessPool, RunsOfAClaimComeOneAfterTheOther) {
  Pool pool(Pool::options(4));
  pool.host().refused = {{"claim", 1}};
  pool.submit(claim_of("claim", "pid", 4));
  std::vector<std::size_t> indices;
  std::set<std::string> workers;
  for (const End& end : pool.host().wait_for_ends(3)) {
    indices.push_back(end.index);
    workers.insert(end.result());
  }
  EXPECT_THAT(indices, ElementsAre(0, 2, 3));
  EXPECT_THAT(workers, SizeIs(1));
}

TEST(ProcessPool, ADeathInAClaimFailsOneOfItsRuns) {
  Pool pool(Pool::options());
  pool.submit(claim_of("claim", "exit 1", 3));
  for (const End& end : pool.host().wait_for_ends(3)) EXPECT_EQ(end.outcome.error_kind, "BrokenProcessPool");
  EXPECT_EQ(pool.run("pid").outcome.kind, TaskOutcome::Kind::kSucceeded);
}

TEST(ProcessPool, OneThatTakesLongHoldsUpNoOther) {
  const TemporaryDirectory directory;
  Pool pool(Pool::options(2));
  for (int i = 0; i < 200; ++i) pool.submit("warm", "pid");  // so that runs are given in advance
  pool.host().wait_for_ends(200);
  pool.submit("long", "block " + directory.file("long"));
  for (int i = 0; i < 200; ++i) pool.submit("short", "pid");
  EXPECT_THAT(pool.host().wait_for_ends(400), SizeIs(400));
  let_go(directory.file("long"));
  EXPECT_EQ(pool.host().wait_for_ends(401).back().job, "long");
}

TEST(ProcessPool, StartsAsManyWorkersAsItMay) {
  const TemporaryDirectory directory;
  Pool pool(Pool::options(3));
  for (int i = 0; i < 8; ++i) pool.submit(std::to_string(i), "block " + directory.file("all"));
  const auto pids = blocked(directory.file("all"), 3);
  EXPECT_THAT(std::set(pids.begin(), pids.end()), SizeIs(3));
  let_go(directory.file("all"));
  pool.host().wait_for_ends(8);
  const auto all = blocked(directory.file("all"), 8);
  EXPECT_EQ(std::set(all.begin(), all.end()), std::set(pids.begin(), pids.end()));
}

TEST(ProcessPool, WorkersAreReplacedAfterSoManyTasks) {
  ProcessPoolOptions options = Pool::options();
  options.max_tasks_per_child = 3;
  Pool pool(std::move(options));
  for (int i = 0; i < 10; ++i) pool.submit(std::to_string(i), "pid");
  std::map<std::string, int> tasks;
  for (const End& end : pool.host().wait_for_ends(10)) ++tasks[end.result()];
  std::multiset<int> counts;
  for (const auto& [pid, count] : tasks) counts.insert(count);
  EXPECT_THAT(counts, ElementsAre(1, 3, 3, 3));
}

TEST(ProcessPool, ATimeoutKillsTheWorker) {
  const TemporaryDirectory directory;
  ProcessPoolOptions options = Pool::options(2);
  options.timeout = std::chrono::milliseconds(300);
  Pool pool(std::move(options));
  const End end = pool.run("block " + directory.file("hang"));
  EXPECT_EQ(end.outcome.error_kind, "TimeoutError");
  EXPECT_THAT(end.outcome.error_message, StartsWith("the run took longer than 0.3 s"));
  std::smatch worker;
  ASSERT_TRUE(
      std::regex_search(end.outcome.error_message, worker, std::regex("worker process (\\d+) was killed")));
  EXPECT_TRUE(eventually([&] { return !is_alive(std::stoi(worker[1])); }));
  EXPECT_TRUE(eventually([&] { return pool.run("pid").outcome.kind == TaskOutcome::Kind::kSucceeded; }))
      << "a slow machine may need a few";
}

TEST(ProcessPool, LargePayloadsAndResultsCross) {
  Pool pool(Pool::options());
  const std::string large(kMaxPayloadBytes - 5, 'x');
  EXPECT_EQ(pool.run("echo " + large).result(), large.substr(0, 4095));
}

TEST(ProcessPool, WorkersHaveTheirDescriptorsOnly) {
  const int leaked = ::fcntl(STDOUT_FILENO, F_DUPFD, 100);  // inheritable
  ASSERT_GE(leaked, 100);
  Pool pool(Pool::options());
  EXPECT_EQ(pool.run("fds").result(), "0 1 2 3 4 ");
  ::close(leaked);
}

// --- workers that never get ready
// -----------------------------------------------------------------------------

TEST(ProcessPool, AProgramThatDoesNotExistFailsEachRun) {
  ProcessPoolOptions options = Pool::options(2);
  options.argv = {"/nowhere/worker"};
  Pool pool(std::move(options));
  for (int i = 0; i < 3; ++i) pool.submit(std::to_string(i), "pid");
  for (const End& end : pool.host().wait_for_ends(3)) {
    EXPECT_EQ(end.outcome.error_kind, "BrokenProcessPool");
    EXPECT_THAT(end.outcome.error_message, StartsWith("a worker could not get ready: "));
  }
}

TEST(ProcessPool, ProgramsAreLookedUpInPath) {
  ProcessPoolOptions options = Pool::options();
  options.argv = {"true"};  // ends at once
  Pool pool(std::move(options));
  EXPECT_THAT(pool.run("pid").outcome.error_message, HasSubstr("exited with status 0"));
}

TEST(ProcessPool, ARefusalSaysWhy) {
  ProcessPoolOptions options = Pool::options(2);
  options.setup = "refuse there is no database";
  Pool pool(std::move(options));
  const End end = pool.run("pid");
  EXPECT_EQ(end.outcome.error_kind, "BrokenProcessPool");
  EXPECT_EQ(end.outcome.error_message, "a worker could not get ready: SetupError: there is no database");
}

TEST(ProcessPool, ADeathBeforeItIsReadyFailsARun) {
  ProcessPoolOptions options = Pool::options();
  options.setup = "die";
  Pool pool(std::move(options));
  EXPECT_THAT(pool.run("pid").outcome.error_message, HasSubstr("exited with status 7"));
  EXPECT_THAT(pool.run("pid").outcome.error_message, HasSubstr("exited with status 7"));
}

// --- the host language
// ----------------------------------------------------------------------------------------

ClaimPtr live_claim() {
  const ClaimPtr claim = claim_of("live", "");
  auto job = std::make_shared<Job>(*claim->record.job);
  job->payload = {.encoding = "none", .data = {}, .live = std::make_shared<int>(5)};
  auto copy = std::make_shared<Claim>(*claim);
  copy->record.job = job;
  return copy;
}

TEST(ProcessPool, LivePayloadsAreEncoded) {
  ProcessPoolOptions options = Pool::options();
  options.hooks.encode = [](const TaskCall& call, WorkerPayload& payload, WorkerOutcome&) {
    const auto number = std::static_pointer_cast<int>(call.claim.record.job->payload.live);
    payload = {"text", "echo " + std::to_string(*number)};
    return true;
  };
  Pool pool(std::move(options));
  pool.submit(live_claim());
  EXPECT_EQ(pool.host().wait_for_ends(1)[0].result(), "5");
}

TEST(ProcessPool, WhatCannotBeEncodedFails) {
  ProcessPoolOptions options = Pool::options();
  options.hooks.encode = [](const TaskCall&, WorkerPayload&, WorkerOutcome& error) {
    error.error_kind = "PicklingError";
    error.error_message = "no";
    return false;
  };
  Pool pool(std::move(options));
  pool.submit(live_claim());
  EXPECT_EQ(pool.host().wait_for_ends(1)[0].outcome.error_kind, "PicklingError");
  EXPECT_EQ(pool.run("pid").outcome.kind, TaskOutcome::Kind::kSucceeded);
}

TEST(ProcessPool, WithoutAnEncoderLivePayloadsFail) {
  Pool pool(Pool::options());
  pool.submit(live_claim());
  EXPECT_EQ(pool.host().wait_for_ends(1)[0].outcome.error_kind, "PayloadError");
}

TEST(ProcessPool, HooksThatThrowFailTheRun) {
  ProcessPoolOptions options = Pool::options();
  options.hooks.starting = [](const TaskCall& call) {
    if (call.claim.record.id == "bad") throw std::runtime_error("cannot announce");
  };
  Pool pool(std::move(options));
  pool.submit("bad", "pid");
  EXPECT_EQ(pool.host().wait_for_ends(1)[0].outcome.error_message, "cannot announce");
  EXPECT_EQ(pool.run("pid").outcome.kind, TaskOutcome::Kind::kSucceeded);
}

TEST(ProcessPool, ThreadHooksSurroundTheWork) {
  std::mutex mutex;
  std::vector<std::string> calls;
  const auto noting = [&](const char* what) {
    return [&, what] {
      const std::lock_guard lock(mutex);
      if (calls.empty() || calls.back() != what) calls.emplace_back(what);
    };
  };
  {
    ProcessPoolOptions options = Pool::options();
    options.hooks.thread = {noting("started"), noting("stopping"), noting("busy"), noting("idle")};
    Pool pool(std::move(options));
    pool.run("pid");
  }
  ASSERT_GE(calls.size(), 4U);
  EXPECT_EQ(calls[0], "started");
  EXPECT_EQ(calls[1], "busy");
  EXPECT_EQ(calls[calls.size() - 2], "idle");
  EXPECT_EQ(calls.back(), "stopping");
}

// --- ends
// -----------------------------------------------------------------------------------------------------

TEST(ProcessPool, ShutdownWaitsForEverythingAndLeavesNoProcess) {
  {
    Pool pool(Pool::options(3));
    for (int i = 0; i < 50; ++i) pool.submit(std::to_string(i), "pid");
    pool->shutdown(true);
    EXPECT_THAT(pool.host().ends(), SizeIs(50));
    EXPECT_THAT(pool.host().unstarted_jobs(), IsEmpty());
  }
  EXPECT_TRUE(has_no_child());
}

TEST(ProcessPool, ShutdownWithoutWaitingGivesBackWhatWasNotBegun) {
  const TemporaryDirectory directory;
  Pool pool(Pool::options());
  pool.submit("running", "block " + directory.file("running"));
  for (int i = 0; i < 5; ++i) pool.submit(std::to_string(i), "pid");
  blocked(directory.file("running"), 1);
  pool->shutdown(false);
  EXPECT_TRUE(eventually([&] { return pool.host().unstarted_jobs().size() == 5; }));
  EXPECT_THAT(pool.host().ends(), IsEmpty());
  let_go(directory.file("running"));
  EXPECT_EQ(pool.host().wait_for_ends(1)[0].outcome.kind, TaskOutcome::Kind::kSucceeded);
  pool->shutdown(true);
  EXPECT_TRUE(has_no_child());
}

TEST(ProcessPool, AClosedPoolGivesBackAndCanBeStartedAgain) {
  Pool pool(Pool::options());
  pool.run("pid");
  pool->shutdown(true);
  pool.submit("late", "pid");
  EXPECT_THAT(pool.host().unstarted_jobs(), ElementsAre("late"));
  pool->start();
  EXPECT_EQ(pool.run("pid").outcome.kind, TaskOutcome::Kind::kSucceeded);
}

TEST(ProcessPool, WelcomesMoreThanItsWorkersButNotEverything) {
  const TemporaryDirectory directory;
  Pool pool(Pool::options(2));
  const std::size_t slots = pool->free_slots();
  EXPECT_EQ(slots, 4U);
  for (std::size_t i = 0; i < slots; ++i) pool.submit(std::to_string(i), "block " + directory.file("all"));
  EXPECT_EQ(pool->free_slots(), 0U);
  let_go(directory.file("all"));
  pool.host().wait_for_ends(slots);
  EXPECT_TRUE(eventually([&] { return pool->free_slots() >= slots; }));
}

TEST(ProcessPool, WorkersEndWithTheProcessThatIsKilled) {
  const TemporaryDirectory directory;
  const pid_t parent = start_child([&] {
    Pool pool(Pool::options(2));
    pool.submit("running", "block " + directory.file("running"));
    pool.submit("idle", "pid");
    pool.host().wait_for_ends(2);
    return true;
  });
  const pid_t worker = blocked(directory.file("running"), 1)[0];
  ::kill(parent, SIGKILL);
  EXPECT_EQ(signal_that_ended(parent), SIGKILL);
  EXPECT_TRUE(eventually([&] { return !is_alive(worker); }));
}

TEST(ProcessPool, AForkedChildLeavesThePoolToItsParent) {
  Pool pool(Pool::options());
  const std::string worker = pool.run("pid").result();
  EXPECT_TRUE(in_child([&] {
    pool->shutdown(true);
    pool->shutdown(false);
    return true;
  }));
  EXPECT_EQ(pool.run("pid").result(), worker);
}

TEST(ProcessPool, OptionsAreChecked) {
  const auto refused = [](const char* part, auto&& spoil) {
    ProcessPoolOptions options = Pool::options();
    spoil(options);
    try {
      make_process_pool(options);
      ADD_FAILURE() << part;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
      EXPECT_THAT(error.what(), HasSubstr(part));
    }
  };
  refused("no worker program", [](auto& options) { options.argv.clear(); });
  refused("no worker program", [](auto& options) { options.argv = {""}; });
  refused("0 workers", [](auto& options) { options.workers = 0; });
  refused("1001 workers", [](auto& options) { options.workers = 1001; });
  refused("timeout of -1", [](auto& options) { options.timeout = Duration{-1}; });
}

}  // namespace
}  // namespace duetime
