#include "core/executors/executor.h"

#include <exception>
#include <utility>

namespace duetime {
namespace {

thread_local const ExecutionHost* current_host = nullptr;

TaskOutcome failure(std::string kind, std::string message) {
  TaskOutcome outcome;
  outcome.kind = TaskOutcome::Kind::kFailed;
  outcome.error_kind = std::move(kind);
  outcome.error_message = std::move(message);
  return outcome;
}

TaskOutcome guarded_call(const Execution& execution, const ClaimedRun& run) noexcept {
  try {
    return (*execution.task)({*execution.claim, run, execution.host->store_alias(), *execution.host});
  } catch (const std::exception& error) {
    return failure("std::exception", error.what());
  } catch (...) {
    return failure("unknown", "the task threw something that is no exception");
  }
}

TaskOutcome call(const Execution& execution, const ClaimedRun& run) noexcept {
  const ExecutionHost* const outer = std::exchange(current_host, execution.host.get());
  TaskOutcome outcome = guarded_call(execution, run);
  current_host = outer;
  return outcome;
}

}  // namespace

const ExecutionHost* executing_host() noexcept { return current_host; }

Duration run_execution(const Execution& execution) noexcept {
  ExecutionHost& host = *execution.host;
  const Instant begin = host.now();
  Instant end = begin;
  for (std::size_t i = 0; i < execution.claim->runs.size(); ++i) {
    if (!host.may_start(execution.claim, i)) continue;
    const Instant started_at = end;
    TaskOutcome outcome = call(execution, execution.claim->runs[i]);
    end = host.now();
    host.finished(execution.claim, i, std::move(outcome), started_at, end);
  }
  return end - begin;
}

}  // namespace duetime
