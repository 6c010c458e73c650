#include "core/jobstores/postgresql_rows.h"

#include <new>

#include "core/base/text.h"

namespace duetime {
namespace {

enum JobColumn {
  kId,
  kStatus,
  kNextRunTime,
  kFireTime,
  kRevision,
  kVersion,
  kFence,
  kTask,
  kExecutor,
  kDocument
};

enum RunColumn {
  kRunId,
  kJobId,
  kRunTask,
  kJobRevision,
  kScheduledTime,
  kAttempt,
  kState,
  kOwner,
  kRunFence,
  kLeaseUntil,
  kClaimedAt,
  kStartedAt,
  kEndedAt,
  kError,
  kRunFireTime,
  kReleased,
};

void mark_unreadable(JobRecord& record, const std::string& why) {
  if (record.unreadable.empty()) record.unreadable = why;
  record.job = nullptr;
}

// Empty for a column that is null or holds no valid instant; the second is noted.
std::optional<Instant> read_instant(const PgRows& rows, int row, int column, const char* name,
                                    JobRecord& record) {
  const std::optional<Instant> instant = rows.optional_instant(row, column);
  if (!instant || is_valid(*instant)) return instant;
  mark_unreadable(record, std::string(name) + " " + std::to_string(to_micros(*instant)) +
                              ": expected microseconds within the years 1 to 9999");
  return std::nullopt;
}

void read_status(std::string_view word, JobRecord& record) {
  const std::optional<JobStatus> status = job_status_of(word);
  record.position.status = status.value_or(JobStatus::kPaused);
  if (!status) mark_unreadable(record, "status " + in_quotes(word) + " is unknown");
}

void read_position(const PgRows& rows, int row, int first, JobRecord& record) {
  JobPosition& position = record.position;
  position.next_run_time = read_instant(rows, row, first + kNextRunTime, "next_run_time", record);
  position.fire_time = read_instant(rows, row, first + kFireTime, "fire_time", record);
  position.revision = rows.integer(row, first + kRevision);
  position.version = rows.integer(row, first + kVersion);
  position.fence = rows.integer(row, first + kFence);
  read_status(rows.text(row, first + kStatus), record);
}

}  // namespace

JobRecord PgJobReader::read(const PgRows& rows, int row, int first_column) {
  JobRecord record;
  record.id = std::string(rows.text(row, first_column + kId));
  read_document(rows, row, first_column, record);
  read_position(rows, row, first_column, record);
  return record;
}

void PgJobReader::read_document(const PgRows& rows, int row, int first_column, JobRecord& record) {
  try {
    record.job = documents_.parse(rows.text(row, first_column + kDocument));
  } catch (const std::bad_alloc&) {
    throw;  // says nothing about the job
  } catch (const std::exception& error) {
    return mark_unreadable(record, error.what());
  }
  // Claims select by the columns and run by the document: where the two differ, neither is to be trusted.
  const auto require_same = [&](std::string_view column, const char* name, const std::string& in_document) {
    if (!record.job || column == in_document) return;
    mark_unreadable(record, std::string(name) + " is " + in_quotes(column) + " in the column and " +
                                in_quotes(in_document) + " in the document");
  };
  const JobPtr job = record.job;
  require_same(record.id, "id", job->id);
  require_same(rows.text(row, first_column + kTask), "task", job->task);
  require_same(rows.text(row, first_column + kExecutor), "executor", job->executor);
}

std::optional<PgRun> read_pg_run(const PgRows& rows, int row) {
  const std::optional<RunState> state = parse_run_state(rows.text(row, kState));
  if (!state) return std::nullopt;
  PgRun run;
  RunRecord& record = run.record;
  record.id = rows.uuid(row, kRunId);
  record.job_id = std::string(rows.text(row, kJobId));
  record.task = std::string(rows.text(row, kRunTask));
  record.job_revision = rows.integer(row, kJobRevision);
  record.scheduled_time = rows.instant(row, kScheduledTime);
  record.attempt = static_cast<int>(rows.integer(row, kAttempt));
  record.state = *state;
  record.owner = rows.uuid(row, kOwner);
  record.fence = rows.integer(row, kRunFence);
  record.lease_until = rows.optional_instant(row, kLeaseUntil);
  record.claimed_at = rows.instant(row, kClaimedAt);
  record.started_at = rows.optional_instant(row, kStartedAt);
  record.ended_at = rows.optional_instant(row, kEndedAt);
  record.error = std::string(rows.text(row, kError));
  run.fire_time = rows.instant(row, kRunFireTime);
  run.released = rows.boolean(row, kReleased);
  return run;
}

std::vector<PgRun> read_pg_runs(const PgRows& rows) {
  std::vector<PgRun> runs;
  for (int row = 0; row < rows.size(); ++row) {
    if (std::optional<PgRun> run = read_pg_run(rows, row)) runs.push_back(*std::move(run));
  }
  return runs;
}

}  // namespace duetime
