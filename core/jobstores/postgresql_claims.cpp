#include "core/jobstores/postgresql_claims.h"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "core/base/text.h"
#include "core/jobstores/given_up.h"
#include "core/jobstores/planning.h"

namespace duetime {
namespace {

constexpr int64_t kMostExpiredRuns = 10'000;

// What follows the columns of a job that is to be planned.
enum PlanColumn { kRunning = kPgJobColumnCount, kNumber, kFresh };

constexpr const char* kRunningSql =
    "(SELECT count(DISTINCT r.fence) FROM {runs} r WHERE r.job_id = j.id AND r.state = 'claimed')";

std::shared_ptr<Claim> new_claim(JobRecord record, const ClaimRequest& request) {
  auto claim = std::make_shared<Claim>();
  claim->record = std::move(record);
  claim->owner = request.owner;
  claim->claim_id = request.claim_id;
  claim->fence = claim->record.position.fence;
  claim->claimed_at = request.time.now;
  claim->claimed_boot_time = request.time.boot_time;
  return claim;
}

int64_t lock_key(const Uuid& claim_id) { return static_cast<int64_t>(claim_id.high ^ claim_id.low); }

}  // namespace

// A due job as it was read.
struct PgClaims::DueJob {
  JobRecord record;
  int running = 0;
  int64_t number = 0;  // drawn for the job to be moved under
  bool fresh = true;   // the count of its runs is as new as the row: nobody claimed it in between
};

// A plan on its way into the tables.
struct PgClaims::Draft {
  int64_t version = 0;  // that was read
  RunPlan plan;
  JobRecord record;              // as it will stand
  std::shared_ptr<Claim> claim;  // if it runs
  std::vector<RunRecord> ended;  // missed and refused fires
  bool moved = false;
  bool removed = false;

  Draft(DueJob due, RunPlan made, const ClaimRequest& request)
      : version(due.record.position.version), plan(std::move(made)), record(std::move(due.record)) {
    JobPosition& position = record.position;
    position.status = plan.next_status;
    position.next_run_time = plan.next_run_time;
    position.fire_time = plan.next_fire_time;
    position.version = due.number;
    if (plan.outcome == RunPlan::Outcome::kRun) {
      position.fence = due.number;
      claim = new_claim(record, request);
      for (const PlannedRun& run : plan.runs) {
        claim->runs.push_back({make_uuid(), run.scheduled_time, run.fire_time, 1});
      }
    }
    ended = given_up(record, plan, request);
  }

  bool is_skipped() const { return !claim || plan.missed_count > 0; }

  void report(ClaimResult& result) {
    if (claim) result.claims.push_back(claim);
    if (is_skipped()) result.skipped.push_back({std::move(record), std::move(plan), removed});
  }
};

// A transaction that holds the claim_id's lock, over more than one round trip. Ends with the connection if
// nobody commits it.
class PgClaims::Transaction {
 public:
  Transaction(const PgClaims& claims, const ClaimRequest& request)
      : claims_(claims), lock_(lock_key(request.claim_id)) {}

  // Nothing is committed yet, whatever happens.
  std::vector<PgRows> read(const PgBatch& batch) {
    if (std::exchange(begun_, true)) return connection().run(batch, PgEffect::kNone);
    PgBatch whole;
    whole.add(claims_.begin_).add(claims_.lock_claim_id_, PgParameters().add(lock_));
    for (const PgBatch::Call& call : batch.calls()) whole.add(*call.statement, call.parameters);
    std::vector<PgRows> answers = connection().run(whole, PgEffect::kNone);
    answers.erase(answers.begin(), answers.begin() + 2);
    return answers;
  }

  // Needs no lock, and takes none.
  std::vector<PgRows> peek(const PgBatch& batch) { return connection().run(batch, PgEffect::kNone); }

  std::vector<PgRows> commit(PgBatch batch) {
    batch.add(claims_.commit_);
    begun_ = false;
    return connection().run(batch, PgEffect::kCommits);
  }

  // Gives the locks and the connection back; read() takes the claim_id's lock again.
  void roll_back() {
    if (std::exchange(begun_, false)) {
      connection().run(PgBatch().add(claims_.rollback_), PgEffect::kNone);
    }
    lease_.reset();
  }

 private:
  PgConnection& connection() {
    if (!lease_) lease_.reset(new PgPool::Lease(claims_.session_.pool.lease()));
    return **lease_;
  }

  const PgClaims& claims_;
  const int64_t lock_;
  std::unique_ptr<PgPool::Lease> lease_;
  bool begun_ = false;
};

PgClaims::PgClaims(PgSession& session)
    : session_(session),
      begin_("BEGIN"),
      commit_("COMMIT"),
      rollback_("ROLLBACK"),
      lock_claim_id_("SELECT pg_advisory_xact_lock($1::bigint)"),
      claimed_(
          session.tables.sql("SELECT " + std::string(kPgRunColumns) +
                                 ", {columns}, {now} FROM {runs} r JOIN {jobs} j ON j.id = r.job_id WHERE "
                                 "r.state = 'claimed' AND r.owner = $1::uuid AND r.claim_id = $2::uuid "
                                 "ORDER BY r.fence, r.scheduled_time",
                             kPgJobColumns)),
      // A row that was changed after this statement began is read as it is now, but its runs are counted as
      // they were: `fresh` tells.
      due_(session.tables.sql(
          "SELECT {columns}, " + std::string(kRunningSql) +
              ", nextval('{numbers}'), j.version = (SELECT s.version FROM {jobs} s WHERE s.id = j.id) FROM "
              "{jobs} j WHERE j.status = 'scheduled' AND j.next_run_time <= $1::bigint AND " +
              pg_exclusions_sql(2) +
              " ORDER BY j.next_run_time, j.id LIMIT $6::bigint FOR NO KEY UPDATE OF j SKIP LOCKED",
          kPgJobColumns)),
      lock_job_(session.tables.sql("SELECT FROM {jobs} WHERE id = $1::text FOR NO KEY UPDATE")),
      job_now_(session.tables.sql("SELECT {columns}, " + std::string(kRunningSql) +
                                      ", nextval('{numbers}'), true FROM {jobs} j WHERE j.id = $1::text",
                                  kPgJobColumns)),
      move_(session.tables.sql(
          "UPDATE {jobs} j SET status = p.status, next_run_time = p.next_run_time, fire_time = p.fire_time, "
          "version = p.number, fence = p.fence FROM unnest($1::text[], $2::bigint[], $3::text[], "
          "$4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[]) AS p(id, version, status, next_run_time, "
          "fire_time, number, fence) WHERE j.id = p.id AND j.version = p.version RETURNING p.number")),
      // Where the job was moved under this number.
      begin_runs_(session.tables.sql(
          "WITH lease AS MATERIALIZED (SELECT {now} + $10::bigint AS lease_until), added AS (INSERT INTO "
          "{runs} "
          "(id, job_id, task, job_revision, scheduled_time, fire_time, attempt, state, owner, claim_id, "
          "fence, "
          "lease_until, claimed_at, ended_at) SELECT n.id, j.id, j.task, j.revision, n.scheduled_time, "
          "n.fire_time, 1, n.state, $7::uuid, $8::uuid, j.fence, CASE n.state WHEN 'claimed' THEN "
          "lease.lease_until END, $9::bigint, CASE n.state WHEN 'claimed' THEN NULL ELSE $9::bigint END FROM "
          "lease, unnest($1::text[], $2::bigint[], $3::uuid[], $4::bigint[], $5::bigint[], $6::text[]) AS "
          "n(job_id, number, id, scheduled_time, fire_time, state) JOIN {jobs} j ON j.id = n.job_id AND "
          "j.version = n.number) SELECT lease_until FROM lease")),
      expiry_(session.tables.sql("WITH clock AS MATERIALIZED (SELECT {now} AS now) SELECT clock.now, "
                                 "min(r.lease_until) FILTER (WHERE r.lease_until >= coalesce($1::bigint, "
                                 "clock.now)), count(*) FILTER (WHERE r.lease_until < clock.now) FROM clock "
                                 "LEFT JOIN {runs} r ON r.state = 'claimed' GROUP BY clock.now")),
      expired_(session.tables.sql(
          "SELECT {columns} FROM {runs} r WHERE r.state = 'claimed' AND r.lease_until < {now} ORDER BY "
          "r.lease_until, r.fence, r.scheduled_time LIMIT $1::bigint FOR UPDATE SKIP LOCKED",
          kPgRunColumns)),
      jobs_of_expired_(session.tables.sql("SELECT {columns}, nextval('{numbers}') FROM {jobs} j WHERE j.id = "
                                          "ANY ($1::text[]) ORDER BY j.id FOR "
                                          "NO KEY UPDATE",
                                          kPgJobColumns)),
      raise_fences_(session.tables.sql(
          "UPDATE {jobs} j SET version = t.number, fence = t.number FROM unnest($1::text[], $2::bigint[]) AS "
          "t(id, number) WHERE j.id = t.id")),
      take_over_(session.tables.sql(
          "WITH lease AS MATERIALIZED (SELECT {now} + $8::bigint AS lease_until), taken AS (UPDATE {runs} r "
          "SET "
          "owner = $5::uuid, claim_id = $6::uuid, fence = t.number, lease_until = lease.lease_until, "
          "claimed_at = $7::bigint, attempt = t.attempt::integer, released = false FROM lease, "
          "unnest($1::bigint[], $2::uuid[], $3::bigint[], $4::bigint[]) AS t(fence, id, number, attempt) "
          "WHERE "
          "r.fence = t.fence AND r.id = t.id) SELECT lease_until FROM lease")),
      abandon_(session.tables.sql(
          "UPDATE {runs} r SET state = 'abandoned', lease_until = NULL, ended_at = $3::bigint FROM "
          "unnest($1::bigint[], $2::uuid[]) AS t(fence, id) WHERE r.fence = t.fence AND r.id = t.id")) {}

// --- calls that are repeated

std::optional<ClaimIds::Outcome> PgClaims::outcome_of(const Uuid& claim_id) const {
  const std::lock_guard lock(mutex_);
  return claim_ids_.outcome_of(claim_id);
}

void PgClaims::remember(const Uuid& claim_id, ClaimIds::Outcome outcome) {
  const std::lock_guard lock(mutex_);
  claim_ids_.remember(claim_id, outcome);
}

// A call that is repeated gets what it claimed before. One of unknown outcome that claimed nothing is made
// again.
template <typename Call>
ClaimResult PgClaims::remembered(const ClaimRequest& request, Call call) {
  const std::optional<ClaimIds::Outcome> outcome = outcome_of(request.claim_id);
  if (!outcome) remember(request.claim_id, ClaimIds::Outcome::kUnknown);
  try {
    ClaimResult result;
    Transaction transaction(*this, request);
    if (outcome) result.claims = claimed_earlier(transaction, request);
    if (outcome == ClaimIds::Outcome::kAnswered || !result.claims.empty()) {
      PgBatch batch;
      session_.add_next_due(batch, pg_exclusions_of(request));
      result.next_due = PgSession::next_due_in(transaction.commit(std::move(batch))[0]);
    } else {
      call(transaction, result);
    }
    remember(request.claim_id, ClaimIds::Outcome::kAnswered);
    return result;
  } catch (const Error& error) {
    // What came of the first try is as unknown as before.
    if (!outcome || error.code() != ErrorCode::kStoreUnavailable) throw;
    throw Error(ErrorCode::kTimeout, error.what());
  }
}

std::vector<ClaimPtr> PgClaims::claimed_earlier(Transaction& transaction, const ClaimRequest& request) const {
  const std::vector<PgRows> answers =
      transaction.read(PgBatch().add(claimed_, PgParameters().add(request.owner).add(request.claim_id)));
  std::map<int64_t, std::shared_ptr<Claim>> claims;  // by fence
  for (int row = 0; row < answers[0].size(); ++row) {
    const std::optional<PgRun> run = read_pg_run(answers[0], row);
    JobRecord job = session_.reader.read(answers[0], row, kPgRunColumnCount);
    if (!run || !job.job) continue;
    std::shared_ptr<Claim>& claim = claims[run->record.fence];
    if (!claim) {
      claim = new_claim(std::move(job), request);
      claim->fence = run->record.fence;
      claim->claimed_at = run->record.claimed_at;
      claim->lease_until = run->record.lease_until.value_or(Instant{});
      // When the lease began, which was before this repeated call.
      const Instant now = answers[0].instant(row, kPgRunColumnCount + kPgJobColumnCount);
      claim->claimed_boot_time = request.time.boot_time - (now - (claim->lease_until - request.lease));
    }
    claim->runs.push_back({run->record.id, run->record.scheduled_time, run->fire_time, run->record.attempt});
  }
  std::vector<ClaimPtr> found;
  for (const auto& [fence, claim] : claims) found.push_back(claim);
  return found;
}

// --- claiming

ClaimResult PgClaims::claim_due(const ClaimRequest& request, const RunPlanner& planner) {
  return remembered(request, [&](Transaction& transaction, ClaimResult& result) {
    DueJobs due = read_due(transaction, request, result);
    const bool calls_out =
        std::ranges::any_of(due, [](const DueJob& job) { return job.record.job->trigger->calls_out(); });
    if (calls_out) transaction.roll_back();
    std::vector<Draft> drafts;
    for (DueJob& job : due) {
      RunPlan plan = plan_or_leave(planner, job.record, request.time.now, job.running);
      if (plan.outcome == RunPlan::Outcome::kLeave) continue;
      drafts.emplace_back(std::move(job), std::move(plan), request);
    }
    if (calls_out) transaction.read({});
    write(transaction, drafts, request, result);
  });
}

PgClaims::DueJob PgClaims::due_job_in(const PgRows& rows, int row) const {
  return {session_.reader.read(rows, row), static_cast<int>(rows.integer(row, kRunning)),
          rows.integer(row, kNumber), rows.boolean(row, kFresh)};
}

// Unreadable jobs hold up no others: it is read on beyond them.
PgClaims::DueJobs PgClaims::read_due(Transaction& transaction, const ClaimRequest& request,
                                     ClaimResult& result) const {
  Exclusions exclusions = pg_exclusions_of(request);
  DueJobs due;
  bool had_unreadable = true;
  while (had_unreadable && due.size() < request.limit) {
    had_unreadable = false;
    PgParameters parameters;
    parameters.add(request.time.now);
    add_pg_exclusions(parameters, exclusions);
    parameters.add(static_cast<int64_t>(std::min<std::size_t>(request.limit - due.size(), INT64_MAX)));
    const std::vector<PgRows> answers = transaction.read(PgBatch().add(due_, std::move(parameters)));
    for (int row = 0; row < answers[0].size(); ++row) {
      DueJob job = due_job_in(answers[0], row);
      exclusions.jobs[job.record.id] = job.record.position.revision;
      if (!job.record.job) {
        had_unreadable = true;
        result.unreadable.push_back(std::move(job.record));
      } else if (job.fresh) {
        due.push_back(std::move(job));
      }
    }
  }
  return due;
}

ClaimResult PgClaims::claim_now(std::string_view id, const ClaimRequest& request) {
  return remembered(request, [&](Transaction& transaction, ClaimResult& result) {
    // The second statement sees what was committed while the first waited.
    const std::vector<PgRows> answers = transaction.read(
        PgBatch().add(lock_job_, PgParameters().add(id)).add(job_now_, PgParameters().add(id)));
    if (answers[1].empty()) {
      transaction.roll_back();
      throw Error(ErrorCode::kNotFound, "no job with id " + in_quotes(id));
    }
    DueJob job = due_job_in(answers[1], 0);
    if (!job.record.job) {
      result.unreadable.push_back(std::move(job.record));
      return transaction.roll_back();
    }
    RunPlan plan = plan_now(*job.record.job, job.record.position, request.time.now, job.running);
    if (plan.outcome == RunPlan::Outcome::kRefused) {
      result.skipped.push_back({std::move(job.record), std::move(plan), false});
      return transaction.roll_back();
    }
    std::vector<Draft> drafts;
    drafts.emplace_back(std::move(job), std::move(plan), request);
    write(transaction, drafts, request, result);
  });
}

void PgClaims::add_drafts(PgBatch& batch, const std::vector<Draft>& drafts,
                          const ClaimRequest& request) const {
  PgArray ids = PgArray::texts();
  PgArray versions = PgArray::integers();
  PgArray statuses = PgArray::texts();
  PgArray next_run_times = PgArray::integers();
  PgArray fire_times = PgArray::integers();
  PgArray numbers = PgArray::integers();
  PgArray fences = PgArray::integers();
  PgArray run_jobs = PgArray::texts();
  PgArray run_numbers = PgArray::integers();
  PgArray run_ids = PgArray::uuids();
  PgArray scheduled_times = PgArray::integers();
  PgArray run_fire_times = PgArray::integers();
  PgArray states = PgArray::texts();
  const auto add_run = [&](const Draft& draft, const Uuid& id, Instant scheduled, Instant fire,
                           RunState state) {
    run_jobs.add(draft.record.id);
    run_numbers.add(draft.record.position.version);
    run_ids.add(id);
    scheduled_times.add(scheduled);
    run_fire_times.add(fire);
    states.add(to_string(state));
  };
  for (const Draft& draft : drafts) {
    const JobPosition& position = draft.record.position;
    ids.add(draft.record.id);
    versions.add(draft.version);
    statuses.add(stored_word(position.status));
    next_run_times.add(position.next_run_time);
    fire_times.add(position.fire_time);
    numbers.add(position.version);
    fences.add(position.fence);
    if (draft.claim) {
      for (const ClaimedRun& run : draft.claim->runs) {
        add_run(draft, run.id, run.scheduled_time, run.fire_time, RunState::kClaimed);
      }
    }
    for (const RunRecord& run : draft.ended) {
      add_run(draft, run.id, run.scheduled_time, run.scheduled_time, run.state);
    }
  }
  PgParameters moves;
  moves.add(ids).add(versions).add(statuses).add(next_run_times).add(fire_times).add(numbers).add(fences);
  batch.add(move_, std::move(moves));
  PgParameters runs;
  runs.add(run_jobs).add(run_numbers).add(run_ids).add(scheduled_times).add(run_fire_times).add(states);
  runs.add(request.owner).add(request.claim_id).add(request.time.now);
  batch.add(begin_runs_, std::move(runs.add(request.lease.count())));
}

void PgClaims::write(Transaction& transaction, std::vector<Draft>& drafts, const ClaimRequest& request,
                     ClaimResult& result) const {
  PgArray spent = PgArray::texts();
  for (const Draft& draft : drafts) {
    if (!draft.claim && draft.record.position.status == JobStatus::kFinishing) spent.add(draft.record.id);
  }
  PgBatch batch;
  session_.add_next_due(batch, pg_exclusions_of(request));
  if (drafts.empty()) {
    result.next_due = PgSession::next_due_in(transaction.commit(std::move(batch))[0]);
    return;
  }
  batch = {};
  add_drafts(batch, drafts, request);
  session_.add_next_due(batch, pg_exclusions_of(request));
  session_.add_notification(batch);
  if (spent.size() > 0) session_.add_removal_of_spent(batch, spent);
  const std::vector<PgRows> answers = transaction.commit(std::move(batch));
  result.next_due = PgSession::next_due_in(answers[2]);

  std::unordered_set<int64_t> moved;
  for (int row = 0; row < answers[0].size(); ++row) moved.insert(answers[0].integer(row, 0));
  std::unordered_set<std::string_view> removed;
  for (int row = 0; spent.size() > 0 && row < answers[4].size(); ++row) {
    removed.insert(answers[4].text(row, 0));
  }
  const Instant lease_until = answers[1].instant(0, 0);
  for (Draft& draft : drafts) {
    if (!moved.contains(draft.record.position.version)) continue;  // changed meanwhile
    draft.removed = removed.contains(draft.record.id);
    if (draft.claim) draft.claim->lease_until = lease_until;
    draft.report(result);
  }
}

// --- claims whose lease has passed

struct PgClaims::Decision {
  JobRecord job;
  int64_t number = 0;
  bool taken = false;  // one claim of a job is taken over at a time
};

class PgClaims::Reclaimer {
 public:
  Reclaimer(const PgClaims& claims, const ClaimRequest& request, ClaimResult& result)
      : claims_(claims), request_(request), result_(result) {}

  // Those of one claim together.
  void read(Transaction& transaction, int64_t count) {
    const std::vector<PgRows> answers =
        transaction.read(PgBatch().add(claims_.expired_, PgParameters().add(kMostExpiredRuns)));
    runs_ = read_pg_runs(answers[0]);
    // Another node may have locked the others, and die before it takes them over.
    left_some_ = static_cast<int64_t>(runs_.size()) < count;
    PgArray ids = PgArray::texts();
    for (const PgRun& run : runs_) ids.add(run.record.job_id);
    const std::vector<PgRows> jobs =
        transaction.read(PgBatch().add(claims_.jobs_of_expired_, PgParameters().add(ids)));
    for (int row = 0; row < jobs[0].size(); ++row) {
      JobRecord job = claims_.session_.reader.read(jobs[0], row);
      const std::string id = job.id;
      jobs_[id] = {std::move(job), jobs[0].integer(row, kPgJobColumnCount)};
    }
  }

  void decide() {
    std::span<const PgRun> rest = runs_;
    while (!rest.empty()) {
      const int64_t fence = rest.front().record.fence;
      const auto end =
          std::ranges::find_if(rest, [&](const PgRun& run) { return run.record.fence != fence; });
      const auto size = static_cast<std::size_t>(end - rest.begin());
      decide_about(rest.first(size));
      rest = rest.subspan(size);
    }
  }

  void write(Transaction& transaction) {
    PgBatch batch;
    batch.add(claims_.raise_fences_, PgParameters().add(job_ids_).add(numbers_));
    batch.add(claims_.take_over_, PgParameters()
                                      .add(taken_fences_)
                                      .add(taken_ids_)
                                      .add(taken_numbers_)
                                      .add(attempts_)
                                      .add(request_.owner)
                                      .add(request_.claim_id)
                                      .add(request_.time.now)
                                      .add(request_.lease.count()));
    batch.add(claims_.abandon_,
              PgParameters().add(abandoned_fences_).add(abandoned_ids_).add(request_.time.now));
    claims_.session_.add_removal_of_spent(batch, abandoned_jobs_);
    claims_.session_.add_notification(batch);
    const std::vector<PgRows> answers = transaction.commit(std::move(batch));
    const Instant lease_until = answers[1].instant(0, 0);
    for (const std::shared_ptr<Claim>& claim : taken_) {
      claim->lease_until = lease_until;
      result_.claims.push_back(claim);
    }
    report_removed(answers[3]);
  }

  bool left_some() const { return left_some_; }

 private:
  void decide_about(std::span<const PgRun> runs) {
    const auto found = jobs_.find(runs.front().record.job_id);
    if (found == jobs_.end()) return abandon(runs);
    Decision& decision = found->second;
    if (is_for_others(decision.job) || waits(decision.job, runs.front())) return;
    if (!comes_back(decision.job, runs.front())) return abandon(runs);
    if (decision.taken || taken_.size() == request_.limit) {
      left_some_ = true;
    } else {
      take_over(decision, runs);
    }
  }

  bool is_for_others(const JobRecord& job) const {
    return !job.job || pg_exclusions_of(request_).matches(*job.job, job.position.revision);
  }

  // Nothing of a paused job starts; its released run waits for the pause to end.
  static bool waits(const JobRecord& job, const PgRun& run) {
    return run.released && job.position.status == JobStatus::kPaused;
  }

  static bool comes_back(const JobRecord& job, const PgRun& run) {
    if (run.released) return true;
    return job.job->recover && job.position.revision == run.record.job_revision &&
           run.record.attempt < kMaxAttempts;
  }

  void take_over(Decision& decision, std::span<const PgRun> runs) {
    decision.taken = true;
    JobRecord job = decision.job;
    job.position.version = job.position.fence = decision.number;
    job_ids_.add(job.id);
    numbers_.add(decision.number);
    const std::shared_ptr<Claim> claim = new_claim(std::move(job), request_);
    for (const PgRun& run : runs) {
      const int attempt = run.record.attempt + (run.released ? 0 : 1);
      claim->runs.push_back({run.record.id, run.record.scheduled_time, run.fire_time, attempt});
      taken_fences_.add(run.record.fence);
      taken_ids_.add(run.record.id);
      taken_numbers_.add(decision.number);
      attempts_.add(int64_t{attempt});
    }
    taken_.push_back(claim);
  }

  void abandon(std::span<const PgRun> runs) {
    for (const PgRun& run : runs) {
      abandoned_fences_.add(run.record.fence);
      abandoned_ids_.add(run.record.id);
      AbandonedRun abandoned{run.record, false};
      abandoned.run.state = RunState::kAbandoned;
      abandoned.run.lease_until = std::nullopt;
      abandoned.run.ended_at = request_.time.now;
      result_.abandoned.push_back(std::move(abandoned));
    }
    abandoned_jobs_.add(runs.front().record.job_id);
  }

  // The last run of each job that is gone.
  void report_removed(const PgRows& removed) {
    for (int row = 0; row < removed.size(); ++row) {
      const auto last = std::find_if(
          result_.abandoned.rbegin(), result_.abandoned.rend(),
          [&](const AbandonedRun& abandoned) { return abandoned.run.job_id == removed.text(row, 0); });
      if (last != result_.abandoned.rend()) last->job_removed = true;
    }
  }

  const PgClaims& claims_;
  const ClaimRequest& request_;
  ClaimResult& result_;
  std::vector<PgRun> runs_;
  std::unordered_map<std::string, Decision> jobs_;
  std::vector<std::shared_ptr<Claim>> taken_;
  bool left_some_ = false;

  PgArray job_ids_ = PgArray::texts();
  PgArray numbers_ = PgArray::integers();
  PgArray taken_fences_ = PgArray::integers();
  PgArray taken_ids_ = PgArray::uuids();
  PgArray taken_numbers_ = PgArray::integers();
  PgArray attempts_ = PgArray::integers();
  PgArray abandoned_fences_ = PgArray::integers();
  PgArray abandoned_ids_ = PgArray::uuids();
  PgArray abandoned_jobs_ = PgArray::texts();
};

ClaimResult PgClaims::reclaim_expired(const ClaimRequest& request) {
  return remembered(request, [&](Transaction& transaction, ClaimResult& result) {
    bool left_some = false;
    const std::vector<PgRows> before =
        transaction.peek(PgBatch().add(expiry_, PgParameters().add(std::optional<Instant>())));
    if (const int64_t expired = before[0].integer(0, 2); expired > 0) {
      Reclaimer reclaimer(*this, request, result);
      reclaimer.read(transaction, expired);
      reclaimer.decide();
      reclaimer.write(transaction);
      left_some = reclaimer.left_some();
    }
    // A lease that has ended since the first look counts as one to come.
    PgBatch batch;
    batch.add(expiry_, PgParameters().add(before[0].instant(0, 0)));
    session_.add_next_due(batch, pg_exclusions_of(request));
    const std::vector<PgRows> answers = transaction.peek(batch);
    transaction.roll_back();
    result.next_due = PgSession::next_due_in(answers[1]);
    if (left_some) {
      result.next_expiry = request.time.now;
    } else if (!answers[0].is_null(0, 1)) {
      // On the wall clock, as far as can be told: the first instant after it.
      const Duration left = answers[0].instant(0, 1) - answers[0].instant(0, 0);
      result.next_expiry = checked_add(request.time.now, left + Duration{1});
    }
  });
}

}  // namespace duetime
