#include "core/jobstores/record_claims.h"

#include <algorithm>
#include <map>
#include <utility>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/jobstores/given_up.h"
#include "core/jobstores/planning.h"

namespace duetime {
namespace {

constexpr int kMostTries = 100;
constexpr Duration kNoteLife = std::chrono::hours(1);
constexpr std::size_t kOperationsPerJob = 4;  // where writes are limited: its move, its claim, ended runs

using Outcome = RunPlan::Outcome;

const Exclusions& exclusions_of(const ClaimRequest& request) {
  static const Exclusions none;
  return request.exclusions ? *request.exclusions : none;
}

std::string note_of(const Uuid& claim_id) { return "claim:" + to_string(claim_id); }

// Without a job that can be read there is no task to go by, only its id.
bool is_excluded(const RecordedJob& job, const Exclusions& exclusions) {
  if (job.record.job) return exclusions.matches(*job.record.job, job.record.position.revision);
  const auto found = exclusions.jobs.find(job.id);
  return found != exclusions.jobs.end() && found->second == job.record.position.revision;
}

RecordedClaim new_claim(const RecordedJob& job, const RunPlan& plan, const ClaimRequest& request,
                        Instant now) {
  RecordedClaim claim;
  claim.key = to_string(make_uuid());
  claim.job_id = job.id;
  claim.task = job.record.job->task;
  claim.job_revision = job.record.position.revision;
  claim.owner = request.owner;
  claim.claim_id = request.claim_id;
  claim.fence = job.record.position.fence;
  claim.lease_until = checked_add(now, request.lease).value_or(kLatestInstant);
  claim.claimed_at = request.time.now;
  claim.claimed_boot_time = request.time.boot_time;
  for (const PlannedRun& run : plan.runs) {
    claim.runs.push_back({make_uuid(), run.scheduled_time, run.fire_time, 1});
  }
  claim.changed = true;
  return claim;
}

ClaimPtr claim_of(const RecordedClaim& recorded, const JobRecord& job) {
  const auto claim = std::make_shared<Claim>();
  claim->record = job;
  claim->owner = recorded.owner;
  claim->claim_id = recorded.claim_id;
  claim->fence = recorded.fence;
  claim->claimed_at = recorded.claimed_at;
  claim->lease_until = recorded.lease_until;
  claim->claimed_boot_time = recorded.claimed_boot_time;
  claim->runs = recorded.runs;
  return claim;
}

}  // namespace

std::optional<Instant> next_due_job(RecordSession& session, const Exclusions& exclusions) {
  std::optional<RecordedJob> last;
  for (std::size_t limit = exclusions.empty() ? 1 : 10;; limit = RecordSession::kPage) {
    const std::vector<RecordedJob> page =
        session.due_jobs(kLatestInstant, last ? &*last : nullptr, limit, false);
    for (const RecordedJob& job : page) {
      if (!is_excluded(job, exclusions)) return job.record.position.next_run_time;
    }
    if (page.size() < limit) return std::nullopt;
    last = page.back();
  }
}

std::optional<ClaimIds::Outcome> RecordClaims::recall(const Uuid& claim_id) const {
  const std::lock_guard lock(mutex_);
  return claim_ids_.outcome_of(claim_id);
}

void RecordClaims::remember(const Uuid& claim_id, ClaimIds::Outcome outcome) {
  const std::lock_guard lock(mutex_);
  claim_ids_.remember(claim_id, outcome);
}

std::size_t RecordClaims::room(std::size_t wanted) const {
  const std::size_t most = session_.max_operations();
  return most == SIZE_MAX ? wanted : std::min(wanted, std::max<std::size_t>(1, most / kOperationsPerJob));
}

bool RecordClaims::was_written(const Uuid& claim_id) { return session_.note(note_of(claim_id)).has_value(); }

ClaimResult RecordClaims::earlier_claims(const ClaimRequest& request) {
  std::vector<RecordedClaim> claims = session_.claims_of_call(request.claim_id);
  std::erase_if(claims, [&](const RecordedClaim& claim) { return claim.owner != request.owner; });
  std::vector<std::string> ids;
  for (const RecordedClaim& claim : claims) ids.push_back(claim.job_id);
  const RecordedJobs jobs = ids.empty() ? RecordedJobs{} : session_.find_jobs(ids);
  ClaimResult result;
  for (const RecordedClaim& claim : claims) {
    const JobRecord& job = jobs.at(claim.job_id).record;
    if (job.job) result.claims.push_back(claim_of(claim, job));
  }
  result.next_due = next_due_job(session_, exclusions_of(request));
  return result;
}

bool RecordClaims::write(RecordDraft& draft, bool& unknown) {
  try {
    return session_.write(draft.take_operations());
  } catch (const Error& error) {
    unknown = unknown || error.code() == ErrorCode::kTimeout;
    throw;
  }
}

template <typename Try>
ClaimResult RecordClaims::claimed(const ClaimRequest& request, Try attempt) {
  const std::optional<ClaimIds::Outcome> earlier = recall(request.claim_id);
  bool unknown = earlier == ClaimIds::Outcome::kUnknown;
  if (!earlier) remember(request.claim_id, ClaimIds::Outcome::kUnknown);
  try {
    if (earlier && (!unknown || was_written(request.claim_id))) {
      ClaimResult result = earlier_claims(request);
      remember(request.claim_id, ClaimIds::Outcome::kAnswered);
      return result;
    }
    for (int tries = 0; tries < kMostTries; ++tries) {
      Attempt made = attempt();
      if (made.draft.size() == 0 && !unknown) return std::move(made.result);
      const std::optional<Instant> expiry = checked_add(session_.now(request.time), kNoteLife);
      made.draft.put_note(note_of(request.claim_id), 0, "", expiry);
      if (write(made.draft, unknown)) {
        unknown = true;  // to the caller, should the rest fail
        made.result.next_due = next_due_job(session_, exclusions_of(request));
        remember(request.claim_id, ClaimIds::Outcome::kAnswered);
        return std::move(made.result);
      }
      if (was_written(request.claim_id)) return earlier_claims(request);
    }
  } catch (const Error& error) {
    if (!unknown || error.code() == ErrorCode::kNotFound) throw;
    throw Error(ErrorCode::kTimeout, error.what());
  }
  throw Error(ErrorCode::kStoreUnavailable, "the jobs are changed by others all the time");
}

// --- due jobs

ClaimResult RecordClaims::claim_due(const ClaimRequest& request, const RunPlanner& planner) {
  return claimed(request, [&] { return try_claim_due(request, planner); });
}

std::vector<RecordedJob> RecordClaims::take_due(const ClaimRequest& request,
                                                std::vector<JobRecord>& unreadable) {
  const std::size_t limit = room(request.limit);
  std::vector<RecordedJob> taken;
  std::optional<RecordedJob> last;
  for (;;) {
    std::vector<RecordedJob> page =
        session_.due_jobs(request.time.now, last ? &*last : nullptr, RecordSession::kPage, true);
    for (RecordedJob& job : page) {
      if (taken.size() == limit) return taken;
      last = job;
      if (is_excluded(job, exclusions_of(request))) continue;
      if (job.record.job) {
        taken.push_back(std::move(job));
      } else {
        unreadable.push_back(std::move(job.record));
      }
    }
    if (page.size() < RecordSession::kPage) return taken;
  }
}

RecordClaims::Attempt RecordClaims::try_claim_due(const ClaimRequest& request, const RunPlanner& planner) {
  Attempt attempt;
  std::vector<std::pair<RecordedJob, RunPlan>> plans;
  for (RecordedJob& job : take_due(request, attempt.result.unreadable)) {
    RunPlan plan = plan_or_leave(planner, job.record, request.time.now, job.running_instances());
    if (plan.outcome != Outcome::kLeave) plans.emplace_back(std::move(job), std::move(plan));
  }
  if (plans.empty()) {
    attempt.result.next_due = next_due_job(session_, exclusions_of(request));
    return attempt;
  }
  int64_t number = session_.draw(plans.size());
  for (auto& [job, plan] : plans) carry_out(job, plan, number++, request, attempt);
  return attempt;
}

void RecordClaims::carry_out(RecordedJob& job, const RunPlan& plan, int64_t number,
                             const ClaimRequest& request, Attempt& attempt) {
  const bool runs = plan.outcome == Outcome::kRun;
  JobPosition& position = job.record.position;
  position.status = plan.next_status;
  position.next_run_time = plan.next_run_time;
  position.fire_time = plan.next_fire_time;
  position.version = number;
  if (runs) position.fence = number;
  job.moved = true;
  if (runs) {
    job.claims.push_back(new_claim(job, plan, request, session_.now(request.time)));
    attempt.result.claims.push_back(claim_of(job.claims.back(), job.record));
  }
  std::vector<RunRecord> ended = given_up(job.record, plan, request);
  const std::size_t most = session_.max_operations();
  const std::size_t first = ended.size() > most / 2 ? ended.size() - most / 2 : 0;
  for (std::size_t i = first; i < ended.size(); ++i) attempt.draft.file(ended[i]);  // the latest
  const bool removed = attempt.draft.settle(job);
  if (!runs || plan.missed_count > 0) attempt.result.skipped.push_back({job.record, plan, removed});
}

// --- a run for now

ClaimResult RecordClaims::claim_now(std::string_view id, const ClaimRequest& request) {
  return claimed(request, [&] { return try_claim_now(id, request); });
}

RecordClaims::Attempt RecordClaims::try_claim_now(std::string_view id, const ClaimRequest& request) {
  RecordedJobs found = session_.find_jobs({std::string(id)});
  RecordedJob& job = found.at(std::string(id));
  if (!job.exists()) throw Error(ErrorCode::kNotFound, "no job with id " + in_quotes(id));
  Attempt attempt;
  if (!job.record.job) {
    attempt.result.unreadable.push_back(std::move(job.record));
    return attempt;
  }
  RunPlan plan = plan_now(*job.record.job, job.record.position, request.time.now, job.running_instances());
  if (plan.outcome == Outcome::kRefused) {
    attempt.result.skipped.push_back({std::move(job.record), std::move(plan), false});
  } else {
    carry_out(job, plan, session_.draw(1), request, attempt);
  }
  return attempt;
}

// --- claims whose lease has passed

// Reads what has expired and decides what becomes of it.
class RecordClaims::Reclaimer {
 public:
  Reclaimer(RecordClaims& claims, const ClaimRequest& request)
      : session_(claims.session_),
        request_(request),
        now_(session_.now(request.time)),
        limit_(claims.room(request.limit)),
        most_decisions_(claims.room(SIZE_MAX)) {}

  Attempt run() {
    find_expired();
    for (const RecordedClaim& claim : expired_) decide(claim);
    number_takeovers();
    for (auto& [id, job] : jobs_) settle(job);
    if (left_some_) {
      attempt_.result.next_expiry = request_.time.now;
    } else if (next_) {
      // On the caller's wall clock, as far as can be told: the first instant after it.
      attempt_.result.next_expiry = checked_add(request_.time.now, *next_ - now_ + Duration{1});
    }
    return std::move(attempt_);
  }

 private:
  void find_expired() {
    std::vector<std::string> ids;
    std::vector<RecordedClaim> page;
    do {
      page = session_.claims_by_lease(expired_.empty() ? nullptr : &expired_.back());
      for (RecordedClaim& claim : page) {
        if (claim.lease_until >= now_) {
          next_ = claim.lease_until;
          break;
        }
        ids.push_back(claim.job_id);
        expired_.push_back(std::move(claim));
      }
    } while (!next_ && page.size() == RecordSession::kPage);
    if (!ids.empty()) jobs_ = session_.find_jobs(ids);
  }

  void decide(const RecordedClaim& expired) {
    RecordedJob& job = jobs_.at(expired.job_id);
    const auto claim = std::ranges::find(job.claims, expired.key, &RecordedClaim::key);
    if (claim == job.claims.end() || claim->version != expired.version) return;  // not any more
    const JobRecord& record = job.record;
    if (job.exists() && (!record.job || is_excluded(job, exclusions_of(request_)) || waits(record, *claim))) {
      return;
    }
    const bool back = job.exists() && comes_back(record, *claim);
    if (decisions_ == most_decisions_ || (back && takeovers_.size() == limit_)) {
      left_some_ = true;
      return;
    }
    ++decisions_;
    if (back) {
      takeovers_.push_back(expired);
    } else {
      abandon(job, *claim);
    }
  }

  // Nothing of a paused job starts; its released run waits for the pause to end.
  static bool waits(const JobRecord& job, const RecordedClaim& claim) {
    return claim.released && job.position.status == JobStatus::kPaused;
  }

  static bool comes_back(const JobRecord& job, const RecordedClaim& claim) {
    if (claim.released) return true;
    return job.job->recover && job.position.revision == claim.job_revision &&
           claim.runs.front().attempt < kMaxAttempts;
  }

  void abandon(RecordedJob& job, RecordedClaim& claim) {
    for (const ClaimedRun& run : std::vector(claim.runs)) {
      RunRecord ended = claim.record(run);
      ended.state = RunState::kAbandoned;
      ended.lease_until = std::nullopt;
      ended.ended_at = request_.time.now;
      attempt_.draft.end(job, claim, ended);
      abandoned_[job.id].push_back({std::move(ended), false});
    }
  }

  void number_takeovers() {
    if (takeovers_.empty()) return;
    int64_t number = session_.draw(takeovers_.size());
    for (const RecordedClaim& expired : takeovers_) {
      RecordedJob& job = jobs_.at(expired.job_id);
      const auto claim = std::ranges::find(job.claims, expired.key, &RecordedClaim::key);
      take_over(job, *claim, number++);
    }
  }

  void take_over(RecordedJob& job, RecordedClaim& claim, int64_t number) {
    job.record.position.version = job.record.position.fence = number;
    job.moved = true;
    for (ClaimedRun& run : claim.runs) run.attempt += claim.released ? 0 : 1;
    claim.owner = request_.owner;
    claim.claim_id = request_.claim_id;
    claim.fence = number;
    claim.lease_until = checked_add(now_, request_.lease).value_or(kLatestInstant);
    claim.released = false;
    claim.claimed_at = request_.time.now;
    claim.claimed_boot_time = request_.time.boot_time;
    claim.changed = true;
    attempt_.result.claims.push_back(claim_of(claim, job.record));
  }

  void settle(RecordedJob& job) {
    const bool removed = attempt_.draft.settle(job);
    const auto found = abandoned_.find(job.id);
    if (found == abandoned_.end()) return;
    found->second.back().job_removed = removed;
    for (AbandonedRun& run : found->second) attempt_.result.abandoned.push_back(std::move(run));
  }

  RecordSession& session_;
  const ClaimRequest& request_;
  const Instant now_;
  const std::size_t limit_;
  const std::size_t most_decisions_;
  std::vector<RecordedClaim> expired_;
  std::optional<Instant> next_;  // when the first of the other leases ends
  RecordedJobs jobs_;
  std::vector<RecordedClaim> takeovers_;  // as they were read
  std::map<std::string, std::vector<AbandonedRun>> abandoned_;
  std::size_t decisions_ = 0;
  bool left_some_ = false;
  Attempt attempt_;
};

ClaimResult RecordClaims::reclaim_expired(const ClaimRequest& request) {
  return claimed(request, [&] { return try_reclaim(request); });
}

RecordClaims::Attempt RecordClaims::try_reclaim(const ClaimRequest& request) {
  Attempt attempt = Reclaimer(*this, request).run();
  if (attempt.draft.size() == 0) attempt.result.next_due = next_due_job(session_, exclusions_of(request));
  return attempt;
}

}  // namespace duetime
