#include "tests/support/job_store_processes.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <fstream>
#include <vector>

#include "tests/support/child_process.h"

namespace duetime {

using testing::IsEmpty;
using testing::SizeIs;

void StoreWorkers::add_one_shots(int count) const {
  std::vector<NewJob> jobs;
  for (int i = 0; i < count; ++i) jobs.push_back(scheduled(minutely_job("job-" + std::to_string(i)), 1));
  open()->add(jobs, OnConflict::kFail);
}

ClaimRequest StoreWorkers::request(double seconds, std::size_t limit) const {
  return {.owner = owner_,
          .claim_id = make_uuid(),
          .time = call_time(seconds),
          .boot_id = "boot-1",
          .lease = std::chrono::seconds(30),
          .limit = limit,
          .exclusions = &none_};
}

void StoreWorkers::work(JobStore& store, std::size_t limit, const Reached& reached) const {
  const int log =
      ::open(directory_.file("runs.log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  const auto planner = [&](const Job& job, const JobPosition& position, Instant now, int running) {
    reached("planning");
    return run_once(job, position, now, running);
  };
  for (;;) {
    const ClaimRequest asked = request(1, limit);
    const std::vector<ClaimPtr> claims = eventually([&] { return store.claim_due(asked, planner).claims; });
    reached("claimed");
    std::vector<RunEnd> ends;
    for (const ClaimPtr& claim : claims) {
      const std::string line = claim->record.id + " " + to_string(claim->runs.at(0).id) + "\n";
      if (write(log, line.data(), line.size()) < 0) return;
      reached("started");
      ends.push_back(end_of(claim, 0, RunState::kSucceeded, 1));
    }
    reached("run");
    for (const CompletionResult& result : eventually([&] { return store.complete(ends, call_time(1)); })) {
      EXPECT_TRUE(result.accepted);
    }
    reached("completed");
    if (claims.empty() && !eventually([&] { return store.next_due(none_); })) break;
  }
  ::close(log);
}

std::map<std::string, int> StoreWorkers::starts() const {
  std::map<std::string, int> starts;
  std::ifstream file(directory_.file("runs.log"));
  for (std::string job, run; file >> job >> run;) ++starts[job];
  return starts;
}

void StoreWorkers::expect_each_fire_once(int jobs) const {
  const JobStorePtr store = open();
  for (;;) {
    const ClaimResult reclaimed = store->reclaim_expired(request(1'000, 1'000));
    EXPECT_THAT(reclaimed.claims, IsEmpty());
    if (reclaimed.abandoned.empty()) break;
  }
  work(*store, 1'000);
  store->prune_runs({}, at(1));  // files what dead nodes left
  RunFilter all;
  all.limit = SIZE_MAX;
  std::map<std::string, int> runs;
  for (const RunRecord& run : store->list_runs(all)) {
    EXPECT_TRUE(run.state == RunState::kSucceeded || run.state == RunState::kAbandoned);
    ++runs[run.job_id];
  }
  EXPECT_THAT(runs, SizeIs(static_cast<std::size_t>(jobs)));
  for (const auto& [job, count] : runs) EXPECT_EQ(count, 1) << job;
  for (const auto& [job, count] : starts()) EXPECT_EQ(count, 1) << job;
  EXPECT_EQ(store->count(), 0u);
}

// --- the suite

StoreWorkers JobStoreProcesses::workers_in(const std::string& directory) const {
  return StoreWorkers([quirks = GetParam(), directory] {
    JobStorePtr store = quirks.make(directory);
    store->open();
    return store;
  });
}

void JobStoreProcesses::expect_each_fire_once(const StoreWorkers& workers, int jobs,
                                              const std::string& directory) const {
  workers.expect_each_fire_once(jobs);
  if (GetParam().expect_nothing_left) GetParam().expect_nothing_left(directory);
}

TEST_P(JobStoreProcesses, ThreeClaimEachJobOnce) {
  constexpr int kJobs = 600;
  const StoreWorkers workers = workers_in(directory_.path());
  workers.add_one_shots(kJobs);
  std::vector<pid_t> children;
  for (int i = 0; i < 3; ++i) {
    children.push_back(start_child([&] {
      workers.work(*workers.open(), 7);
      return true;
    }));
  }
  for (const pid_t child : children) EXPECT_TRUE(child_succeeded(child));
  EXPECT_THAT(workers.starts(), SizeIs(kJobs));
  EXPECT_EQ(workers.open()->count(), 0u);
  expect_each_fire_once(workers, kJobs, directory_.path());
}

// Dies at a chosen point of its third round.
TEST_P(JobStoreProcesses, ANodeKilledAtAnyPointLosesAndDoublesNothing) {
  for (const std::string point : {"planning", "claimed", "started", "run", "completed"}) {
    const TemporaryDirectory directory;
    const StoreWorkers workers = workers_in(directory.path());
    workers.add_one_shots(40);
    const pid_t child = start_child([&] {
      int left = 3;
      workers.work(*workers.open(), 5, [&](const char* reached) {
        if (reached == point && --left == 0) raise(SIGKILL);
      });
      return true;
    });
    EXPECT_EQ(signal_that_ended(child), SIGKILL) << point;
    expect_each_fire_once(workers, 40, directory.path());
  }
}

// Dies wherever it happens to be.
TEST_P(JobStoreProcesses, NodesKilledInTheMiddleLoseAndDoubleNothing) {
  constexpr int kJobs = 600;
  const StoreWorkers workers = workers_in(directory_.path());
  workers.add_one_shots(kJobs);
  for (int round = 0; round < 12; ++round) {
    int progress[2];
    ASSERT_EQ(pipe(progress), 0);
    const pid_t child = start_child([&] {
      workers.work(*workers.open(), 3, [&](const char*) {
        if (write(progress[1], "x", 1) < 0) raise(SIGKILL);
      });
      return true;
    });
    ::close(progress[1]);
    char byte = 0;
    const int steps = 1 + round * 9;
    for (int step = 0; step < steps && read(progress[0], &byte, 1) == 1; ++step) {
    }
    kill(child, SIGKILL);
    ::close(progress[0]);
    EXPECT_EQ(signal_that_ended(child), SIGKILL);
  }
  expect_each_fire_once(workers, kJobs, directory_.path());
}

}  // namespace duetime
