#include "core/jobstores/postgresql_schema.h"

#include <array>
#include <charconv>
#include <set>
#include <utility>

#include "core/base/text.h"

namespace duetime {
namespace {

constexpr std::size_t kLongestChannel = 63;

// The parts of the schema, in the order in which they are made.
constexpr std::array kDefinitions = {
    "CREATE TABLE {meta} (key text COLLATE \"C\" PRIMARY KEY, value text NOT NULL)",

    // Numbers for revisions, versions and fences come from a sequence: drawing one waits for no transaction.
    "CREATE SEQUENCE {numbers} AS bigint",

    R"(CREATE TABLE {jobs} (
      id text COLLATE "C" PRIMARY KEY,
      status text NOT NULL CHECK (status IN ('scheduled', 'paused', 'finishing')),
      next_run_time bigint,
      fire_time bigint,
      task text COLLATE "C" NOT NULL,
      executor text COLLATE "C" NOT NULL,
      tags text[] COLLATE "C" NOT NULL,
      revision bigint NOT NULL,
      version bigint NOT NULL,
      fence bigint NOT NULL,
      document text NOT NULL,
      CHECK ((status = 'scheduled') = (next_run_time IS NOT NULL))))",

    R"(CREATE TABLE {runs} (
      id uuid NOT NULL,
      job_id text COLLATE "C" NOT NULL,
      task text COLLATE "C" NOT NULL,
      job_revision bigint NOT NULL,
      scheduled_time bigint NOT NULL,
      fire_time bigint NOT NULL,
      attempt integer NOT NULL,
      state text NOT NULL CHECK (state IN ('claimed', 'succeeded', 'failed', 'missed', 'refused', 'abandoned')),
      owner uuid NOT NULL,
      claim_id uuid NOT NULL,
      fence bigint NOT NULL,
      released boolean NOT NULL DEFAULT false,
      lease_until bigint,
      claimed_at bigint NOT NULL,
      started_at bigint,
      ended_at bigint,
      error text NOT NULL DEFAULT '',
      PRIMARY KEY (fence, id),
      CHECK ((state = 'claimed') = (lease_until IS NOT NULL)),
      CHECK ((state = 'claimed') = (ended_at IS NULL))))",

    // One index for each question the store asks, and no more: every one costs a write per run. Leases have
    // none, so that renewing one touches no index; who asks for those that have passed looks at all claimed
    // runs, which are few.

    // What is due?
    R"(CREATE INDEX "{prefix}_jobs_due" ON {jobs} (next_run_time, id) WHERE status = 'scheduled')",
    // Which jobs have this tag?
    R"(CREATE INDEX "{prefix}_jobs_tags" ON {jobs} USING gin (tags) WHERE tags <> '{}')",
    // How many instances of this job are running, and which runs are claimed at all?
    R"(CREATE INDEX "{prefix}_runs_running" ON {runs} (job_id, fence) WHERE state = 'claimed')",
    // What is old enough to go?
    R"(CREATE INDEX "{prefix}_runs_ended" ON {runs} (ended_at) WHERE state <> 'claimed')",
    // What ran lately, of all jobs and of this one?
    R"(CREATE INDEX "{prefix}_runs_scheduled" ON {runs} (scheduled_time) WHERE state <> 'claimed')",
    R"(CREATE INDEX "{prefix}_runs_of_job" ON {runs} (job_id, scheduled_time) WHERE state <> 'claimed')",
};

struct Table {
  const char* suffix;
  std::vector<const char*> columns;
};

const std::vector<Table>& all_tables() {
  static const std::vector<Table> tables = {
      {"_meta", {"key", "value"}},
      {"_jobs",
       {"id", "status", "next_run_time", "fire_time", "task", "executor", "tags", "revision", "version",
        "fence", "document"}},
      {"_numbers", {"last_value"}},
      {"_runs",
       {"id", "job_id", "task", "job_revision", "scheduled_time", "fire_time", "attempt", "state", "owner",
        "claim_id", "fence", "released", "lease_until", "claimed_at", "started_at", "ended_at", "error"}}};
  return tables;
}

[[noreturn]] void fail(ErrorCode code, const PgTables& tables, const std::string& why) {
  throw Error(code, "PostgreSQL, schema " + in_quotes(tables.schema) + ": " + why);
}

// "table.column" for what is there under our names.
std::set<std::string> columns_present(PgConnection& connection, const PgTables& tables) {
  const PgStatement select(
      "SELECT c.relname::text, a.attname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
      "JOIN pg_attribute a ON a.attrelid = c.oid WHERE n.nspname::text = $1::text AND c.relname::text = ANY "
      "($2::text[]) AND a.attnum > 0 AND NOT a.attisdropped",
      PgStatement::Use::kOnce);
  PgArray names = PgArray::texts();
  for (const Table& table : all_tables()) names.add(tables.prefix + table.suffix);
  const std::vector<PgRows> answer =
      connection.run(PgBatch().add(select, PgParameters().add(tables.schema).add(names)), PgEffect::kNone);
  std::set<std::string> present;
  for (int row = 0; row < answer[0].size(); ++row) {
    const std::string table(answer[0].text(row, 0));
    present.insert(table);
    present.insert(table + "." + std::string(answer[0].text(row, 1)));
  }
  return present;
}

// A column more does no harm: it may be somebody's own.
void require_shape(const std::set<std::string>& present, const PgTables& tables, const Table& table) {
  const std::string name = tables.prefix + table.suffix;
  if (!present.contains(name)) {
    fail(ErrorCode::kStoreCorrupt, tables,
         "what it has under this prefix is not duetime's, or not all of it: the table " + name +
             " is missing; choose another table_prefix");
  }
  for (const char* column : table.columns) {
    if (present.contains(name + "." + column)) continue;
    fail(ErrorCode::kStoreCorrupt, tables,
         "the table " + name + " is not duetime's: it has no column " + column +
             "; choose another table_prefix");
  }
}

void require_known_version(PgConnection& connection, const PgTables& tables) {
  const PgStatement select(tables.sql("SELECT value FROM {meta} WHERE key = 'schema_version'"),
                           PgStatement::Use::kOnce);
  const std::vector<PgRows> answer = connection.run(PgBatch().add(select), PgEffect::kNone);
  const std::string_view text = answer[0].empty() ? "" : answer[0].text(0, 0);
  int64_t version = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), version);
  if (error != std::errc() || end != text.data() + text.size() || version < 1) {
    fail(ErrorCode::kStoreCorrupt, tables,
         "the table " + tables.prefix + "_meta has no valid schema_version");
  }
  if (version > kPostgresqlSchemaVersion) {
    fail(ErrorCode::kNewerVersion, tables,
         "its tables " + tables.prefix + "_* are of schema version " + std::to_string(version) +
             ", this duetime knows up to " + std::to_string(kPostgresqlSchemaVersion) +
             "; they were left alone");
  }
}

// True if our tables are there and right; false if none of them is there. Reads only.
bool has_our_tables(PgConnection& connection, const PgTables& tables) {
  const std::set<std::string> present = columns_present(connection, tables);
  if (present.empty()) return false;
  require_shape(present, tables, all_tables().front());
  require_known_version(connection, tables);
  for (const Table& table : all_tables()) require_shape(present, tables, table);
  return true;
}

bool has_schema(PgConnection& connection, const PgTables& tables) {
  const PgStatement select("SELECT FROM pg_namespace WHERE nspname::text = $1::text",
                           PgStatement::Use::kOnce);
  return !connection.run(PgBatch().add(select, PgParameters().add(tables.schema)), PgEffect::kNone)[0]
              .empty();
}

void create_tables(PgConnection& connection, const PgTables& tables, bool schema_too) {
  std::vector<std::string> texts;
  if (schema_too) texts.emplace_back("CREATE SCHEMA \"{schema}\"");
  texts.insert(texts.end(), kDefinitions.begin(), kDefinitions.end());
  texts.push_back("INSERT INTO {meta} (key, value) VALUES ('schema_version', '" +
                  std::to_string(kPostgresqlSchemaVersion) + "')");
  // One after the other: the server looks at a statement's names before it carries out the one before it.
  for (const std::string& text : texts) {
    const PgStatement statement(tables.sql(text), PgStatement::Use::kOnce);
    connection.run(PgBatch().add(statement), PgEffect::kNone);
  }
}

// FNV-1a: the same in every build.
uint64_t digest_of(std::string_view text) {
  uint64_t digest = 0xcbf29ce484222325;
  for (const char c : text) digest = (digest ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return digest;
}

}  // namespace

PgTables::PgTables(const std::string& schema_name, const std::string& table_prefix,
                   const std::string& lease_time_expression)
    : schema(schema_name),
      prefix(table_prefix),
      lease_time(lease_time_expression.empty() ? "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
                                               : lease_time_expression) {}

std::string PgTables::sql(std::string_view text, std::string_view columns) const {
  const auto table = [&](const char* suffix) { return "\"" + schema + "\".\"" + prefix + suffix + "\""; };
  const std::pair<std::string_view, std::string> names[] = {{"{meta}", table("_meta")},
                                                            {"{jobs}", table("_jobs")},
                                                            {"{runs}", table("_runs")},
                                                            {"{numbers}", table("_numbers")},
                                                            {"{schema}", schema},
                                                            {"{prefix}", prefix},
                                                            {"{now}", "(SELECT " + lease_time + ")"},
                                                            {"{columns}", std::string(columns)}};
  std::string sql(text);
  for (const auto& [placeholder, name] : names) {
    for (std::size_t at = sql.find(placeholder); at != std::string::npos; at = sql.find(placeholder, at)) {
      sql.replace(at, placeholder.size(), name);
      at += name.size();
    }
  }
  return sql;
}

std::string PgTables::channel() const {
  const std::string name = schema + "." + prefix;
  return name.size() <= kLongestChannel ? name : "duetime." + std::to_string(digest_of(name));
}

void prepare_postgresql_schema(PgConnection& connection, const PgTables& tables) {
  if (has_our_tables(connection, tables)) return;
  const PgStatement begin("BEGIN", PgStatement::Use::kOnce);
  const PgStatement lock("SELECT pg_advisory_xact_lock(hashtextextended($1::text, 0))",
                         PgStatement::Use::kOnce);
  const PgStatement commit("COMMIT", PgStatement::Use::kOnce);
  connection.run(PgBatch().add(begin).add(lock, PgParameters().add("duetime:schema")), PgEffect::kNone);
  if (!has_our_tables(connection, tables)) {
    create_tables(connection, tables, !has_schema(connection, tables));
  }
  connection.run(PgBatch().add(commit), PgEffect::kCommits);
}

}  // namespace duetime
