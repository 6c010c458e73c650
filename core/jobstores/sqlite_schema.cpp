#include "core/jobstores/sqlite_schema.h"

#include <algorithm>
#include <charconv>
#include <thread>
#include <utility>
#include <vector>

#include "core/base/error.h"

namespace duetime {
namespace {

struct Column {
  const char* name;
  const char* definition;
};

struct Table {
  std::string name;
  std::vector<Column> columns;
  const char* constraints;
  bool without_rowid = false;
};

Table meta_table(const SqliteTables& tables) {
  return {tables.meta, {{"key", "TEXT NOT NULL PRIMARY KEY"}, {"value", "TEXT NOT NULL"}}, ""};
}

Table jobs_table(const SqliteTables& tables) {
  return {tables.jobs,
          {{"id", "TEXT NOT NULL PRIMARY KEY"},
           {"status", "TEXT NOT NULL"},
           {"next_run_time", "INTEGER"},
           {"fire_time", "INTEGER"},
           {"task", "TEXT NOT NULL"},
           {"executor", "TEXT NOT NULL"},
           {"revision", "INTEGER NOT NULL"},
           {"version", "INTEGER NOT NULL"},
           {"fence", "INTEGER NOT NULL"},
           {"document", "TEXT NOT NULL"}},
          ", CHECK (status IN ('scheduled', 'paused', 'finishing'))"
          ", CHECK ((status = 'scheduled') = (next_run_time IS NOT NULL))"};
}

Table job_tags_table(const SqliteTables& tables) {
  return {tables.job_tags,
          {{"job_id", "TEXT NOT NULL"}, {"tag", "TEXT NOT NULL"}},
          ", PRIMARY KEY (job_id, tag)",
          true};
}

Table runs_table(const SqliteTables& tables) {
  return {tables.runs,
          {{"seq", "INTEGER PRIMARY KEY"},
           {"id", "TEXT NOT NULL"},
           {"job_id", "TEXT NOT NULL"},
           {"task", "TEXT NOT NULL"},
           {"job_revision", "INTEGER NOT NULL"},
           {"scheduled_time", "INTEGER NOT NULL"},
           {"fire_time", "INTEGER NOT NULL"},
           {"attempt", "INTEGER NOT NULL"},
           {"state", "TEXT NOT NULL"},
           {"owner", "TEXT NOT NULL"},
           {"claim_id", "TEXT NOT NULL"},
           {"fence", "INTEGER NOT NULL"},
           {"released", "INTEGER NOT NULL DEFAULT 0"},
           {"lease_until", "INTEGER"},
           {"claimed_at", "INTEGER NOT NULL"},
           {"started_at", "INTEGER"},
           {"ended_at", "INTEGER"},
           {"error", "TEXT NOT NULL DEFAULT ''"}},
          ", CHECK (state IN ('claimed', 'succeeded', 'failed', 'missed', 'refused', 'abandoned'))"
          ", CHECK ((state = 'claimed') = (lease_until IS NOT NULL))"
          ", CHECK ((state = 'claimed') = (ended_at IS NULL))"};
}

std::vector<Table> all_tables(const SqliteTables& tables) {
  return {meta_table(tables), jobs_table(tables), job_tags_table(tables), runs_table(tables)};
}

// One index for each question the store asks, and no more: every one costs a write per run.
std::vector<std::string> index_definitions(const SqliteTables& tables) {
  const auto index = [&](std::string_view name, std::string_view on) {
    return "INDEX \"" + tables.prefix + "_" + std::string(name) + "\" ON " + tables.sql(on);
  };
  return {
      // What is due? Covers the exclusions too, so that jobs this node cannot run cost no row of the table.
      "CREATE " + index("jobs_due",
                        "{jobs} (next_run_time, id, task, executor, revision)"
                        " WHERE status = 'scheduled'"),
      "CREATE " + index("job_tags_by_tag", "{job_tags} (tag, job_id)"),
      // Which runs does this claim hold? No two claims of a store have the same fence.
      "CREATE UNIQUE " + index("runs_held", "{runs} (fence, id) WHERE state = 'claimed'"),
      // How many instances of this job are running?
      "CREATE " + index("runs_running", "{runs} (job_id, fence) WHERE state = 'claimed'"),
      // Whose lease has passed?
      "CREATE " + index("runs_leases", "{runs} (lease_until) WHERE state = 'claimed'"),
      // What is old enough to go?
      "CREATE " + index("runs_ended", "{runs} (ended_at) WHERE state <> 'claimed'"),
      // What ran lately, of all jobs and of this one?
      "CREATE " + index("runs_scheduled", "{runs} (scheduled_time)"),
      "CREATE " + index("runs_of_job", "{runs} (job_id, scheduled_time)"),
  };
}

[[noreturn]] void fail(ErrorCode code, const SqliteConnection& connection, const std::string& why) {
  throw Error(code, connection.path() + ": " + why);
}

std::string creation_of(const Table& table, bool strict) {
  std::string sql = "CREATE TABLE " + table.name + " (";
  for (const Column& column : table.columns) {
    if (&column != &table.columns.front()) sql += ", ";
    sql += std::string(column.name) + " " + column.definition;
  }
  sql += std::string(table.constraints) + ")";
  if (table.without_rowid) sql += " WITHOUT ROWID";
  if (strict) sql += table.without_rowid ? ", STRICT" : " STRICT";
  return sql;
}

std::vector<std::string> columns_in_file(SqliteConnection& connection, const std::string& table) {
  SqliteStatement statement(connection, "PRAGMA table_info(" + table + ")");
  SqliteCursor cursor(statement, {});
  std::vector<std::string> names;
  while (cursor.next()) names.emplace_back(cursor.text(1));
  return names;
}

bool exists(SqliteConnection& connection, const Table& table) {
  return !columns_in_file(connection, table.name).empty();
}

// A column more does no harm: it may be somebody's own.
void require_shape(SqliteConnection& connection, const Table& table) {
  const std::vector<std::string> present = columns_in_file(connection, table.name);
  if (present.empty()) {
    fail(ErrorCode::kStoreCorrupt, connection,
         "what it has under this prefix is not duetime's: the table " + table.name +
             " is missing; choose another table_prefix");
  }
  for (const Column& column : table.columns) {
    if (std::find(present.begin(), present.end(), column.name) != present.end()) continue;
    fail(ErrorCode::kStoreCorrupt, connection,
         "the table " + table.name + " is not duetime's: it has no column " + column.name +
             "; choose another table_prefix");
  }
}

std::optional<int64_t> version_in_file(SqliteConnection& connection, const SqliteTables& tables) {
  const std::string text =
      connection.text_of("SELECT value FROM " + tables.meta + " WHERE key = 'schema_version'");
  int64_t version = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), version);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return version;
}

void require_known_version(SqliteConnection& connection, const SqliteTables& tables) {
  const std::optional<int64_t> version = version_in_file(connection, tables);
  if (!version || *version < 1) {
    fail(ErrorCode::kStoreCorrupt, connection, "the table " + tables.meta + " has no valid schema_version");
  }
  if (*version > kSqliteSchemaVersion) {
    fail(ErrorCode::kNewerVersion, connection,
         "its tables are of schema version " + std::to_string(*version) + ", this duetime knows up to " +
             std::to_string(kSqliteSchemaVersion) + "; the file was left alone");
  }
}

// True if our tables are there and right; false if none of them is there. Reads only.
bool has_our_tables(SqliteConnection& connection, const SqliteTables& tables) {
  const std::vector<Table> all = all_tables(tables);
  const auto present =
      std::count_if(all.begin(), all.end(), [&](const Table& table) { return exists(connection, table); });
  if (present == 0) return false;
  require_shape(connection, all.front());
  require_known_version(connection, tables);
  for (const Table& table : all) require_shape(connection, table);
  return true;
}

// An answer to any of these means that the first page is a database's: SQLite reads it for them.
void require_usable_database(SqliteConnection& connection) {
  connection.text_of("PRAGMA schema_version");
  if (connection.text_of("PRAGMA encoding") != "UTF-8") {
    fail(ErrorCode::kStoreCorrupt, connection, "the database is encoded in UTF-16, expected UTF-8");
  }
  if (connection.library().db_readonly(connection.handle(), "main") == 1) {
    fail(ErrorCode::kStoreUnavailable, connection, "the file cannot be written");
  }
}

bool try_wal_mode(SqliteConnection& connection) {
  try {
    const std::string mode = connection.text_of("PRAGMA journal_mode = WAL");
    if (mode == "wal") return true;
    fail(ErrorCode::kStoreUnavailable, connection, "cannot use WAL mode here, only \"" + mode + "\"");
  } catch (const Error&) {
    if ((connection.library().extended_errcode(connection.handle()) & 0xff) != SQLITE_BUSY) throw;
    return false;
  }
}

// SQLite does not always ask its busy handler when the mode changes: two programs that make the same file
// would refuse each other.
void enter_wal_mode(SqliteConnection& connection, Duration busy_timeout) {
  constexpr auto kPause = std::chrono::milliseconds(10);
  for (auto tries = busy_timeout / kPause; !try_wal_mode(connection); --tries) {
    if (tries <= 0)
      fail(ErrorCode::kStoreUnavailable, connection, "cannot enter WAL mode: the file is in use");
    std::this_thread::sleep_for(kPause);
  }
}

void create_tables(SqliteConnection& connection, const SqliteTables& tables) {
  constexpr int kFirstWithStrictTables = 3'037'000;
  const bool strict = connection.library().libversion_number() >= kFirstWithStrictTables;
  for (const Table& table : all_tables(tables)) connection.execute(creation_of(table, strict));
  for (const std::string& definition : index_definitions(tables)) connection.execute(definition);
  SqliteStatement insert(connection, "INSERT INTO " + tables.meta + " (key, value) VALUES (?, ?)");
  insert.run({"schema_version", std::to_string(kSqliteSchemaVersion)});
  insert.run({"counter", "0"});
  insert.run({"boot_id", ""});
}

}  // namespace

SqliteTables::SqliteTables(const std::string& table_prefix)
    : prefix(table_prefix),
      meta("\"" + prefix + "_meta\""),
      jobs("\"" + prefix + "_jobs\""),
      job_tags("\"" + prefix + "_job_tags\""),
      runs("\"" + prefix + "_runs\""),
      runs_running("\"" + prefix + "_runs_running\"") {}

std::string SqliteTables::sql(std::string_view text, std::string_view columns) const {
  const std::pair<std::string_view, std::string_view> names[] = {{"{meta}", meta},
                                                                 {"{jobs}", jobs},
                                                                 {"{job_tags}", job_tags},
                                                                 {"{runs}", runs},
                                                                 {"{runs_running}", runs_running},
                                                                 {"{columns}", columns}};
  std::string sql(text);
  for (const auto& [placeholder, name] : names) {
    for (std::size_t at = sql.find(placeholder); at != std::string::npos; at = sql.find(placeholder, at)) {
      sql.replace(at, placeholder.size(), name);
    }
  }
  return sql;
}

void prepare_sqlite_schema(SqliteConnection& connection, const SqliteTables& tables, Duration busy_timeout) {
  require_usable_database(connection);
  const bool ours = has_our_tables(connection, tables);
  enter_wal_mode(connection, busy_timeout);
  if (ours) return;
  SqliteTransaction transaction(connection);
  if (!has_our_tables(connection, tables)) create_tables(connection, tables);
  transaction.commit();
}

}  // namespace duetime
