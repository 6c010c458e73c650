// One SQLite connection, its prepared statements and transactions, with errors as duetime::Error.
//
// Threads: none of these classes locks; their owner does.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/uuid.h"
#include "core/jobstores/sqlite_library.h"
#include "core/time/instant.h"

namespace duetime {

class SqliteConnection {
 public:
  // Opens or makes the file. `path` is taken literally, never as a URI. Throws like fail().
  SqliteConnection(std::string path, Duration busy_timeout);
  ~SqliteConnection();

  SqliteConnection(const SqliteConnection&) = delete;
  SqliteConnection& operator=(const SqliteConnection&) = delete;

  const SqliteLibrary& library() const { return library_; }
  sqlite3* handle() const { return handle_; }
  const std::string& path() const { return path_; }

  // Runs one statement that answers nothing of interest.
  void execute(const std::string& sql);

  // The first column of the first row; empty without a row.
  std::string text_of(const std::string& sql);

  std::size_t changes() const { return static_cast<std::size_t>(library_.changes(handle_)); }
  bool in_transaction() const { return library_.get_autocommit(handle_) == 0; }

  // Throws the last error: kStoreFull for a full disk, kStoreUnavailable for a busy, unreadable or unwritable
  // file, kStoreCorrupt for a damaged one. The message has the path, `doing` and SQLite's own words.
  [[noreturn]] void fail(std::string_view doing) const;

 private:
  const SqliteLibrary& library_;
  std::string path_;
  sqlite3* handle_ = nullptr;
};

// A value to bind: null, integer, text or an identity.
class SqliteValue {
 public:
  SqliteValue(std::nullopt_t) {}
  SqliteValue(int64_t value) : kind_(Kind::kInteger), integer_(value) {}
  SqliteValue(int value) : SqliteValue(int64_t{value}) {}
  SqliteValue(bool value) : SqliteValue(int64_t{value}) {}
  SqliteValue(Instant value) : SqliteValue(to_micros(value)) {}
  SqliteValue(const std::optional<Instant>& value) {
    if (value) *this = SqliteValue(*value);
  }
  SqliteValue(std::string_view value) : kind_(Kind::kText), text_(value) {}
  SqliteValue(const std::string& value) : SqliteValue(std::string_view(value)) {}
  SqliteValue(const char* value) : SqliteValue(std::string_view(value)) {}
  SqliteValue(const Uuid& value) : kind_(Kind::kUuid), uuid_(value) {}

 private:
  friend class SqliteCursor;
  enum class Kind { kNull, kInteger, kText, kUuid };

  Kind kind_ = Kind::kNull;
  int64_t integer_ = 0;
  std::string_view text_;
  Uuid uuid_;
};

// A statement that is prepared once, at its first use, and used many times.
class SqliteStatement {
 public:
  SqliteStatement(SqliteConnection& connection, std::string sql)
      : connection_(connection), sql_(std::move(sql)) {}
  ~SqliteStatement();

  SqliteStatement(const SqliteStatement&) = delete;
  SqliteStatement& operator=(const SqliteStatement&) = delete;

  // Runs it to its end; answers how many rows it changed.
  std::size_t run(std::initializer_list<SqliteValue> values = {});

 private:
  friend class SqliteCursor;
  sqlite3_stmt* prepared();

  SqliteConnection& connection_;
  std::string sql_;
  sqlite3_stmt* handle_ = nullptr;
};

// One execution of a statement, row by row. Its end resets the statement, so only one lives at a time.
class SqliteCursor {
 public:
  // Texts are copied: they need not outlive this call.
  SqliteCursor(SqliteStatement& statement, std::initializer_list<SqliteValue> values);
  ~SqliteCursor();

  SqliteCursor(const SqliteCursor&) = delete;
  SqliteCursor& operator=(const SqliteCursor&) = delete;

  // One more value, before the first next().
  void bind(int index, const SqliteValue& value);

  bool next();  // false: there are no more rows

  bool is_null(int column) const;
  bool is_integer(int column) const;
  int64_t integer(int column) const;
  std::string_view text(int column) const;  // valid until next()
  Instant instant(int column) const { return from_micros(integer(column)); }
  std::optional<Instant> optional_instant(int column) const;
  Uuid uuid(int column) const;  // nil if the text is not one

 private:
  SqliteConnection& connection_;
  const SqliteLibrary& library_;
  sqlite3_stmt* statement_;
};

// BEGIN ... COMMIT; rolls back when left without commit().
class SqliteTransaction {
 public:
  // kWrite takes the write lock at once: a transaction that begins by reading and then writes is refused with
  // SQLITE_BUSY_SNAPSHOT, whatever the busy timeout, when another process wrote in between.
  enum class Kind { kRead, kWrite };

  explicit SqliteTransaction(SqliteConnection& connection, Kind kind = Kind::kWrite);
  ~SqliteTransaction();

  SqliteTransaction(const SqliteTransaction&) = delete;
  SqliteTransaction& operator=(const SqliteTransaction&) = delete;

  // Throws kTimeout where the disk failed at the commit itself, so that nobody can say what a later recovery
  // will find.
  void commit();

 private:
  SqliteConnection& connection_;
};

}  // namespace duetime
