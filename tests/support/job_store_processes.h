// Processes that share a store as nodes do, and die at any moment: what they need, and the suite that every
// store passes that several processes can share:
//
//   INSTANTIATE_TEST_SUITE_P(Sqlite, JobStoreProcesses, testing::Values(sqlite_quirks()), store_name);
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <thread>

#include "core/base/error.h"
#include "tests/support/job_store_contract.h"
#include "tests/support/temporary_directory.h"

namespace duetime {

// Tries until the call works, as a lane does.
template <typename Call>
auto eventually(Call call) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  for (;;) {
    try {
      return call();
    } catch (const Error&) {
      if (std::chrono::steady_clock::now() > deadline) throw;
      std::this_thread::yield();
    }
  }
}

// What nodes do to one store, and what must have come of it.
class StoreWorkers {
 public:
  using Reached = std::function<void(const char* point)>;

  // `open` answers the store, open; in each process anew.
  explicit StoreWorkers(std::function<JobStorePtr()> open) : open_(std::move(open)) {}

  JobStorePtr open() const { return open_(); }
  void add_one_shots(int count) const;
  ClaimRequest request(double seconds, std::size_t limit) const;

  // What a node is: claims, runs (a line in the log, which one write() adds whole) and completes, until
  // nothing is due. A call that fails is made again. Tells the points "planning", "claimed", "started", "run"
  // and "completed".
  void work(
      JobStore& store, std::size_t limit, const Reached& reached = [](const char*) {}) const;

  // How often each job was started.
  std::map<std::string, int> starts() const;

  // Nothing lost, nothing double: every job has exactly one run, which succeeded or was abandoned, and was
  // started at most once. What dead nodes left is done.
  void expect_each_fire_once(int jobs) const;

 private:
  const std::function<JobStorePtr()> open_;
  const Uuid owner_ = make_uuid();
  const Exclusions none_;
  const TemporaryDirectory directory_;
};

class JobStoreProcesses : public testing::TestWithParam<JobStoreQuirks> {
 protected:
  StoreWorkers workers_in(const std::string& directory) const;
  void expect_each_fire_once(const StoreWorkers& workers, int jobs, const std::string& directory) const;

  TemporaryDirectory directory_;
};

}  // namespace duetime
