#include "core/jobstores/mongodb.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "core/base/error.h"
#include "core/base/json_members.h"
#include "core/base/text.h"
#include "core/jobstores/mongodb_claims.h"
#include "core/jobstores/mongodb_import.h"
#include "core/jobstores/mongodb_jobs.h"
#include "core/jobstores/mongodb_runs.h"
#include "core/jobstores/mongodb_session.h"
#include "core/jobstores/run_end.h"

namespace duetime {
namespace {

constexpr std::size_t kLongestPrefix = 100;
constexpr std::size_t kLongestDatabase = 63;
constexpr Duration kPollInterval = std::chrono::milliseconds(400);

[[noreturn]] void refuse(const std::string& what) {
  throw Error(ErrorCode::kInvalidArgument, "MongoDB store: " + what);
}

// The URI is not quoted: it may hold a password.
void require_uri(const std::string& uri) {
  const bool known = uri.starts_with("mongodb://") || uri.starts_with("mongodb+srv://");
  if (!known || uri.find('\0') != std::string::npos) {
    refuse("the URI begins otherwise than expected: mongodb://host:port or mongodb+srv://host");
  }
}

bool has_any_of(std::string_view text, std::string_view characters) {
  return text.find('\0') != std::string_view::npos ||
         text.find_first_of(characters) != std::string_view::npos;
}

void require_database(const std::string& database) {
  if (!is_utf8(database) || database.size() > kLongestDatabase || has_any_of(database, "/\\. \"$*<>:|?")) {
    refuse("database " + in_quotes(database) + R"(: expected at most 63 bytes without any of /\. "$*<>:|?)");
  }
}

void require_prefix(const std::string& prefix) {
  const bool fits = !prefix.empty() && prefix.size() <= kLongestPrefix && is_utf8(prefix);
  if (!fits || has_any_of(prefix, "$") || prefix.starts_with("system.") || prefix.front() == '.') {
    refuse("prefix " + in_quotes(prefix) +
           ": expected 1 to 100 bytes without $, beginning with neither a dot nor \"system.\"");
  }
}

MongoStoreOptions checked(MongoStoreOptions options) {
  require_uri(options.uri);
  require_database(options.database);
  require_prefix(options.prefix);
  if (options.timeout <= Duration{0}) {
    refuse("timeout " + std::to_string(options.timeout.count()) + " us: expected more than 0");
  }
  return options;
}

bool is_plain(std::string_view text) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view(".-:,[]%_").find(c) != std::string_view::npos;
  };
  return std::ranges::all_of(text, plain);
}

// Servers and database: what stands between the user's name and password, and the options. In a URI that is
// not well-formed that could be anything, and is not shown.
std::string shown_of(const MongoStoreOptions& options) {
  const std::string rest = options.uri.substr(options.uri.find("://") + 3);
  const std::string after = rest.substr(rest.rfind('@') + 1);  // all of it where there is none
  const std::string servers = after.substr(0, after.find_first_of("/?"));
  const std::string path = after.substr(servers.size(), after.find('?') - servers.size());
  const std::string named = path.empty() ? path : path.substr(1);
  if (!is_plain(servers) || !is_plain(named)) return "?";
  const std::string database = !options.database.empty() ? options.database : named;
  return servers + "/" + (database.empty() ? kMongoDefaultDatabase : database);
}

// What is open: all of it, or nothing.
struct OpenMongo {
  explicit OpenMongo(const MongoStoreOptions& options) : session(options), claims(session) {}

  MongoSession session;
  MongoClaims claims;
};

class MongoJobStore final : public JobStore {
 public:
  explicit MongoJobStore(const MongoStoreOptions& options) : options_(checked(options)) {}

  ~MongoJobStore() override { close(); }

  StoreTraits traits() const override { return {.durable = true, .shared = true, .atomic_batches = false}; }

  std::string description() const override { return "mongodb:" + shown_of(options_) + "/" + options_.prefix; }

  void open() override {
    if (!open_) open_ = std::make_unique<OpenMongo>(options_);
  }

  void close() noexcept override { open_.reset(); }

  void add(std::span<const NewJob> jobs, OnConflict on_conflict) override {
    add_jobs(session(), jobs, on_conflict);
  }

  bool import_once(std::string_view source, std::span<const NewJob> jobs) override {
    return duetime::import_once(session(), source, jobs, options_.timeout);
  }

  bool imported(std::string_view source) const override { return is_imported(session(), source); }

  std::optional<JobRecord> update(const JobRecord& record) override {
    if (!record.job) refuse("job " + in_quotes(record.id) + " cannot be read, so it cannot be changed");
    return update_job(session(), record);
  }

  bool remove(std::string_view id) override { return remove_job(session(), id); }
  std::size_t remove_all() override { return remove_all_jobs(session()); }

  std::optional<JobRecord> get(std::string_view id) const override { return get_job(session(), id); }
  std::vector<JobRecord> list(const JobFilter& filter) const override { return list_jobs(session(), filter); }
  std::size_t count() const override { return count_jobs(session()); }

  std::optional<Instant> next_due(const Exclusions& exclusions) const override {
    return next_due_job(session(), exclusions);
  }

  ClaimResult claim_due(const ClaimRequest& request, const RunPlanner& planner) override {
    return opened().claims.claim_due(request, planner);
  }

  ClaimResult claim_now(std::string_view id, const ClaimRequest& request) override {
    return opened().claims.claim_now(id, request);
  }

  ClaimResult reclaim_expired(const ClaimRequest& request) override {
    return opened().claims.reclaim_expired(request);
  }

  std::vector<CompletionResult> complete(std::span<const RunEnd> ends, const CallTime& time) override {
    for (const RunEnd& end : ends) require_valid(end);
    return complete_runs(session(), ends, time);
  }

  std::vector<bool> renew(std::span<const ClaimPtr> claims, const CallTime& time, Duration lease) override {
    return renew_claims(session(), claims, time, lease);
  }

  void release(std::span<const ClaimPtr> claims, const CallTime& time) override {
    release_claims(session(), claims, time);
  }

  std::vector<RunRecord> list_runs(const RunFilter& filter) const override {
    return duetime::list_runs(session(), filter);
  }

  std::size_t prune_runs(const RunRetention& retention, Instant now) override {
    return duetime::prune_runs(session(), retention, now);
  }

  bool drain_changes() override { return session().drain_changes(); }
  Duration poll_interval() const override { return kPollInterval; }

  // What other threads of the parent had under way is not at rest here: it is left where it is.
  void abandon_after_fork() noexcept override {
    if (OpenMongo* const inherited = open_.release()) inherited->session.connection.abandon();
  }

 private:
  OpenMongo& opened() const {
    if (!open_) throw Error(ErrorCode::kStoreUnavailable, description() + ": the store is not open");
    return *open_;
  }

  MongoSession& session() const { return opened().session; }

  const MongoStoreOptions options_;
  std::unique_ptr<OpenMongo> open_;
};

}  // namespace

JobStorePtr make_mongodb_job_store(const MongoStoreOptions& options) {
  return std::make_shared<MongoJobStore>(options);
}

JobStorePtr make_mongodb_job_store(const Json& configuration) {
  const JsonMembers members(configuration, "MongoDB store");
  members.refuse_unknown({"type", "uri", "database", "prefix", "timeout_us"});
  MongoStoreOptions options;
  options.uri = members.text("uri");
  options.database = members.text("database", options.database);
  options.prefix = members.text("prefix", options.prefix);
  options.timeout = Duration{members.integer("timeout_us", 1, INT64_MAX, options.timeout.count())};
  return make_mongodb_job_store(options);
}

}  // namespace duetime
