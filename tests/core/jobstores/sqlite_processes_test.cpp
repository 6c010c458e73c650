// The SQLite store between processes: sharing a file, dying at any moment, and forking.
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <map>
#include <set>
#include <thread>

#include "tests/core/jobstores/sqlite_test_support.h"
#include "tests/support/child_process.h"

namespace duetime {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

constexpr Duration kLease = std::chrono::seconds(30);

class SqliteProcesses : public testing::Test {
 protected:
  std::string path() const { return database_in(directory_.path()); }
  std::string log() const { return directory_.file("runs.log"); }

  void add_one_shots(int count) const {
    std::vector<NewJob> jobs;
    for (int i = 0; i < count; ++i) jobs.push_back(scheduled(minutely_job("job-" + std::to_string(i)), 1));
    open_sqlite_store(path())->add(jobs, OnConflict::kFail);
  }

  ClaimRequest request(double seconds, std::size_t limit) const {
    ClaimRequest request;
    request.owner = owner_;
    request.claim_id = make_uuid();
    request.time = call_time(seconds);
    request.boot_id = "boot-1";
    request.lease = kLease;
    request.limit = limit;
    request.exclusions = &none_;
    return request;
  }

  // What a node is: claims, runs (a line in the log, which one write() adds whole) and completes, until
  // nothing is due.
  void work(JobStore& store, std::size_t limit, const std::function<void(const char* point)>& reached) const {
    const int log_fd = ::open(log().c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    const auto planner = [&](const Job& job, const JobPosition& position, Instant now, int running) {
      reached("planning");
      return run_once(job, position, now, running);
    };
    for (;;) {
      const std::vector<ClaimPtr> claims = store.claim_due(request(1, limit), planner).claims;
      reached("claimed");
      std::vector<RunEnd> ends;
      for (const ClaimPtr& claim : claims) {
        const std::string line = claim->record.id + " " + to_string(claim->runs.at(0).id) + "\n";
        if (write(log_fd, line.data(), line.size()) < 0) return;
        reached("started");
        ends.push_back(end_of(claim, 0, RunState::kSucceeded, 1));
      }
      reached("run");
      if (!ends.empty()) store.complete(ends, call_time(1));
      reached("completed");
      if (claims.empty() && !store.next_due(none_)) break;
    }
    ::close(log_fd);
  }

  // How often each job was started.
  std::map<std::string, int> starts() const {
    std::map<std::string, int> starts;
    std::ifstream file(log());
    for (std::string job, run; file >> job >> run;) ++starts[job];
    return starts;
  }

  // Nothing lost, nothing double: every job has exactly one run, which succeeded or was abandoned, and was
  // started at most once.
  void expect_each_fire_once(int jobs) const {
    const JobStorePtr store = open_sqlite_store(path());
    for (;;) {
      const ClaimResult reclaimed = store->reclaim_expired(request(1'000, 1'000));
      EXPECT_THAT(reclaimed.claims, IsEmpty());
      if (reclaimed.abandoned.empty()) break;
    }
    work(*store, 1'000, [](const char*) {});
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
    EXPECT_EQ(query(path(), "PRAGMA integrity_check"), "ok");
  }

  const Uuid owner_ = make_uuid();
  const Exclusions none_;
  TemporaryDirectory directory_;
};

TEST_F(SqliteProcesses, TwoClaimEachOf2000JobsOnce) {
  add_one_shots(2'000);
  std::vector<pid_t> children;
  for (int i = 0; i < 2; ++i) {
    children.push_back(start_child([&] {
      work(*open_sqlite_store(path()), 9, [](const char*) {});
      return true;
    }));
  }
  for (const pid_t child : children) EXPECT_TRUE(child_succeeded(child));
  EXPECT_THAT(starts(), SizeIs(2'000));
  const JobStorePtr store = open_sqlite_store(path());
  EXPECT_EQ(store->count(), 0u);
  EXPECT_EQ(query(path(), "SELECT count(*) FROM duetime_runs WHERE state = 'succeeded'"), "2000");
  expect_each_fire_once(2'000);
}

// Dies at a chosen point of its third round.
TEST_F(SqliteProcesses, ANodeKilledAtAnyPointLosesAndDoublesNothing) {
  for (const std::string point : {"planning", "claimed", "started", "run", "completed"}) {
    std::filesystem::remove_all(directory_.path());
    std::filesystem::create_directory(directory_.path());
    add_one_shots(40);
    const pid_t child = start_child([&] {
      int left = 3;
      work(*open_sqlite_store(path()), 5, [&](const char* reached) {
        if (reached == point && --left == 0) raise(SIGKILL);
      });
      return true;
    });
    EXPECT_EQ(signal_that_ended(child), SIGKILL) << point;
    expect_each_fire_once(40);
  }
}

// Dies wherever it happens to be, writes to the file included.
TEST_F(SqliteProcesses, ANodeKilledInTheMiddleLosesAndDoublesNothing) {
  constexpr int kJobs = 3'000;
  add_one_shots(kJobs);
  for (int round = 0; round < 25; ++round) {
    int progress[2];
    ASSERT_EQ(pipe(progress), 0);
    const pid_t child = start_child([&] {
      work(*open_sqlite_store(path()), 3, [&](const char*) {
        if (write(progress[1], "x", 1) < 0) raise(SIGKILL);
      });
      return true;
    });
    ::close(progress[1]);
    char byte = 0;
    const int steps = 1 + round * 7;
    for (int step = 0; step < steps && read(progress[0], &byte, 1) == 1; ++step) {
    }
    kill(child, SIGKILL);
    ::close(progress[0]);
    EXPECT_EQ(signal_that_ended(child), SIGKILL);
  }
  expect_each_fire_once(kJobs);
}

// The child of a fork leaves what it got from its parent alone, and may open the file anew: neither disturbs
// the other, whichever closes first.
TEST_F(SqliteProcesses, AForkedChildStartsAnew) {
  const JobStorePtr store = open_sqlite_store(path());
  const auto add = [&](const std::string& id) {
    const NewJob job = scheduled(minutely_job(id), 1);
    store->add(std::span(&job, 1), OnConflict::kFail);
  };
  add("before");
  int parent_closed[2];
  int child_opened[2];
  ASSERT_EQ(pipe(parent_closed) + pipe(child_opened), 0);
  char byte = 'x';
  const pid_t child = start_child([&] {
    store->abandon_after_fork();
    EXPECT_EQ(store->change_fd(), -1);
    EXPECT_EQ(error_of([&] { store->count(); }), ErrorCode::kStoreUnavailable);
    store->open();
    const bool sees_all = store->count() == 1;
    if (write(child_opened[1], &byte, 1) != 1 || read(parent_closed[0], &byte, 1) != 1) return false;
    add("by-child");
    return sees_all && store->count() == 3;
  });
  ASSERT_EQ(read(child_opened[0], &byte, 1), 1);
  add("by-parent");
  store->close();
  ASSERT_EQ(write(parent_closed[1], &byte, 1), 1);
  EXPECT_TRUE(child_succeeded(child));
  EXPECT_EQ(query(path(), "SELECT count(*) FROM duetime_jobs"), "3");
  EXPECT_EQ(query(path(), "PRAGMA integrity_check"), "ok");
}

// A fork waits for the calls that other threads have under way, so that the child never gets a half-used
// file.
TEST_F(SqliteProcesses, AChildForkedInMidCallStartsAnewToo) {
  DUETIME_SKIP_IF_MALLOC_CANNOT_FORK();
  const JobStorePtr store = open_sqlite_store(path());
  std::atomic<bool> stop{false};
  std::thread busy([&] {
    for (int i = 0; !stop; ++i) {
      const NewJob job = scheduled(minutely_job("busy-" + std::to_string(i % 5)), 1);
      store->add(std::span(&job, 1), OnConflict::kReplace);
    }
  });
  for (int child = 0; child < 10; ++child) {
    EXPECT_TRUE(in_child([&] {
      store->abandon_after_fork();
      store->open();
      const NewJob job = scheduled(minutely_job("child-" + std::to_string(child)), 1);
      store->add(std::span(&job, 1), OnConflict::kFail);
      return true;
    }));
  }
  stop = true;
  busy.join();
  EXPECT_EQ(query(path(), "SELECT count(*) FROM duetime_jobs WHERE id LIKE 'child-%'"), "10");
  EXPECT_EQ(query(path(), "PRAGMA integrity_check"), "ok");
}

}  // namespace
}  // namespace duetime
