// An open SQLite store: the connection, its tables, and the mutex that guards them all.
#pragma once

#include <sys/types.h>

#include <memory>
#include <mutex>
#include <string>

#include "core/base/fork.h"
#include "core/jobstores/sqlite.h"
#include "core/jobstores/sqlite_jobs.h"
#include "core/jobstores/sqlite_meta.h"
#include "core/jobstores/sqlite_runs.h"
#include "core/jobstores/sqlite_watch.h"

namespace duetime {

struct SqliteSession {
  // Opens the file and makes or checks its tables. Throws as JobStore::open() does.
  SqliteSession(const SqliteStoreOptions& options, const std::string& path);

  // Throws kStoreUnavailable if the file or its log was deleted or replaced since: SQLite would go on writing
  // to files that nobody can see any more.
  void require_same_file() const;

  // Whether another connection has committed since the last call.
  bool drain_changes();

  // Brings the leases in line with the machine's present boot: those of an earlier one have ended.
  void adopt_boot(const std::string& boot_id);

  // The job leaves if it was only waiting for its last run to end. Requires: a write transaction.
  bool erase_if_spent(const std::string& job_id);

  std::mutex mutex;
  HeldAcrossFork held_across_fork{mutex};  // a child finds no call to SQLite half done
  SqliteConnection connection;
  SqliteMeta meta;
  SqliteJobTable jobs;
  SqliteRunTable runs;
  std::unique_ptr<SqliteWatch> watch;

 private:
  struct FileIdentity {
    std::string path;
    dev_t device = 0;
    ino_t inode = 0;  // 0: there is no such file

    bool is_same_file(const FileIdentity& other) const {
      return inode != 0 && device == other.device && inode == other.inode;
    }
  };

  static FileIdentity identity_of(const std::string& path);
  int64_t data_version();

  FileIdentity file_;
  FileIdentity log_;
  SqliteStatement data_version_;
  int64_t seen_data_version_ = 0;
};

}  // namespace duetime
