#include "core/jobstores/postgresql.h"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "core/base/error.h"
#include "core/base/json_members.h"
#include "core/base/text.h"
#include "core/jobstores/postgresql_claims.h"
#include "core/jobstores/postgresql_jobs.h"
#include "core/jobstores/postgresql_runs.h"
#include "core/jobstores/postgresql_session.h"
#include "core/jobstores/run_end.h"

namespace duetime {
namespace {

constexpr std::size_t kLongestName = 63;
constexpr std::size_t kLongestPrefix = 48;  // the names of indexes are longer
constexpr int64_t kLargestPort = 65'535;
constexpr int64_t kLargestPool = 1'000;
constexpr Duration kPollInterval = std::chrono::milliseconds(500);

// What the configuration calls libpq's parameters.
constexpr std::array<std::pair<const char*, const char*>, 16> kParameters = {{
    {"host", "host"},
    {"user", "user"},
    {"password", "password"},
    {"database", "dbname"},
    {"passfile", "passfile"},
    {"service", "service"},
    {"sslmode", "sslmode"},
    {"sslrootcert", "sslrootcert"},
    {"sslcert", "sslcert"},
    {"sslkey", "sslkey"},
    {"sslpassword", "sslpassword"},
    {"sslcrl", "sslcrl"},
    {"channel_binding", "channel_binding"},
    {"gssencmode", "gssencmode"},
    {"target_session_attrs", "target_session_attrs"},
    {"application_name", "application_name"},
}};

[[noreturn]] void refuse(const std::string& what) {
  throw Error(ErrorCode::kInvalidArgument, "PostgreSQL store: " + what);
}

bool is_name(const std::string& name, std::size_t longest) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  const auto is_allowed = [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); };
  return !name.empty() && name.size() <= longest && is_letter(name.front()) &&
         std::ranges::all_of(name, is_allowed);
}

void require_name(const char* option, const std::string& name, std::size_t longest) {
  if (is_name(name, longest)) return;
  refuse(std::string(option) + " " + in_quotes(name) + ": expected 1 to " + std::to_string(longest) +
         " letters, digits and underscores, not a digit first");
}

// The URI is not quoted: it may hold a password.
void require_uri(const std::string& uri) {
  if (uri.empty()) return;
  const bool known = uri.starts_with("postgresql://") || uri.starts_with("postgres://");
  if (!known || uri.find('\0') != std::string::npos) {
    refuse("the URI begins otherwise than expected: postgresql://host:port/database");
  }
}

PostgresqlStoreOptions checked(PostgresqlStoreOptions options) {
  require_uri(options.uri);
  if (!options.schema.empty()) require_name("schema", options.schema, kLongestName);
  require_name("table_prefix", options.table_prefix, kLongestPrefix);
  for (const auto& [name, value] : options.parameters) {
    if (value.find('\0') != std::string::npos) refuse(name + " has a NUL character");
  }
  for (const Duration timeout : {options.connect_timeout, options.command_timeout}) {
    if (timeout < std::chrono::milliseconds(1)) {
      refuse("a timeout of " + std::to_string(timeout.count()) + " us: expected at least 1000");
    }
  }
  if (options.pool_size == 0) refuse("pool_size 0: expected at least 1");
  return options;
}

bool is_plain(std::string_view text) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view(".-:,[]%_/").find(c) != std::string_view::npos;
  };
  return std::ranges::all_of(text, plain);
}

// Servers and database: what stands between the user's name and password, and the options. In a URI that is
// not well-formed that could be anything, and is not shown.
std::string server_of(const PostgresqlStoreOptions& options) {
  const auto parameter = [&](const char* name) {
    const auto found = options.parameters.find(name);
    return found == options.parameters.end() ? std::string() : found->second;
  };
  std::string host = parameter("host") + (parameter("port").empty() ? "" : ":" + parameter("port"));
  std::string database = parameter("dbname");
  if (!options.uri.empty()) {
    const std::string rest = options.uri.substr(options.uri.find("://") + 3);
    const std::string after = rest.substr(rest.rfind('@') + 1);  // all of it where there is none
    const std::string shown = after.substr(0, after.find('?'));
    if (!is_plain(shown)) return "?";
    if (host.empty()) host = shown.substr(0, shown.find('/'));
    if (database.empty() && shown.find('/') != std::string::npos)
      database = shown.substr(shown.find('/') + 1);
  }
  return host + "/" + database;
}

std::string description_of(const PostgresqlStoreOptions& options) {
  const std::string tables =
      (options.schema.empty() ? "" : options.schema + ".") + options.table_prefix + "_*";
  return "postgresql://" + server_of(options) + ", tables " + tables;
}

// What is open: all of it, or nothing.
struct OpenPostgresql {
  explicit OpenPostgresql(const PostgresqlStoreOptions& options)
      : session(options), jobs(session), runs(session), claims(session) {}

  PgSession session;
  PgJobs jobs;
  PgRuns runs;
  PgClaims claims;
};

class PostgresqlJobStore final : public JobStore {
 public:
  explicit PostgresqlJobStore(const PostgresqlStoreOptions& options) : options_(checked(options)) {}
  ~PostgresqlJobStore() override { close(); }

  StoreTraits traits() const override { return {.durable = true, .shared = true}; }
  std::string description() const override { return description_of(options_); }

  void open() override {
    if (!open_) open_ = std::make_unique<OpenPostgresql>(options_);
  }

  void close() noexcept override { open_.reset(); }

  void add(std::span<const NewJob> jobs, OnConflict on_conflict) override {
    opened().jobs.add(jobs, on_conflict);
  }

  SqlStatements sql_to_add(const NewJob& job, OnConflict on_conflict) const override {
    return opened().jobs.sql_to_add(job, on_conflict);
  }

  bool import_once(std::string_view source, std::span<const NewJob> jobs) override {
    return opened().jobs.import_once(source, jobs);
  }

  bool imported(std::string_view source) const override { return opened().jobs.imported(source); }

  std::optional<JobRecord> update(const JobRecord& record) override {
    if (!record.job) refuse("job " + in_quotes(record.id) + " cannot be read, so it cannot be changed");
    return opened().jobs.update(record);
  }

  bool remove(std::string_view id) override { return opened().jobs.remove(id); }
  std::size_t remove_all() override { return opened().jobs.remove_all(); }

  std::optional<JobRecord> get(std::string_view id) const override { return opened().jobs.get(id); }
  std::vector<JobRecord> list(const JobFilter& filter) const override { return opened().jobs.list(filter); }
  std::size_t count() const override { return opened().jobs.count(); }

  std::optional<Instant> next_due(const Exclusions& exclusions) const override {
    return opened().jobs.next_due(exclusions);
  }

  ClaimResult claim_due(const ClaimRequest& request, const RunPlanner& planner) override {
    subscription().ensure();
    return opened().claims.claim_due(request, planner);
  }

  ClaimResult claim_now(std::string_view id, const ClaimRequest& request) override {
    return opened().claims.claim_now(id, request);
  }

  ClaimResult reclaim_expired(const ClaimRequest& request) override {
    subscription().ensure();
    return opened().claims.reclaim_expired(request);
  }

  std::vector<CompletionResult> complete(std::span<const RunEnd> ends, const CallTime&) override {
    for (const RunEnd& end : ends) require_valid(end);
    return opened().runs.complete(ends);
  }

  std::vector<bool> renew(std::span<const ClaimPtr> claims, const CallTime&, Duration lease) override {
    return opened().runs.renew(claims, lease);
  }

  void release(std::span<const ClaimPtr> claims, const CallTime&) override { opened().runs.release(claims); }

  std::vector<RunRecord> list_runs(const RunFilter& filter) const override {
    return opened().runs.list(filter);
  }

  std::size_t prune_runs(const RunRetention& retention, Instant now) override {
    return opened().runs.prune(retention, now);
  }

  int change_fd() const override { return open_ ? subscription().fd() : -1; }
  bool drain_changes() override { return subscription().drain(); }
  Duration poll_interval() const override {
    return open_ && subscription().active() ? Duration{0} : kPollInterval;
  }

  // What other threads of the parent had under way is not at rest here: it is left where it is.
  void abandon_after_fork() noexcept override {
    if (OpenPostgresql* const inherited = open_.release()) inherited->session.abandon_after_fork();
  }

 private:
  OpenPostgresql& opened() const {
    if (!open_) throw Error(ErrorCode::kStoreUnavailable, description() + ": the store is not open");
    return *open_;
  }

  PgSubscription& subscription() const { return opened().session.subscription(); }

  const PostgresqlStoreOptions options_;
  std::unique_ptr<OpenPostgresql> open_;
};

std::vector<std::string> known_members() {
  std::vector<std::string> known = {
      "type", "uri",      "schema", "table_prefix", "connect_timeout_us", "command_timeout_us",
      "port", "pool_size"};
  for (const auto& [member, parameter] : kParameters) known.emplace_back(member);
  return known;
}

}  // namespace

JobStorePtr make_postgresql_job_store(const PostgresqlStoreOptions& options) {
  return std::make_shared<PostgresqlJobStore>(options);
}

JobStorePtr make_postgresql_job_store(const Json& configuration) {
  const JsonMembers members(configuration, "PostgreSQL store");
  members.refuse_unknown(known_members());
  PostgresqlStoreOptions options;
  options.uri = members.text("uri", "");
  options.schema = members.text("schema", "");
  options.table_prefix = members.text("table_prefix", options.table_prefix);
  options.connect_timeout =
      Duration{members.integer("connect_timeout_us", 1'000, INT64_MAX, options.connect_timeout.count())};
  options.command_timeout =
      Duration{members.integer("command_timeout_us", 1'000, INT64_MAX, options.command_timeout.count())};
  options.pool_size = static_cast<std::size_t>(
      members.integer("pool_size", 1, kLargestPool, static_cast<int64_t>(options.pool_size)));
  for (const auto& [member, parameter] : kParameters) {
    if (members.has(member)) options.parameters[parameter] = members.text(member);
  }
  if (members.has("port"))
    options.parameters["port"] = std::to_string(members.integer("port", 1, kLargestPort));
  return make_postgresql_job_store(options);
}

}  // namespace duetime
