// The claims that a lane holds in a shared store, and their leases. A thread of the engine's own renews them,
// so that no task, trigger or event loop can delay it; in hosted mode the lane does, at each pass.
//
// For a store that is not shared it does nothing: nobody else can take its claims.
//
// Threads: any.
#pragma once

#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "core/scheduler/claim_book.h"
#include "core/scheduler/node.h"
#include "core/scheduler/open_store.h"

namespace duetime {

class LeaseKeeper : public std::enable_shared_from_this<LeaseKeeper> {
 public:
  LeaseKeeper(std::shared_ptr<const Node> node, OpenStorePtr store);
  ~LeaseKeeper();

  // The thread ends when stop() was called and no claim is held any more; whichever of stop() and drop()
  // comes last waits for it, so that no thread is left when the last run has ended.
  void start_thread();
  void stop();

  void hold(const std::vector<ClaimPtr>& claims);
  void drop(const ClaimPtr& claim);

  // Whether the lease is sure to last for a moment, judged by this node's boot time, so that a suspended or
  // stopped process does not start what another node may have taken over (contract P5).
  bool may_start(const ClaimPtr& claim) const;

  // Renews what is held if a third of the lease has passed. Throws what the store throws.
  void renew_if_due();

  // When renew_if_due() has work next, on the node's clock; kLatestInstant while nothing is held.
  Instant next_renewal() const;

 private:
  void run_thread();
  void renew(const std::vector<ClaimPtr>& claims);
  void end_thread_if_done();
  std::vector<ClaimPtr> held() const;

  const std::shared_ptr<const Node> node_;
  const OpenStorePtr store_;
  const Duration lease_;
  const bool shared_;
  const std::unique_ptr<Alarm> alarm_;

  mutable std::mutex mutex_;
  ClaimBook<Duration, &Claim::lease_place> held_;  // with the boot time just before the last good renewal
  Duration renewed_at_{0};                         // boot time
  bool stopping_ = false;
  std::thread thread_;  // guarded by mutex_
};

}  // namespace duetime
