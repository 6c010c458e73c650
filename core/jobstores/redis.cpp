#include "core/jobstores/redis.h"

#include <algorithm>
#include <memory>
#include <mutex>
#include <utility>

#include "core/base/error.h"
#include "core/base/json_members.h"
#include "core/base/text.h"
#include "core/jobs/job_document.h"
#include "core/jobstores/claim_ids.h"
#include "core/jobstores/redis_claims.h"
#include "core/jobstores/redis_rows.h"
#include "core/jobstores/redis_session.h"
#include "core/jobstores/run_end.h"

namespace duetime {
namespace {

constexpr std::size_t kLongestPrefix = 200;
constexpr int64_t kLargestPort = 65'535;
constexpr std::size_t kPage = 500;
constexpr int64_t kMostBytesAtOnce = int64_t{8} * 1024 * 1024;
constexpr std::size_t kRunsPrunedAtOnce = 2'000;  // the server does nothing else meanwhile
constexpr Duration kPollInterval = std::chrono::milliseconds(500);

[[noreturn]] void refuse(const std::string& what) { throw Error(ErrorCode::kInvalidArgument, what); }

void require_no_nul(const char* option, const std::string& text) {
  if (text.find('\0') != std::string::npos) {
    refuse(std::string("Redis store: ") + option + " has a NUL character");
  }
}

void require_prefix(const std::string& prefix) {
  const bool allowed =
      !prefix.empty() && prefix.size() <= kLongestPrefix && prefix.find_first_of("{}") == std::string::npos;
  if (!allowed) {
    refuse("Redis store: key_prefix " + in_quotes(prefix) + ": expected 1 to 200 bytes without '{' and '}'");
  }
}

void require_tls_over_tcp(const RedisStoreOptions& options) {
  if (!options.tls) return;
  if (!options.unix_socket.empty()) refuse("Redis store: tls over a unix_socket: Redis has TLS for TCP only");
  if (options.tls->cert.empty() && !options.tls->key.empty()) refuse("Redis store: a key without its cert");
  require_no_nul("ca", options.tls->ca);
  require_no_nul("cert", options.tls->cert);
  require_no_nul("key", options.tls->key);
}

RedisStoreOptions checked(RedisStoreOptions options) {
  require_prefix(options.key_prefix);
  require_no_nul("host", options.host);
  require_no_nul("unix_socket", options.unix_socket);
  if (options.host.empty() && options.unix_socket.empty()) refuse("Redis store: host is empty");
  if (options.port < 1 || options.port > kLargestPort) {
    refuse("Redis store: port " + std::to_string(options.port) + ": expected 1 to 65535");
  }
  require_tls_over_tcp(options);
  if (options.database < 0)
    refuse("Redis store: db " + std::to_string(options.database) + ": expected 0 or more");
  for (const Duration timeout : {options.connect_timeout, options.command_timeout}) {
    if (timeout < std::chrono::milliseconds(1)) {
      refuse("Redis store: a timeout of " + std::to_string(timeout.count()) + " us: expected at least 1000");
    }
  }
  return options;
}

std::string describe(const RedisStoreOptions& options) {
  const std::string server = options.unix_socket.empty()
                                 ? (options.tls ? "rediss://" : "redis://") + redis_address(options)
                                 : "unix://" + options.unix_socket;
  return server + " database " + std::to_string(options.database) + ", keys {" + options.key_prefix + "}:*";
}

// `answer` is 'ended', 'removed', or what history has of the run.
CompletionResult completion(const RunEnd& end, const RedisValue& answer) {
  if (answer.text() == "ended") return {true, false};
  if (answer.text() == "removed") return {true, true};
  const std::optional<RunRecord> earlier = read_redis_run(answer);
  const bool ours = earlier && earlier->owner == end.claim->owner && earlier->fence == end.claim->fence &&
                    earlier->state != RunState::kAbandoned;
  return {.accepted = ours};
}

void add_jobs(std::span<const NewJob> jobs, RedisCommand& arguments) {
  arguments.add(static_cast<int64_t>(jobs.size()));
  for (const NewJob& job : jobs) {
    arguments.add(job.job->id).add(redis_line_rest(*job.job, job.position)).add(redis_due_time(job.position));
    arguments.add(job_to_text(*job.job));
  }
}

RedisCommand claims_and_owners(std::span<const ClaimPtr> claims) {
  RedisCommand arguments;
  arguments.add(static_cast<int64_t>(claims.size()));
  for (const ClaimPtr& claim : claims) arguments.add(claim->fence).add(to_string(claim->owner));
  return arguments;
}

bool is_later(const RunRecord& a, const RunRecord& b) {
  return std::tie(a.scheduled_time, a.claimed_at, a.fence) >
         std::tie(b.scheduled_time, b.claimed_at, b.fence);
}

class RedisJobStore final : public JobStore {
 public:
  explicit RedisJobStore(const RedisStoreOptions& options) : options_(checked(options)) {}
  ~RedisJobStore() override { close(); }

  StoreTraits traits() const override { return {.durable = true, .shared = true}; }
  std::string description() const override { return describe(options_); }

  void open() override {
    if (!session_) session_ = std::make_unique<RedisSession>(options_);
  }

  void close() noexcept override { session_.reset(); }

  void add(std::span<const NewJob> jobs, OnConflict on_conflict) override {
    RedisCommand arguments;
    arguments.add(int64_t{on_conflict == OnConflict::kReplace}).add("");
    add_jobs(jobs, arguments);
    const RedisReply reply = run(RedisScript::kAdd, std::move(arguments));
    if (reply[1].text() != "taken") return;
    const auto taken = static_cast<std::size_t>(reply[2].integer());
    throw Error(ErrorCode::kConflict, "job id " + in_quotes(jobs[taken].job->id) + " is taken");
  }

  bool import_once(std::string_view source, std::span<const NewJob> jobs) override {
    if (source.empty()) refuse("Redis store: the source of an import is empty, expected a name");
    RedisCommand arguments;
    arguments.add(int64_t{0}).add(std::string(source));
    add_jobs(jobs, arguments);
    return run(RedisScript::kAdd, std::move(arguments))[1].text() == "added";
  }

  bool imported(std::string_view source) const override {
    return run(RedisScript::kImported, {std::string(source)})[1].boolean();
  }

  std::optional<JobRecord> update(const JobRecord& record) override {
    if (!record.job) refuse("job " + in_quotes(record.id) + " cannot be read, so it cannot be changed");
    RedisCommand arguments{record.id, std::to_string(record.position.version),
                           redis_line_rest(*record.job, record.position), redis_due_time(record.position)};
    arguments.add(job_to_text(*record.job));
    const RedisReply reply = run(RedisScript::kUpdate, std::move(arguments));
    if (reply[1].text() == "missing") refuse_missing(record.id);
    if (reply[1].text() == "changed") return std::nullopt;
    JobRecord updated = record;
    updated.position.version = updated.position.revision = reply[0].integer();
    updated.position.fence = reply[2].integer();
    return updated;
  }

  bool remove(std::string_view id) override {
    return run(RedisScript::kRemove, {std::string(id)})[1].boolean();
  }

  std::size_t remove_all() override { return size_of(run(RedisScript::kRemoveAll)[1]); }

  std::optional<JobRecord> get(std::string_view id) const override {
    const RedisReply reply = run(RedisScript::kGet, {std::string(id)});
    if (reply[1].is_nil()) return std::nullopt;
    return reader_.read(id, reply[1], reply[2]);
  }

  std::vector<JobRecord> list(const JobFilter& filter) const override {
    std::vector<JobRecord> records;
    std::string after = filter.after_id.value_or("");
    while (records.size() < filter.limit) {
      const RedisReply page =
          run(RedisScript::kList, RedisCommand{after}.add(int64_t{kPage}).add(kMostBytesAtOnce));
      if (page.size() == 1) break;
      for (std::size_t i = 1; i < page.size() && records.size() < filter.limit; i += 3) {
        after = std::string(page[i].text());
        JobRecord record = reader_.read(after, page[i + 1], page[i + 2]);
        if (filter.matches(record)) records.push_back(std::move(record));
      }
    }
    return records;
  }

  std::size_t count() const override { return size_of(run(RedisScript::kCount)[1]); }

  std::optional<Instant> next_due(const Exclusions& exclusions) const override {
    return redis_due_instant(run(RedisScript::kNextDue, redis_exclusions(exclusions))[1]);
  }

  ClaimResult claim_due(const ClaimRequest& request, const RunPlanner& planner) override {
    begin_claiming();
    const RedisClaims claims(session(), reader_, request);
    return remembered(request, claims, [&](bool repeated) {
      RedisDueBatch batch = claims.read_due();
      claims.plan(batch, planner);
      return claims.carry_out(std::move(batch), repeated);
    });
  }

  ClaimResult claim_now(std::string_view id, const ClaimRequest& request) override {
    begin_claiming();
    const RedisClaims claims(session(), reader_, request);
    return remembered(request, claims, [&](bool) { return claims.claim_now(id); });
  }

  ClaimResult reclaim_expired(const ClaimRequest& request) override {
    begin_claiming();
    const RedisClaims claims(session(), reader_, request);
    return remembered(request, claims, [&](bool repeated) { return claims.reclaim(repeated); });
  }

  std::vector<CompletionResult> complete(std::span<const RunEnd> ends, const CallTime&) override {
    for (const RunEnd& end : ends) require_valid(end);
    if (ends.empty()) return {};
    RedisCommand arguments;
    arguments.add(static_cast<int64_t>(ends.size()));
    for (const RunEnd& end : ends) {
      const RunRecord ended = record_of(end);
      arguments.add(ended.fence).add(to_string(ended.owner)).add(to_string(ended.id)).add(ended.job_id);
      arguments.add(to_micros(ended.scheduled_time))
          .add(to_micros(*ended.ended_at))
          .add(redis_run_document(ended));
    }
    const RedisReply reply = run(RedisScript::kComplete, std::move(arguments));
    std::vector<CompletionResult> results;
    for (std::size_t i = 0; i < ends.size(); ++i) results.push_back(completion(ends[i], reply[i + 1]));
    return results;
  }

  std::vector<bool> renew(std::span<const ClaimPtr> claims, const CallTime&, Duration lease) override {
    std::vector<bool> renewed;
    if (claims.empty()) return renewed;
    RedisCommand arguments{std::to_string(lease.count())};
    arguments.append(claims_and_owners(claims));
    const RedisReply reply = run(RedisScript::kRenew, std::move(arguments));
    for (std::size_t i = 0; i < claims.size(); ++i) renewed.push_back(reply[i + 1].boolean());
    return renewed;
  }

  void release(std::span<const ClaimPtr> claims, const CallTime&) override {
    if (!claims.empty()) run(RedisScript::kRelease, claims_and_owners(claims));
  }

  std::vector<RunRecord> list_runs(const RunFilter& filter) const override {
    std::vector<RunRecord> runs = ended_runs(filter);
    if (!filter.state || filter.state == RunState::kClaimed) add_claimed_runs(filter, runs);
    std::ranges::sort(runs, is_later);
    if (runs.size() > filter.limit) runs.resize(filter.limit);
    return runs;
  }

  std::size_t prune_runs(const RunRetention& retention, Instant now) override {
    mend_indexes();
    const auto most = static_cast<int64_t>(std::min<std::size_t>(retention.max_count, INT32_MAX));
    const std::optional<Instant> earliest = checked_add(now, -retention.max_age);
    std::size_t total = 0;
    for (std::size_t pruned = 1; pruned > 0; total += pruned) {
      RedisCommand arguments;
      arguments.add(most).add(earliest ? std::to_string(to_micros(*earliest)) : "-inf");
      arguments.add(int64_t{kRunsPrunedAtOnce});
      pruned = size_of(run(RedisScript::kPrune, std::move(arguments))[1]);
    }
    return total;
  }

  int change_fd() const override { return session_ ? session_->subscription().fd() : -1; }
  bool drain_changes() override { return session().subscription().drain(); }
  Duration poll_interval() const override {
    return session_ && session_->subscription().active() ? Duration{0} : kPollInterval;
  }

  void abandon_after_fork() noexcept override {
    if (!session_) return;
    session_->abandon_after_fork();
    forget_redis_session(std::move(session_));
  }

 private:
  [[noreturn]] static void refuse_missing(std::string_view id) {
    throw Error(ErrorCode::kNotFound, "no job with id " + in_quotes(id));
  }

  static std::size_t size_of(const RedisValue& value) { return static_cast<std::size_t>(value.integer()); }

  RedisSession& session() const {
    if (!session_) throw Error(ErrorCode::kStoreUnavailable, description() + ": the store is not open");
    return *session_;
  }

  RedisReply run(RedisScript script, RedisCommand arguments = {}) const {
    return session().run(script, std::move(arguments));
  }

  void begin_claiming() const {
    session().report_loss();
    session().subscription().ensure();
  }

  std::optional<ClaimIds::Outcome> outcome_of(const Uuid& claim_id) const {
    const std::lock_guard lock(mutex_);
    return claim_ids_.outcome_of(claim_id);
  }

  void remember(const Uuid& claim_id, ClaimIds::Outcome outcome) {
    const std::lock_guard lock(mutex_);
    claim_ids_.remember(claim_id, outcome);
  }

  // A call that is repeated gets what it claimed before. One of unknown outcome that did not take effect, or
  // not yet, is made again.
  template <typename Call>
  ClaimResult remembered(const ClaimRequest& request, const RedisClaims& claims, Call call) {
    const std::optional<ClaimIds::Outcome> outcome = outcome_of(request.claim_id);
    if (!outcome) remember(request.claim_id, ClaimIds::Outcome::kUnknown);
    const std::optional<std::vector<ClaimPtr>> earlier = outcome ? claims.claimed() : std::nullopt;
    ClaimResult result;
    if (earlier || outcome == ClaimIds::Outcome::kAnswered) {
      if (earlier) result.claims = *earlier;
      result.next_due = next_due(request.exclusions ? *request.exclusions : Exclusions{});
    } else {
      result = call(outcome.has_value());
    }
    remember(request.claim_id, ClaimIds::Outcome::kAnswered);
    return result;
  }

  void mend_indexes() const {
    std::string cursor = "0";
    do {
      cursor = std::string(run(RedisScript::kMend, {cursor})[1].text());
    } while (cursor != "0");
  }

  std::vector<RunRecord> ended_runs(const RunFilter& filter) const {
    std::vector<RunRecord> runs;
    if (filter.state == RunState::kClaimed) return runs;
    for (std::size_t first = 0; runs.size() < filter.limit; first += kPage) {
      RedisCommand arguments;
      arguments.add(to_micros(filter.scheduled_until.value_or(kLatestInstant)));
      arguments.add(to_micros(filter.scheduled_from.value_or(kEarliestInstant)));
      arguments.add(static_cast<int64_t>(first)).add(int64_t{kPage});
      const RedisReply page = run(RedisScript::kRuns, std::move(arguments));
      for (std::size_t i = 1; i < page.size(); ++i) {
        std::optional<RunRecord> found = read_redis_run(page[i]);
        if (found && filter.matches(*found)) runs.push_back(*std::move(found));
      }
      if (page.size() < kPage + 1) break;
    }
    return runs;
  }

  void add_claimed_runs(const RunFilter& filter, std::vector<RunRecord>& runs) const {
    const RedisReply reply = run(RedisScript::kClaims);
    for (std::size_t i = 1; i < reply.size(); i += 3) {
      const std::optional<RedisClaim> claim = read_redis_claim(reply[i], reply[i + 1], reply[i + 2]);
      if (!claim) continue;
      for (const ClaimedRun& claimed : claim->runs) {
        RunRecord record = claim->record(claimed);
        if (filter.matches(record)) runs.push_back(std::move(record));
      }
    }
  }

  const RedisStoreOptions options_;
  std::unique_ptr<RedisSession> session_;
  mutable RedisJobReader reader_;
  mutable std::mutex mutex_;
  ClaimIds claim_ids_;  // guarded by mutex_
};

RedisVerify verify_in(const JsonMembers& members) {
  const std::string verify = members.text("verify", "full");
  if (verify == "full") return RedisVerify::kFull;
  if (verify == "ca") return RedisVerify::kAuthority;
  if (verify == "none") return RedisVerify::kNone;
  members.fail("verify", "'full', 'ca' (any host's certificate) or 'none'");
}

// Options of TLS without TLS are an error: who gave them believes that the connection is safe.
std::optional<RedisTlsOptions> tls_in(const JsonMembers& members) {
  if (!members.boolean("tls", false)) {
    for (const char* option : {"ca", "cert", "key", "verify"}) {
      if (members.has(option))
        members.fail(option, "'tls' to be true with it, or the URL to begin with rediss:");
    }
    return std::nullopt;
  }
  return RedisTlsOptions{members.text("ca", ""), members.text("cert", ""), members.text("key", ""),
                         verify_in(members)};
}

}  // namespace

JobStorePtr make_redis_job_store(const RedisStoreOptions& options) {
  return std::make_shared<RedisJobStore>(options);
}

JobStorePtr make_redis_job_store(const Json& configuration) {
  const JsonMembers members(configuration, "Redis store");
  members.refuse_unknown({"type", "host", "port", "unix_socket", "db", "username", "password", "key_prefix",
                          "tls", "ca", "cert", "key", "verify", "connect_timeout_us", "command_timeout_us"});
  RedisStoreOptions options;
  options.host = members.text("host", options.host);
  options.port = static_cast<int>(members.integer("port", 1, kLargestPort, options.port));
  options.unix_socket = members.text("unix_socket", "");
  options.database = static_cast<int>(members.integer("db", 0, INT32_MAX, 0));
  options.username = members.text("username", "");
  options.password = members.text("password", "");
  options.key_prefix = members.text("key_prefix", options.key_prefix);
  options.tls = tls_in(members);
  const auto timeout = [&](const char* name, Duration absent) {
    return Duration{members.integer(name, 1'000, INT32_MAX, absent.count())};
  };
  options.connect_timeout = timeout("connect_timeout_us", options.connect_timeout);
  options.command_timeout = timeout("command_timeout_us", options.command_timeout);
  return make_redis_job_store(options);
}

}  // namespace duetime
