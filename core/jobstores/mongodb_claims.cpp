#include "core/jobstores/mongodb_claims.h"

#include <algorithm>
#include <climits>
#include <map>
#include <unordered_map>
#include <unordered_set>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/jobstores/given_up.h"
#include "core/jobstores/mongodb_jobs.h"
#include "core/jobstores/mongodb_reclaim.h"
#include "core/jobstores/mongodb_runs.h"
#include "core/jobstores/planning.h"

namespace duetime {
namespace {

constexpr std::size_t kRememberedCalls = 64;
constexpr int kMostAttempts = 100;  // of claim_now(), each of which another node came before

using Outcome = RunPlan::Outcome;

// --- plans

// A plan on its way into a job's document.
struct Move {
  MongoJob job;  // as it was read
  RunPlan plan;
  JobRecord record;              // as it will stand
  std::shared_ptr<Claim> claim;  // if it runs
  MongoRuns ended;               // missed and refused fires

  const std::string& id() const { return record.id; }
};

Move make_move(MongoJob job, RunPlan plan, int64_t number, const ClaimRequest& request, Instant now) {
  Move move{std::move(job), std::move(plan), {}, nullptr, {}};
  move.record = move.job.record;
  JobPosition& position = move.record.position;
  position.status = move.plan.next_status;
  position.next_run_time = move.plan.next_run_time;
  position.fire_time = move.plan.next_fire_time;
  position.version = number;
  if (move.plan.outcome == Outcome::kRun) {
    position.fence = number;
    move.claim = new_claim(move.record, request, now);
    for (const PlannedRun& run : move.plan.runs) {
      move.claim->runs.push_back({make_uuid(), run.scheduled_time, run.fire_time, 1});
    }
  }
  for (RunRecord& run : given_up(move.record, move.plan, request)) {
    move.ended.push_back(ended_run(std::move(run), request, now));
  }
  return move;
}

Bson at_version(const JobRecord& record) {
  return Bson{{"_id", record.id}, {"version", record.position.version}};
}

MongoRuns claimed_runs(const Claim& claim) {
  MongoRuns runs;
  for (const ClaimedRun& run : claim.runs) runs.push_back(claimed_run(claim, run));
  return runs;
}

// The version says it all, where a document is read whole. Not every server that speaks MongoDB's protocol
// does that: from the middle of another node's update may come the new version beside the old time.
Bson as_it_stood(const JobRecord& record) {
  return at_version(record).add("next_run_time", record.position.next_run_time);
}

Bson move_statement(const Move& move) {
  MongoChange change;
  change.position(move.record.position);
  change.set.add("version", move.record.position.version).add("fence", move.record.position.fence);
  Bson update = change.update();
  Bson pushed;
  if (move.claim) pushed.add("runs", Bson{{"$each", documents_of(claimed_runs(*move.claim))}});
  if (!move.ended.empty()) pushed.add("ended", Bson{{"$each", documents_of(move.ended)}});
  if (move.claim || !move.ended.empty()) update.add("$push", pushed);
  return update_statement(as_it_stood(move.job.record), update);
}

// A plan that only listed ends may have been carried out and filed by somebody else since.
bool took_effect(const Move& move, const MongoJobsById& jobs, const MongoRuns& filed) {
  const auto found = jobs.find(move.id());
  const bool there = found != jobs.end();
  if (move.claim) return there && holds_fence(found->second, move.claim->fence);
  if (!move.ended.empty()) {
    const MongoRun& first = move.ended.front();
    return (there && lists_end(found->second.ended, first)) || lists_end(filed, first);
  }
  return there && found->second.record.position.version == move.record.position.version;
}

// Leaves those that took effect. The others' jobs were changed since they were read; they will be read again
// if they are still due.
void keep_what_took_effect(MongoSession& session, std::vector<Move>& moves) {
  std::vector<std::string> ids;
  std::vector<BsonValue> ended;
  for (const Move& move : moves) {
    ids.push_back(move.id());
    if (!move.ended.empty()) ended.emplace_back(move.ended.front().record.id);
  }
  const MongoJobsById jobs = find_jobs(session, std::move(ids));
  const MongoRuns filed = ended.empty() ? MongoRuns{} : find_filed(session, ended);
  std::erase_if(moves, [&](const Move& move) { return !took_effect(move, jobs, filed); });
}

// Files what the plans gave up; answers the ids of the jobs that are gone with it.
std::unordered_set<std::string> file_moves(MongoSession& session, const std::vector<Move>& moves) {
  std::vector<MongoEnds> ends;
  for (const Move& move : moves) {
    if (!move.ended.empty()) ends.push_back({move.id(), move.ended});
  }
  file_ends(session, ends);
  std::unordered_set<std::string> gone;
  for (const MongoEnds& each : ends) {
    if (each.job_removed) gone.insert(each.job_id);
  }
  return gone;
}

ClaimResult result_of(MongoSession& session, std::vector<Move>&& moves) {
  const std::unordered_set<std::string> gone = file_moves(session, moves);
  ClaimResult result;
  for (Move& move : moves) {
    if (move.claim) result.claims.push_back(move.claim);
    if (move.claim && move.plan.missed_count == 0) continue;
    const bool removed = gone.contains(move.id());
    result.skipped.push_back({std::move(move.record), std::move(move.plan), removed});
  }
  return result;
}

// --- claims that are there already

using RunGroup = MongoRuns;  // of one claim

ClaimPtr claim_of(const JobRecord& job, const RunGroup& runs, const ClaimRequest& request, Instant now) {
  const std::shared_ptr<Claim> claim = new_claim(job, request, now);
  const RunRecord& first = runs.front().record;
  claim->fence = first.fence;
  claim->claimed_at = first.claimed_at;
  claim->lease_until = first.lease_until.value_or(now);
  // The store was asked when the lease began, which was before this repeated call.
  claim->claimed_boot_time = request.time.boot_time - (now - (claim->lease_until - request.lease));
  for (const MongoRun& run : runs) {
    claim->runs.push_back({run.record.id, run.record.scheduled_time, run.fire_time, run.record.attempt});
  }
  return claim;
}

}  // namespace

template <typename Body>
ClaimResult MongoClaims::remembered(const ClaimRequest& request, Body body) {
  Call call{request.claim_id, false, {}};
  remember(call);
  try {
    ClaimResult result = body(call.pending);
    remember({request.claim_id, true, {}});
    return result;
  } catch (const Error& error) {
    const bool sent = !call.pending.empty();
    remember(std::move(call));
    if (!sent) throw;
    throw Error(ErrorCode::kTimeout, error.what());
  } catch (...) {
    remember(std::move(call));
    throw;
  }
}

ClaimResult MongoClaims::carry_out(Plans&& plans, const ClaimRequest& request, MongoPending& pending) {
  if (plans.empty()) return {};
  const Instant now = session_.now(request.time);
  int64_t number = session_.draw(plans.size());
  std::vector<Move> moves;
  std::vector<Bson> statements;
  for (auto& [job, plan] : plans) {
    moves.push_back(make_move(std::move(job), std::move(plan), number++, request, now));
    statements.push_back(move_statement(moves.back()));
    pending.moves.push_back(at_version(moves.back().job.record));
  }
  const int64_t matched = session_.connection.update(session_.names.jobs, statements).matched;
  if (matched != static_cast<int64_t>(moves.size())) keep_what_took_effect(session_, moves);
  return result_of(session_, std::move(moves));
}

ClaimResult MongoClaims::claim_due(const ClaimRequest& request, const RunPlanner& planner) {
  if (std::optional<ClaimResult> earlier = earlier_result(request)) return *std::move(earlier);
  MongoDueJobs due = find_due(session_, request.time.now, request.limit, exclusions_of(request));
  Plans plans;
  for (MongoJob& job : due.readable) {
    RunPlan plan = plan_or_leave(planner, job.record, request.time.now, job.running_instances());
    if (plan.outcome != Outcome::kLeave) plans.emplace_back(std::move(job), std::move(plan));
  }
  return remembered(request, [&](MongoPending& pending) {
    ClaimResult result = carry_out(std::move(plans), request, pending);
    result.unreadable = std::move(due.unreadable);
    result.next_due = next_due_job(session_, exclusions_of(request));
    return result;
  });
}

ClaimResult MongoClaims::claim_now(std::string_view id, const ClaimRequest& request) {
  if (std::optional<ClaimResult> earlier = earlier_result(request)) return *std::move(earlier);
  return remembered(request, [&](MongoPending& pending) {
    for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
      ClaimResult result = try_claim_now(id, request, pending);
      if (!result.claims.empty() || !result.skipped.empty() || !result.unreadable.empty()) return result;
      pending = {};  // known to have come too late
    }
    throw Error(ErrorCode::kStoreUnavailable, "MongoDB: job " + in_quotes(id) + " changes all the time");
  });
}

// Empty where another node changed the job in between.
ClaimResult MongoClaims::try_claim_now(std::string_view id, const ClaimRequest& request,
                                       MongoPending& pending) {
  std::optional<MongoJob> job = find_job(session_, visible_jobs().add("_id", id));
  if (!job) throw Error(ErrorCode::kNotFound, "no job with id " + in_quotes(id));
  ClaimResult result;
  if (!job->record.job) {
    result.unreadable.push_back(std::move(job->record));
    return result;
  }
  RunPlan plan = plan_now(*job->record.job, job->record.position, request.time.now, job->running_instances());
  if (plan.outcome == Outcome::kRefused) {
    result.skipped.push_back({std::move(job->record), std::move(plan), false});
    return result;
  }
  Plans plans;
  plans.emplace_back(*std::move(job), std::move(plan));
  return carry_out(std::move(plans), request, pending);
}

ClaimResult MongoClaims::reclaim_expired(const ClaimRequest& request) {
  if (std::optional<ClaimResult> earlier = earlier_result(request)) return *std::move(earlier);
  return remembered(request, [&](MongoPending& pending) {
    ClaimResult result = reclaim(session_, request, pending.takeovers);
    result.next_due = next_due_job(session_, exclusions_of(request));
    return result;
  });
}

// --- repeated calls

std::optional<ClaimResult> MongoClaims::earlier_result(const ClaimRequest& request) {
  const std::optional<Call> call = recall(request.claim_id);
  if (!call) return std::nullopt;
  make_void(call->pending);
  ClaimResult result;
  result.claims = claims_of(request);
  if (result.claims.empty() && !call->answered) return std::nullopt;
  result.next_due = next_due_job(session_, exclusions_of(request));
  remember({request.claim_id, true, {}});
  return result;
}

// What the server has not done yet of that call it can no longer do.
void MongoClaims::make_void(const MongoPending& pending) {
  if (pending.empty()) return;
  std::vector<Bson> statements = pending.takeovers;
  int64_t number = session_.draw(pending.moves.size() + 1);
  for (const Bson& filter : pending.moves) {
    statements.push_back(update_statement(filter, Bson{{"$set", Bson{{"version", number++}}}}));
  }
  session_.connection.update(session_.names.jobs, statements);
}

std::optional<MongoClaims::Call> MongoClaims::recall(const Uuid& claim_id) const {
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::find(calls_, claim_id, &Call::claim_id);
  return found == calls_.end() ? std::nullopt : std::optional(*found);
}

// Does not fail where the id is known: one that is remembered before its call can always be settled after it.
void MongoClaims::remember(Call call) {
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::find(calls_, call.claim_id, &Call::claim_id);
  if (found != calls_.end()) {
    *found = std::move(call);
    return;
  }
  calls_.push_back(std::move(call));
  if (calls_.size() > kRememberedCalls) calls_.pop_front();
}

std::vector<ClaimPtr> MongoClaims::claims_of(const ClaimRequest& request) {
  const Instant now = session_.now(request.time);
  const Bson held{{"runs.lease_until", Bson{{"$gte", int64_t{INT64_MIN}}}},  // so that the index is used
                  {"runs.claim_id", request.claim_id}};
  std::vector<ClaimPtr> claims;
  session_.connection.find(session_.names.jobs, held, Bson{}, [&](BsonView document) {
    const std::optional<MongoJob> job = read_job(session_, document);
    if (!job || !job->record.job) return true;
    std::map<int64_t, RunGroup> groups;
    for (const MongoRun& run : job->runs) {
      const bool ours = run.claim_id == request.claim_id && run.record.owner == request.owner;
      if (ours) groups[run.record.fence].push_back(run);
    }
    for (const auto& [fence, runs] : groups) claims.push_back(claim_of(job->record, runs, request, now));
    return true;
  });
  return claims;
}

}  // namespace duetime
