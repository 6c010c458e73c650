// Jobs in an SQLite file that several processes of one host may share. docs/sqlite_schema.md describes the
// tables for other programs.
#pragma once

#include <string>

#include "core/jobstores/job_store.h"

namespace duetime {

struct SqliteStoreOptions {
  std::string path;                      // of the file; made if it does not exist, its directory is not
  std::string table_prefix = "duetime";  // [A-Za-z_][A-Za-z0-9_]{0,47}
  Duration busy_timeout = std::chrono::seconds(5);  // how long to wait for another process's lock
  bool full_sync = true;  // fsync at each commit: what returned survives a power cut. Off: a power cut (not a
                          // crash of the process) may take the last commits, never the file's consistency
};

// Throws kInvalidArgument for a bad option; the file is first touched by open().
JobStorePtr make_sqlite_job_store(const SqliteStoreOptions& options);
JobStorePtr make_sqlite_job_store(const Json& configuration);

}  // namespace duetime
