// What goes into a statement and what comes out of it, in PostgreSQL's binary formats: nothing is quoted,
// nothing parsed, and texts are bytes as they are.
//
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/uuid.h"
#include "core/jobstores/postgresql_library.h"
#include "core/time/instant.h"

namespace duetime {

// Arrays, one per column of the rows that a statement unnests.
class PgArray {
 public:
  static PgArray booleans() { return PgArray(16); }
  static PgArray integers() { return PgArray(20); }  // bigint; instants too
  static PgArray texts() { return PgArray(25); }
  static PgArray uuids() { return PgArray(2950); }

  PgArray& add(bool value);
  PgArray& add(int64_t value);
  PgArray& add(Instant value) { return add(to_micros(value)); }
  PgArray& add(const std::optional<Instant>& value) { return value ? add(*value) : add_null(); }
  PgArray& add(std::string_view value);
  PgArray& add(const char* value) { return add(std::string_view(value)); }
  PgArray& add(const std::string& value) { return add(std::string_view(value)); }
  PgArray& add(const Uuid& value);

  std::size_t size() const { return size_; }
  std::string bytes() const;

 private:
  explicit PgArray(uint32_t element_type) : element_type_(element_type) {}
  PgArray& add_null();
  PgArray& add_element(std::string_view bytes);

  const uint32_t element_type_;
  std::size_t size_ = 0;
  bool has_nulls_ = false;
  std::string elements_;
};

class PgParameters {
 public:
  PgParameters& add(bool value);
  PgParameters& add(int64_t value);
  PgParameters& add(Instant value) { return add(to_micros(value)); }
  PgParameters& add(const std::optional<Instant>& value) { return value ? add(*value) : add_null(); }
  PgParameters& add(std::string_view value);
  PgParameters& add(const char* value) { return add(std::string_view(value)); }
  PgParameters& add(const std::string& value) { return add(std::string_view(value)); }
  PgParameters& add(const Uuid& value);
  PgParameters& add(const PgArray& value) { return add_bytes(value.bytes()); }

  const std::vector<std::optional<std::string>>& values() const { return values_; }
  std::size_t bytes() const;

 private:
  PgParameters& add_null();
  PgParameters& add_bytes(std::string bytes);

  std::vector<std::optional<std::string>> values_;
};

// The rows that a statement answered. Columns count from 0. A value of another type than asked for throws
// kStoreCorrupt: somebody has changed the tables.
class PgRows {
 public:
  explicit PgRows(PqResult* result) : result_(result) {}

  int size() const { return pq_library().PQntuples(result_.get()); }
  bool empty() const { return size() == 0; }

  bool is_null(int row, int column) const;
  std::string_view text(int row, int column) const;
  int64_t integer(int row, int column) const;  // smallint, integer, bigint
  bool boolean(int row, int column) const;
  Uuid uuid(int row, int column) const;
  Instant instant(int row, int column) const { return from_micros(integer(row, column)); }
  std::optional<Instant> optional_instant(int row, int column) const;

 private:
  struct Deleter {
    void operator()(PqResult* result) const { pq_library().PQclear(result); }
  };

  std::unique_ptr<PqResult, Deleter> result_;
};

// An array of texts as PostgreSQL writes it: {"a","b"}. For columns of rows that are arrays themselves.
std::string pg_array_text(const std::vector<std::string>& texts);

}  // namespace duetime
