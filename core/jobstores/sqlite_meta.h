// The few values that belong to the store as a whole, and the write transaction that draws numbers from them.
#pragma once

#include <string>

#include "core/jobstores/sqlite_schema.h"

namespace duetime {

class SqliteMeta {
 public:
  SqliteMeta(SqliteConnection& connection, const SqliteTables& tables);

  // The last number that was drawn for a revision, version or fence.
  int64_t counter();
  void set_counter(int64_t value);

  // The boot that the leases in the file are counted from; empty in a new file.
  std::string boot_id();
  void set_boot_id(std::string_view boot_id);

  // Whether jobs were copied in from `source`, and how many of them.
  bool imported(std::string_view source);
  void set_imported(std::string_view source, std::size_t count);

 private:
  SqliteStatement read_;
  SqliteStatement write_;
  SqliteStatement insert_;
};

// BEGIN IMMEDIATE ... COMMIT, with the numbers drawn meanwhile.
class SqliteWrite {
 public:
  SqliteWrite(SqliteConnection& connection, SqliteMeta& meta);

  int64_t draw() { return ++counter_; }
  void commit();

 private:
  SqliteTransaction transaction_;
  SqliteMeta& meta_;
  const int64_t counter_at_start_;
  int64_t counter_;
};

}  // namespace duetime
