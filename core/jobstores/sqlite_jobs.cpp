#include "core/jobstores/sqlite_jobs.h"

#include <new>

#include "core/base/text.h"

namespace duetime {
namespace {

constexpr const char* kColumns =
    "id, status, next_run_time, fire_time, revision, version, fence, task, executor, document";

enum Column {
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

enum DueColumn { kDueTime, kDueId, kDueTask, kDueExecutor, kDueRevision };

bool is_excluded(const Exclusions& exclusions, const SqliteCursor& row) {
  const auto named = [&](const auto& names, int column) {
    return !names.empty() && names.contains(std::string(row.text(column)));
  };
  if (named(exclusions.tasks, kDueTask) || named(exclusions.executors, kDueExecutor)) return true;
  if (exclusions.jobs.empty()) return false;
  const auto job = exclusions.jobs.find(std::string(row.text(kDueId)));
  return job != exclusions.jobs.end() && job->second == row.integer(kDueRevision);
}

void mark_unreadable(JobRecord& record, const std::string& why) {
  if (record.unreadable.empty()) record.unreadable = why;
  record.job = nullptr;
}

// Empty for a column that is null or holds no valid instant; the second is noted.
std::optional<Instant> read_instant(const SqliteCursor& cursor, int column, const char* name,
                                    JobRecord& record) {
  if (cursor.is_null(column)) return std::nullopt;
  if (cursor.is_integer(column) && is_valid(cursor.instant(column))) return cursor.instant(column);
  mark_unreadable(record, std::string(name) + " " + in_quotes(cursor.text(column)) +
                              ": expected microseconds within the years 1 to 9999");
  return std::nullopt;
}

void read_status(const SqliteCursor& cursor, JobRecord& record) {
  const std::optional<JobStatus> status = job_status_of(cursor.text(kStatus));
  record.position.status = status.value_or(JobStatus::kPaused);
  if (!status) mark_unreadable(record, "status " + in_quotes(cursor.text(kStatus)) + " is unknown");
}

void read_position(const SqliteCursor& cursor, JobRecord& record) {
  JobPosition& position = record.position;
  position.next_run_time = read_instant(cursor, kNextRunTime, "next_run_time", record);
  position.fire_time = read_instant(cursor, kFireTime, "fire_time", record);
  position.revision = cursor.integer(kRevision);
  position.version = cursor.integer(kVersion);
  position.fence = cursor.integer(kFence);
  read_status(cursor, record);
}

std::string conditions_of(const JobFilter& filter, const SqliteTables& tables) {
  std::string conditions = "id > ?1";
  if (!filter.include_finishing) conditions += " AND status <> 'finishing'";
  if (filter.task) conditions += " AND task = ?2";
  if (filter.executor) conditions += " AND executor = ?3";
  if (filter.tag) conditions += tables.sql(" AND id IN (SELECT job_id FROM {job_tags} WHERE tag = ?4)");
  return conditions;
}

}  // namespace

SqliteJobTable::SqliteJobTable(SqliteConnection& connection, const SqliteTables& tables)
    : connection_(connection),
      tables_(tables),
      insert_(connection,
              tables.sql(
                  "INSERT INTO {jobs} (id, status, next_run_time, fire_time, task, executor, document, "
                  "revision, version, fence) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?9, ?9, ?9) ON CONFLICT "
                  "(id) DO UPDATE SET status = ?2, next_run_time = ?3, fire_time = ?4, task = ?5, executor = "
                  "?6, document = ?7, revision = ?9, version = ?9 WHERE ?8 OR status = 'finishing'")),
      update_(
          connection,
          tables.sql("UPDATE {jobs} SET status = ?3, next_run_time = ?4, fire_time = ?5, task = ?6, executor "
                     "= ?7, document = ?8, revision = ?9, version = ?9 WHERE id = ?1 AND version = ?2")),
      move_(connection, tables.sql("UPDATE {jobs} SET status = ?3, next_run_time = ?4, fire_time = ?5, "
                                   "version = ?6, fence = ?7 WHERE id = ?1 AND version = ?2")),
      raise_fence_(connection, tables.sql("UPDATE {jobs} SET fence = ?2, version = ?2 WHERE id = ?1")),
      erase_(connection, tables.sql("DELETE FROM {jobs} WHERE id = ?1")),
      erase_tags_(connection, tables.sql("DELETE FROM {job_tags} WHERE job_id = ?1")),
      insert_tag_(connection, tables.sql("INSERT OR IGNORE INTO {job_tags} (job_id, tag) VALUES (?1, ?2)")),
      status_of_(connection, tables.sql("SELECT status FROM {jobs} WHERE id = ?1")),
      find_(connection, tables.sql("SELECT {columns} FROM {jobs} WHERE id = ?1", kColumns)),
      due_(connection,
           tables.sql("SELECT next_run_time, id, task, executor, revision FROM {jobs} WHERE status = "
                      "'scheduled' AND next_run_time <= ?1 ORDER BY next_run_time, id")) {}

bool SqliteJobTable::insert(const NewJob& added, const std::string& document, bool replace, int64_t number) {
  const Job& job = *added.job;
  const JobPosition& position = added.position;
  const std::size_t written =
      insert_.run({job.id, stored_word(position.status), position.next_run_time, position.fire_time, job.task,
                   job.executor, document, replace, number});
  if (written == 0) return false;
  replace_tags(job);
  return true;
}

bool SqliteJobTable::update(const JobRecord& record, const std::string& document, int64_t number) {
  const Job& job = *record.job;
  const JobPosition& position = record.position;
  const std::size_t written =
      update_.run({record.id, position.version, stored_word(position.status), position.next_run_time,
                   position.fire_time, job.task, job.executor, document, number});
  if (written == 0) return false;
  replace_tags(job);
  return true;
}

void SqliteJobTable::replace_tags(const Job& job) {
  erase_tags_.run({job.id});
  for (const std::string& tag : job.tags) insert_tag_.run({job.id, tag});
}

bool SqliteJobTable::move(const JobRecord& record, const JobPosition& next) {
  return move_.run({record.id, record.position.version, stored_word(next.status), next.next_run_time,
                    next.fire_time, next.version, next.fence}) == 1;
}

void SqliteJobTable::raise_fence(std::string_view id, int64_t number) { raise_fence_.run({id, number}); }

bool SqliteJobTable::erase(std::string_view id) {
  erase_tags_.run({id});
  return erase_.run({id}) == 1;
}

std::size_t SqliteJobTable::erase_all() {
  connection_.execute(tables_.sql("DELETE FROM {job_tags}"));
  SqliteStatement erase_all(connection_, tables_.sql("DELETE FROM {jobs}"));
  return erase_all.run();
}

std::optional<JobStatus> SqliteJobTable::status_of(std::string_view id) {
  SqliteCursor cursor(status_of_, {id});
  if (!cursor.next()) return std::nullopt;
  return job_status_of(cursor.text(0)).value_or(JobStatus::kPaused);
}

std::optional<JobRecord> SqliteJobTable::find(std::string_view id) {
  SqliteCursor cursor(find_, {id});
  if (!cursor.next()) return std::nullopt;
  return record_at(cursor);
}

std::vector<JobRecord> SqliteJobTable::list(const JobFilter& filter) {
  SqliteStatement select(connection_, tables_.sql("SELECT {columns} FROM {jobs} WHERE ", kColumns) +
                                          conditions_of(filter, tables_) + " ORDER BY id");
  // An id is never empty, so every id comes after "".
  SqliteCursor cursor(select, {filter.after_id.value_or("")});
  if (filter.task) cursor.bind(2, *filter.task);
  if (filter.executor) cursor.bind(3, *filter.executor);
  if (filter.tag) cursor.bind(4, *filter.tag);
  std::vector<JobRecord> records;
  while (records.size() < filter.limit && cursor.next()) {
    JobRecord record = record_at(cursor);
    if (filter.matches(record)) records.push_back(std::move(record));
  }
  return records;
}

std::size_t SqliteJobTable::count() {
  SqliteStatement count(connection_, "SELECT count(*) FROM " + tables_.jobs);
  SqliteCursor cursor(count, {});
  return cursor.next() ? static_cast<std::size_t>(cursor.integer(0)) : 0;
}

DueJobs SqliteJobTable::due(Instant until, std::size_t limit, const Exclusions& exclusions) {
  DueJobs found;
  SqliteCursor row(due_, {until});
  while (found.readable.size() < limit && row.next()) {
    if (is_excluded(exclusions, row)) continue;
    std::optional<JobRecord> record = find(row.text(kDueId));
    if (!record) continue;
    (record->job ? found.readable : found.unreadable).push_back(*std::move(record));
  }
  return found;
}

std::optional<Instant> SqliteJobTable::next_due(const Exclusions& exclusions) {
  SqliteCursor row(due_, {int64_t{INT64_MAX}});
  while (row.next()) {
    if (!is_excluded(exclusions, row)) return row.instant(kDueTime);
  }
  return std::nullopt;
}

JobRecord SqliteJobTable::record_at(const SqliteCursor& cursor) {
  JobRecord record;
  record.id = std::string(cursor.text(kId));
  read_document(cursor, record);
  read_position(cursor, record);
  return record;
}

void SqliteJobTable::read_document(const SqliteCursor& cursor, JobRecord& record) {
  try {
    record.job = documents_.parse(cursor.text(kDocument));
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
  require_same(cursor.text(kTask), "task", job->task);
  require_same(cursor.text(kExecutor), "executor", job->executor);
}

}  // namespace duetime
