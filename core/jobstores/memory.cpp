// Jobs live in a hash index and, while they are scheduled, in a heap by due time; one mutex guards both.
// Plans of the engine's own triggers are made and carried out in place. Jobs whose trigger calls foreign code
// are taken out of the heap, planned with the mutex released, and carried out if their version is still the
// same.
#include "core/jobstores/memory.h"

#include <algorithm>
#include <deque>
#include <limits>
#include <mutex>
#include <set>
#include <unordered_set>
#include <utility>

#include "core/base/error.h"
#include "core/base/json_members.h"
#include "core/base/text.h"
#include "core/jobstores/due_queue.h"
#include "core/jobstores/given_up.h"
#include "core/jobstores/planning.h"

namespace duetime {
namespace {

struct Entry {
  JobPtr job;
  JobPosition position;
  int running = 0;       // claims whose runs have not all ended
  bool removed = false;  // no longer in the store; claims may still hold it
  std::size_t queue_place = DueQueue<Entry>::kNotQueued;

  Instant due_time() const { return *position.next_run_time; }
  const std::string& id() const { return job->id; }
  JobRecord record() const { return {job->id, job, {}, position}; }
};

using EntryPtr = std::shared_ptr<Entry>;

// A claim of this store; its mutable members are guarded by the store's mutex.
struct MemoryClaim : Claim {
  EntryPtr entry;
  mutable std::size_t unended = 0;
  mutable bool taken_over = false;
};

struct ById {
  using is_transparent = void;
  static std::string_view key(const EntryPtr& entry) { return entry->job->id; }
  static std::string_view key(std::string_view id) { return id; }
  std::size_t operator()(const auto& value) const { return std::hash<std::string_view>{}(key(value)); }
  bool operator()(const auto& a, const auto& b) const { return key(a) == key(b); }
};

class MemoryJobStore final : public JobStore {
 public:
  explicit MemoryJobStore(const MemoryStoreOptions& options) : options_(options) {}

  StoreTraits traits() const override { return {.keeps_live_payloads = true}; }
  std::string description() const override { return "memory"; }
  void open() override {}
  void close() noexcept override {}

  void add(std::span<const NewJob> jobs, OnConflict on_conflict) override {
    const std::lock_guard lock(mutex_);
    if (on_conflict == OnConflict::kFail) refuse_conflicts(jobs);
    for (const NewJob& job : jobs) put(job);
  }

  bool import_once(std::string_view source, std::span<const NewJob> jobs) override {
    const std::lock_guard lock(mutex_);
    if (!imports_.emplace(source).second) return false;
    for (const NewJob& job : jobs) {
      if (!takes_id(job.job->id)) put(job);
    }
    return true;
  }

  bool imported(std::string_view source) const override {
    const std::lock_guard lock(mutex_);
    return imports_.contains(source);
  }

  std::optional<JobRecord> update(const JobRecord& record) override {
    const std::lock_guard lock(mutex_);
    Entry& entry = require(record.id);
    if (entry.position.version != record.position.version) return std::nullopt;
    define(entry, record.job, record.position);
    requeue(entry);
    return entry.record();
  }

  bool remove(std::string_view id) override {
    const std::lock_guard lock(mutex_);
    const auto found = index_.find(id);
    if (found == index_.end()) return false;
    drop(found);
    return true;
  }

  std::size_t remove_all() override {
    const std::lock_guard lock(mutex_);
    const std::size_t count = index_.size();
    for (const EntryPtr& entry : index_) entry->removed = true;
    queue_.clear();
    index_.clear();
    return count;
  }

  std::optional<JobRecord> get(std::string_view id) const override {
    const std::lock_guard lock(mutex_);
    const auto found = index_.find(id);
    if (found == index_.end()) return std::nullopt;
    return (*found)->record();
  }

  std::vector<JobRecord> list(const JobFilter& filter) const override {
    std::vector<JobRecord> records = matching(filter);
    std::ranges::sort(records, {}, &JobRecord::id);
    if (records.size() > filter.limit) records.resize(filter.limit);
    return records;
  }

  std::size_t count() const override {
    const std::lock_guard lock(mutex_);
    return index_.size();
  }

  std::optional<Instant> next_due(const Exclusions& exclusions) const override {
    const std::lock_guard lock(mutex_);
    return earliest(exclusions);
  }

  ClaimResult claim_due(const ClaimRequest& request, const RunPlanner& planner) override {
    ClaimResult result;
    std::vector<EntryPtr> foreign;
    {
      const std::lock_guard lock(mutex_);
      foreign = claim_in_place(request, planner, result);
      if (foreign.empty()) result.next_due = earliest(*request.exclusions);
    }
    if (!foreign.empty()) claim_foreign(foreign, request, planner, result);
    return result;
  }

  ClaimResult claim_now(std::string_view id, const ClaimRequest& request) override {
    ClaimResult result;
    const std::lock_guard lock(mutex_);
    const EntryPtr entry = require_entry(id);
    const RunPlan plan = plan_now(*entry->job, entry->position, request.time.now, entry->running);
    if (plan.outcome == RunPlan::Outcome::kRun) {
      carry_out(entry, plan, request, result);
    } else {
      result.skipped.push_back({entry->record(), plan, false});
    }
    return result;
  }

  ClaimResult reclaim_expired(const ClaimRequest& request) override {
    ClaimResult result;
    const std::lock_guard lock(mutex_);
    std::vector<std::shared_ptr<const MemoryClaim>> kept;
    for (const auto& claim : released_) {
      const Entry& entry = *claim->entry;
      if (entry.removed) {
        abandon(*claim, request, result);
      } else if (entry.position.status == JobStatus::kPaused || excluded(entry, *request.exclusions)) {
        kept.push_back(claim);
      } else {
        result.claims.push_back(taken_over(*claim, request));
      }
    }
    released_ = std::move(kept);
    return result;
  }

  std::vector<CompletionResult> complete(std::span<const RunEnd> ends, const CallTime&) override {
    std::vector<CompletionResult> results;
    results.reserve(ends.size());
    const std::lock_guard lock(mutex_);
    for (const RunEnd& end : ends) results.push_back(end_run(end));
    return results;
  }

  // Nobody else can take a claim of this store: there is no lease to prolong.
  std::vector<bool> renew(std::span<const ClaimPtr> claims, const CallTime&, Duration) override {
    return std::vector<bool>(claims.size(), true);
  }

  void release(std::span<const ClaimPtr> claims, const CallTime&) override {
    const std::lock_guard lock(mutex_);
    for (const ClaimPtr& claim : claims) {
      auto ours = std::static_pointer_cast<const MemoryClaim>(claim);
      if (ours->unended > 0) released_.push_back(std::move(ours));
    }
  }

  std::vector<RunRecord> list_runs(const RunFilter& filter) const override {
    const std::lock_guard lock(mutex_);
    std::vector<RunRecord> runs;
    for (auto run = history_.rbegin(); run != history_.rend() && runs.size() < filter.limit; ++run) {
      if (filter.matches(*run)) runs.push_back(*run);
    }
    return runs;
  }

  std::size_t prune_runs(const RunRetention& retention, Instant now) override {
    const std::lock_guard lock(mutex_);
    const std::size_t before = history_.size();
    while (history_.size() > retention.max_count) history_.pop_front();
    std::erase_if(history_, [&](const RunRecord& run) { return *run.ended_at < now - retention.max_age; });
    return before - history_.size();
  }

 private:
  using Index = std::unordered_set<EntryPtr, ById, ById>;

  EntryPtr require_entry(std::string_view id) const {
    const auto found = index_.find(id);
    if (found == index_.end()) throw Error(ErrorCode::kNotFound, "no job with id " + in_quotes(id));
    return *found;
  }

  Entry& require(std::string_view id) { return *require_entry(id); }

  // A job that is only waiting for its last run to end does not take its id.
  bool takes_id(std::string_view id) const {
    const auto found = index_.find(id);
    return found != index_.end() && (*found)->position.status != JobStatus::kFinishing;
  }

  void refuse_conflicts(std::span<const NewJob> jobs) const {
    std::unordered_set<std::string_view> seen;
    for (const NewJob& job : jobs) {
      if (takes_id(job.job->id) || (jobs.size() > 1 && !seen.insert(job.job->id).second)) {
        throw Error(ErrorCode::kConflict, "job id " + in_quotes(job.job->id) + " is taken");
      }
    }
  }

  void put(const NewJob& job) {
    const auto found = index_.find(std::string_view(job.job->id));
    const EntryPtr entry = found == index_.end() ? std::make_shared<Entry>() : *found;
    const bool replaces = found != index_.end();
    define(*entry, job.job, job.position);
    if (!replaces) index_.insert(entry);
    requeue(*entry);
  }

  void define(Entry& entry, const JobPtr& job, const JobPosition& position) {
    const int64_t fence = entry.position.fence;
    entry.job = job;
    entry.position = position;
    entry.position.revision = ++counter_;
    entry.position.version = counter_;
    entry.position.fence = fence;
  }

  void drop(Index::const_iterator found) {
    Entry& entry = **found;
    entry.removed = true;
    if (entry.queue_place != DueQueue<Entry>::kNotQueued) queue_.erase(&entry);
    index_.erase(found);
  }

  void drop(const Entry& entry) { drop(index_.find(std::string_view(entry.job->id))); }

  // Brings the queue in line with the entry's position.
  void requeue(Entry& entry) {
    const bool queued = entry.queue_place != DueQueue<Entry>::kNotQueued;
    if (!entry.position.next_run_time) {
      if (queued) queue_.erase(&entry);
    } else if (queued) {
      queue_.update(&entry);
    } else {
      queue_.push(&entry);
    }
  }

  std::vector<JobRecord> matching(const JobFilter& filter) const {
    const std::lock_guard lock(mutex_);
    std::vector<JobRecord> records;
    records.reserve(index_.size());
    for (const EntryPtr& entry : index_) {
      JobRecord record = entry->record();
      if (filter.matches(record)) records.push_back(std::move(record));
    }
    return records;
  }

  bool excluded(const Entry& entry, const Exclusions& exclusions) const {
    return !exclusions.empty() && exclusions.matches(*entry.job, entry.position.revision);
  }

  // Looks past excluded jobs by taking them out of the heap for a moment.
  std::optional<Instant> earliest(const Exclusions& exclusions) const {
    std::vector<Entry*> aside;
    while (!queue_.empty() && excluded(*queue_.top(), exclusions)) {
      aside.push_back(queue_.top());
      queue_.erase(queue_.top());
    }
    const std::optional<Instant> due =
        queue_.empty() ? std::nullopt : std::optional<Instant>(queue_.top()->due_time());
    for (Entry* entry : aside) queue_.push(entry);
    return due;
  }

  // Answers the due jobs whose triggers call out; they are outside the queue until claim_foreign().
  std::vector<EntryPtr> claim_in_place(const ClaimRequest& request, const RunPlanner& planner,
                                       ClaimResult& result) {
    std::vector<EntryPtr> foreign;
    std::vector<Entry*> aside;
    for (std::size_t taken = 0; taken < request.limit && !queue_.empty();) {
      Entry* entry = queue_.top();
      if (entry->due_time() > request.time.now) break;
      if (excluded(*entry, *request.exclusions)) {
        queue_.erase(entry);
        aside.push_back(entry);
        continue;
      }
      ++taken;
      if (entry->job->trigger->calls_out()) {
        queue_.erase(entry);
        foreign.push_back(*index_.find(std::string_view(entry->job->id)));
        continue;
      }
      const RunPlan plan = planner(*entry->job, entry->position, request.time.now, entry->running);
      if (plan.outcome == RunPlan::Outcome::kLeave) {
        queue_.erase(entry);
        aside.push_back(entry);
      } else {
        carry_out(*index_.find(std::string_view(entry->job->id)), plan, request, result);
      }
    }
    for (Entry* entry : aside) queue_.push(entry);
    return foreign;
  }

  void claim_foreign(const std::vector<EntryPtr>& entries, const ClaimRequest& request,
                     const RunPlanner& planner, ClaimResult& result) {
    for (const EntryPtr& entry : entries) {
      std::unique_lock lock(mutex_);
      const JobRecord seen = entry->record();
      const int running = entry->running;
      lock.unlock();
      RunPlan plan = plan_or_leave(planner, seen, request.time.now, running);
      lock.lock();
      if (entry->removed) continue;
      if (entry->position.version == seen.position.version && plan.outcome != RunPlan::Outcome::kLeave) {
        carry_out(entry, plan, request, result);
      } else {
        requeue(*entry);
      }
    }
    const std::lock_guard lock(mutex_);
    result.next_due = earliest(*request.exclusions);
  }

  void carry_out(const EntryPtr& entry, const RunPlan& plan, const ClaimRequest& request,
                 ClaimResult& result) {
    JobPosition& position = entry->position;
    position.status = plan.next_status;
    position.next_run_time = plan.next_run_time;
    position.fire_time = plan.next_fire_time;
    position.version = ++counter_;
    const bool runs = plan.outcome == RunPlan::Outcome::kRun;
    if (runs) {
      position.fence = counter_;
      ++entry->running;
    }
    requeue(*entry);
    if (runs) result.claims.push_back(new_claim(entry, plan, request));
    if (!runs || plan.missed_count > 0) skip(entry, plan, request, result);
  }

  ClaimPtr new_claim(const EntryPtr& entry, const RunPlan& plan, const ClaimRequest& request) {
    auto claim = std::make_shared<MemoryClaim>();
    claim->record = entry->record();
    claim->owner = request.owner;
    claim->claim_id = request.claim_id;
    claim->fence = entry->position.fence;
    claim->claimed_at = request.time.now;
    claim->claimed_boot_time = request.time.boot_time;
    claim->lease_until = kLatestInstant;
    claim->runs.reserve(plan.runs.size());
    for (const PlannedRun& run : plan.runs) {
      claim->runs.push_back({make_uuid(), run.scheduled_time, run.fire_time, 1});
    }
    claim->entry = entry;
    claim->unended = claim->runs.size();
    return claim;
  }

  void skip(const EntryPtr& entry, const RunPlan& plan, const ClaimRequest& request, ClaimResult& result) {
    SkippedJob skipped{entry->record(), plan, false};
    for (RunRecord& run : given_up(skipped.record, plan, request)) remember(std::move(run));
    if (entry->position.status == JobStatus::kFinishing && entry->running == 0) {
      drop(*entry);
      skipped.removed = true;
    }
    result.skipped.push_back(std::move(skipped));
  }

  void abandon(const MemoryClaim& claim, const ClaimRequest& request, ClaimResult& result) {
    claim.unended = 0;
    for (const ClaimedRun& run : claim.runs) {
      RunRecord record = record_of(claim, run);
      record.state = RunState::kAbandoned;
      record.ended_at = request.time.now;
      result.abandoned.push_back({record, false});
      remember(std::move(record));
    }
  }

  static ClaimPtr taken_over(const MemoryClaim& released, const ClaimRequest& request) {
    auto claim = std::make_shared<MemoryClaim>(released);
    claim->owner = request.owner;
    claim->claim_id = request.claim_id;
    claim->claimed_at = request.time.now;
    claim->claimed_boot_time = request.time.boot_time;
    released.unended = 0;
    released.taken_over = true;
    return claim;
  }

  CompletionResult end_run(const RunEnd& end) {
    const auto& claim = static_cast<const MemoryClaim&>(*end.claim);
    if (claim.unended == 0) return {.accepted = !claim.taken_over};
    remember(record_of(end));
    return {true, --claim.unended == 0 && end_claim(*claim.entry)};
  }

  bool end_claim(Entry& entry) {
    --entry.running;
    const bool spent = entry.position.status == JobStatus::kFinishing && entry.running == 0 && !entry.removed;
    if (spent) drop(entry);
    return spent;
  }

  void remember(RunRecord record) {
    if (options_.history == 0) return;
    if (history_.size() >= options_.history) history_.pop_front();
    history_.push_back(std::move(record));
  }

  const MemoryStoreOptions options_;
  mutable std::mutex mutex_;
  Index index_;
  std::set<std::string, std::less<>> imports_;  // the sources
  mutable DueQueue<Entry> queue_;               // mutable: earliest() takes items out and puts them back
  std::vector<std::shared_ptr<const MemoryClaim>> released_;
  std::deque<RunRecord> history_;  // oldest first
  int64_t counter_ = 0;            // of revisions, versions and fences
};

}  // namespace

JobStorePtr make_memory_job_store(const MemoryStoreOptions& options) {
  return std::make_shared<MemoryJobStore>(options);
}

JobStorePtr make_memory_job_store(const Json& configuration) {
  const JsonMembers members(configuration, "memory store");
  members.refuse_unknown({"type", "history"});
  MemoryStoreOptions options;
  options.history = static_cast<std::size_t>(
      members.integer("history", 0, 1'000'000'000, static_cast<int64_t>(options.history)));
  return make_memory_job_store(options);
}

}  // namespace duetime
