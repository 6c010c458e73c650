#include "core/scheduler/lease_keeper.h"

#include <string>

#include "core/base/error.h"
#include "core/base/thread.h"

namespace duetime {
namespace {

constexpr int kRenewalsPerLease = 3;
constexpr int kMarginPart = 10;  // a tenth of the lease is left for what happens between check and start
constexpr Duration kRetryPause = std::chrono::milliseconds(200);

}  // namespace

LeaseKeeper::LeaseKeeper(std::shared_ptr<const Node> node, OpenStorePtr store)
    : node_(std::move(node)),
      store_(std::move(store)),
      lease_(node_->options.lease),
      shared_((*store_)->traits().shared),
      alarm_(node_->clock->make_alarm()) {}

// Only a thread whose claims were lost with their executor is still there, and it is the caller.
LeaseKeeper::~LeaseKeeper() {
  if (thread_.joinable()) thread_.detach();
}

void LeaseKeeper::start_thread() {
  if (!shared_) return;
  const std::lock_guard lock(mutex_);
  thread_ = duetime::start_thread([self = shared_from_this()] { self->run_thread(); });
}

void LeaseKeeper::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  end_thread_if_done();
}

void LeaseKeeper::end_thread_if_done() {
  std::unique_lock lock(mutex_);
  if (!stopping_ || !held_.empty()) return;
  std::thread thread = std::move(thread_);
  alarm_->ring();
  lock.unlock();
  if (thread.joinable()) thread.join();
}

void LeaseKeeper::hold(const std::vector<ClaimPtr>& claims) {
  if (!shared_ || claims.empty()) return;
  const std::lock_guard lock(mutex_);
  for (const ClaimPtr& claim : claims) {
    // Those that a repeated call finds again may be older than what was renewed last.
    if (held_.empty() || claim->claimed_boot_time < renewed_at_) {
      renewed_at_ = claim->claimed_boot_time;
      alarm_->ring();
    }
    if (held_.find(claim) == nullptr) held_.add(claim, claim->claimed_boot_time);
  }
}

void LeaseKeeper::drop(const ClaimPtr& claim) {
  if (!shared_) return;
  {
    const std::lock_guard lock(mutex_);
    held_.erase(claim);
  }
  end_thread_if_done();
}

bool LeaseKeeper::may_start(const ClaimPtr& claim) const {
  if (!shared_) return true;
  const std::lock_guard lock(mutex_);
  const Duration* const renewed_at = held_.find(claim);
  return renewed_at != nullptr && node_->clock->boot_time() - *renewed_at < lease_ - lease_ / kMarginPart;
}

Instant LeaseKeeper::next_renewal() const {
  const std::lock_guard lock(mutex_);
  if (held_.empty()) return kLatestInstant;
  const Duration left = renewed_at_ + lease_ / kRenewalsPerLease - node_->clock->boot_time();
  return node_->clock->now() + std::max(left, Duration{0});
}

void LeaseKeeper::renew_if_due() {
  if (next_renewal() <= node_->clock->now()) renew(held());
}

std::vector<ClaimPtr> LeaseKeeper::held() const {
  const std::lock_guard lock(mutex_);
  std::vector<ClaimPtr> claims;
  claims.reserve(held_.size());
  for (const auto& [claim, renewed_at] : held_) claims.push_back(claim);
  return claims;
}

void LeaseKeeper::renew(const std::vector<ClaimPtr>& claims) {
  const CallTime time = node_->time();
  const std::vector<bool> ours = (*store_)->renew(claims, time, lease_);
  const std::lock_guard lock(mutex_);
  renewed_at_ = time.boot_time;
  for (std::size_t i = 0; i < claims.size(); ++i) {
    Duration* const renewed_at = held_.find(claims[i]);
    if (renewed_at == nullptr) continue;
    if (ours[i]) {
      *renewed_at = time.boot_time;
    } else {
      held_.erase(claims[i]);
    }
  }
}

void LeaseKeeper::run_thread() {
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      if (stopping_ && held_.empty()) return;
    }
    Instant next = kLatestInstant;
    try {
      renew_if_due();
      next = next_renewal();
    } catch (...) {
      node_->log->write(LogLevel::kWarning, "scheduler", "cannot renew leases: " + current_error_text());
      next = node_->clock->now() + kRetryPause;
    }
    alarm_->arm(next);
    alarm_->wait();
  }
}

}  // namespace duetime
