#include "core/jobstores/sqlite_enqueueing.h"

#include "core/jobs/job_document.h"
#include "core/jobstores/stored_jobs.h"

namespace duetime {
namespace {

Json micros_or_null(std::optional<Instant> time) { return time ? Json(to_micros(*time)) : Json(nullptr); }

// The write lock is taken here, if the transaction does not hold it yet.
SqlStatement draw_number(const SqliteTables& tables) {
  return {tables.sql("UPDATE {meta} SET value = CAST(value + 1 AS TEXT) WHERE key = 'counter'"),
          Json::array(), false};
}

SqlStatement insert_job(const NewJob& added, OnConflict on_conflict, const SqliteTables& tables) {
  const Job& job = *added.job;
  const JobPosition& position = added.position;
  const int replace = on_conflict == OnConflict::kReplace ? 1 : 0;
  return {
      tables.sql("INSERT INTO {jobs} (id, status, next_run_time, fire_time, task, executor, document, "
                 "revision, version, fence) SELECT ?, ?, ?, ?, ?, ?, ?, number, number, number FROM "
                 "(SELECT CAST(value AS INTEGER) AS number FROM {meta} WHERE key = 'counter') WHERE true "
                 "ON CONFLICT (id) DO UPDATE SET status = excluded.status, next_run_time = "
                 "excluded.next_run_time, fire_time = excluded.fire_time, task = excluded.task, executor "
                 "= excluded.executor, document = excluded.document, revision = excluded.revision, "
                 "version = excluded.version WHERE ? OR status = 'finishing'"),
      Json::array({job.id, stored_word(position.status), micros_or_null(position.next_run_time),
                   micros_or_null(position.fire_time), job.task, job.executor, job_to_text(job), replace}),
      true};
}

void add_tags(const Job& job, const SqliteTables& tables, SqlStatements& statements) {
  statements.push_back({tables.sql("DELETE FROM {job_tags} WHERE job_id = ?"), Json::array({job.id}), false});
  for (const std::string& tag : job.tags) {
    statements.push_back({tables.sql("INSERT OR IGNORE INTO {job_tags} (job_id, tag) VALUES (?, ?)"),
                          Json::array({job.id, tag}), false});
  }
}

}  // namespace

SqlStatements sqlite_to_add(const NewJob& job, OnConflict on_conflict, const SqliteTables& tables) {
  SqlStatements statements{draw_number(tables), insert_job(job, on_conflict, tables)};
  add_tags(*job.job, tables, statements);
  return statements;
}

}  // namespace duetime
