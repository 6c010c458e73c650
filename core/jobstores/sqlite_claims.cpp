#include "core/jobstores/sqlite_claims.h"

#include <algorithm>
#include <span>
#include <utility>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/jobstores/given_up.h"
#include "core/jobstores/planning.h"

namespace duetime {
namespace {

using RunGroup = std::span<const StoredRun>;

const Exclusions& exclusions_of(const ClaimRequest& request) {
  static const Exclusions none;
  return request.exclusions ? *request.exclusions : none;
}

Instant store_time(const CallTime& time) { return Instant{time.boot_time}; }

Instant lease_end(const ClaimRequest& request) {
  return checked_add(store_time(request.time), request.lease).value_or(kLatestInstant);
}

// The end of a lease on the caller's wall clock, as far as can be told: the first instant after it.
std::optional<Instant> on_wall_clock(std::optional<Instant> lease_until, const CallTime& time) {
  if (!lease_until) return std::nullopt;
  return checked_add(time.now, *lease_until - store_time(time) + Duration{1});
}

bool is_to_be_written(const DueJob& job) { return job.plan.outcome != RunPlan::Outcome::kLeave; }

std::shared_ptr<Claim> new_claim(JobRecord record, const ClaimRequest& request) {
  auto claim = std::make_shared<Claim>();
  claim->record = std::move(record);
  claim->owner = request.owner;
  claim->claim_id = request.claim_id;
  claim->fence = claim->record.position.fence;
  claim->claimed_at = request.time.now;
  claim->lease_until = lease_end(request);
  claim->claimed_boot_time = request.time.boot_time;
  return claim;
}

// Carries plans out within one write transaction.
class PlanWriter {
 public:
  PlanWriter(SqliteSession& session, SqliteWrite& write, const ClaimRequest& request, ClaimResult& result)
      : session_(session), write_(write), request_(request), result_(result) {}

  void carry_out(const DueJob& job) {
    const bool runs = job.plan.outcome == RunPlan::Outcome::kRun;
    JobRecord record = job.record;
    record.position = next_position(job, runs);
    if (!session_.jobs.move(job.record, record.position)) return;
    if (runs) claim(record, job.plan);
    if (!runs || job.plan.missed_count > 0) skip(std::move(record), job.plan);
  }

 private:
  JobPosition next_position(const DueJob& job, bool claimed) {
    JobPosition next = job.record.position;
    next.status = job.plan.next_status;
    next.next_run_time = job.plan.next_run_time;
    next.fire_time = job.plan.next_fire_time;
    next.version = write_.draw();
    if (claimed) next.fence = next.version;
    return next;
  }

  void claim(const JobRecord& record, const RunPlan& plan) {
    const std::shared_ptr<Claim> claim = new_claim(record, request_);
    for (const PlannedRun& run : plan.runs) {
      claim->runs.push_back({make_uuid(), run.scheduled_time, run.fire_time, 1});
    }
    session_.runs.insert_claimed(*claim);
    result_.claims.push_back(claim);
  }

  void skip(JobRecord record, const RunPlan& plan) {
    for (const RunRecord& run : given_up(record, plan, request_)) {
      session_.runs.insert_ended(run, request_.claim_id);
    }
    const bool spent = record.position.status == JobStatus::kFinishing;
    const bool removed = spent && session_.erase_if_spent(record.id);
    result_.skipped.push_back({std::move(record), plan, removed});
  }

  SqliteSession& session_;
  SqliteWrite& write_;
  const ClaimRequest& request_;
  ClaimResult& result_;
};

// Decides about claims whose lease has passed, within one write transaction.
class Reclaimer {
 public:
  Reclaimer(SqliteSession& session, SqliteWrite& write, const ClaimRequest& request, ClaimResult& result)
      : session_(session), write_(write), request_(request), result_(result) {}

  void decide(RunGroup runs) {
    std::optional<JobRecord> job = session_.jobs.find(runs.front().record.job_id);
    if (job && (is_for_others(*job) || waits(*job, runs.front()))) return;
    if (!job || !comes_back(*job, runs.front())) return abandon(runs);
    if (result_.claims.size() < request_.limit) {
      take_over(*std::move(job), runs);
    } else {
      left_some_ = true;
    }
  }

  bool left_some() const { return left_some_; }

 private:
  bool is_for_others(const JobRecord& job) const {
    return !job.job || exclusions_of(request_).matches(*job.job, job.position.revision);
  }

  // Nothing of a paused job starts; its released run waits for the pause to end.
  static bool waits(const JobRecord& job, const StoredRun& run) {
    return run.released && job.position.status == JobStatus::kPaused;
  }

  static bool comes_back(const JobRecord& job, const StoredRun& run) {
    if (run.released) return true;
    return job.job->recover && job.position.revision == run.record.job_revision &&
           run.record.attempt < kMaxAttempts;
  }

  void take_over(JobRecord job, RunGroup runs) {
    job.position.fence = job.position.version = write_.draw();
    session_.jobs.raise_fence(job.id, job.position.fence);
    const std::shared_ptr<Claim> claim = new_claim(std::move(job), request_);
    for (const StoredRun& run : runs) {
      const int attempt = run.record.attempt + (run.released ? 0 : 1);
      claim->runs.push_back({run.record.id, run.record.scheduled_time, run.fire_time, attempt});
      session_.runs.take_over(run, *claim, attempt);
    }
    result_.claims.push_back(claim);
  }

  void abandon(RunGroup runs) {
    for (const StoredRun& run : runs) {
      session_.runs.abandon(run, request_.time.now);
      AbandonedRun abandoned{run.record, false};
      abandoned.run.state = RunState::kAbandoned;
      abandoned.run.lease_until = std::nullopt;
      abandoned.run.ended_at = request_.time.now;
      result_.abandoned.push_back(std::move(abandoned));
    }
    result_.abandoned.back().job_removed = session_.erase_if_spent(runs.front().record.job_id);
  }

  SqliteSession& session_;
  SqliteWrite& write_;
  const ClaimRequest& request_;
  ClaimResult& result_;
  bool left_some_ = false;
};

// Neighbours with one fence belong to one claim.
template <typename Visit>
void for_each_claim(RunGroup runs, Visit visit) {
  while (!runs.empty()) {
    const auto end = std::ranges::find_if(
        runs, [&](const StoredRun& run) { return run.record.fence != runs.front().record.fence; });
    const auto size = static_cast<std::size_t>(end - runs.begin());
    visit(runs.first(size));
    runs = runs.subspan(size);
  }
}

ClaimPtr claim_in_file(const JobRecord& job, RunGroup runs, const ClaimRequest& request) {
  const std::shared_ptr<Claim> claim = new_claim(job, request);
  const RunRecord& first = runs.front().record;
  claim->fence = first.fence;
  claim->claimed_at = first.claimed_at;
  claim->lease_until = first.lease_until.value_or(Instant{});
  // The store was asked when the lease began, which was before this repeated call.
  claim->claimed_boot_time = (claim->lease_until - request.lease).time_since_epoch();
  for (const StoredRun& run : runs) {
    claim->runs.push_back({run.record.id, run.record.scheduled_time, run.fire_time, run.record.attempt});
  }
  return claim;
}

}  // namespace

DueBatch read_due(SqliteSession& session, const ClaimRequest& request) {
  const SqliteTransaction snapshot(session.connection, SqliteTransaction::Kind::kRead);
  DueJobs due = session.jobs.due(request.time.now, request.limit, exclusions_of(request));
  DueBatch batch;
  batch.unreadable = std::move(due.unreadable);
  batch.jobs.reserve(due.readable.size());
  for (JobRecord& record : due.readable) {
    const int running = session.runs.running_instances(record.id);
    batch.jobs.push_back({std::move(record), running, {}});
  }
  return batch;
}

void plan_due(DueBatch& batch, const ClaimRequest& request, const RunPlanner& planner) {
  for (DueJob& job : batch.jobs) {
    job.plan = plan_or_leave(planner, job.record, request.time.now, job.running_instances);
  }
}

ClaimResult carry_out(SqliteSession& session, DueBatch&& batch, const ClaimRequest& request) {
  ClaimResult result;
  result.unreadable = std::move(batch.unreadable);
  if (std::ranges::any_of(batch.jobs, is_to_be_written)) {
    SqliteWrite write(session.connection, session.meta);
    PlanWriter writer(session, write, request, result);
    for (const DueJob& job : batch.jobs) {
      if (is_to_be_written(job)) writer.carry_out(job);
    }
    write.commit();
  }
  result.next_due = session.jobs.next_due(exclusions_of(request));
  return result;
}

ClaimResult claim_now(SqliteSession& session, std::string_view id, const ClaimRequest& request) {
  ClaimResult result;
  SqliteWrite write(session.connection, session.meta);
  std::optional<JobRecord> record = session.jobs.find(id);
  if (!record) throw Error(ErrorCode::kNotFound, "no job with id " + in_quotes(id));
  if (!record->job) {
    result.unreadable.push_back(*std::move(record));
    return result;
  }
  const int running = session.runs.running_instances(id);
  RunPlan plan = plan_now(*record->job, record->position, request.time.now, running);
  if (plan.outcome == RunPlan::Outcome::kRefused) {
    result.skipped.push_back({*std::move(record), std::move(plan), false});
    return result;
  }
  PlanWriter(session, write, request, result).carry_out({*std::move(record), running, std::move(plan)});
  write.commit();
  return result;
}

ClaimResult reclaim(SqliteSession& session, const ClaimRequest& request) {
  ClaimResult result;
  const Instant now = store_time(request.time);
  bool left_some = false;
  if (!session.runs.expired(now).empty()) {
    SqliteWrite write(session.connection, session.meta);
    Reclaimer reclaimer(session, write, request, result);
    const std::vector<StoredRun> expired = session.runs.expired(now);
    for_each_claim(expired, [&](RunGroup runs) { reclaimer.decide(runs); });
    write.commit();
    left_some = reclaimer.left_some();
  }
  result.next_expiry =
      left_some ? request.time.now : on_wall_clock(session.runs.next_expiry(now), request.time);
  result.next_due = session.jobs.next_due(exclusions_of(request));
  return result;
}

std::vector<ClaimPtr> claims_of(SqliteSession& session, const ClaimRequest& request) {
  std::vector<ClaimPtr> claims;
  const std::vector<StoredRun> runs = session.runs.of_claim(request.owner, request.claim_id);
  for_each_claim(runs, [&](RunGroup group) {
    const std::optional<JobRecord> job = session.jobs.find(group.front().record.job_id);
    if (job && job->job) claims.push_back(claim_in_file(*job, group, request));
  });
  return claims;
}

}  // namespace duetime
