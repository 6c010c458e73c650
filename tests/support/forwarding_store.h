// A job store that hands every call on to another one: what tests of trouble derive from.
#pragma once

#include <utility>

#include "core/jobstores/job_store.h"

namespace duetime {

class ForwardingStore : public JobStore {
 public:
  explicit ForwardingStore(JobStorePtr store) : store_(std::move(store)) {}

  StoreTraits traits() const override { return store_->traits(); }
  std::string description() const override { return store_->description(); }
  void open() override { store_->open(); }
  void close() noexcept override { store_->close(); }
  void add(std::span<const NewJob> jobs, OnConflict on_conflict) override { store_->add(jobs, on_conflict); }
  bool import_once(std::string_view source, std::span<const NewJob> jobs) override {
    return store_->import_once(source, jobs);
  }
  bool imported(std::string_view source) const override { return store_->imported(source); }
  std::optional<JobRecord> update(const JobRecord& record) override { return store_->update(record); }
  bool remove(std::string_view id) override { return store_->remove(id); }
  std::size_t remove_all() override { return store_->remove_all(); }
  std::optional<JobRecord> get(std::string_view id) const override { return store_->get(id); }
  std::vector<JobRecord> list(const JobFilter& filter) const override { return store_->list(filter); }
  std::size_t count() const override { return store_->count(); }
  std::optional<Instant> next_due(const Exclusions& exclusions) const override {
    return store_->next_due(exclusions);
  }
  ClaimResult claim_due(const ClaimRequest& request, const RunPlanner& planner) override {
    return store_->claim_due(request, planner);
  }
  ClaimResult claim_now(std::string_view id, const ClaimRequest& request) override {
    return store_->claim_now(id, request);
  }
  ClaimResult reclaim_expired(const ClaimRequest& request) override {
    return store_->reclaim_expired(request);
  }
  std::vector<CompletionResult> complete(std::span<const RunEnd> ends, const CallTime& time) override {
    return store_->complete(ends, time);
  }
  std::vector<bool> renew(std::span<const ClaimPtr> claims, const CallTime& time, Duration lease) override {
    return store_->renew(claims, time, lease);
  }
  void release(std::span<const ClaimPtr> claims, const CallTime& time) override {
    store_->release(claims, time);
  }
  std::vector<RunRecord> list_runs(const RunFilter& filter) const override {
    return store_->list_runs(filter);
  }
  std::size_t prune_runs(const RunRetention& retention, Instant now) override {
    return store_->prune_runs(retention, now);
  }
  int change_fd() const override { return store_->change_fd(); }
  bool drain_changes() override { return store_->drain_changes(); }
  Duration poll_interval() const override { return store_->poll_interval(); }
  void abandon_after_fork() noexcept override { store_->abandon_after_fork(); }

 protected:
  const JobStorePtr store_;
};

}  // namespace duetime
