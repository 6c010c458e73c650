#include "core/executors/pool_queue.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace duetime {
namespace {

constexpr Duration kQueueAhead = std::chrono::milliseconds(20);
constexpr std::size_t kMaxQueuedPerWorker = 1'000;

}  // namespace

PoolQueue::PoolQueue(std::size_t workers) : workers_(workers), mean_run_(kQueueAhead.count()) {}

void PoolQueue::open() {
  const std::lock_guard lock(mutex_);
  order_.closing = order_.discard = false;
}

std::vector<Execution> PoolQueue::add(std::vector<Execution> executions) {
  const std::lock_guard lock(mutex_);
  if (order_.closing) return executions;
  taken_ += executions.size();
  std::ranges::move(executions, std::back_inserter(order_.arrived));
  ring();
  return {};
}

std::size_t PoolQueue::free_slots() const {
  const auto each = std::max<int64_t>(1, mean_run().count());
  const auto queued =
      std::clamp<std::size_t>(static_cast<std::size_t>(kQueueAhead.count() / each), 1, kMaxQueuedPerWorker);
  const std::size_t wanted = workers_ * (1 + queued);
  const std::size_t taken = taken_;
  return wanted > taken ? wanted - taken : 0;
}

void PoolQueue::close(bool discard) {
  const std::lock_guard lock(mutex_);
  order_.closing = true;
  order_.discard = order_.discard || discard;
  ring();
}

void PoolQueue::wait_until_closed(bool caller_is_foreman) {
  const std::size_t self = caller_is_foreman ? 1 : 0;
  std::unique_lock lock(mutex_);
  left_.wait(lock, [&] { return foremen_ <= self; });
}

bool PoolQueue::wants_foreman() {
  const std::lock_guard lock(mutex_);
  if (has_foreman_ || order_.arrived.empty()) return false;
  ++foremen_;
  return has_foreman_ = true;
}

std::vector<Execution> PoolQueue::lose_foreman() {
  const std::lock_guard lock(mutex_);
  has_foreman_ = false;
  --foremen_;
  taken_ -= order_.arrived.size();
  left_.notify_all();
  return std::exchange(order_.arrived, {});
}

PoolQueue::Order PoolQueue::fetch() {
  rung_.clear();
  is_rung_ = false;  // in this order: who finds it set has left what we fetch now
  const std::lock_guard lock(mutex_);
  return {std::exchange(order_.arrived, {}), order_.closing, order_.discard};
}

void PoolQueue::note_duration(Duration run) {
  const int64_t mean = mean_run_.load(std::memory_order_relaxed);
  mean_run_.store(mean + (run.count() - mean) / 8, std::memory_order_relaxed);
}

bool PoolQueue::may_leave() {
  const std::lock_guard lock(mutex_);
  if (!order_.closing || !order_.arrived.empty()) return false;
  has_foreman_ = false;
  return true;
}

void PoolQueue::left() {
  const std::lock_guard lock(mutex_);
  --foremen_;
  left_.notify_all();
}

// Once is enough until the foreman has looked, and saves a system call for each hand-over of a burst.
void PoolQueue::ring() {
  if (!is_rung_.exchange(true)) rung_.set();
}

}  // namespace duetime
