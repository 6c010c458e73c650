// What stands in the keys: a job's line, a claim's document and an ended run's, each to and from its bytes.
// docs/redis_keys.md specifies them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/jobstores/job_store.h"
#include "core/jobstores/redis_reply.h"
#include "core/jobstores/stored_jobs.h"

namespace duetime {

// The part of a job's line that follows the fence.
std::string redis_line_rest(const Job& job, const JobPosition& position);

// The place in the index of due jobs; empty for none.
std::string redis_due_time(const JobPosition& position);

// Reads jobs; documents that come again and again are parsed once. Threads: any.
class RedisJobReader {
 public:
  // What cannot be read is a record without a job, and with the reason.
  JobRecord read(std::string_view id, const RedisValue& line, const RedisValue& document);

 private:
  void read_document(const RedisValue& document, JobRecord& record);

  JobDocumentCache documents_;
};

// A claim as its line and document tell it, with the runs that have not ended.
struct RedisClaim {
  int64_t fence = 0;
  Uuid owner;
  Uuid claim_id;
  bool released = false;
  Instant lease_until;
  std::string job_id;
  std::string task;
  int64_t job_revision = 0;
  Instant claimed_at;
  Duration claimed_boot_time{};
  std::vector<ClaimedRun> runs;  // oldest first

  RunRecord record(const ClaimedRun& run) const;
};

// Nothing for what cannot be understood.
std::optional<RedisClaim> read_redis_claim(const RedisValue& fence, const RedisValue& line,
                                           const RedisValue& lease);

std::string redis_claim_document(const Claim& claim);
std::string redis_run_ids(const Claim& claim);  // as they stand in the claim's line

std::string redis_run_document(const RunRecord& run);
std::optional<RunRecord> read_redis_run(const RedisValue& document);

}  // namespace duetime
