#include "core/executors/inline.h"

#include <atomic>

namespace duetime {
namespace {

class InlineExecutor final : public Executor {
 public:
  void start() override { stopped_ = false; }

  void submit(std::vector<Execution> executions) override {
    for (const Execution& execution : executions) {
      if (stopped_) {
        execution.host->unstarted(execution.claim);
      } else {
        run_execution(execution);
      }
    }
  }

  std::size_t free_slots() const override { return SIZE_MAX; }

  // Nothing is queued, and what runs is the caller or ends on its own thread.
  void shutdown(bool) noexcept override { stopped_ = true; }

 private:
  std::atomic<bool> stopped_{false};
};

}  // namespace

ExecutorPtr make_inline_executor() { return std::make_shared<InlineExecutor>(); }

}  // namespace duetime
