// What the tests of the Redis store share.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "tests/support/job_store_contract.h"
#include "tests/support/redis_server.h"

namespace duetime {

// A store whose leases count on a clock that the calls themselves turn: each sets it to its own boot time
// before the store is asked. So tests of leases need not wait for a server's clock.
class TurnedClockStore final : public JobStore {
 public:
  // `clock` is the way to the server for turning the clock.
  TurnedClockStore(RedisStoreOptions options, RedisStoreOptions clock)
      : clock_(std::move(clock)), key_(options.key_prefix + ":test-clock") {
    options.lease_time = "tonumber(redis.call('GET', '" + key_ + "') or '0')";
    store_ = make_redis_job_store(options);
  }
  explicit TurnedClockStore(const RedisStoreOptions& options) : TurnedClockStore(options, options) {}

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
    return at_time_of(request.time).claim_due(request, planner);
  }
  ClaimResult claim_now(std::string_view id, const ClaimRequest& request) override {
    return at_time_of(request.time).claim_now(id, request);
  }
  ClaimResult reclaim_expired(const ClaimRequest& request) override {
    return at_time_of(request.time).reclaim_expired(request);
  }
  std::vector<CompletionResult> complete(std::span<const RunEnd> ends, const CallTime& time) override {
    return at_time_of(time).complete(ends, time);
  }
  std::vector<bool> renew(std::span<const ClaimPtr> claims, const CallTime& time, Duration lease) override {
    return at_time_of(time).renew(claims, time, lease);
  }
  void release(std::span<const ClaimPtr> claims, const CallTime& time) override {
    at_time_of(time).release(claims, time);
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

 private:
  JobStore& at_time_of(const CallTime& time) {
    RedisConnection(clock_).call(RedisCommand{"SET", key_}.add(time.boot_time.count()));
    return *store_;
  }

  const RedisStoreOptions clock_;
  const std::string key_;
  JobStorePtr store_;
};

// Tries until the call works, as a lane does.
template <typename Call>
auto eventually(Call call) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  for (;;) {
    try {
      return call();
    } catch (const Error&) {
      if (std::chrono::steady_clock::now() > deadline) throw;
      std::this_thread::yield();
    }
  }
}

// The key prefix of a contract test's store: stores for the same directory share it.
inline std::string prefix_in(const std::string& directory) { return directory; }

inline JobStoreQuirks redis_quirks() {
  return {
      .name = "redis",
      .make = [](const std::string& directory) -> JobStorePtr {
        return std::make_shared<TurnedClockStore>(shared_redis_server().store_options(prefix_in(directory)));
      },
      .write_raw =
          [](const std::string& directory, const std::string& id, const std::string& bytes) {
            shared_redis_server().command({"HSET", "{" + prefix_in(directory) + "}:documents", id, bytes});
          },
      .read_raw =
          [](const std::string& directory, const std::string& id) {
            return shared_redis_server().command({"HGET", "{" + prefix_in(directory) + "}:documents", id});
          },
      .leases_end_with_the_boot = false};
}

}  // namespace duetime
