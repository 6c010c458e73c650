#include "core/jobstores/redis_claims.h"

#include <algorithm>
#include <utility>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/jobstores/given_up.h"
#include "core/jobstores/planning.h"

namespace duetime {
namespace {

constexpr int64_t kMostBytesAtOnce = int64_t{8} * 1024 * 1024;
constexpr std::size_t kExpiredAtOnce = 500;
constexpr std::size_t kMostDecisions = 2'000;
constexpr int64_t kMarkerLifeMilliseconds = 3'600'000;

constexpr std::size_t kDueWords = 4;    // of each due job in an answer
constexpr std::size_t kClaimWords = 5;  // of each described claim

constexpr int kMostTries = 100;

const Exclusions& exclusions_of(const ClaimRequest& request) {
  static const Exclusions none;
  return request.exclusions ? *request.exclusions : none;
}

std::shared_ptr<Claim> new_claim(JobRecord record, const ClaimRequest& request) {
  auto claim = std::make_shared<Claim>();
  claim->record = std::move(record);
  claim->owner = request.owner;
  claim->claim_id = request.claim_id;
  claim->claimed_at = request.time.now;
  claim->claimed_boot_time = request.time.boot_time;
  return claim;
}

void add_ended_runs(const std::vector<RunRecord>& runs, RedisCommand& arguments) {
  arguments.add(static_cast<int64_t>(runs.size()));
  for (const RunRecord& run : runs) {
    arguments.add(to_string(run.id)).add(to_micros(run.scheduled_time)).add(to_micros(*run.ended_at));
    arguments.add(redis_run_document(run));
  }
}

RedisCommand claiming(const ClaimRequest& request) {
  RedisCommand arguments;
  arguments.add(to_string(request.owner)).add(to_string(request.claim_id));
  arguments.add(request.lease.count()).add(kMarkerLifeMilliseconds);
  return arguments;
}

// A plan on its way into the store: the job as it will stand, and the claim if there is one.
struct Draft {
  const RedisDueJob& due;
  JobRecord record;
  std::shared_ptr<Claim> claim;

  Draft(const RedisDueJob& job, const ClaimRequest& request) : due(job), record(job.record) {
    record.position.status = job.plan.next_status;
    record.position.next_run_time = job.plan.next_run_time;
    record.position.fire_time = job.plan.next_fire_time;
    if (job.plan.outcome != RunPlan::Outcome::kRun) return;
    claim = new_claim(record, request);
    for (const PlannedRun& run : job.plan.runs) {
      claim->runs.push_back({make_uuid(), run.scheduled_time, run.fire_time, 1});
    }
  }

  void add_to(RedisCommand& arguments, const ClaimRequest& request) const {
    const JobPosition& read = due.record.position;
    arguments.add(record.id).add(read.version).add(read.revision).add(read.fence);
    arguments.add(redis_line_rest(*record.job, record.position)).add(redis_due_time(record.position));
    arguments.add(claim ? redis_run_ids(*claim) : "").add(claim ? redis_claim_document(*claim) : "");
    add_ended_runs(given_up(due.record, due.plan, request), arguments);
  }

  // It was carried out under this number.
  void settle(int64_t number, Instant lease_until, bool removed, ClaimResult& result) {
    record.position.version = number;
    if (claim) {
      record.position.fence = claim->fence = number;
      claim->record = record;
      claim->lease_until = lease_until;
      result.claims.push_back(claim);
    }
    if (!claim || due.plan.missed_count > 0) result.skipped.push_back({record, due.plan, removed});
  }
};

bool waits(const JobRecord& job, const RedisClaim& claim) {
  return claim.released && job.position.status == JobStatus::kPaused;
}

bool comes_back(const JobRecord& job, const RedisClaim& claim) {
  if (claim.released) return true;
  return job.job->recover && job.position.revision == claim.job_revision &&
         claim.runs.front().attempt < kMaxAttempts;
}

}  // namespace

RedisCommand redis_exclusions(const Exclusions& exclusions) {
  RedisCommand arguments;
  for (const auto* names : {&exclusions.tasks, &exclusions.executors}) {
    arguments.add(static_cast<int64_t>(names->size()));
    for (const std::string& name : *names) arguments.add(name);
  }
  arguments.add(static_cast<int64_t>(exclusions.jobs.size()));
  for (const auto& [id, revision] : exclusions.jobs) arguments.add(id).add(revision);
  return arguments;
}

std::optional<Instant> redis_due_instant(const RedisValue& time) {
  if (time.is_nil()) return std::nullopt;
  return std::clamp(from_micros(time.integer()), kEarliestInstant, kLatestInstant);
}

RedisDueBatch RedisClaims::read_due() const {
  RedisDueBatch batch;
  int64_t first = 0;
  while (first >= 0 && batch.jobs.size() < request_.limit) {
    RedisCommand arguments;
    arguments.add(to_micros(request_.time.now)).add(first);
    arguments.add(static_cast<int64_t>(request_.limit - batch.jobs.size())).add(kMostBytesAtOnce);
    const RedisReply reply = session_.run(
        RedisScript::kDue, std::move(arguments.append(redis_exclusions(exclusions_of(request_)))));
    batch.next_due = redis_due_instant(reply[1]);
    first = reply[2].integer();
    const bool had_unreadable = !batch.unreadable.empty();
    for (std::size_t i = 3; i < reply.size(); i += kDueWords) {
      JobRecord record = reader_.read(reply[i].text(), reply[i + 1], reply[i + 2]);
      const int running = static_cast<int>(reply[i + 3].integer());
      if (!record.job) {
        batch.unreadable.push_back(std::move(record));
      } else if (!record.position.next_run_time || *record.position.next_run_time <= request_.time.now) {
        batch.jobs.push_back({std::move(record), running, {}});
      }
    }
    // Unreadable jobs hold up no others; documents that are too large for one answer do.
    if (!had_unreadable && batch.unreadable.empty()) break;
  }
  return batch;
}

void RedisClaims::plan(RedisDueBatch& batch, const RunPlanner& planner) const {
  for (RedisDueJob& job : batch.jobs) {
    job.plan = plan_or_leave(planner, job.record, request_.time.now, job.running_instances);
  }
}

ClaimResult RedisClaims::carry_out(RedisDueBatch&& batch, bool mark) const {
  ClaimResult result;
  result.unreadable = std::move(batch.unreadable);
  result.next_due = batch.next_due;
  std::vector<Draft> drafts;
  for (const RedisDueJob& job : batch.jobs) {
    if (job.plan.outcome != RunPlan::Outcome::kLeave) drafts.emplace_back(job, request_);
  }
  if (drafts.empty() && !mark) return result;

  RedisCommand arguments = claiming(request_);
  arguments.add(int64_t{mark})
      .append(redis_exclusions(exclusions_of(request_)))
      .add(static_cast<int64_t>(drafts.size()));
  for (const Draft& draft : drafts) draft.add_to(arguments, request_);
  const RedisReply reply = session_.run(RedisScript::kCarryOut, std::move(arguments), &request_.claim_id);
  if (reply[1].text() == "repeated") {
    result.claims = claims_in(reply, 2);
    return result;
  }
  const Instant lease_until = from_micros(reply[2].integer());
  result.next_due = redis_due_instant(reply[3]);
  for (std::size_t i = 0; i < drafts.size(); ++i) {
    const RedisValue number = reply[4 + 2 * i];
    if (number.text().empty()) continue;
    drafts[i].settle(number.integer(), lease_until, reply[5 + 2 * i].boolean(), result);
  }
  return result;
}

// Where somebody changes the job in between, it is read and planned anew.
ClaimResult RedisClaims::claim_now(std::string_view id) const {
  for (int tries = 0; tries < kMostTries; ++tries) {
    const RedisReply reply = session_.run(RedisScript::kGet, {std::string(id)});
    if (reply[1].is_nil()) throw Error(ErrorCode::kNotFound, "no job with id " + in_quotes(id));
    ClaimResult result;
    JobRecord record = reader_.read(id, reply[1], reply[2]);
    if (!record.job) {
      result.unreadable.push_back(std::move(record));
      return result;
    }
    const int running = static_cast<int>(reply[3].integer());
    RunPlan plan = plan_now(*record.job, record.position, request_.time.now, running);
    if (plan.outcome == RunPlan::Outcome::kRefused) {
      result.skipped.push_back({std::move(record), std::move(plan), false});
      return result;
    }
    RedisDueBatch batch;
    batch.jobs.push_back({std::move(record), running, std::move(plan)});
    result = carry_out(std::move(batch), false);
    if (!result.claims.empty()) return result;
  }
  throw Error(ErrorCode::kStoreUnavailable, "job " + in_quotes(id) + " is changed all the time");
}

// What becomes of a claim whose lease has passed: taken over, if there is a `claim`, else its runs are
// abandoned.
struct RedisClaims::Decision {
  RedisClaim old;
  JobRecord job;
  bool job_exists = false;
  std::shared_ptr<Claim> claim;
  std::vector<RunRecord> abandoned;

  void add_to(RedisCommand& arguments) const {
    arguments.add(old.fence).add(old.job_id);
    arguments.add(job_exists ? std::to_string(job.position.version) : "");
    arguments.add(claim ? redis_line_rest(*job.job, job.position) : "").add(job.position.revision);
    arguments.add(claim ? redis_run_ids(*claim) : "").add(claim ? redis_claim_document(*claim) : "");
    add_ended_runs(abandoned, arguments);
  }

  void settle(int64_t number, Instant lease_until, bool removed, ClaimResult& result) {
    if (claim) {
      claim->record.position.version = claim->record.position.fence = claim->fence = number;
      claim->lease_until = lease_until;
      result.claims.push_back(claim);
      return;
    }
    for (RunRecord& run : abandoned) result.abandoned.push_back({std::move(run), false});
    result.abandoned.back().job_removed = removed;
  }
};

ClaimResult RedisClaims::reclaim(bool mark) const {
  ClaimResult result;
  bool left_some = false;
  std::vector<Decision> decisions = decide(result, left_some);
  if (!decisions.empty() || mark) apply(std::move(decisions), result, left_some);
  if (left_some) result.next_expiry = request_.time.now;
  return result;
}

// Reads page by page, because those that are left to others stay where they are.
std::vector<RedisClaims::Decision> RedisClaims::decide(ClaimResult& result, bool& left_some) const {
  std::vector<Decision> decisions;
  std::size_t taken = 0;
  for (std::size_t first = 0;; first += kExpiredAtOnce) {
    RedisCommand arguments;
    arguments.add(static_cast<int64_t>(first)).add(int64_t{kExpiredAtOnce});
    const RedisReply page = session_.run(
        RedisScript::kExpired, std::move(arguments.append(redis_exclusions(exclusions_of(request_)))),
        &request_.claim_id);
    if (!page[2].is_nil()) {
      // On the caller's wall clock, as far as can be told: the first instant after it.
      const Duration left{page[2].integer() - page[1].integer() + 1};
      result.next_expiry = checked_add(request_.time.now, left);
    }
    result.next_due = redis_due_instant(page[3]);
    decide_page(page, decisions, taken, left_some);
    if (page.size() < 4 + kExpiredAtOnce * kClaimWords) return decisions;
    if (decisions.size() >= kMostDecisions) left_some = true;
    if (left_some) return decisions;
  }
}

void RedisClaims::decide_page(const RedisReply& page, std::vector<Decision>& decisions, std::size_t& taken,
                              bool& left_some) const {
  for (std::size_t i = 4; i < page.size(); i += kClaimWords) {
    std::optional<RedisClaim> old = read_redis_claim(page[i], page[i + 1], page[i + 2]);
    if (!old) continue;
    Decision decision{*std::move(old), {}, !page[i + 3].is_nil(), nullptr, {}};
    const RedisClaim& expired = decision.old;
    decision.job = reader_.read(expired.job_id, page[i + 3], page[i + 4]);
    const JobRecord& job = decision.job;
    if (decision.job_exists) {
      const bool for_others = !job.job || exclusions_of(request_).matches(*job.job, job.position.revision);
      if (for_others || waits(job, expired)) continue;
    }
    if (!decision.job_exists || !comes_back(job, expired)) {
      for (const ClaimedRun& run : expired.runs) {
        RunRecord& ended = decision.abandoned.emplace_back(expired.record(run));
        ended.state = RunState::kAbandoned;
        ended.lease_until = std::nullopt;
        ended.ended_at = request_.time.now;
      }
    } else if (taken == request_.limit) {
      left_some = true;
      continue;
    } else {
      ++taken;
      decision.claim = new_claim(job, request_);
      for (ClaimedRun run : expired.runs) {
        if (!expired.released) ++run.attempt;
        decision.claim->runs.push_back(run);
      }
    }
    decisions.push_back(std::move(decision));
  }
}

void RedisClaims::apply(std::vector<Decision>&& decisions, ClaimResult& result, bool& left_some) const {
  RedisCommand arguments = claiming(request_);
  arguments.add(static_cast<int64_t>(decisions.size()));
  for (const Decision& decision : decisions) decision.add_to(arguments);
  const RedisReply reply = session_.run(RedisScript::kReclaim, std::move(arguments), &request_.claim_id);
  if (reply[1].text() == "repeated") {
    result.claims = claims_in(reply, 2);
    return;
  }
  const Instant lease_until = from_micros(reply[2].integer());
  for (std::size_t i = 0; i < decisions.size(); ++i) {
    const RedisValue number = reply[3 + 2 * i];
    if (number.text().empty()) {
      left_some = true;  // changed meanwhile: to be decided anew
    } else {
      decisions[i].settle(number.integer(), lease_until, reply[4 + 2 * i].boolean(), result);
    }
  }
}

std::optional<std::vector<ClaimPtr>> RedisClaims::claimed() const {
  const RedisReply reply = session_.run(RedisScript::kClaimed, {}, &request_.claim_id);
  if (reply.size() < 2) return std::nullopt;
  return claims_in(reply, 2);
}

std::vector<ClaimPtr> RedisClaims::claims_in(const RedisReply& reply, std::size_t first) const {
  std::vector<ClaimPtr> claims;
  for (std::size_t i = first; i < reply.size(); i += kClaimWords) {
    const std::optional<RedisClaim> stored = read_redis_claim(reply[i], reply[i + 1], reply[i + 2]);
    if (!stored || stored->owner != request_.owner) continue;
    JobRecord job = reader_.read(stored->job_id, reply[i + 3], reply[i + 4]);
    if (!job.job) continue;
    const std::shared_ptr<Claim> claim = new_claim(std::move(job), request_);
    claim->fence = stored->fence;
    claim->claimed_at = stored->claimed_at;
    claim->claimed_boot_time = stored->claimed_boot_time;
    claim->lease_until = stored->lease_until;
    claim->runs = stored->runs;
    claims.push_back(claim);
  }
  return claims;
}

}  // namespace duetime
