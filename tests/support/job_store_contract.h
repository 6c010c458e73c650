// What every job store promises (core/jobstores/job_store.h), as tests. A store joins with one test file:
//
//   INSTANTIATE_TEST_SUITE_P(Sqlite, JobStoreContract, testing::Values(sqlite_quirks()), store_name);
//   INSTANTIATE_TEST_SUITE_P(Sqlite, JobStoreLeaseContract, testing::Values(sqlite_quirks()), store_name);
//
// the second only where nodes can share it.
//
// Where stores differ, the difference is in their traits() or in their quirks, never in the tests.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/jobstores/job_store.h"
#include "tests/support/temporary_directory.h"

namespace duetime {

struct JobStoreQuirks {
  std::string name;

  // A store that keeps its data in this directory, or under a name derived from it. Two stores made for the
  // same directory are two nodes that share it, where the store can be shared.
  std::function<JobStorePtr(const std::string& directory)> make;

  // Puts other bytes in the place of a stored document, and reads them back. Empty where a store keeps no
  // bytes.
  std::function<void(const std::string& directory, const std::string& id, const std::string& bytes)>
      write_raw;
  std::function<std::string(const std::string& directory, const std::string& id)> read_raw;

  // Expects that, once all jobs have left, nothing of them is there but history; for stores that can tell
  // more than count() does.
  std::function<void(const std::string& directory)> expect_nothing_left;

  // Leases count on the host's boot time; false where they count on a server's clock.
  bool leases_end_with_the_boot = true;

  // The database itself refuses other bytes.
  bool keeps_only_utf8 = false;
};

inline void PrintTo(const JobStoreQuirks& quirks, std::ostream* out) { *out << quirks.name; }

inline std::string store_name(const testing::TestParamInfo<JobStoreQuirks>& info) { return info.param.name; }

// All times are seconds after 2026-01-05 09:00:00 UTC; the machine was started a million seconds before.
Instant at(double seconds);
CallTime call_time(double seconds);

// A job that its trigger would fire every minute. The planners below decide for themselves.
Job minutely_job(const std::string& id);
NewJob scheduled(const Job& job, double seconds);
NewJob paused(const Job& job);

// Planners. Each runs the fire that is due; the next is a minute later, or there is none.
RunPlan run_minutely(const Job& job, const JobPosition& position, Instant now, int running);
RunPlan run_once(const Job& job, const JobPosition& position, Instant now, int running);

class JobStoreContract : public testing::TestWithParam<JobStoreQuirks> {
 protected:
  static constexpr Duration kLease = std::chrono::seconds(30);

  JobStoreContract();

  JobStore& store() { return *stores_.front(); }

  // A second node on the same data. Requires: the store can be shared.
  JobStorePtr another_node();
  const std::string& directory() const { return directory_.path(); }

  void add(const NewJob& job) { store().add(std::span(&job, 1), OnConflict::kFail); }
  void add(const std::string& id, double seconds) { add(scheduled(minutely_job(id), seconds)); }
  void replace(const NewJob& job) { store().add(std::span(&job, 1), OnConflict::kReplace); }

  ClaimRequest request(double seconds, std::size_t limit = 100);
  ClaimRequest request_of(const Uuid& owner, double seconds, std::size_t limit = 100);

  // The only claim of a call.
  ClaimPtr claim_one(double seconds, const RunPlanner& planner = run_minutely);

  std::vector<CompletionResult> complete(const ClaimPtr& claim, double seconds,
                                         RunState state = RunState::kSucceeded);

  std::vector<RunRecord> runs(std::optional<RunState> state = std::nullopt);

  const Uuid owner_ = make_uuid();
  Exclusions exclusions_;

 private:
  TemporaryDirectory directory_;
  std::vector<JobStorePtr> stores_;
};

// For stores that several nodes share.
class JobStoreLeaseContract : public JobStoreContract {
 protected:
  ClaimResult reclaim(const Uuid& node, double seconds, std::size_t limit = 100) {
    return store().reclaim_expired(request_of(node, seconds, limit));
  }
  ClaimResult reclaim(double seconds) { return reclaim(other_, seconds); }

  bool renew(const ClaimPtr& claim, double seconds) {
    return store().renew(std::span(&claim, 1), call_time(seconds), kLease).at(0);
  }

  void release(const ClaimPtr& claim, double seconds) {
    store().release(std::span(&claim, 1), call_time(seconds));
  }

  const Uuid other_ = make_uuid();
};

RunEnd end_of(const ClaimPtr& claim, std::size_t index, RunState state, double seconds);

std::vector<std::string> ids_of(const std::vector<JobRecord>& records);
std::vector<std::string> ids_of(const std::vector<ClaimPtr>& claims);

// The code of the error that the call throws; fails if it throws none.
ErrorCode error_of(const std::function<void()>& call);

}  // namespace duetime
