#include "core/jobstores/sqlite_session.h"

#include <sys/stat.h>

#include <utility>

#include "core/base/error.h"

namespace duetime {
namespace {

void configure(SqliteConnection& connection, bool full_sync) {
  connection.execute(full_sync ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
  connection.execute("PRAGMA cache_size = -8192");         // 8 MiB instead of 2
  connection.execute("PRAGMA wal_autocheckpoint = 4000");  // every 16 MiB of log; each costs two more fsyncs
  // A file from somewhere else cannot make us run its functions through views and triggers.
  connection.execute("PRAGMA trusted_schema = OFF");
  connection.execute("PRAGMA cell_size_check = ON");
}

}  // namespace

SqliteSession::SqliteSession(const SqliteStoreOptions& options, const std::string& path)
    : connection(path, options.busy_timeout),
      meta(connection, SqliteTables(options.table_prefix)),
      jobs(connection, SqliteTables(options.table_prefix)),
      runs(connection, SqliteTables(options.table_prefix)),
      data_version_(connection, "PRAGMA data_version") {
  configure(connection, options.full_sync);
  prepare_sqlite_schema(connection, SqliteTables(options.table_prefix), options.busy_timeout);
  meta.counter();  // the first read in WAL mode makes the log
  file_ = identity_of(path);
  log_ = identity_of(path + "-wal");
  watch = std::make_unique<SqliteWatch>(path);
  seen_data_version_ = data_version();
}

SqliteSession::FileIdentity SqliteSession::identity_of(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return {path, 0, 0};
  return {path, status.st_dev, status.st_ino};
}

void SqliteSession::require_same_file() const {
  for (const FileIdentity* file : {&file_, &log_}) {
    const FileIdentity now = identity_of(file->path);
    if (now.is_same_file(*file)) continue;
    throw Error(ErrorCode::kStoreUnavailable,
                file->path + ": the file was " + (now.inode == 0 ? "deleted" : "replaced") +
                    " while the store was open; what was stored since can only be found in the old file");
  }
}

bool SqliteSession::drain_changes() {
  if (watch->fd() >= 0 && !watch->drain()) return false;
  try {
    require_same_file();
    // Waits for a writer whose log entries woke us, and who may not have finished.
    const SqliteTransaction transaction(connection);
    const int64_t version = data_version();
    return std::exchange(seen_data_version_, version) != version;
  } catch (const Error&) {
    return true;  // the next call that looks will report it
  }
}

int64_t SqliteSession::data_version() {
  SqliteCursor cursor(data_version_, {});
  return cursor.next() ? cursor.integer(0) : 0;
}

void SqliteSession::adopt_boot(const std::string& boot_id) {
  if (meta.boot_id() == boot_id) return;
  SqliteWrite write(connection, meta);
  if (meta.boot_id() == boot_id) return;
  runs.expire_all();
  meta.set_boot_id(boot_id);
  write.commit();
}

bool SqliteSession::erase_if_spent(const std::string& job_id) {
  if (jobs.status_of(job_id) != JobStatus::kFinishing || runs.running_instances(job_id) > 0) return false;
  return jobs.erase(job_id);
}

}  // namespace duetime
