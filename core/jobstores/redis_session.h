// An open Redis store: its connections, its scripts, and the notice of whether the server still holds what it
// held.
//
// Threads: any.
#pragma once

#include <array>
#include <atomic>
#include <mutex>
#include <string>

#include "core/jobstores/redis_keys.h"
#include "core/jobstores/redis_pool.h"
#include "core/jobstores/redis_scripts.h"
#include "core/jobstores/redis_subscription.h"

namespace duetime {

class RedisSession {
 public:
  // Connects, makes or checks the store. Throws as JobStore::open() does.
  explicit RedisSession(const RedisStoreOptions& options);

  // The script's answer. `claim_id` for scripts that claim. Throws as JobStore's calls do; kStoreUnavailable
  // also when the store was found to have lost its keys, in which case it was begun anew.
  RedisReply run(RedisScript script, RedisCommand arguments = {}, const Uuid* claim_id = nullptr);

  // Throws kStoreUnavailable if some call has found the keys lost since this was asked last: a loss that a
  // program's call met is told to the scheduler too.
  void report_loss();

  RedisSubscription& subscription() { return subscription_; }

  // Closes the child's descriptors. Nothing but this may be done with the object in the child.
  void abandon_after_fork() noexcept;

 private:
  struct State {
    std::string epoch;
    int64_t counter = 0;  // the largest seen
  };

  State state() const;
  void note_counter(int64_t counter);
  void prepare();
  void load_scripts();
  RedisCommand prelude(const State& state) const;
  RedisReply call(RedisScript script, RedisCommand command);
  [[noreturn]] void begin_anew(const State& found_gone);

  const RedisKeys keys_;
  const std::string name_;  // of this node in the channel
  const std::string lease_time_;
  RedisPool pool_;
  mutable std::mutex mutex_;
  State state_;
  std::atomic<bool> loss_to_report_{false};
  std::array<std::string, kRedisScripts> digests_;
  RedisSubscription subscription_;
};

// Sets an inherited session aside for good.
void forget_redis_session(std::unique_ptr<RedisSession> session) noexcept;

}  // namespace duetime
