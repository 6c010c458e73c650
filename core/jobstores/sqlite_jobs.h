// The jobs and job_tags tables: every statement on them, and nothing about runs.
//
// Requires, for every call that changes something: a write transaction, from which `number` was drawn.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/jobstores/job_store.h"
#include "core/jobstores/sqlite_schema.h"
#include "core/jobstores/stored_jobs.h"

namespace duetime {

struct DueJobs {
  std::vector<JobRecord> readable;  // earliest first, ties by id
  std::vector<JobRecord> unreadable;
};

class SqliteJobTable {
 public:
  SqliteJobTable(SqliteConnection& connection, const SqliteTables& tables);

  // False if the id is taken: by any job, or, where `replace`, by none. A finishing job never takes its id.
  bool insert(const NewJob& job, const std::string& document, bool replace, int64_t number);

  // False if there is no job of this id and version.
  bool update(const JobRecord& record, const std::string& document, int64_t number);

  // Carries out a claim: the job stands at `next` now. False if there is no job of this id and version.
  bool move(const JobRecord& record, const JobPosition& next);

  // The job was claimed again without moving.
  void raise_fence(std::string_view id, int64_t number);

  bool erase(std::string_view id);
  std::size_t erase_all();

  std::optional<JobStatus> status_of(std::string_view id);  // kPaused for a status that is unknown here
  std::optional<JobRecord> find(std::string_view id);
  std::vector<JobRecord> list(const JobFilter& filter);
  std::size_t count();

  // Up to `limit` readable jobs, and the unreadable ones met on the way, which hold up no others.
  DueJobs due(Instant until, std::size_t limit, const Exclusions& exclusions);
  std::optional<Instant> next_due(const Exclusions& exclusions);

 private:
  JobRecord record_at(const SqliteCursor& cursor);
  void read_document(const SqliteCursor& cursor, JobRecord& record);
  void replace_tags(const Job& job);

  SqliteConnection& connection_;
  const SqliteTables tables_;
  JobDocumentCache documents_;

  SqliteStatement insert_;
  SqliteStatement update_;
  SqliteStatement move_;
  SqliteStatement raise_fence_;
  SqliteStatement erase_;
  SqliteStatement erase_tags_;
  SqliteStatement insert_tag_;
  SqliteStatement status_of_;
  SqliteStatement find_;
  SqliteStatement due_;
};

}  // namespace duetime
