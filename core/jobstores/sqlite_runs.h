// The runs table: every statement on it, and nothing about jobs. Leases are boot times (job_store.h, "Time").
//
// Requires, for every call that changes something: a write transaction.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/jobstores/job_store.h"
#include "core/jobstores/sqlite_schema.h"

namespace duetime {

// A claimed run, with what its row says beyond the record.
struct StoredRun {
  int64_t seq = 0;
  RunRecord record;
  Instant fire_time;
  bool released = false;
};

class SqliteRunTable {
 public:
  SqliteRunTable(SqliteConnection& connection, const SqliteTables& tables);

  void insert_claimed(const Claim& claim);

  // A fire that was given up when it was planned: an ended run that nobody held.
  void insert_ended(const RunRecord& run, const Uuid& claim_id);

  // How many claims of the job hold runs that have not ended; each claim has its own fence.
  int running_instances(std::string_view job_id);

  // Runs still claimed under this claim_id, those of one claim together, oldest first. Looks at all claimed
  // runs: for calls that are repeated, which is rare.
  std::vector<StoredRun> of_claim(const Uuid& owner, const Uuid& claim_id);

  // Runs whose lease ended before `store_time`, those of one claim together, oldest first.
  std::vector<StoredRun> expired(Instant store_time);

  // The end of the next lease at or after `store_time`.
  std::optional<Instant> next_expiry(Instant store_time);

  // The machine was started anew: no lease of before counts.
  void expire_all();

  // The run is this claim's now.
  void take_over(const StoredRun& run, const Claim& claim, int attempt);
  void abandon(const StoredRun& run, Instant now);

  // False if the claim is no longer its owner's.
  bool finish(const RunEnd& end, Instant store_time);

  // Whether this claim's owner has finished the run before.
  bool was_finished(const RunEnd& end);

  bool renew(const Claim& claim, Instant store_time, Instant lease_until);
  void release(const Claim& claim, Instant store_time);

  std::vector<RunRecord> list(const RunFilter& filter);
  std::size_t prune_older(Instant ended_before, std::size_t limit);
  std::size_t prune_beyond(std::size_t max_count, std::size_t limit);

 private:
  SqliteConnection& connection_;
  const SqliteTables tables_;

  SqliteStatement insert_;
  SqliteStatement running_;
  SqliteStatement of_claim_;
  SqliteStatement expired_;
  SqliteStatement next_expiry_;
  SqliteStatement take_over_;
  SqliteStatement abandon_;
  SqliteStatement finish_;
  SqliteStatement was_finished_;
  SqliteStatement renew_;
  SqliteStatement release_;
  SqliteStatement prune_older_;
  SqliteStatement prune_beyond_;
};

}  // namespace duetime
