#include "core/jobstores/sqlite.h"
#include "core/jobstores/run_end.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "core/base/error.h"
#include "core/base/json_members.h"
#include "core/base/text.h"
#include "core/jobs/job_document.h"
#include "core/jobstores/claim_ids.h"
#include "core/jobstores/sqlite_claims.h"
#include "core/jobstores/sqlite_enqueueing.h"
#include "core/jobstores/sqlite_inheritance.h"
#include "core/jobstores/sqlite_session.h"

namespace duetime {
namespace {

constexpr std::size_t kLongestPrefix = 48;
constexpr std::size_t kRunsPrunedAtOnce = 10'000;  // others wait for the write lock meanwhile
constexpr Duration kPollInterval = std::chrono::milliseconds(500);

[[noreturn]] void refuse(const std::string& what) { throw Error(ErrorCode::kInvalidArgument, what); }

void require_path(const std::string& path) {
  if (path.empty()) refuse("SQLite store: path is empty, expected the name of a file");
  if (path.find('\0') != std::string::npos) refuse("SQLite store: path has a NUL character");
  if (path == ":memory:") refuse("SQLite store: path ':memory:' is no file; use the memory store");
}

bool is_table_prefix(const std::string& prefix) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  const auto is_allowed = [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); };
  return !prefix.empty() && prefix.size() <= kLongestPrefix && is_letter(prefix.front()) &&
         std::ranges::all_of(prefix, is_allowed) && !prefix.starts_with("sqlite_");
}

SqliteStoreOptions checked(SqliteStoreOptions options) {
  require_path(options.path);
  if (!is_table_prefix(options.table_prefix)) {
    refuse("SQLite store: table_prefix " + in_quotes(options.table_prefix) +
           ": expected 1 to 48 letters, digits and underscores, not a digit first");
  }
  if (options.busy_timeout < Duration{0}) {
    refuse("SQLite store: busy_timeout " + std::to_string(options.busy_timeout.count()) +
           " us: expected 0 or more");
  }
  return options;
}

[[noreturn]] void refuse_conflict(const std::string& id) {
  throw Error(ErrorCode::kConflict, "job id " + in_quotes(id) + " is taken");
}

Instant store_time(const CallTime& time) { return Instant{time.boot_time}; }

class SqliteJobStore final : public JobStore {
 public:
  // The path is made absolute now: a program that changes its directory later (a daemon) keeps its file.
  explicit SqliteJobStore(const SqliteStoreOptions& options)
      : options_(checked(options)), path_(std::filesystem::absolute(options_.path).string()) {}

  ~SqliteJobStore() override { close(); }

  StoreTraits traits() const override { return {.durable = true, .shared = true}; }
  std::string description() const override { return "sqlite:" + options_.path; }

  void open() override {
    if (session_) return;
    close_inherited_sqlite_sessions();
    session_ = std::make_unique<SqliteSession>(options_, path_);
  }

  void close() noexcept override { session_.reset(); }

  void add(std::span<const NewJob> jobs, OnConflict on_conflict) override {
    const std::vector<std::string> documents = documents_of(jobs);
    const Locked session = lock();
    SqliteWrite write(session->connection, session->meta);
    for (std::size_t i = 0; i < jobs.size(); ++i) {
      const bool replace = on_conflict == OnConflict::kReplace;
      if (!session->jobs.insert(jobs[i], documents[i], replace, write.draw()))
        refuse_conflict(jobs[i].job->id);
    }
    write.commit();
  }

  SqlStatements sql_to_add(const NewJob& job, OnConflict on_conflict) const override {
    return sqlite_to_add(job, on_conflict, SqliteTables(options_.table_prefix));
  }

  bool import_once(std::string_view source, std::span<const NewJob> jobs) override {
    const std::vector<std::string> documents = documents_of(jobs);
    const Locked session = lock();
    SqliteWrite write(session->connection, session->meta);
    if (session->meta.imported(source)) return false;
    std::size_t count = 0;
    for (std::size_t i = 0; i < jobs.size(); ++i) {
      if (session->jobs.insert(jobs[i], documents[i], false, write.draw())) ++count;
    }
    session->meta.set_imported(source, count);
    write.commit();
    return true;
  }

  bool imported(std::string_view source) const override { return lock()->meta.imported(source); }

  std::optional<JobRecord> update(const JobRecord& record) override {
    if (!record.job) refuse("job " + in_quotes(record.id) + " cannot be read, so it cannot be changed");
    const std::string document = job_to_text(*record.job);
    const Locked session = lock();
    SqliteWrite write(session->connection, session->meta);
    if (!session->jobs.update(record, document, write.draw())) {
      if (session->jobs.status_of(record.id)) return std::nullopt;
      throw Error(ErrorCode::kNotFound, "no job with id " + in_quotes(record.id));
    }
    std::optional<JobRecord> updated = session->jobs.find(record.id);
    write.commit();
    return updated;
  }

  bool remove(std::string_view id) override {
    const Locked session = lock();
    SqliteWrite write(session->connection, session->meta);
    const bool removed = session->jobs.erase(id);
    write.commit();
    return removed;
  }

  std::size_t remove_all() override {
    const Locked session = lock();
    SqliteWrite write(session->connection, session->meta);
    const std::size_t removed = session->jobs.erase_all();
    write.commit();
    return removed;
  }

  std::optional<JobRecord> get(std::string_view id) const override { return lock()->jobs.find(id); }
  std::vector<JobRecord> list(const JobFilter& filter) const override { return lock()->jobs.list(filter); }
  std::size_t count() const override { return lock()->jobs.count(); }

  std::optional<Instant> next_due(const Exclusions& exclusions) const override {
    return lock()->jobs.next_due(exclusions);
  }

  ClaimResult claim_due(const ClaimRequest& request, const RunPlanner& planner) override {
    DueBatch batch;
    {
      const Locked session = lock();
      if (std::optional<ClaimResult> repeated = earlier_result(*session, request))
        return *std::move(repeated);
      session->adopt_boot(request.boot_id);
      batch = read_due(*session, request);
    }
    plan_due(batch, request, planner);
    const Locked session = lock();
    return remembered(request, [&] { return carry_out(*session, std::move(batch), request); });
  }

  ClaimResult claim_now(std::string_view id, const ClaimRequest& request) override {
    const Locked session = lock();
    if (std::optional<ClaimResult> repeated = earlier_result(*session, request)) return *std::move(repeated);
    session->adopt_boot(request.boot_id);
    return remembered(request, [&] { return duetime::claim_now(*session, id, request); });
  }

  ClaimResult reclaim_expired(const ClaimRequest& request) override {
    const Locked session = lock();
    if (std::optional<ClaimResult> repeated = earlier_result(*session, request)) return *std::move(repeated);
    session->adopt_boot(request.boot_id);
    return remembered(request, [&] { return reclaim(*session, request); });
  }

  std::vector<CompletionResult> complete(std::span<const RunEnd> ends, const CallTime& time) override {
    for (const RunEnd& end : ends) require_valid(end);
    std::vector<CompletionResult> results;
    results.reserve(ends.size());
    const Locked session = lock();
    SqliteWrite write(session->connection, session->meta);
    for (const RunEnd& end : ends) results.push_back(complete_one(*session, end, time));
    write.commit();
    return results;
  }

  std::vector<bool> renew(std::span<const ClaimPtr> claims, const CallTime& time, Duration lease) override {
    const Instant now = store_time(time);
    const Instant lease_until = checked_add(now, lease).value_or(kLatestInstant);
    std::vector<bool> renewed;
    renewed.reserve(claims.size());
    const Locked session = lock();
    SqliteWrite write(session->connection, session->meta);
    for (const ClaimPtr& claim : claims) renewed.push_back(session->runs.renew(*claim, now, lease_until));
    write.commit();
    return renewed;
  }

  void release(std::span<const ClaimPtr> claims, const CallTime& time) override {
    const Locked session = lock();
    SqliteWrite write(session->connection, session->meta);
    for (const ClaimPtr& claim : claims) session->runs.release(*claim, store_time(time));
    write.commit();
  }

  std::vector<RunRecord> list_runs(const RunFilter& filter) const override {
    return lock()->runs.list(filter);
  }

  std::size_t prune_runs(const RunRetention& retention, Instant now) override {
    std::size_t pruned = prune_in_steps(
        [&](SqliteRunTable& runs) { return runs.prune_beyond(retention.max_count, kRunsPrunedAtOnce); });
    const std::optional<Instant> ended_before = checked_add(now, -retention.max_age);
    if (!ended_before) return pruned;  // older than time itself: nothing is
    return pruned + prune_in_steps([&](SqliteRunTable& runs) {
             return runs.prune_older(*ended_before, kRunsPrunedAtOnce);
           });
  }

  int change_fd() const override { return session_ ? session_->watch->fd() : -1; }
  bool drain_changes() override { return lock_unchecked()->drain_changes(); }
  Duration poll_interval() const override { return change_fd() < 0 ? kPollInterval : Duration{0}; }

  void abandon_after_fork() noexcept override {
    if (session_) inherit_sqlite_session(std::move(session_));
  }

 private:
  // The session with its mutex held.
  class Locked {
   public:
    explicit Locked(SqliteSession& session) : lock_(session.mutex), session_(session) {}
    SqliteSession* operator->() const { return &session_; }
    SqliteSession& operator*() const { return session_; }

   private:
    std::unique_lock<std::mutex> lock_;
    SqliteSession& session_;
  };

  Locked lock_unchecked() const {
    if (!session_) throw Error(ErrorCode::kStoreUnavailable, path_ + ": the store is not open");
    return Locked(*session_);
  }

  Locked lock() const {
    Locked session = lock_unchecked();
    session->require_same_file();
    return session;
  }

  static std::vector<std::string> documents_of(std::span<const NewJob> jobs) {
    std::vector<std::string> documents;
    documents.reserve(jobs.size());
    for (const NewJob& job : jobs) documents.push_back(job_to_text(*job.job));
    return documents;
  }

  static CompletionResult complete_one(SqliteSession& session, const RunEnd& end, const CallTime& time) {
    if (!session.runs.finish(end, store_time(time))) return {.accepted = session.runs.was_finished(end)};
    return {true, session.erase_if_spent(end.claim->record.id)};
  }

  // What a repeated call answers. A call of unknown outcome that did not take effect is simply made again.
  std::optional<ClaimResult> earlier_result(SqliteSession& session, const ClaimRequest& request) {
    const std::optional<ClaimIds::Outcome> outcome = claim_ids_.outcome_of(request.claim_id);
    if (!outcome) return std::nullopt;
    ClaimResult result;
    result.claims = claims_of(session, request);
    if (result.claims.empty() && *outcome == ClaimIds::Outcome::kUnknown) return std::nullopt;
    result.next_due = session.jobs.next_due(request.exclusions ? *request.exclusions : Exclusions{});
    claim_ids_.remember(request.claim_id, ClaimIds::Outcome::kAnswered);
    return result;
  }

  template <typename Call>
  ClaimResult remembered(const ClaimRequest& request, Call call) {
    claim_ids_.remember(request.claim_id, ClaimIds::Outcome::kUnknown);
    ClaimResult result = call();
    claim_ids_.remember(request.claim_id, ClaimIds::Outcome::kAnswered);
    return result;
  }

  template <typename Step>
  std::size_t prune_in_steps(Step step) {
    std::size_t total = 0;
    for (;;) {
      const Locked session = lock();
      SqliteWrite write(session->connection, session->meta);
      const std::size_t pruned = step(session->runs);
      write.commit();
      total += pruned;
      if (pruned < kRunsPrunedAtOnce) return total;
    }
  }

  const SqliteStoreOptions options_;
  const std::string path_;
  std::unique_ptr<SqliteSession> session_;
  ClaimIds claim_ids_;  // guarded by the session's mutex
};

}  // namespace

JobStorePtr make_sqlite_job_store(const SqliteStoreOptions& options) {
  return std::make_shared<SqliteJobStore>(options);
}

JobStorePtr make_sqlite_job_store(const Json& configuration) {
  const JsonMembers members(configuration, "SQLite store");
  members.refuse_unknown({"type", "path", "table_prefix", "busy_timeout_us", "full_sync"});
  SqliteStoreOptions options;
  options.path = members.text("path");
  options.table_prefix = members.text("table_prefix", options.table_prefix);
  options.busy_timeout =
      Duration{members.integer("busy_timeout_us", 0, INT64_MAX, options.busy_timeout.count())};
  options.full_sync = members.boolean("full_sync", options.full_sync);
  return make_sqlite_job_store(options);
}

}  // namespace duetime
