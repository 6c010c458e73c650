// What the tests of the SQLite store share.
#pragma once

#include <string>

#include "core/jobstores/sqlite.h"
#include "core/jobstores/sqlite_connection.h"
#include "tests/support/job_store_contract.h"

namespace duetime {

inline std::string database_in(const std::string& directory) { return directory + "/jobs.db"; }

// Without fsync: what these tests kill is processes, not machines.
inline SqliteStoreOptions sqlite_options(const std::string& path) {
  SqliteStoreOptions options;
  options.path = path;
  options.full_sync = false;
  options.busy_timeout = std::chrono::seconds(60);
  return options;
}

inline JobStorePtr open_sqlite_store(const std::string& path) {
  JobStorePtr store = make_sqlite_job_store(sqlite_options(path));
  store->open();
  return store;
}

// The first column of the first row, over a connection of its own.
inline std::string query(const std::string& path, const std::string& sql) {
  SqliteConnection connection(path, std::chrono::seconds(60));
  return connection.text_of(sql);
}

inline JobStoreQuirks sqlite_quirks() {
  return {.name = "sqlite",
          .make =
              [](const std::string& directory) {
                return make_sqlite_job_store(sqlite_options(database_in(directory)));
              },
          .write_raw =
              [](const std::string& directory, const std::string& id, const std::string& bytes) {
                SqliteConnection connection(database_in(directory), std::chrono::seconds(60));
                SqliteStatement update(connection, "UPDATE duetime_jobs SET document = ? WHERE id = ?");
                EXPECT_EQ(update.run({bytes, id}), 1u);
              },
          .read_raw =
              [](const std::string& directory, const std::string& id) {
                return query(database_in(directory),
                             "SELECT document FROM duetime_jobs WHERE id = '" + id + "'");
              },
          .expect_nothing_left =
              [](const std::string& directory) {
                EXPECT_EQ(query(database_in(directory), "PRAGMA integrity_check"), "ok");
              }};
}

}  // namespace duetime
