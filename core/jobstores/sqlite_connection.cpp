#include "core/jobstores/sqlite_connection.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <utility>

#include "core/base/error.h"

namespace duetime {
namespace {

int primary_code(int extended_code) { return extended_code & 0xff; }

// SQLite calls only ENOSPC a full disk; a quota and a file size limit are the same to the user.
bool disk_is_full(int system_error) { return system_error == EFBIG || system_error == EDQUOT; }

ErrorCode code_of(int extended_code, int system_error) {
  switch (primary_code(extended_code)) {
    case SQLITE_FULL:
      return ErrorCode::kStoreFull;
    case SQLITE_IOERR:
      return disk_is_full(system_error) ? ErrorCode::kStoreFull : ErrorCode::kStoreUnavailable;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_FORMAT:
    case SQLITE_ERROR:       // a table or column that is not there (any more)
    case SQLITE_CONSTRAINT:  // a row that contradicts the schema
    case SQLITE_MISMATCH:
      return ErrorCode::kStoreCorrupt;
    case SQLITE_NOMEM:
      return ErrorCode::kNoMemory;
    case SQLITE_TOOBIG:
      return ErrorCode::kInvalidArgument;
    case SQLITE_MISUSE:
    case SQLITE_RANGE:
    case SQLITE_INTERNAL:
      return ErrorCode::kInternal;
    default:  // busy, locked, cannot open, read-only, no permission, ...
      return ErrorCode::kStoreUnavailable;
  }
}

std::string with_system_error(const std::string& text, int code, int system_error) {
  const bool told =
      system_error != 0 && (primary_code(code) == SQLITE_IOERR || primary_code(code) == SQLITE_CANTOPEN);
  return told ? text + " (" + std::strerror(system_error) + ")" : text;
}

int milliseconds(Duration duration) {
  const auto count = std::chrono::ceil<std::chrono::milliseconds>(duration).count();
  return static_cast<int>(std::clamp<int64_t>(count, 0, INT_MAX));
}

}  // namespace

SqliteConnection::SqliteConnection(std::string path, Duration busy_timeout)
    : library_(sqlite_library()), path_(std::move(path)) {
  // NOMUTEX: the owner's mutex guards the connection. The path is absolute, so it is never read as a URI.
  constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  const int code = library_.open_v2(path_.c_str(), &handle_, kFlags, nullptr);
  try {
    if (!handle_) throw Error(ErrorCode::kNoMemory, path_ + ": no memory to open the file");
    if (code != SQLITE_OK) fail("open the file");
  } catch (...) {
    library_.close_v2(handle_);
    throw;
  }
  library_.extended_result_codes(handle_, 1);
  library_.busy_timeout(handle_, milliseconds(busy_timeout));
}

SqliteConnection::~SqliteConnection() { library_.close_v2(handle_); }

void SqliteConnection::execute(const std::string& sql) {
  SqliteStatement statement(*this, sql);
  statement.run();
}

std::string SqliteConnection::text_of(const std::string& sql) {
  SqliteStatement statement(*this, sql);
  SqliteCursor cursor(statement, {});
  return cursor.next() ? std::string(cursor.text(0)) : std::string();
}

void SqliteConnection::fail(std::string_view doing) const {
  const int saved_errno = errno;  // SQLite does not note it when COMMIT fails (3.40)
  const int code = library_.extended_errcode(handle_);
  const int noted = library_.system_errno(handle_);
  const int system_error = noted != 0 ? noted : saved_errno;
  const std::string text = path_ + ": cannot " + std::string(doing) + ": " + library_.errmsg(handle_);
  throw Error(code_of(code, system_error), with_system_error(text, code, system_error));
}

SqliteStatement::~SqliteStatement() { connection_.library().finalize(handle_); }

sqlite3_stmt* SqliteStatement::prepared() {
  if (handle_) return handle_;
  const int code =
      connection_.library().prepare_v3(connection_.handle(), sql_.data(), static_cast<int>(sql_.size()),
                                       SQLITE_PREPARE_PERSISTENT, &handle_, nullptr);
  if (code != SQLITE_OK) connection_.fail("prepare \"" + sql_ + "\"");
  return handle_;
}

std::size_t SqliteStatement::run(std::initializer_list<SqliteValue> values) {
  SqliteCursor cursor(*this, values);
  while (cursor.next()) {
  }
  return connection_.changes();
}

SqliteCursor::SqliteCursor(SqliteStatement& statement, std::initializer_list<SqliteValue> values)
    : connection_(statement.connection_),
      library_(statement.connection_.library()),
      statement_(statement.prepared()) {
  int index = 1;
  for (const SqliteValue& value : values) bind(index++, value);
}

SqliteCursor::~SqliteCursor() {
  library_.reset(statement_);
  library_.clear_bindings(statement_);
}

void SqliteCursor::bind(int index, const SqliteValue& value) {
  const auto bind_text = [&](std::string_view text) {
    const char* data = text.data() ? text.data() : "";  // a null pointer would bind NULL
    return library_.bind_text64(statement_, index, data, text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  };
  int code = SQLITE_OK;
  switch (value.kind_) {
    case SqliteValue::Kind::kNull:
      code = library_.bind_null(statement_, index);
      break;
    case SqliteValue::Kind::kInteger:
      code = library_.bind_int64(statement_, index, value.integer_);
      break;
    case SqliteValue::Kind::kText:
      code = bind_text(value.text_);
      break;
    case SqliteValue::Kind::kUuid:
      code = bind_text(to_string(value.uuid_));
      break;
  }
  if (code != SQLITE_OK) connection_.fail("bind a value");
}

bool SqliteCursor::next() {
  errno = 0;  // for fail()
  const int code = library_.step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  connection_.fail("read or write");
}

bool SqliteCursor::is_null(int column) const {
  return library_.column_type(statement_, column) == SQLITE_NULL;
}

bool SqliteCursor::is_integer(int column) const {
  return library_.column_type(statement_, column) == SQLITE_INTEGER;
}

int64_t SqliteCursor::integer(int column) const { return library_.column_int64(statement_, column); }

std::string_view SqliteCursor::text(int column) const {
  // In this order: column_text() may convert, which changes the number of bytes.
  const auto* data = reinterpret_cast<const char*>(library_.column_text(statement_, column));
  const int size = library_.column_bytes(statement_, column);
  return data ? std::string_view(data, static_cast<std::size_t>(size)) : std::string_view();
}

std::optional<Instant> SqliteCursor::optional_instant(int column) const {
  if (is_null(column)) return std::nullopt;
  return instant(column);
}

Uuid SqliteCursor::uuid(int column) const { return parse_uuid(text(column)).value_or(Uuid{}); }

SqliteTransaction::SqliteTransaction(SqliteConnection& connection, Kind kind) : connection_(connection) {
  connection_.execute(kind == Kind::kWrite ? "BEGIN IMMEDIATE" : "BEGIN");
}

SqliteTransaction::~SqliteTransaction() {
  if (!connection_.in_transaction()) return;  // committed, or rolled back by SQLite itself
  try {
    connection_.execute("ROLLBACK");
  } catch (...) {
    // The error that brought us here is the one to report.
  }
}

void SqliteTransaction::commit() {
  try {
    connection_.execute("COMMIT");
  } catch (const Error& error) {
    const int code = connection_.library().extended_errcode(connection_.handle());
    if (primary_code(code) != SQLITE_IOERR || error.code() == ErrorCode::kStoreFull) throw;
    throw Error(ErrorCode::kTimeout, std::string(error.what()) + "; whether the change was kept is unknown");
  }
}

}  // namespace duetime
