// The records of a record storage, to and from what the engine works with. docs/job_store_plugin.md specifies
// them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/jobstores/job_store.h"
#include "core/jobstores/stored_jobs.h"

namespace duetime {

// A claim as it stands in the storage, with the runs that have not ended.
struct RecordedClaim {
  std::string key;
  int64_t version = 0;  // as it was read; 0: new
  std::string job_id;
  std::string task;
  int64_t job_revision = 0;
  Uuid owner;
  Uuid claim_id;
  int64_t fence = 0;
  Instant lease_until;
  bool released = false;
  Instant claimed_at;
  Duration claimed_boot_time{};
  std::vector<ClaimedRun> runs;

  bool changed = false;  // is to be written; removed if no run is left

  RunRecord record(const ClaimedRun& run) const;
};

// A job as it was read, and what is to become of it.
struct RecordedJob {
  std::string id;
  std::optional<Json> row;  // nullopt: there is none
  JobRecord record;
  std::vector<RecordedClaim> claims;
  bool moved = false;    // `record.position` is to be written
  bool touched = false;  // a run of it has ended

  bool exists() const { return row.has_value(); }
  int64_t version() const;  // as it was read
  int running_instances() const;
};

// Reads jobs; documents that come again and again are parsed once. Threads: any.
class RecordReader {
 public:
  // What cannot be read is a record without a job, and with the reason. Throws kStoreCorrupt for a row
  // without a key or a version.
  RecordedJob job(const Json& row);

 private:
  JobPtr parse(const Json& row);

  JobDocumentCache documents_;
};

// A row of a new job, or of one that is defined anew.
Json job_row(const Job& job, const JobPosition& position);

// The same job where it now stands; its document is not touched.
Json moved_row(const Json& row, const JobPosition& position);

// nullopt for what cannot be understood.
std::optional<RecordedClaim> read_claim(const Json& row);
Json claim_row(const RecordedClaim& claim);

std::optional<RunRecord> read_run(const Json& row);
Json run_row(const RunRecord& run);

}  // namespace duetime
