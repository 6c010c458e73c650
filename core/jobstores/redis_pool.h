// Connections to one server, each used by one call at a time and kept for the next: renewing a lease never
// waits for another thread's long listing.
//
// Threads: any.
#pragma once

#include <memory>
#include <mutex>
#include <set>
#include <vector>

#include "core/base/fork.h"
#include "core/jobstores/redis_connection.h"

namespace duetime {

class RedisPool {
 public:
  explicit RedisPool(const RedisStoreOptions& options) : options_(options) { idle_.reserve(kMostIdle); }

  // A connection for the time of one call. It goes back if it is still of use; else it is closed.
  class Lease {
   public:
    Lease(RedisPool& pool, std::unique_ptr<RedisConnection> connection)
        : pool_(pool), connection_(std::move(connection)) {}
    ~Lease() { pool_.take_back(std::move(connection_)); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;

    RedisConnection* operator->() const { return connection_.get(); }

   private:
    RedisPool& pool_;
    std::unique_ptr<RedisConnection> connection_;
  };

  // Throws kStoreUnavailable.
  Lease lease() { return {*this, take()}; }

  // Closes the sockets that the child got from its parent, without a word to the server. Nothing but this may
  // be done with the object in the child.
  void abandon_after_fork() noexcept;

 private:
  std::unique_ptr<RedisConnection> take();
  std::unique_ptr<RedisConnection> take_idle();
  void take_back(std::unique_ptr<RedisConnection> connection) noexcept;

  static constexpr std::size_t kMostIdle = 8;

  const RedisStoreOptions options_;
  std::mutex mutex_;
  HeldAcrossFork held_across_fork_{mutex_};
  std::vector<std::unique_ptr<RedisConnection>> idle_;
  std::set<int> in_use_;  // descriptors of the connections that are out
};

}  // namespace duetime
