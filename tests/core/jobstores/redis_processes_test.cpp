// The Redis store between processes and over connections that break: sharing a server, dying at any moment,
// forking.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <map>
#include <thread>

#include "tests/core/jobstores/redis_test_support.h"
#include "tests/support/child_process.h"
#include "tests/support/redis_proxy.h"

namespace duetime {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

class RedisProcesses : public testing::Test {
 protected:
  explicit RedisProcesses(std::vector<std::string> server_options = {})
      : server_(std::move(server_options)) {}

  JobStorePtr open() const { return open(server_.store_options()); }

  JobStorePtr open(const RedisStoreOptions& options) const {
    const auto store = std::make_shared<TurnedClockStore>(options, server_.store_options());
    store->open();
    return store;
  }

  void add_one_shots(int count) const {
    std::vector<NewJob> jobs;
    for (int i = 0; i < count; ++i) jobs.push_back(scheduled(minutely_job("job-" + std::to_string(i)), 1));
    open()->add(jobs, OnConflict::kFail);
  }

  ClaimRequest request(double seconds, std::size_t limit) const {
    ClaimRequest request;
    request.owner = owner_;
    request.claim_id = make_uuid();
    request.time = call_time(seconds);
    request.boot_id = "boot-1";
    request.lease = std::chrono::seconds(30);
    request.limit = limit;
    request.exclusions = &none_;
    return request;
  }

  std::string log() const { return directory_.file("runs.log"); }

  // What a node is: claims, runs (a line in the log, which one write() adds whole) and completes, until
  // nothing is due. A call that fails is made again, as a lane does it.
  void work(JobStore& store, std::size_t limit, const std::function<void(const char* point)>& reached) const {
    const int log_fd = ::open(log().c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
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
        if (write(log_fd, line.data(), line.size()) < 0) return;
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
    ::close(log_fd);
  }

  // Nothing lost, nothing double: every job has exactly one run, which succeeded or was abandoned, and was
  // started at most once.
  void expect_each_fire_once(int jobs) const {
    const JobStorePtr store = open();
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
    std::map<std::string, int> starts;
    std::ifstream file(log());
    for (std::string job, run; file >> job >> run;) ++starts[job];
    for (const auto& [job, count] : starts) EXPECT_EQ(count, 1) << job;
    EXPECT_EQ(store->count(), 0u);
    for (const char* key : {"jobs", "documents", "ids", "due", "running", "claims", "leases"}) {
      EXPECT_EQ(server_.command({"EXISTS", std::string("{duetime}:") + key}), "0") << key;
    }
  }

  RedisServer server_;
  const Uuid owner_ = make_uuid();
  const Exclusions none_;
  TemporaryDirectory directory_;
};

TEST_F(RedisProcesses, TwoClaimEachOf1000JobsOnce) {
  add_one_shots(1'000);
  std::vector<pid_t> children;
  for (int i = 0; i < 2; ++i) {
    children.push_back(start_child([&] {
      work(*open(), 9, [](const char*) {});
      return true;
    }));
  }
  for (const pid_t child : children) EXPECT_TRUE(child_succeeded(child));
  EXPECT_EQ(open()->count(), 0u);
  expect_each_fire_once(1'000);
}

// Dies at a chosen point of its third round.
TEST_F(RedisProcesses, ANodeKilledAtAnyPointLosesAndDoublesNothing) {
  for (const std::string point : {"planning", "claimed", "started", "run", "completed"}) {
    server_.command({"FLUSHALL"});
    std::filesystem::remove(log());
    add_one_shots(40);
    const pid_t child = start_child([&] {
      int left = 3;
      work(*open(), 5, [&](const char* reached) {
        if (reached == point && --left == 0) raise(SIGKILL);
      });
      return true;
    });
    EXPECT_EQ(signal_that_ended(child), SIGKILL) << point;
    expect_each_fire_once(40);
  }
}

// Dies wherever it happens to be.
TEST_F(RedisProcesses, ANodeKilledInTheMiddleLosesAndDoublesNothing) {
  constexpr int kJobs = 1'000;
  add_one_shots(kJobs);
  for (int round = 0; round < 10; ++round) {
    int progress[2];
    ASSERT_EQ(pipe(progress), 0);
    const pid_t child = start_child([&] {
      work(*open(), 3, [&](const char*) {
        if (write(progress[1], "x", 1) < 0) raise(SIGKILL);
      });
      return true;
    });
    ::close(progress[1]);
    char byte = 0;
    const int steps = 1 + round * 17;
    for (int step = 0; step < steps && read(progress[0], &byte, 1) == 1; ++step) {
    }
    kill(child, SIGKILL);
    ::close(progress[0]);
    EXPECT_EQ(signal_that_ended(child), SIGKILL);
  }
  expect_each_fire_once(kJobs);
}

class RedisOnDisk : public RedisProcesses {
 protected:
  RedisOnDisk() : RedisProcesses({"--appendonly", "yes"}) {}
};

// What was answered is in the server's file, and what was not is asked again.
TEST_F(RedisOnDisk, AServerThatIsKilledLosesAndDoublesNothing) {
  constexpr int kJobs = 300;
  add_one_shots(kJobs);
  const JobStorePtr store = open();
  int kills = 0;
  int steps = 0;
  work(*store, 7, [&](const char*) {
    if (++steps % 61 != 0 || kills == 4) return;
    server_.kill();
    server_.start();
    ++kills;
  });
  EXPECT_EQ(kills, 4);
  expect_each_fire_once(kJobs);
}

// Wherever a connection is cut: what had been asked is asked again, and done once.
TEST_F(RedisProcesses, AConnectionCutAnywhereLosesAndDoublesNothing) {
  RedisProxy proxy(server_.socket());
  RedisStoreOptions options = server_.store_options();
  options.unix_socket = proxy.socket();
  const JobStorePtr store = open(options);
  int jobs = 0;
  for (int64_t bytes = 1; bytes < 3'000; bytes += 149) {
    for (const bool sending : {true, false}) {
      std::vector<NewJob> added;
      for (int i = 0; i < 3; ++i)
        added.push_back(scheduled(minutely_job("job-" + std::to_string(jobs++)), 1));
      eventually([&] {
        store->add(added, OnConflict::kReplace);
        return true;
      });
      if (sending) {
        proxy.cut_after_sending(bytes);
      } else {
        proxy.cut_after_receiving(bytes);
      }
      work(*store, 3, [](const char*) {});
    }
  }
  expect_each_fire_once(jobs);
}

// The child of a fork closes what it got from its parent, and may open the store anew: neither disturbs the
// other.
TEST_F(RedisProcesses, AForkedChildStartsAnew) {
  const JobStorePtr store = open();
  const auto add = [&](const std::string& id) {
    const NewJob job = scheduled(minutely_job(id), 1);
    store->add(std::span(&job, 1), OnConflict::kFail);
  };
  add("before");
  EXPECT_TRUE(in_child([&] {
    store->abandon_after_fork();
    EXPECT_EQ(store->change_fd(), -1);
    EXPECT_EQ(error_of([&] { store->count(); }), ErrorCode::kStoreUnavailable);
    store->open();
    add("by-child");
    return store->count() == 2;
  }));
  store->drain_changes();
  add("by-parent");
  EXPECT_EQ(store->count(), 3u);
}

TEST_F(RedisProcesses, AChildForkedInMidCallStartsAnewToo) {
  DUETIME_SKIP_IF_MALLOC_CANNOT_FORK();
  const JobStorePtr store = open();
  std::atomic<bool> stop{false};
  std::thread busy([&] {
    while (!stop) store->count();
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
  EXPECT_EQ(store->count(), 10u);
}

}  // namespace
}  // namespace duetime
