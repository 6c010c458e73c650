// A few connections to one server, each used by one call at a time and kept for the next: renewing a lease
// does not wait for another thread's long listing.
//
// Threads: any.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>
#include <vector>

#include "core/base/fork.h"
#include "core/jobstores/postgresql_connection.h"

namespace duetime {

class PgPool {
 public:
  explicit PgPool(const PostgresqlStoreOptions& options) : options_(options) {
    idle_.reserve(options.pool_size);
  }

  // A connection for the time of one call. It goes back if it is still of use and in no transaction; else it
  // is closed, and the server undoes what was not committed.
  class Lease {
   public:
    Lease(PgPool& pool, std::unique_ptr<PgConnection> connection)
        : pool_(pool), connection_(std::move(connection)) {}
    ~Lease() { pool_.take_back(std::move(connection_)); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;

    PgConnection* operator->() const { return connection_.get(); }
    PgConnection& operator*() const { return *connection_; }

   private:
    PgPool& pool_;
    std::unique_ptr<PgConnection> connection_;
  };

  // Waits while all are in use. Throws kStoreUnavailable.
  Lease lease() { return {*this, take()}; }

  // Closes the descriptors that the child got from its parent, without a word to the server. Nothing but this
  // may be done with the object in the child.
  void abandon_after_fork() noexcept;

 private:
  std::unique_ptr<PgConnection> take();
  std::unique_ptr<PgConnection> take_idle();
  void reserve();
  void give_up_reservation() noexcept;
  void take_back(std::unique_ptr<PgConnection> connection) noexcept;

  const PostgresqlStoreOptions options_;
  std::mutex mutex_;
  HeldAcrossFork held_across_fork_{mutex_};
  std::condition_variable returned_;
  std::size_t reserved_ = 0;  // calls that have a connection, or are about to
  std::vector<std::unique_ptr<PgConnection>> idle_;
  std::set<int> in_use_;  // descriptors of the connections that are out
};

}  // namespace duetime
