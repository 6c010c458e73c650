// The Redis store between processes and over connections that break: sharing a server, dying at any moment,
// forking.
#include <atomic>
#include <thread>

#include "tests/core/jobstores/redis_test_support.h"
#include "tests/support/child_process.h"
#include "tests/support/job_store_processes.h"
#include "tests/support/redis_proxy.h"

namespace duetime {
namespace {

INSTANTIATE_TEST_SUITE_P(Redis, JobStoreProcesses, testing::Values(redis_quirks()), store_name);

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

  RedisServer server_;
  const StoreWorkers workers_{[this] { return open(); }};
};

class RedisOnDisk : public RedisProcesses {
 protected:
  // By itself Redis puts writes off while the last sync goes on, and a kill loses what it has answered.
  RedisOnDisk() : RedisProcesses({"--appendonly", "yes", "--appendfsync", "always"}) {}
};

// What was answered is in the server's file, and what was not is asked again.
TEST_F(RedisOnDisk, AServerThatIsKilledLosesAndDoublesNothing) {
  constexpr int kJobs = 300;
  workers_.add_one_shots(kJobs);
  const JobStorePtr store = open();
  int kills = 0;
  int steps = 0;
  workers_.work(*store, 7, [&](const char*) {
    if (++steps % 61 != 0 || kills == 4) return;
    server_.kill();
    server_.start();
    ++kills;
  });
  EXPECT_EQ(kills, 4);
  workers_.expect_each_fire_once(kJobs);
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
      workers_.work(*store, 3);
    }
  }
  workers_.expect_each_fire_once(jobs);
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
