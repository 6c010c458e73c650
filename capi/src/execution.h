// The runs of one claim on their way through an executor written outside. Keeps the order that ExecutionHost
// asks for, and sees to it that every run ends.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "capi/src/handle_table.h"
#include "capi/src/owned.h"
#include "core/executors/executor.h"

namespace duetime::capi {

class ExecutionObject final : public HandleObject {
 public:
  // `slot` counts the execution while a run of it has not ended.
  ExecutionObject(Execution execution, Owned slot);
  ~ExecutionObject() override;  // ends what has not ended

  const Claim& claim() const { return *execution_.claim; }
  const std::string& store() const { return execution_.host->store_alias(); }
  const std::string& run_id(std::size_t run) const { return run_ids_.at(run); }
  bool is_cancelled(std::size_t run) const { return execution_.host->is_cancelled(claim().runs[run].id); }

  // All throw kInvalidArgument for what is out of order.
  bool may_start(std::size_t run);
  void finish(std::size_t run, TaskOutcome outcome, std::optional<Instant> started_at);
  void give_back(const std::string& reason);
  void run();

 private:
  void require_at_hand(std::size_t run) const;
  void require_untouched() const;
  void leave(std::size_t run);
  void drop() noexcept;

  Execution execution_;
  std::weak_ptr<void> load_;
  Owned slot_;
  std::vector<std::string> run_ids_;
  std::size_t at_hand_ = 0;            // the first run that has not ended
  std::optional<Instant> started_at_;  // of the run at hand
};

}  // namespace duetime::capi
