#include "core/jobstores/sqlite_runs.h"

#include <algorithm>

namespace duetime {
namespace {

constexpr const char* kColumns =
    "seq, id, job_id, task, job_revision, scheduled_time, attempt, state, owner, fence, lease_until, "
    "claimed_at,"
    " started_at, ended_at, error, fire_time, released";

enum Column {
  kSeq,
  kId,
  kJobId,
  kTask,
  kJobRevision,
  kScheduledTime,
  kAttempt,
  kState,
  kOwner,
  kFence,
  kLeaseUntil,
  kClaimedAt,
  kStartedAt,
  kEndedAt,
  kError,
  kFireTime,
  kReleased,
};

std::optional<RunRecord> record_at(const SqliteCursor& cursor) {
  const std::optional<RunState> state = parse_run_state(cursor.text(kState));
  if (!state) return std::nullopt;
  RunRecord record;
  record.id = cursor.uuid(kId);
  record.job_id = std::string(cursor.text(kJobId));
  record.task = std::string(cursor.text(kTask));
  record.job_revision = cursor.integer(kJobRevision);
  record.scheduled_time = cursor.instant(kScheduledTime);
  record.attempt = static_cast<int>(cursor.integer(kAttempt));
  record.state = *state;
  record.owner = cursor.uuid(kOwner);
  record.fence = cursor.integer(kFence);
  record.lease_until = cursor.optional_instant(kLeaseUntil);
  record.claimed_at = cursor.instant(kClaimedAt);
  record.started_at = cursor.optional_instant(kStartedAt);
  record.ended_at = cursor.optional_instant(kEndedAt);
  record.error = std::string(cursor.text(kError));
  return record;
}

std::vector<StoredRun> read_all(SqliteCursor&& cursor) {
  std::vector<StoredRun> runs;
  while (cursor.next()) {
    std::optional<RunRecord> record = record_at(cursor);
    if (!record) continue;
    runs.push_back({cursor.integer(kSeq), *std::move(record), cursor.instant(kFireTime),
                    cursor.integer(kReleased) != 0});
  }
  return runs;
}

int64_t sql_limit(std::size_t limit) { return static_cast<int64_t>(std::min<std::size_t>(limit, INT64_MAX)); }

std::string conditions_of(const RunFilter& filter) {
  std::string conditions = "true";
  if (filter.job_id) conditions += " AND job_id = ?2";
  if (filter.state) conditions += " AND state = ?3";
  if (filter.scheduled_from) conditions += " AND scheduled_time >= ?4";
  if (filter.scheduled_until) conditions += " AND scheduled_time <= ?5";
  return conditions;
}

}  // namespace

SqliteRunTable::SqliteRunTable(SqliteConnection& connection, const SqliteTables& tables)
    : connection_(connection),
      tables_(tables),
      insert_(connection,
              tables.sql("INSERT INTO {runs} (id, job_id, task, job_revision, scheduled_time, fire_time, "
                         "attempt, state, owner, claim_id, fence, lease_until, claimed_at, ended_at) VALUES "
                         "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")),
      // Left to itself, SQLite takes the index by job and time, and reads the job's whole history.
      running_(connection, tables.sql("SELECT count(DISTINCT fence) FROM {runs} INDEXED BY {runs_running}"
                                      " WHERE state = 'claimed' AND job_id = ?1")),
      of_claim_(connection, tables.sql("SELECT {columns} FROM {runs} WHERE state = 'claimed' AND owner = ?1 "
                                       "AND claim_id = ?2 ORDER BY fence, scheduled_time, seq",
                                       kColumns)),
      expired_(connection, tables.sql("SELECT {columns} FROM {runs} WHERE state = 'claimed' AND lease_until "
                                      "< ?1 ORDER BY lease_until, fence, scheduled_time, seq",
                                      kColumns)),
      next_expiry_(
          connection,
          tables.sql("SELECT min(lease_until) FROM {runs} WHERE state = 'claimed' AND lease_until >= ?1")),
      take_over_(connection,
                 tables.sql("UPDATE {runs} SET owner = ?2, claim_id = ?3, fence = ?4, lease_until = ?5, "
                            "claimed_at = ?6, attempt = ?7, released = 0 WHERE seq = ?1")),
      abandon_(
          connection,
          tables.sql(
              "UPDATE {runs} SET state = 'abandoned', lease_until = NULL, ended_at = ?2 WHERE seq = ?1")),
      finish_(
          connection,
          tables.sql(
              "UPDATE {runs} SET state = ?5, started_at = ?6, ended_at = ?7, error = ?8, lease_until = NULL "
              "WHERE state = 'claimed' AND fence = ?1 AND id = ?2 AND owner = ?3 AND lease_until >= ?4")),
      was_finished_(connection,
                    tables.sql("SELECT 1 FROM {runs} WHERE job_id = ?1 AND scheduled_time = ?2 AND id = ?3 "
                               "AND owner = ?4 AND fence = ?5 AND state NOT IN ('claimed', 'abandoned')")),
      renew_(connection, tables.sql("UPDATE {runs} SET lease_until = ?4 WHERE state = 'claimed' AND fence = "
                                    "?1 AND owner = ?2 AND lease_until >= ?3")),
      release_(connection, tables.sql("UPDATE {runs} SET lease_until = ?3 - 1, released = 1 WHERE state = "
                                      "'claimed' AND fence = ?1 AND owner = ?2 AND lease_until >= ?3")),
      prune_older_(connection, tables.sql("DELETE FROM {runs} WHERE seq IN (SELECT seq FROM {runs} WHERE "
                                          "state <> 'claimed' AND ended_at < ?1 LIMIT ?2)")),
      prune_beyond_(connection,
                    tables.sql("DELETE FROM {runs} WHERE seq IN (SELECT seq FROM {runs} WHERE state <> "
                               "'claimed' ORDER BY ended_at DESC, seq DESC LIMIT ?2 OFFSET ?1)")) {}

void SqliteRunTable::insert_claimed(const Claim& claim) {
  const JobRecord& job = claim.record;
  for (const ClaimedRun& run : claim.runs) {
    insert_.run({run.id, job.id, job.job->task, job.position.revision, run.scheduled_time, run.fire_time,
                 run.attempt, to_string(RunState::kClaimed), claim.owner, claim.claim_id, claim.fence,
                 claim.lease_until, claim.claimed_at, std::nullopt});
  }
}

void SqliteRunTable::insert_ended(const RunRecord& run, const Uuid& claim_id) {
  insert_.run({run.id, run.job_id, run.task, run.job_revision, run.scheduled_time, run.scheduled_time,
               run.attempt, to_string(run.state), run.owner, claim_id, run.fence, std::nullopt,
               run.claimed_at, run.ended_at});
}

int SqliteRunTable::running_instances(std::string_view job_id) {
  SqliteCursor cursor(running_, {job_id});
  return cursor.next() ? static_cast<int>(cursor.integer(0)) : 0;
}

std::vector<StoredRun> SqliteRunTable::of_claim(const Uuid& owner, const Uuid& claim_id) {
  return read_all(SqliteCursor(of_claim_, {owner, claim_id}));
}

std::vector<StoredRun> SqliteRunTable::expired(Instant store_time) {
  return read_all(SqliteCursor(expired_, {store_time}));
}

std::optional<Instant> SqliteRunTable::next_expiry(Instant store_time) {
  SqliteCursor cursor(next_expiry_, {store_time});
  return cursor.next() ? cursor.optional_instant(0) : std::nullopt;
}

void SqliteRunTable::expire_all() {
  connection_.execute(tables_.sql("UPDATE {runs} SET lease_until = -1 WHERE state = 'claimed'"));
}

void SqliteRunTable::take_over(const StoredRun& run, const Claim& claim, int attempt) {
  take_over_.run(
      {run.seq, claim.owner, claim.claim_id, claim.fence, claim.lease_until, claim.claimed_at, attempt});
}

void SqliteRunTable::abandon(const StoredRun& run, Instant now) { abandon_.run({run.seq, now}); }

bool SqliteRunTable::finish(const RunEnd& end, Instant store_time) {
  const Claim& claim = *end.claim;
  return finish_.run({claim.fence, claim.runs[end.run_index].id, claim.owner, store_time,
                      to_string(end.state), end.started_at, end.ended_at, end.error}) == 1;
}

bool SqliteRunTable::was_finished(const RunEnd& end) {
  const Claim& claim = *end.claim;
  const ClaimedRun& run = claim.runs[end.run_index];
  return SqliteCursor(was_finished_, {claim.record.id, run.scheduled_time, run.id, claim.owner, claim.fence})
      .next();
}

bool SqliteRunTable::renew(const Claim& claim, Instant store_time, Instant lease_until) {
  return renew_.run({claim.fence, claim.owner, store_time, lease_until}) > 0;
}

void SqliteRunTable::release(const Claim& claim, Instant store_time) {
  release_.run({claim.fence, claim.owner, store_time});
}

std::vector<RunRecord> SqliteRunTable::list(const RunFilter& filter) {
  SqliteStatement select(connection_, tables_.sql("SELECT {columns} FROM {runs} WHERE ", kColumns) +
                                          conditions_of(filter) +
                                          " ORDER BY scheduled_time DESC, seq DESC LIMIT ?1");
  SqliteCursor cursor(select, {sql_limit(filter.limit)});
  if (filter.job_id) cursor.bind(2, *filter.job_id);
  if (filter.state) cursor.bind(3, to_string(*filter.state));
  if (filter.scheduled_from) cursor.bind(4, *filter.scheduled_from);
  if (filter.scheduled_until) cursor.bind(5, *filter.scheduled_until);
  std::vector<RunRecord> records;
  while (cursor.next()) {
    if (std::optional<RunRecord> record = record_at(cursor)) records.push_back(*std::move(record));
  }
  return records;
}

std::size_t SqliteRunTable::prune_older(Instant ended_before, std::size_t limit) {
  return prune_older_.run({ended_before, sql_limit(limit)});
}

std::size_t SqliteRunTable::prune_beyond(std::size_t max_count, std::size_t limit) {
  return prune_beyond_.run({sql_limit(max_count), sql_limit(limit)});
}

}  // namespace duetime
