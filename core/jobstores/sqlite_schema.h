// The tables of the SQLite store: their names, how they are made, and how they are recognised.
// docs/sqlite_schema.md describes them for other programs.
#pragma once

#include <string>

#include "core/jobstores/sqlite_connection.h"

namespace duetime {

inline constexpr int64_t kSqliteSchemaVersion = 1;

struct SqliteTables {
  explicit SqliteTables(const std::string& prefix);

  // SQL with the names in it: {meta}, {jobs}, {job_tags}, {runs}, {runs_running}, and {columns} for
  // `columns`.
  std::string sql(std::string_view text, std::string_view columns = {}) const;

  std::string prefix;

  // Quoted, ready to stand in SQL.
  std::string meta;
  std::string jobs;
  std::string job_tags;
  std::string runs;
  std::string runs_running;  // an index
};

// Checks what the file is before anything in it is changed, then brings it to WAL mode and makes the tables
// if there are none. A valid database with tables of other programs is welcome: ours stand beside them.
//
// Throws kStoreCorrupt if the file is not a database, is damaged, or has tables of our names and another
// shape; kNewerVersion for a schema of a later duetime; kStoreUnavailable if it cannot be written or cannot
// be shared. In none of these cases is the file touched.
void prepare_sqlite_schema(SqliteConnection& connection, const SqliteTables& tables, Duration busy_timeout);

}  // namespace duetime
