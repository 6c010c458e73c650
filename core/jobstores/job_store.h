// Where jobs and their runs are kept.
//
// What every store promises (contract.md P1-P4; tests/support/job_store_contract.h proves it for each):
//
//  1. What a call does to one job is done wholly or not at all (to all jobs of the call, where
//     StoreTraits::atomic_batches), and a call that returned is not undone by the death of this process,
//     where StoreTraits::durable.
//  2. claim_due() advances a job and records its claimed runs in one atomic step, guarded by the job's
//  version.
//     No fire is claimed twice and none is lost, whichever nodes share the store and whenever they die.
//  3. Completing, renewing and releasing address a run by its id and test its owner, its own fence and its
//  lease;
//     what is stale is refused and harmless.
//  4. Nothing that could not be understood is changed or deleted. An unreadable job is reported with its
//     reason and keeps its bytes.
//  5. No lock is held while a planner or a trigger with calls_out() runs: read, plan, then write where the
//     version is still the one that was read. Plans of other triggers may run under the store's lock.
//
// Time: due times are judged by the caller's wall clock, leases by the store's clock: a server's own, or, for
// stores of one host, the host's boot time, which nobody can set (another boot id means that every lease of
// before has ended). Both come with each call as a CallTime.
//
// Threads: all calls may be made from any thread at the same time, between open() and close().
//
// close() may be followed by open().
//
// Errors: kStoreUnavailable (try again later; nothing happened), kTimeout (outcome unknown; claim_due() may
// be repeated with the same claim_id), kStoreFull, kStoreCorrupt, kNewerVersion, and those named below.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/jobs/job_record.h"
#include "core/jobs/run.h"
#include "core/jobs/run_plan.h"
#include "core/jobstores/sql_statement.h"

namespace duetime {

struct CallTime {
  Instant now;
  Duration boot_time{};
};

struct StoreTraits {
  bool durable = false;              // survives this process
  bool shared = false;               // other nodes may use it at the same time: claims carry leases
  bool keeps_live_payloads = false;  // accepts Payload::live
  bool atomic_batches = true;        // calls about many jobs take effect for all of them or none
};

struct NewJob {
  JobPtr job;
  JobPosition position;  // the store sets revision, version and fence
};

enum class OnConflict { kFail, kReplace };

// What this node cannot run and leaves to others: tasks it does not know, executors it does not have or whose
// queue is full, and jobs it could not read (by id, while they have that revision).
struct Exclusions {
  std::unordered_set<std::string> tasks;
  std::unordered_set<std::string> executors;
  std::unordered_map<std::string, int64_t> jobs;

  bool empty() const { return tasks.empty() && executors.empty() && jobs.empty(); }
  bool matches(const Job& job, int64_t revision) const;
};

struct ClaimRequest {
  Uuid owner;
  Uuid claim_id;  // new for each call, the same when a call of unknown outcome is repeated
  CallTime time;
  std::string boot_id;  // names the boot that time.boot_time counts from
  Duration lease{};
  std::size_t limit = 1;  // of jobs
  const Exclusions* exclusions = nullptr;
};

// A due job that got no run, with the plan that says why.
struct SkippedJob {
  JobRecord record;
  RunPlan plan;
  bool removed = false;  // its trigger is spent and nothing of it is running
};

struct AbandonedRun {
  RunRecord run;
  bool job_removed = false;  // it was the last run of a spent job
};

struct ClaimResult {
  std::vector<ClaimPtr> claims;
  std::vector<SkippedJob> skipped;    // missed, refused, deferred or broken; missed parts of claimed jobs too
  std::vector<JobRecord> unreadable;  // due, but JobRecord::job is null
  std::vector<AbandonedRun> abandoned;  // by reclaim_expired()
  std::optional<Instant> next_expiry;   // by reclaim_expired(): when the next lease of any node ends
  std::optional<Instant> next_due;      // as next_due() would answer now
};

struct CompletionResult {
  bool accepted = false;     // false: the claim was no longer ours; the run's end was not recorded
  bool job_removed = false;  // this was the last run of a spent job
};

struct JobFilter {
  std::optional<std::string> after_id;  // paging: ids greater than this, ascending
  std::size_t limit = SIZE_MAX;
  std::optional<std::string> tag;
  std::optional<std::string> task;
  std::optional<std::string> executor;
  bool include_finishing = false;  // jobs that are only waiting for their last run to end

  bool matches(const JobRecord& record) const;  // everything but the limit
};

struct RunFilter {
  std::optional<std::string> job_id;
  std::optional<RunState> state;
  std::optional<Instant> scheduled_from;
  std::optional<Instant> scheduled_until;
  std::size_t limit = 100;  // the latest

  bool matches(const RunRecord& run) const;
};

// Ended runs are kept while they are younger than max_age and among the latest max_count.
struct RunRetention {
  Duration max_age = std::chrono::hours(24 * 7);
  std::size_t max_count = 10'000;
};

// What is special about one store's retention; empty members leave it as it is elsewhere.
struct StoreRetention {
  std::optional<Duration> max_age;
  std::optional<std::size_t> max_count;
};

class JobStore {
 public:
  virtual ~JobStore() = default;

  virtual StoreTraits traits() const = 0;

  // What it is, for logs; never a password: "sqlite:jobs.db".
  virtual std::string description() const = 0;

  // Connects, makes or migrates the schema. Throws kStoreCorrupt for a file that is something else,
  // kNewerVersion for a schema of a later duetime; neither is touched.
  virtual void open() = 0;
  virtual void close() noexcept = 0;

  // Adds all or none. Throws kConflict naming the first id that is taken; a job that is kFinishing does not
  // take its id. kReplace overwrites and raises the revision. Throws kUnsupported for a live payload.
  virtual void add(std::span<const NewJob> jobs, OnConflict on_conflict) = 0;

  // What adds the job if it is run, in this order, within a transaction of anybody's own connection to the
  // store's database: it is there when that commits. Throws kUnsupported where the store has no SQL.
  virtual SqlStatements sql_to_add(const NewJob& job, OnConflict on_conflict) const;

  // Copies jobs in from elsewhere, once: adds those whose ids are free and records `source`, in one atomic
  // step. False: `source` was recorded before, and nothing changes. `source` names where the jobs come from
  // ("apscheduler:apscheduler_jobs"); of two jobs with one id the first is added. Throws kUnsupported for a
  // live payload, where the store keeps none.
  virtual bool import_once(std::string_view source, std::span<const NewJob> jobs) = 0;

  // Whether that happened; cheap, so that what was copied need not be read again at each start.
  virtual bool imported(std::string_view source) const = 0;

  // Stores the changed definition and position if the version is still record.position.version; raises
  // revision and version. Answers the new record; nullopt if the version has changed meanwhile. Throws
  // kNotFound.
  virtual std::optional<JobRecord> update(const JobRecord& record) = 0;

  virtual bool remove(std::string_view id) = 0;  // false: there was none
  virtual std::size_t remove_all() = 0;

  virtual std::optional<JobRecord> get(std::string_view id) const = 0;
  virtual std::vector<JobRecord> list(const JobFilter& filter) const = 0;  // by id
  virtual std::size_t count() const = 0;

  // The earliest next run time outside the exclusions; nullopt if nothing is scheduled.
  virtual std::optional<Instant> next_due(const Exclusions& exclusions) const = 0;

  // Plans up to request.limit due jobs, earliest first, ties by id, and carries the plans out. Missed and
  // refused fires that a plan lists are recorded as ended runs. Once a claim_id has been answered, nothing
  // more is ever claimed under it.
  virtual ClaimResult claim_due(const ClaimRequest& request, const RunPlanner& planner) = 0;

  // Claims one run of this job for request.time.now, beside its schedule: carries plan_now() out, whatever
  // the job's status. Where the plan refuses, nothing changes and the job comes back as skipped; one that
  // cannot be read here comes back as unreadable. Limit and exclusions are not looked at and next_due may
  // stay empty; claim_id is as for claim_due(). Throws kNotFound.
  virtual ClaimResult claim_now(std::string_view id, const ClaimRequest& request) = 0;

  // Claims whose lease has passed. Released ones (below) come back as claims of this node as they were, once
  // their job is not paused; of the others, those of a job with `recover` that has kept its revision come
  // back with attempt + 1, up to kMaxAttempts. The runs of the rest, and those whose job is gone, end as
  // kAbandoned (a spent job leaves with them). Jobs that the exclusions name, or that cannot be read here,
  // are left to other nodes.
  virtual ClaimResult reclaim_expired(const ClaimRequest& request) = 0;

  // Records how runs ended; one answer for each. A run that this owner has already ended is accepted again,
  // so that a call of unknown outcome may be repeated. A spent job leaves with its last run.
  virtual std::vector<CompletionResult> complete(std::span<const RunEnd> ends, const CallTime& time) = 0;

  // Prolongs the leases of these claims to the store's time + lease; false for those that are no longer ours.
  virtual std::vector<bool> renew(std::span<const ClaimPtr> claims, const CallTime& time, Duration lease) = 0;

  // Gives back claims none of whose runs was started: their lease ends at once, and the next
  // reclaim_expired() of any node claims them, whether or not the job asks to recover. The job itself is not
  // rewound: a later fire may have been claimed already.
  virtual void release(std::span<const ClaimPtr> claims, const CallTime& time) = 0;

  virtual std::vector<RunRecord> list_runs(const RunFilter& filter) const = 0;  // latest first
  virtual std::size_t prune_runs(const RunRetention& retention, Instant now) = 0;

  // How long prune_runs() is to keep runs here, where `usual` is what holds for other stores. Any thread,
  // also while the store is not open.
  void set_retention(const StoreRetention& retention);
  RunRetention retention(const RunRetention& usual) const;

  // A descriptor that becomes readable when another node may have changed the store, or -1. The lane watches
  // it; drain_changes() reads it empty and says whether there really was a change.
  virtual int change_fd() const { return -1; }
  virtual bool drain_changes() { return true; }

  // How often to ask drain_changes() unprompted; zero where change_fd() tells of them all, or nobody else can
  // change it.
  virtual Duration poll_interval() const { return Duration{0}; }

  // The process was forked: drop every descriptor and thread without a word to the other side.
  virtual void abandon_after_fork() noexcept {}

 private:
  mutable std::mutex retention_mutex_;
  StoreRetention retention_;
};

using JobStorePtr = std::shared_ptr<JobStore>;

}  // namespace duetime
