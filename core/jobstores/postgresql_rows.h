// Between rows and records.
#pragma once

#include <optional>
#include <vector>

#include "core/jobstores/job_store.h"
#include "core/jobstores/postgresql_values.h"
#include "core/jobstores/stored_jobs.h"

namespace duetime {

// The first columns of a statement that reads jobs, of a table called j; and how many they are.
inline constexpr const char* kPgJobColumns =
    "j.id, j.status, j.next_run_time, j.fire_time, j.revision, j.version, j.fence, j.task, j.executor, "
    "j.document";
inline constexpr int kPgJobColumnCount = 10;

// The first columns of a statement that reads runs, of a table called r; and how many they are.
inline constexpr const char* kPgRunColumns =
    "r.id, r.job_id, r.task, r.job_revision, r.scheduled_time, r.attempt, r.state, r.owner, r.fence, "
    "r.lease_until, r.claimed_at, r.started_at, r.ended_at, r.error, r.fire_time, r.released";
inline constexpr int kPgRunColumnCount = 16;

// A run with what its row says beyond the record.
struct PgRun {
  RunRecord record;
  Instant fire_time;
  bool released = false;
};

// Threads: any.
class PgJobReader {
 public:
  // The job in these columns; one that cannot be read says why.
  JobRecord read(const PgRows& rows, int row, int first_column = 0);

 private:
  void read_document(const PgRows& rows, int row, int first_column, JobRecord& record);

  JobDocumentCache documents_;
};

// Nothing for a state that is not known here.
std::optional<PgRun> read_pg_run(const PgRows& rows, int row);
std::vector<PgRun> read_pg_runs(const PgRows& rows);

}  // namespace duetime
