// What the tests of the Redis store share.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "tests/support/forwarding_store.h"
#include "tests/support/job_store_processes.h"
#include "tests/support/redis_server.h"

namespace duetime {

// A store whose leases count on a clock that the calls themselves turn: each sets it to its own boot time
// before the store is asked. So tests of leases need not wait for a server's clock.
class TurnedClockStore final : public ForwardingStore {
 public:
  // `clock` is the way to the server for turning the clock.
  TurnedClockStore(const RedisStoreOptions& options, RedisStoreOptions clock)
      : ForwardingStore(make_redis_job_store(with_turned_clock(options))),
        clock_(std::move(clock)),
        key_(key_of(options)) {}
  explicit TurnedClockStore(const RedisStoreOptions& options) : TurnedClockStore(options, options) {}

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

 private:
  static std::string key_of(const RedisStoreOptions& options) { return options.key_prefix + ":test-clock"; }
  static RedisStoreOptions with_turned_clock(RedisStoreOptions options) {
    options.lease_time = "tonumber(redis.call('GET', '" + key_of(options) + "') or '0')";
    return options;
  }

  JobStore& at_time_of(const CallTime& time) {
    RedisConnection(clock_).call(RedisCommand{"SET", key_}.add(time.boot_time.count()));
    return *store_;
  }

  const RedisStoreOptions clock_;
  const std::string key_;
};

inline std::string text_of_error(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

// The key prefix of a contract test's store: stores for the same directory share it.
inline std::string prefix_in(const std::string& directory) { return directory; }

// The store as its contract sees it, with jobs in that server. `change` says how its options differ from
// those of a Unix socket.
inline JobStoreQuirks redis_quirks(
    const std::string& name = "redis", RedisServer& (*server)() = shared_redis_server,
    void (*change)(RedisStoreOptions&) = [](RedisStoreOptions&) {}) {
  return {
      .name = name,
      .make = [=](const std::string& directory) -> JobStorePtr {
        const RedisStoreOptions clock = server().store_options(prefix_in(directory));
        RedisStoreOptions options = clock;
        change(options);
        return std::make_shared<TurnedClockStore>(options, clock);
      },
      .write_raw =
          [=](const std::string& directory, const std::string& id, const std::string& bytes) {
            server().command({"HSET", "{" + prefix_in(directory) + "}:documents", id, bytes});
          },
      .read_raw =
          [=](const std::string& directory, const std::string& id) {
            return server().command({"HGET", "{" + prefix_in(directory) + "}:documents", id});
          },
      .expect_nothing_left =
          [=](const std::string& directory) {
            for (const char* key : {"jobs", "documents", "ids", "due", "running", "claims", "leases"}) {
              EXPECT_EQ(server().command({"EXISTS", "{" + prefix_in(directory) + "}:" + key}), "0") << key;
            }
          },
      .leases_end_with_the_boot = false};
}

}  // namespace duetime
