#include "core/executors/process_pool.h"

#include <algorithm>
#include <thread>

#include "core/base/error.h"
#include "core/base/fork.h"
#include "core/executors/foreman.h"
#include "core/executors/pool_queue.h"

namespace duetime {
namespace {

constexpr std::size_t kMaxWorkers = 1'000;
constexpr Duration kLongestTimeout = std::chrono::hours(24) * 36'500;

void give_back(const std::vector<Execution>& executions) {
  for (const Execution& execution : executions) execution.host->unstarted(execution.claim);
}

class ProcessPool final : public Executor {
 public:
  explicit ProcessPool(ProcessPoolOptions options)
      : options_(std::make_shared<const ProcessPoolOptions>(std::move(options))),
        queue_(std::make_shared<PoolQueue>(options_->workers)),
        program_{options_->argv, worker_environment()} {}
  ~ProcessPool() override { shutdown(false); }

  void start() override {
    if (is_ours()) queue_->open();
  }

  void submit(std::vector<Execution> executions) override {
    give_back(queue_->add(std::move(executions)));
    if (queue_->wants_foreman()) start_foreman();
  }

  std::size_t free_slots() const override { return queue_->free_slots(); }

  void shutdown(bool wait) noexcept override {
    if (!is_ours()) return;
    queue_->close(!wait);
    if (wait) queue_->wait_until_closed(Foreman::is_here(*queue_));
  }

 private:
  bool is_ours() const { return fork_generation_ == fork_generation(); }

  // The thread holds what it needs, so that the pool may be destroyed from it.
  void start_foreman() {
    try {
      auto foreman = std::make_unique<Foreman>(options_, queue_, program_);
      std::thread([foreman = std::move(foreman), queue = queue_]() mutable {
        foreman->run();
        foreman.reset();
        queue->left();
      }).detach();
    } catch (...) {
      give_back(queue_->lose_foreman());
    }
  }

  const std::shared_ptr<const ProcessPoolOptions> options_;
  const std::shared_ptr<PoolQueue> queue_;
  const WorkerProgram program_;
  const uint64_t fork_generation_ = duetime::fork_generation();
};

void check(const ProcessPoolOptions& options) {
  const auto refuse = [](const std::string& what) {
    throw Error(ErrorCode::kInvalidArgument, "process pool: " + what);
  };
  if (options.argv.empty() || options.argv.front().empty()) refuse("no worker program");
  if (options.workers < 1 || options.workers > kMaxWorkers) {
    refuse(std::to_string(options.workers) + " workers, expected 1 to " + std::to_string(kMaxWorkers));
  }
  if (options.timeout < Duration{0} || options.timeout > kLongestTimeout) {
    refuse("a timeout of " + std::to_string(options.timeout.count()) + " us, expected 0 to " +
           std::to_string(kLongestTimeout.count()));
  }
}

}  // namespace

ExecutorPtr make_process_pool(ProcessPoolOptions options) {
  check(options);
  return std::make_shared<ProcessPool>(std::move(options));
}

}  // namespace duetime
