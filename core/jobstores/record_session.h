// An open record storage: its questions asked in the engine's terms, and the clock on which leases are
// counted.
//
// Threads: any.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/jobstores/record_rows.h"
#include "core/jobstores/record_storage.h"

namespace duetime {

using RecordedJobs = std::unordered_map<std::string, RecordedJob>;

class RecordSession {
 public:
  explicit RecordSession(RecordStorage& storage) : storage_(storage) {}

  // The storage's time. Without a clock of the storage: this node's, as it was at the first call.
  Instant now(const CallTime& time);

  int64_t draw(std::size_t count) { return storage_.draw(count); }
  bool write(const Json& operations) { return storage_.write(operations); }
  std::size_t max_operations() const { return storage_.max_operations(); }

  // An entry for each id, whether or not there is such a job, with the claims of it.
  RecordedJobs find_jobs(const std::vector<std::string>& ids);
  std::optional<JobRecord> find_job(const std::string& id);

  // Scheduled jobs up to `until`, behind `after`, at most kPage of them.
  std::vector<RecordedJob> due_jobs(Instant until, const RecordedJob* after, std::size_t limit,
                                    bool with_claims);
  std::vector<RecordedJob> list_jobs(const std::optional<std::string>& after, std::size_t limit);
  std::size_t count_jobs();

  std::vector<RecordedClaim> claims_of_jobs(const std::vector<std::string>& ids);
  std::vector<RecordedClaim> claims_of_call(const Uuid& claim_id);
  // By the end of their leases, at most kPage of them.
  std::vector<RecordedClaim> claims_by_lease(const RecordedClaim* after);

  std::vector<RunRecord> find_runs(const std::vector<std::string>& ids);
  std::vector<RunRecord> history(const RunFilter& filter);
  Json old_runs(std::size_t beyond, std::optional<Instant> ended_before);  // their rows, at most kPage

  std::optional<Json> note(const std::string& key);
  Json old_notes(Instant expired_before);  // their rows, at most kPage

  static constexpr std::size_t kPage = 100;

 private:
  struct Reading {
    Duration boot_time{};
    Instant time;
    bool shared = false;  // the storage's own clock
  };

  std::optional<Reading> fresh_reading(const CallTime& time) const;
  std::vector<RecordedJob> read_jobs(const Json& question);
  std::vector<RecordedClaim> read_claims(const Json& question);
  std::vector<RunRecord> read_runs(const Json& question);

  RecordStorage& storage_;
  RecordReader reader_;
  mutable std::mutex mutex_;
  std::optional<Reading> reading_;
};

}  // namespace duetime
