// Jobs live in a hash index and, while they are scheduled, in a heap by due time; one mutex guards both.
// Plans of the engine's own triggers are made and carried out in place. Jobs whose trigger calls foreign code
// are taken out of the heap, planned with the mutex released, and carried out if their version is still the
// same.
//
// A change takes all its memory before it begins, and so cannot fail half-way. A call that takes several jobs
// and finds no more memory after the first answers with what it has: the others stay due.
#include "core/jobstores/memory.h"

#include <algorithm>
#include <limits>
#include <list>
#include <mutex>
#include <set>
#include <unordered_set>
#include <utility>

#include "core/base/error.h"
#include "core/base/json_members.h"
#include "core/base/text.h"
#include "core/jobstores/due_queue.h"
#include "core/jobstores/given_up.h"
#include "core/jobstores/id_index.h"
#include "core/jobstores/planning.h"

namespace duetime {
namespace {

struct Entry {
  JobPtr job;
  JobPosition position;
  int running = 0;       // claims whose runs have not all ended
  bool removed = false;  // no longer in the store; claims may still hold it
  std::size_t id_hash = 0;
  std::shared_ptr<Entry> next_in_chain;
  uint32_t queue_number = DueQueue<Entry>::kNotQueued;

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

// For one more, so that push_back() cannot fail.
template <typename Item>
void make_room(std::vector<Item>& items) {
  if (items.size() == items.capacity()) items.reserve(std::max<std::size_t>(8, 2 * items.size()));
}

// Jobs that are passed over: out of the queue for as long as this lives.
class SetAside {
 public:
  explicit SetAside(DueQueue<Entry>& queue) : queue_(queue) {}
  ~SetAside() {
    for (Entry* entry : entries_) queue_.push(entry);
  }
  SetAside(const SetAside&) = delete;
  SetAside& operator=(const SetAside&) = delete;

  void take(Entry* entry) {
    entries_.push_back(entry);
    queue_.erase(entry);
  }

 private:
  DueQueue<Entry>& queue_;
  std::vector<Entry*> entries_;
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
    put(jobs);
  }

  bool import_once(std::string_view source, std::span<const NewJob> jobs) override {
    const std::lock_guard lock(mutex_);
    std::vector<NewJob> free;
    std::unordered_set<std::string_view> seen;
    std::ranges::copy_if(jobs, std::back_inserter(free), [&](const NewJob& job) {
      return !takes_id(job.job->id) && seen.insert(job.job->id).second;
    });
    const auto [place, is_new] = imports_.emplace(source);
    if (!is_new) return false;
    try {
      put(free);
    } catch (...) {
      imports_.erase(place);
      throw;
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
    JobRecord updated = entry.record();
    define(entry, record.job, record.position);
    requeue(entry);
    updated.job = entry.job;
    updated.position = entry.position;
    return updated;
  }

  bool remove(std::string_view id) override {
    const std::lock_guard lock(mutex_);
    const EntryPtr found = index_.find(id);
    if (!found) return false;
    drop(*found);
    return true;
  }

  std::size_t remove_all() override {
    const std::lock_guard lock(mutex_);
    const std::size_t count = index_.size();
    index_.for_each([](Entry& entry) { entry.removed = true; });
    queue_.clear();
    index_.clear();
    return count;
  }

  std::optional<JobRecord> get(std::string_view id) const override {
    const std::lock_guard lock(mutex_);
    const EntryPtr found = index_.find(id);
    if (!found) return std::nullopt;
    return found->record();
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
    try {
      claim_in_place(request, planner, result, foreign);
      claim_foreign(foreign, request, planner, result);
    } catch (...) {
      put_back(foreign);
      if (result.claims.empty() && result.skipped.empty()) throw;
    }
    const std::lock_guard lock(mutex_);
    result.next_due = earliest_or_sooner(*request.exclusions);
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
    try {
      for (const auto& claim : released_) take_back(*claim, request, result);
    } catch (...) {
      forget_settled_claims();
      if (result.claims.empty() && result.abandoned.empty()) throw;
    }
    forget_settled_claims();
    return result;
  }

  std::vector<CompletionResult> complete(std::span<const RunEnd> ends, const CallTime&) override {
    std::vector<CompletionResult> results;
    results.reserve(ends.size());
    History records;
    for (const RunEnd& end : ends) records.push_back(record_of(end));
    const std::lock_guard lock(mutex_);
    for (const RunEnd& end : ends) results.push_back(end_run(end, records));
    return results;
  }

  // Nobody else can take a claim of this store: there is no lease to prolong.
  std::vector<bool> renew(std::span<const ClaimPtr> claims, const CallTime&, Duration) override {
    return std::vector<bool>(claims.size(), true);
  }

  void release(std::span<const ClaimPtr> claims, const CallTime&) override {
    const std::lock_guard lock(mutex_);
    released_.reserve(released_.size() + claims.size());
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
    const std::optional<Instant> ended_before = checked_add(now, -retention.max_age);
    if (ended_before) {
      std::erase_if(history_, [&](const RunRecord& run) { return *run.ended_at < *ended_before; });
    }
    return before - history_.size();
  }

 private:
  using History = std::list<RunRecord>;  // whose records move from list to list without a failure

  EntryPtr require_entry(std::string_view id) const {
    if (EntryPtr found = index_.find(id)) return found;
    throw Error(ErrorCode::kNotFound, "no job with id " + in_quotes(id));
  }

  Entry& require(std::string_view id) { return *require_entry(id); }

  // A job that is only waiting for its last run to end does not take its id.
  bool takes_id(std::string_view id) const {
    const EntryPtr found = index_.find(id);
    return found && found->position.status != JobStatus::kFinishing;
  }

  void refuse_conflicts(std::span<const NewJob> jobs) const {
    std::unordered_set<std::string_view> seen;
    for (const NewJob& job : jobs) {
      if (takes_id(job.job->id) || (jobs.size() > 1 && !seen.insert(job.job->id).second)) {
        throw Error(ErrorCode::kConflict, "job id " + in_quotes(job.job->id) + " is taken");
      }
    }
  }

  void put(std::span<const NewJob> jobs) {
    std::vector<EntryPtr> made;
    made.reserve(jobs.size());
    for (const NewJob& job : jobs) made.push_back(index_.find(job.job->id) ? nullptr : new_entry(job));
    make_room_for(jobs.size());

    for (std::size_t i = 0; i < jobs.size(); ++i) {
      EntryPtr entry = index_.find(jobs[i].job->id);
      if (!entry) index_.insert(entry = std::move(made[i]));
      define(*entry, jobs[i].job, jobs[i].position);
      requeue(*entry);
    }
  }

  static EntryPtr new_entry(const NewJob& job) {
    EntryPtr entry = std::make_shared<Entry>();
    entry->job = job.job;
    return entry;
  }

  // The queue has room for all jobs there are, so that what is in the index can always be queued.
  void make_room_for(std::size_t more) {
    index_.make_room(index_.size() + more);
    queue_.make_room(index_.size() + more);
  }

  void define(Entry& entry, const JobPtr& job, const JobPosition& position) {
    const int64_t fence = entry.position.fence;
    entry.job = job;
    entry.position = position;
    entry.position.revision = ++counter_;
    entry.position.version = counter_;
    entry.position.fence = fence;
  }

  void drop(Entry& entry) {
    entry.removed = true;
    if (entry.queue_number != DueQueue<Entry>::kNotQueued) queue_.erase(&entry);
    index_.erase(entry);
  }

  // Brings the queue in line with the entry's position.
  void requeue(Entry& entry) {
    const bool queued = entry.queue_number != DueQueue<Entry>::kNotQueued;
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
    index_.for_each([&](const Entry& entry) {
      JobRecord record = entry.record();
      if (filter.matches(record)) records.push_back(std::move(record));
    });
    return records;
  }

  bool excluded(const Entry& entry, const Exclusions& exclusions) const {
    return !exclusions.empty() && exclusions.matches(*entry.job, entry.position.revision);
  }

  std::optional<Instant> earliest(const Exclusions& exclusions) const {
    SetAside aside(queue_);
    while (!queue_.empty() && excluded(*queue_.top(), exclusions)) aside.take(queue_.top());
    return first_due();
  }

  std::optional<Instant> first_due() const {
    return queue_.empty() ? std::nullopt : std::optional<Instant>(queue_.top()->due_time());
  }

  // For a call that has taken jobs and must answer: where there is no memory to look past what is excluded,
  // it says to look again too soon.
  std::optional<Instant> earliest_or_sooner(const Exclusions& exclusions) const {
    try {
      return earliest(exclusions);
    } catch (const std::bad_alloc&) {
      return first_due();
    }
  }

  // `foreign` gets the due jobs whose triggers call out; they are outside the queue until claim_foreign().
  void claim_in_place(const ClaimRequest& request, const RunPlanner& planner, ClaimResult& result,
                      std::vector<EntryPtr>& foreign) {
    const std::lock_guard lock(mutex_);
    SetAside aside(queue_);
    for (std::size_t taken = 0; taken < request.limit && !queue_.empty();) {
      Entry* entry = queue_.top();
      if (entry->due_time() > request.time.now) break;
      if (excluded(*entry, *request.exclusions)) {
        aside.take(entry);
        continue;
      }
      ++taken;
      if (entry->job->trigger->calls_out()) {
        foreign.push_back(index_.owner_of(*entry));
        queue_.erase(entry);
        continue;
      }
      const RunPlan plan = planner(*entry->job, entry->position, request.time.now, entry->running);
      if (plan.outcome == RunPlan::Outcome::kLeave) {
        aside.take(entry);
      } else {
        carry_out(EntryPtr(index_.owner_of(*entry)), plan, request, result);
      }
    }
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
  }

  void put_back(const std::vector<EntryPtr>& entries) {
    const std::lock_guard lock(mutex_);
    for (const EntryPtr& entry : entries) {
      if (!entry->removed) requeue(*entry);
    }
  }

  void carry_out(const EntryPtr& entry, const RunPlan& plan, const ClaimRequest& request,
                 ClaimResult& result) {
    const bool runs = plan.outcome == RunPlan::Outcome::kRun;
    JobRecord record = entry->record();
    record.position = position_after(entry->position, plan);
    std::optional<Skip> skip;
    if (!runs || plan.missed_count > 0) skip = make_skip(record, plan, request, result);
    make_room(result.claims);
    const std::shared_ptr<MemoryClaim> claim = runs ? new_claim(entry, record, plan, request) : nullptr;

    ++counter_;
    entry->position = record.position;
    if (runs) ++entry->running;
    requeue(*entry);
    if (runs) result.claims.push_back(claim);
    if (skip) carry_out(*std::move(skip), *entry, result);
  }

  struct Skip {
    SkippedJob job;
    History ended;
  };

  static Skip make_skip(const JobRecord& record, const RunPlan& plan, const ClaimRequest& request,
                        ClaimResult& result) {
    Skip skip{{record, plan, false}, {}};
    for (RunRecord& run : given_up(record, plan, request)) skip.ended.push_back(std::move(run));
    make_room(result.skipped);
    return skip;
  }

  void carry_out(Skip&& skip, Entry& entry, ClaimResult& result) {
    remember(skip.ended);
    skip.job.removed = entry.position.status == JobStatus::kFinishing && entry.running == 0;
    if (skip.job.removed) drop(entry);
    result.skipped.push_back(std::move(skip.job));
  }

  JobPosition position_after(JobPosition position, const RunPlan& plan) const {
    position.status = plan.next_status;
    position.next_run_time = plan.next_run_time;
    position.fire_time = plan.next_fire_time;
    position.version = counter_ + 1;
    if (plan.outcome == RunPlan::Outcome::kRun) position.fence = counter_ + 1;
    return position;
  }

  static std::shared_ptr<MemoryClaim> new_claim(const EntryPtr& entry, const JobRecord& record,
                                                const RunPlan& plan, const ClaimRequest& request) {
    auto claim = std::make_shared<MemoryClaim>();
    claim->record = record;
    claim->owner = request.owner;
    claim->claim_id = request.claim_id;
    claim->fence = record.position.fence;
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

  // A released claim is taken over, or ends with its job.
  void take_back(const MemoryClaim& claim, const ClaimRequest& request, ClaimResult& result) {
    const Entry& entry = *claim.entry;
    if (claim.unended == 0) return;
    if (entry.removed) {
      abandon(claim, request, result);
    } else if (entry.position.status != JobStatus::kPaused && !excluded(entry, *request.exclusions)) {
      make_room(result.claims);
      result.claims.push_back(taken_over(claim, request));
    }
  }

  void forget_settled_claims() {
    std::erase_if(released_, [](const auto& claim) { return claim->unended == 0; });
  }

  void abandon(const MemoryClaim& claim, const ClaimRequest& request, ClaimResult& result) {
    History ended;
    std::vector<AbandonedRun> abandoned;
    for (const ClaimedRun& run : claim.runs) {
      RunRecord record = record_of(claim, run);
      record.state = RunState::kAbandoned;
      record.ended_at = request.time.now;
      abandoned.push_back({record, false});
      ended.push_back(std::move(record));
    }
    result.abandoned.reserve(result.abandoned.size() + abandoned.size());

    claim.unended = 0;
    remember(ended);
    std::ranges::move(abandoned, std::back_inserter(result.abandoned));
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

  // The first of the records is this end's.
  CompletionResult end_run(const RunEnd& end, History& records) {
    History record;
    record.splice(record.end(), records, records.begin());
    const auto& claim = static_cast<const MemoryClaim&>(*end.claim);
    if (claim.unended == 0) return {.accepted = !claim.taken_over};
    remember(record);
    return {true, --claim.unended == 0 && end_claim(*claim.entry)};
  }

  bool end_claim(Entry& entry) {
    --entry.running;
    const bool spent = entry.position.status == JobStatus::kFinishing && entry.running == 0 && !entry.removed;
    if (spent) drop(entry);
    return spent;
  }

  void remember(History& records) {
    history_.splice(history_.end(), records);
    while (history_.size() > options_.history) history_.pop_front();
  }

  const MemoryStoreOptions options_;
  mutable std::mutex mutex_;
  IdIndex<Entry> index_;
  std::set<std::string, std::less<>> imports_;  // the sources
  mutable DueQueue<Entry> queue_;               // mutable: earliest() takes items out and puts them back
  std::vector<std::shared_ptr<const MemoryClaim>> released_;
  History history_;      // oldest first
  int64_t counter_ = 0;  // of revisions, versions and fences
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
