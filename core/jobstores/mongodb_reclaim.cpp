#include "core/jobstores/mongodb_reclaim.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "core/jobstores/mongodb_jobs.h"
#include "core/jobstores/mongodb_runs.h"

namespace duetime {
namespace {

using RunGroup = MongoRuns;  // of one claim

struct Takeover {
  std::shared_ptr<Claim> claim;
  RunGroup runs;  // as they stood
  JobRecord job;
};

struct Abandonment {
  std::string job_id;
  RunGroup runs;
  MongoRuns ended;
};

bool has_passed(const MongoRun& run, Instant now) {
  return run.record.lease_until && *run.record.lease_until < now;
}

std::vector<RunGroup> passed_claims(const MongoJob& job, Instant now) {
  std::map<int64_t, RunGroup> groups;
  for (const MongoRun& run : job.runs) {
    if (has_passed(run, now)) groups[run.record.fence].push_back(run);
  }
  std::vector<RunGroup> claims;
  for (auto& [fence, group] : groups) claims.push_back(std::move(group));
  return claims;
}

std::optional<Instant> next_expiry_of(const MongoJob& job, Instant now) {
  std::optional<Instant> next;
  for (const MongoRun& run : job.runs) {
    if (!run.record.lease_until || has_passed(run, now)) continue;
    if (!next || *run.record.lease_until < *next) next = run.record.lease_until;
  }
  return next;
}

void take_earlier(std::optional<Instant>& earliest, const std::optional<Instant>& other) {
  if (other && (!earliest || *other < *earliest)) earliest = other;
}

// Reads what has expired, decides, writes, and tells what became of it.
class Reclaimer {
 public:
  Reclaimer(MongoSession& session, const ClaimRequest& request)
      : session_(session), request_(request), now_(session.now(request.time)) {}

  void read() {
    const Bson passed{{"runs.lease_until", Bson{{"$lt", now_}}}};
    const Bson options{{"sort", Bson{{"runs.lease_until", 1}}}};
    session_.connection.find(session_.names.jobs, passed, options, [&](BsonView document) {
      if (std::optional<MongoJob> job = read_job(session_, document)) look_at(*job);
      return true;
    });
    take_earlier(next_expiry_, next_of_the_others());
  }

  // What undoes the takeovers that may still be under way.
  std::vector<Bson> pending() const {
    std::vector<Bson> voids;
    for (const Takeover& takeover : takeovers_) voids.push_back(void_statement(takeover));
    return voids;
  }

  ClaimResult write() {
    number_takeovers();
    write_takeovers();
    write_abandonments();
    ClaimResult result;
    for (const Takeover& takeover : takeovers_) result.claims.push_back(takeover.claim);
    report_abandoned(result);
    result.next_expiry = left_some_ ? std::optional(request_.time.now) : on_wall_clock(next_expiry_);
    return result;
  }

 private:
  void look_at(const MongoJob& job) {
    take_earlier(next_expiry_, next_expiry_of(job, now_));
    for (RunGroup& runs : passed_claims(job, now_)) decide(job, std::move(runs));
  }

  void decide(const MongoJob& job, RunGroup runs) {
    const bool gone = job.status == kRemovedWord;
    if (!gone && (is_for_others(job.record) || waits(job.record, runs.front()))) return;
    if (gone || !comes_back(job.record, runs.front())) {
      abandonments_.push_back({job.record.id, std::move(runs), {}});
    } else if (takeovers_.size() < request_.limit) {
      takeovers_.push_back({nullptr, std::move(runs), job.record});
    } else {
      left_some_ = true;
    }
  }

  bool is_for_others(const JobRecord& job) const {
    return !job.job || exclusions_of(request_).matches(*job.job, job.position.revision);
  }

  // Nothing of a paused job starts; its released run waits for the pause to end.
  static bool waits(const JobRecord& job, const MongoRun& run) {
    return run.released && job.position.status == JobStatus::kPaused;
  }

  static bool comes_back(const JobRecord& job, const MongoRun& run) {
    if (run.released) return true;
    return job.job->recover && job.position.revision == run.record.job_revision &&
           run.record.attempt < kMaxAttempts;
  }

  // Documents in which something has expired were looked at; of the others the first by lease is the next.
  std::optional<Instant> next_of_the_others() {
    const Bson passed{{"$elemMatch", Bson{{"lease_until", Bson{{"$lt", now_}}}}}};
    const Bson others{{"runs.lease_until", Bson{{"$gte", now_}}}, {"runs", Bson{{"$not", passed}}}};
    std::optional<Instant> next;
    session_.connection.find(session_.names.jobs, others,
                             Bson{{"sort", Bson{{"runs.lease_until", 1}}}, {"limit", 1}},
                             [&](BsonView document) {
                               const std::optional<MongoJob> job = read_job(session_, document);
                               if (job) next = next_expiry_of(*job, now_);
                               return false;
                             });
    return next;
  }

  // The end of a lease on the caller's wall clock, as far as can be told: the first instant after it.
  std::optional<Instant> on_wall_clock(std::optional<Instant> lease_until) const {
    if (!lease_until) return std::nullopt;
    return checked_add(request_.time.now, *lease_until - now_ + Duration{1});
  }

  void number_takeovers() {
    if (takeovers_.empty()) return;
    int64_t number = session_.draw(takeovers_.size());
    for (Takeover& takeover : takeovers_) {
      JobRecord record = takeover.job;
      record.position.version = record.position.fence = number++;
      takeover.claim = new_claim(std::move(record), request_, now_);
      for (const MongoRun& run : takeover.runs) {
        const int attempt = run.record.attempt + (run.released ? 0 : 1);
        takeover.claim->runs.push_back({run.record.id, run.record.scheduled_time, run.fire_time, attempt});
      }
    }
  }

  // The array's element that shows that a claim has the fence and the lease that were read.
  static Bson as_read(const RunGroup& runs) {
    const RunRecord& first = runs.front().record;
    return Bson{{"$elemMatch", Bson{{"fence", first.fence}, {"lease_until", first.lease_until}}}};
  }

  // An update of r, which stands for each of these runs.
  static Bson runs_statement(const Bson& filter, const RunGroup& runs, const Bson& set) {
    std::vector<BsonValue> ids;
    for (const MongoRun& run : runs) ids.emplace_back(run.record.id);
    const std::vector<Bson> filters = {Bson{{"r._id", Bson{{"$in", ids}}}}};
    return update_statement(filter, Bson{{"$set", set}}).add("arrayFilters", filters);
  }

  static Bson void_statement(const Takeover& takeover) {
    const Instant lease_until = *takeover.runs.front().record.lease_until;
    return runs_statement(Bson{{"_id", takeover.job.id}, {"runs", as_read(takeover.runs)}}, takeover.runs,
                          Bson{{"runs.$[r].lease_until", lease_until - Duration{1}}});
  }

  static Bson takeover_statement(const Takeover& takeover) {
    const Claim& claim = *takeover.claim;
    const JobPosition& position = claim.record.position;
    const Bson filter{{"_id", takeover.job.id},
                      {"revision", position.revision},
                      {"status", stored_word(position.status)},
                      {"runs", as_read(takeover.runs)}};
    return runs_statement(filter, takeover.runs,
                          Bson{{"version", position.version},
                               {"fence", position.fence},
                               {"runs.$[r].owner", claim.owner},
                               {"runs.$[r].claim_id", claim.claim_id},
                               {"runs.$[r].fence", claim.fence},
                               {"runs.$[r].lease_until", claim.lease_until},
                               {"runs.$[r].claimed_at", claim.claimed_at},
                               {"runs.$[r].attempt", claim.runs.front().attempt},
                               {"runs.$[r].released", false}});
  }

  void write_takeovers() {
    if (takeovers_.empty()) return;
    std::vector<Bson> statements;
    std::vector<std::string> ids;
    for (const Takeover& takeover : takeovers_) {
      statements.push_back(takeover_statement(takeover));
      ids.push_back(takeover.job.id);
    }
    const int64_t matched = session_.connection.update(session_.names.jobs, statements).matched;
    if (matched == static_cast<int64_t>(takeovers_.size())) return;
    const MongoJobsById jobs = find_jobs(session_, std::move(ids));
    std::erase_if(takeovers_, [&](const Takeover& takeover) {
      const auto found = jobs.find(takeover.job.id);
      return found == jobs.end() || !holds_fence(found->second, takeover.claim->fence);
    });
    left_some_ = true;  // whoever changed them may have left them to us
  }

  void list_abandoned(Abandonment& abandonment) const {
    for (MongoRun run : abandonment.runs) {
      run.record.state = RunState::kAbandoned;
      run.record.lease_until = std::nullopt;
      run.record.ended_at = request_.time.now;
      run.filed_by = request_.owner;
      run.filed_at = now_;
      abandonment.ended.push_back(std::move(run));
    }
  }

  static Bson abandon_statement(const Abandonment& abandonment) {
    const int64_t fence = abandonment.runs.front().record.fence;
    const Bson update{{"$pull", Bson{{"runs", Bson{{"fence", fence}}}}},
                      {"$push", Bson{{"ended", Bson{{"$each", documents_of(abandonment.ended)}}}}}};
    return update_statement(Bson{{"_id", abandonment.job_id}, {"runs", as_read(abandonment.runs)}}, update);
  }

  void write_abandonments() {
    if (abandonments_.empty()) return;
    std::vector<Bson> statements;
    for (Abandonment& abandonment : abandonments_) {
      list_abandoned(abandonment);
      statements.push_back(abandon_statement(abandonment));
    }
    const int64_t matched = session_.connection.update(session_.names.jobs, statements).matched;
    if (matched != static_cast<int64_t>(abandonments_.size())) keep_what_was_abandoned_here();
  }

  void keep_what_was_abandoned_here() {
    std::vector<std::string> ids;
    std::vector<BsonValue> runs;
    for (const Abandonment& each : abandonments_) {
      ids.push_back(each.job_id);
      runs.emplace_back(each.ended.front().record.id);
    }
    const MongoJobsById jobs = find_jobs(session_, std::move(ids));
    const MongoRuns filed = find_filed(session_, runs);
    std::erase_if(abandonments_, [&](const Abandonment& each) {
      const auto found = jobs.find(each.job_id);
      const MongoRun& first = each.ended.front();
      return !(found != jobs.end() && lists_end(found->second.ended, first)) && !lists_end(filed, first);
    });
  }

  void report_abandoned(ClaimResult& result) {
    std::vector<MongoEnds> ends;
    for (const Abandonment& each : abandonments_) ends.push_back({each.job_id, each.ended});
    file_ends(session_, ends);
    for (const MongoEnds& each : ends) {
      for (const MongoRun& run : each.ended) result.abandoned.push_back({run.record, false});
      result.abandoned.back().job_removed = each.job_removed;
    }
  }

  MongoSession& session_;
  const ClaimRequest& request_;
  const Instant now_;
  std::vector<Takeover> takeovers_;
  std::vector<Abandonment> abandonments_;
  std::optional<Instant> next_expiry_;
  bool left_some_ = false;
};

}  // namespace

ClaimResult reclaim(MongoSession& session, const ClaimRequest& request, std::vector<Bson>& undo) {
  Reclaimer reclaimer(session, request);
  reclaimer.read();
  undo = reclaimer.pending();
  return reclaimer.write();
}

}  // namespace duetime
