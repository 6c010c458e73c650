#include "core/jobstores/record_store.h"

#include <mutex>
#include <utility>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/jobstores/record_claims.h"
#include "core/jobstores/record_jobs.h"
#include "core/jobstores/record_runs.h"
#include "core/jobstores/run_end.h"

namespace duetime {
namespace {

constexpr Duration kPollInterval = std::chrono::milliseconds(500);

// What the lane was told last, to see whether another node has changed it.
class NextDue {
 public:
  void note(const Exclusions* exclusions, std::optional<Instant> next) {
    const std::lock_guard lock(mutex_);
    exclusions_ = exclusions ? *exclusions : Exclusions{};
    next_ = next;
  }

  Exclusions exclusions() const {
    const std::lock_guard lock(mutex_);
    return exclusions_;
  }

  bool differs(std::optional<Instant> next) {
    const std::lock_guard lock(mutex_);
    return std::exchange(next_, next) != next;
  }

 private:
  mutable std::mutex mutex_;
  Exclusions exclusions_;
  std::optional<Instant> next_;
};

// What is open: all of it, or nothing.
struct OpenRecords {
  explicit OpenRecords(RecordStorage& storage) : session(storage), claims(session) {}

  RecordSession session;
  RecordClaims claims;
  NextDue next_due;
};

class RecordJobStore final : public JobStore {
 public:
  explicit RecordJobStore(RecordStoragePtr storage) : storage_(std::move(storage)) {}

  ~RecordJobStore() override { close(); }

  StoreTraits traits() const override {
    return {.durable = true, .shared = true, .atomic_batches = storage_->max_operations() == SIZE_MAX};
  }

  std::string description() const override { return storage_->description(); }

  void open() override {
    if (open_) return;
    storage_->open();
    open_ = std::make_unique<OpenRecords>(*storage_);
  }

  void close() noexcept override {
    if (!open_) return;
    open_.reset();
    storage_->close();
  }

  void add(std::span<const NewJob> jobs, OnConflict on_conflict) override {
    add_jobs(session(), jobs, on_conflict);
  }

  bool import_once(std::string_view source, std::span<const NewJob> jobs) override {
    return import_jobs(session(), source, jobs);
  }

  bool imported(std::string_view source) const override { return is_imported(session(), source); }

  std::optional<JobRecord> update(const JobRecord& record) override {
    if (!record.job) {
      throw Error(ErrorCode::kInvalidArgument,
                  "job " + in_quotes(record.id) + " cannot be read, so it cannot be changed");
    }
    return update_job(session(), record);
  }

  bool remove(std::string_view id) override { return remove_job(session(), std::string(id)); }
  std::size_t remove_all() override { return remove_all_jobs(session()); }

  std::optional<JobRecord> get(std::string_view id) const override {
    return session().find_job(std::string(id));
  }

  std::vector<JobRecord> list(const JobFilter& filter) const override { return list_jobs(session(), filter); }
  std::size_t count() const override { return session().count_jobs(); }

  std::optional<Instant> next_due(const Exclusions& exclusions) const override {
    return next_due_job(session(), exclusions);
  }

  ClaimResult claim_due(const ClaimRequest& request, const RunPlanner& planner) override {
    ClaimResult result = opened().claims.claim_due(request, planner);
    opened().next_due.note(request.exclusions, result.next_due);
    return result;
  }

  ClaimResult claim_now(std::string_view id, const ClaimRequest& request) override {
    return opened().claims.claim_now(id, request);
  }

  ClaimResult reclaim_expired(const ClaimRequest& request) override {
    return opened().claims.reclaim_expired(request);
  }

  std::vector<CompletionResult> complete(std::span<const RunEnd> ends, const CallTime& time) override {
    for (const RunEnd& end : ends) require_valid(end);
    return complete_runs(session(), ends, time);
  }

  std::vector<bool> renew(std::span<const ClaimPtr> claims, const CallTime& time, Duration lease) override {
    return renew_claims(session(), claims, time, lease);
  }

  void release(std::span<const ClaimPtr> claims, const CallTime& time) override {
    release_claims(session(), claims, time);
  }

  std::vector<RunRecord> list_runs(const RunFilter& filter) const override {
    return duetime::list_runs(session(), filter);
  }

  std::size_t prune_runs(const RunRetention& retention, Instant now) override {
    prune_notes(session(), now);
    return duetime::prune_runs(session(), retention, now);
  }

  bool drain_changes() override {
    return opened().next_due.differs(next_due_job(session(), opened().next_due.exclusions()));
  }

  Duration poll_interval() const override { return kPollInterval; }

  // What other threads of the parent had under way is not at rest here: it is left where it is.
  void abandon_after_fork() noexcept override {
    static_cast<void>(open_.release());
    storage_->abandon_after_fork();
  }

 private:
  OpenRecords& opened() const {
    if (!open_) throw Error(ErrorCode::kStoreUnavailable, description() + ": the store is not open");
    return *open_;
  }

  RecordSession& session() const { return opened().session; }

  const RecordStoragePtr storage_;
  std::unique_ptr<OpenRecords> open_;
};

}  // namespace

JobStorePtr make_record_job_store(RecordStoragePtr storage) {
  return std::make_shared<RecordJobStore>(std::move(storage));
}

}  // namespace duetime
