#include "core/jobstores/sqlite_meta.h"

namespace duetime {
namespace {

std::string import_key(std::string_view source) { return "import:" + std::string(source); }

}  // namespace

SqliteMeta::SqliteMeta(SqliteConnection& connection, const SqliteTables& tables)
    : read_(connection, tables.sql("SELECT CAST(value AS INTEGER), value FROM {meta} WHERE key = ?1")),
      write_(connection, tables.sql("UPDATE {meta} SET value = CAST(?2 AS TEXT) WHERE key = ?1")),
      insert_(connection, tables.sql("INSERT INTO {meta} (key, value) VALUES (?1, CAST(?2 AS TEXT))")) {}

int64_t SqliteMeta::counter() {
  SqliteCursor cursor(read_, {"counter"});
  return cursor.next() ? cursor.integer(0) : 0;
}

void SqliteMeta::set_counter(int64_t value) { write_.run({"counter", value}); }

std::string SqliteMeta::boot_id() {
  SqliteCursor cursor(read_, {"boot_id"});
  return cursor.next() ? std::string(cursor.text(1)) : std::string();
}

void SqliteMeta::set_boot_id(std::string_view boot_id) { write_.run({"boot_id", boot_id}); }

bool SqliteMeta::imported(std::string_view source) {
  const std::string key = import_key(source);
  return SqliteCursor(read_, {key}).next();
}

void SqliteMeta::set_imported(std::string_view source, std::size_t count) {
  insert_.run({import_key(source), static_cast<int64_t>(count)});
}

SqliteWrite::SqliteWrite(SqliteConnection& connection, SqliteMeta& meta)
    : transaction_(connection), meta_(meta), counter_at_start_(meta.counter()), counter_(counter_at_start_) {}

void SqliteWrite::commit() {
  if (counter_ != counter_at_start_) meta_.set_counter(counter_);
  transaction_.commit();
}

}  // namespace duetime
