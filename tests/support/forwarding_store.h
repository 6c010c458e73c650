// A job store that hands every call on to another, for tests that change or count some of them.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/jobstores/job_store.h"

namespace duetime {

class ForwardingStore : public JobStore {
 public:
  explicit ForwardingStore(JobStorePtr store) : store_(std::move(store)) {}

  StoreTraits traits() const override { return store_->traits(); }
  std::string description() const override { return store_->description(); }
  int change_fd() const override { return store_->change_fd(); }
  Duration poll_interval() const override { return store_->poll_interval(); }
  void abandon_after_fork() noexcept override { store_->abandon_after_fork(); }

  void open() override { asked().open(); }
  void close() noexcept override { asked().close(); }
  void add(std::span<const NewJob> jobs, OnConflict on_conflict) override { asked().add(jobs, on_conflict); }
  SqlStatements sql_to_add(const NewJob& job, OnConflict on_conflict) const override {
    return asked().sql_to_add(job, on_conflict);
  }
  bool import_once(std::string_view source, std::span<const NewJob> jobs) override {
    return asked().import_once(source, jobs);
  }
  bool imported(std::string_view source) const override { return asked().imported(source); }
  std::optional<JobRecord> update(const JobRecord& record) override { return asked().update(record); }
  bool remove(std::string_view id) override { return asked().remove(id); }
  std::size_t remove_all() override { return asked().remove_all(); }
  std::optional<JobRecord> get(std::string_view id) const override { return asked().get(id); }
  std::vector<JobRecord> list(const JobFilter& filter) const override { return asked().list(filter); }
  std::size_t count() const override { return asked().count(); }
  std::optional<Instant> next_due(const Exclusions& exclusions) const override {
    return asked().next_due(exclusions);
  }
  ClaimResult claim_due(const ClaimRequest& request, const RunPlanner& planner) override {
    return asked().claim_due(request, planner);
  }
  ClaimResult claim_now(std::string_view id, const ClaimRequest& request) override {
    return asked().claim_now(id, request);
  }
  ClaimResult reclaim_expired(const ClaimRequest& request) override {
    return asked().reclaim_expired(request);
  }
  std::vector<CompletionResult> complete(std::span<const RunEnd> ends, const CallTime& time) override {
    return asked().complete(ends, time);
  }
  std::vector<bool> renew(std::span<const ClaimPtr> claims, const CallTime& time, Duration lease) override {
    return asked().renew(claims, time, lease);
  }
  void release(std::span<const ClaimPtr> claims, const CallTime& time) override {
    asked().release(claims, time);
  }
  std::vector<RunRecord> list_runs(const RunFilter& filter) const override {
    return asked().list_runs(filter);
  }
  std::size_t prune_runs(const RunRetention& retention, Instant now) override {
    return asked().prune_runs(retention, now);
  }
  bool drain_changes() override { return asked().drain_changes(); }

 protected:
  // The other store, when something is wanted of it.
  virtual JobStore& asked() const { return *store_; }

  const JobStorePtr store_;
};

// Counts the calls that may cost a look at the data.
class CountingStore final : public ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;

  int calls() const { return calls_; }

 protected:
  JobStore& asked() const override {
    ++calls_;
    return ForwardingStore::asked();
  }

 private:
  mutable std::atomic<int> calls_{0};
};

}  // namespace duetime
