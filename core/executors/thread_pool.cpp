#include "core/executors/thread_pool.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>

#include "core/base/error.h"
#include "core/base/thread.h"

namespace duetime {
namespace {

constexpr std::size_t kMaxWorkers = 10'000;

// Enough is queued to keep the workers busy for this long, so that they never wait for the lane; more would
// take work away from other nodes of a shared store.
constexpr Duration kQueueAhead = std::chrono::milliseconds(20);
constexpr std::size_t kMaxQueuedPerWorker = 1'000;

// What the workers share. They hold it, so that a pool may be destroyed from one of its own threads.
class Crew : public std::enable_shared_from_this<Crew> {
 public:
  explicit Crew(const ThreadPoolOptions& options) : options_(options) {}

  void start() {
    const std::lock_guard lock(mutex_);
    stopping_ = false;
  }

  void submit(std::vector<Execution> executions) {
    std::unique_lock lock(mutex_);
    if (stopping_) {
      lock.unlock();
      give_back(executions);
      return;
    }
    for (Execution& execution : executions) queue_.push_back(std::move(execution));
    const std::string failure = hire();
    std::deque<Execution> untaken;
    if (workers_ == 0) untaken.swap(queue_);
    lock.unlock();
    work_.notify_one();
    for (const Execution& execution : untaken) execution.host->given_back(execution.claim, failure);
  }

  std::size_t free_slots() const {
    const std::lock_guard lock(mutex_);
    const std::size_t wanted = options_.workers * (1 + queued_per_worker());
    const std::size_t taken = queue_.size() + busy_;
    return wanted > taken ? wanted - taken : 0;
  }

  void shutdown(bool wait) {
    std::unique_lock lock(mutex_);
    stopping_ = true;
    std::deque<Execution> unstarted;
    if (!wait) unstarted.swap(queue_);
    lock.unlock();
    work_.notify_all();
    give_back(unstarted);
    if (!wait) return;
    lock.lock();
    const std::size_t self = inside_ == this ? 1 : 0;
    ended_.wait(lock, [&] { return workers_ <= self; });
  }

 private:
  std::size_t queued_per_worker() const {
    const auto each = std::max<int64_t>(1, mean_run_.load(std::memory_order_relaxed));
    return std::clamp<std::size_t>(static_cast<std::size_t>(kQueueAhead.count() / each), 1,
                                   kMaxQueuedPerWorker);
  }

  static void give_back(const auto& executions) {
    for (const Execution& execution : executions) execution.host->unstarted(execution.claim);
  }

  // Under the mutex. One worker more for each waiting execution that no idle worker will take. Answers why
  // there are fewer: those that there are do the work then.
  std::string hire() {
    try {
      while (workers_ < options_.workers && workers_ - busy_ < queue_.size()) {
        start_thread([self = shared_from_this()] { self->work(); }).detach();
        ++workers_;
      }
    } catch (const Error& error) {
      return error.what();
    }
    return {};
  }

  void work() noexcept {
    inside_ = this;
    call_hook(options_.hooks.started);
    while (wait_for_work()) work_until_empty();
    call_hook(options_.hooks.stopping);
    const std::lock_guard lock(mutex_);
    --workers_;
    ended_.notify_all();
  }

  // False: the pool is shutting down and nothing is left.
  bool wait_for_work() {
    std::unique_lock lock(mutex_);
    work_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) return false;
    ++busy_;
    return true;
  }

  void work_until_empty() {
    call_hook(options_.hooks.busy);
    Execution execution;
    while (take(execution)) {
      note_duration(run_execution(execution));
      execution = {};
    }
    call_hook(options_.hooks.idle);
  }

  // Wakes the next worker if there is more, so that a burst starts them one after the other.
  bool take(Execution& execution) {
    std::unique_lock lock(mutex_);
    if (queue_.empty()) {
      --busy_;
      return false;
    }
    execution = std::move(queue_.front());
    queue_.pop_front();
    const bool more = !queue_.empty() && busy_ < workers_;
    lock.unlock();
    if (more) work_.notify_one();
    return true;
  }

  // Moving average over some eight runs.
  void note_duration(Duration run) {
    const int64_t mean = mean_run_.load(std::memory_order_relaxed);
    mean_run_.store(mean + (run.count() - mean) / 8, std::memory_order_relaxed);
  }

  static thread_local const Crew* inside_;

  const ThreadPoolOptions options_;
  mutable std::mutex mutex_;
  std::condition_variable work_;
  std::condition_variable ended_;
  std::deque<Execution> queue_;
  std::size_t workers_ = 0;
  std::size_t busy_ = 0;
  bool stopping_ = false;
  std::atomic<int64_t> mean_run_{kQueueAhead.count()};
};

thread_local const Crew* Crew::inside_ = nullptr;

class ThreadPool final : public Executor {
 public:
  explicit ThreadPool(const ThreadPoolOptions& options) : crew_(std::make_shared<Crew>(options)) {}
  ~ThreadPool() override { crew_->shutdown(false); }

  void start() override { crew_->start(); }
  void submit(std::vector<Execution> executions) override { crew_->submit(std::move(executions)); }
  std::size_t free_slots() const override { return crew_->free_slots(); }
  void shutdown(bool wait) noexcept override { crew_->shutdown(wait); }

 private:
  std::shared_ptr<Crew> crew_;
};

}  // namespace

ExecutorPtr make_thread_pool(const ThreadPoolOptions& options) {
  if (options.workers < 1 || options.workers > kMaxWorkers) {
    throw Error(ErrorCode::kInvalidArgument, "thread pool: " + std::to_string(options.workers) +
                                                 " workers, expected 1 to " + std::to_string(kMaxWorkers));
  }
  return std::make_shared<ThreadPool>(options);
}

}  // namespace duetime
