#include "capi/src/execution.h"

#include <duetime/execution.h>

#include <utility>

#include "capi/src/conversions.h"
#include "capi/src/guard.h"
#include "capi/src/handles.h"
#include "capi/src/owned.h"
#include "capi/src/struct_size.h"

using namespace duetime;
using namespace duetime::capi;

namespace duetime::capi {

ExecutionObject::ExecutionObject(Execution execution, Owned slot)
    : execution_(std::move(execution)), load_(slot), slot_(std::move(slot)) {
  for (const ClaimedRun& run : claim().runs) run_ids_.push_back(to_string(run.id));
}

ExecutionObject::~ExecutionObject() { drop(); }

void ExecutionObject::drop() noexcept {
  if (at_hand_ == 0 && !started_at_) {
    slot_.reset();
    execution_.host->unstarted(execution_.claim);
    return;
  }
  while (at_hand_ < claim().runs.size()) {
    TaskOutcome outcome;
    outcome.kind = TaskOutcome::Kind::kFailed;
    outcome.error_kind = "ExecutorError";
    outcome.error_message = "the executor let go of the run before it ended";
    finish(at_hand_, std::move(outcome), std::nullopt);
  }
}

// The lane that hears of the last run's end finds the slot free.
void ExecutionObject::leave(std::size_t run) {
  at_hand_ = run + 1;
  if (at_hand_ == claim().runs.size()) slot_.reset();
}

void ExecutionObject::require_at_hand(std::size_t run) const {
  if (run == at_hand_ && run < claim().runs.size()) return;
  const bool through = at_hand_ == claim().runs.size();
  refuse("run is " + std::to_string(run) + "; expected " +
         (through ? "nothing more, all runs of this execution have ended"
                  : std::to_string(at_hand_) + ", the first that has not ended"));
}

void ExecutionObject::require_untouched() const {
  if (at_hand_ > 0 || started_at_) refuse("the execution has begun already");
}

bool ExecutionObject::may_start(std::size_t run) {
  require_at_hand(run);
  leave(run);  // as the host ends a run that may not start
  if (!execution_.host->may_start(execution_.claim, run)) return false;
  at_hand_ = run;
  slot_ = load_.lock();
  started_at_ = execution_.host->now();
  return true;
}

void ExecutionObject::finish(std::size_t run, TaskOutcome outcome, std::optional<Instant> started_at) {
  require_at_hand(run);
  if (outcome.kind == TaskOutcome::Kind::kCannotRun && run > 0) {
    refuse("status is DUETIME_TASK_CANNOT_RUN, which only the first run of an execution may have");
  }
  const Instant now = execution_.host->now();
  const Instant began = started_at.value_or(std::exchange(started_at_, std::nullopt).value_or(now));
  started_at_.reset();
  leave(run);
  execution_.host->finished(execution_.claim, run, std::move(outcome), began, now);
}

void ExecutionObject::give_back(const std::string& reason) {
  require_untouched();
  leave(claim().runs.size() - 1);
  execution_.host->given_back(execution_.claim, reason);
}

void ExecutionObject::run() {
  require_untouched();
  leave(claim().runs.size() - 1);
  run_execution(execution_);
}

}  // namespace duetime::capi

namespace {

TaskOutcome::Kind to_kind(int32_t status) {
  switch (status) {
    case DUETIME_TASK_SUCCEEDED:
      return TaskOutcome::Kind::kSucceeded;
    case DUETIME_TASK_CANNOT_RUN:
      return TaskOutcome::Kind::kCannotRun;
    case DUETIME_TASK_MISSED:
      return TaskOutcome::Kind::kMissed;
    case DUETIME_TASK_REFUSED:
      return TaskOutcome::Kind::kRefused;
    default:
      return TaskOutcome::Kind::kFailed;
  }
}

TaskOutcome to_outcome(const duetime_run_outcome& given, Owned result) {
  TaskOutcome outcome;
  outcome.kind = to_kind(given.status);
  outcome.error_kind = repaired_text(given.error_kind);
  outcome.error_message = repaired_text(given.error_message);
  outcome.traceback = repaired_text(given.traceback);
  outcome.result = std::move(result);
  return outcome;
}

template <class Answer, class Get>
Answer of_run(const duetime_execution* execution, std::size_t run, Answer otherwise, Get&& get) noexcept {
  return answer(otherwise, [&]() -> Answer {
    const Use<duetime_execution> use(execution);
    if (run < use->claim().runs.size()) return get(*use);
    refuse("run is " + std::to_string(run) + "; expected less than " +
           std::to_string(use->claim().runs.size()));
  });
}

}  // namespace

duetime_status duetime_execution_job(const duetime_execution* execution, duetime_job** out_job) {
  return guard([&] {
    const Use<duetime_execution> use(execution);
    output(out_job, "out_job") = make_handle<duetime_job>(StoredJob{use->store(), use->claim().record});
  });
}

size_t duetime_execution_run_count(const duetime_execution* execution) {
  return answer<size_t>(0, [&] { return Use<duetime_execution>(execution)->claim().runs.size(); });
}

const char* duetime_execution_run_id(const duetime_execution* execution, size_t run) {
  return of_run<const char*>(execution, run, nullptr,
                             [&](const ExecutionObject& e) { return e.run_id(run).c_str(); });
}

duetime_time duetime_execution_scheduled_time(const duetime_execution* execution, size_t run) {
  return of_run<duetime_time>(execution, run, DUETIME_TIME_NONE, [&](const ExecutionObject& e) {
    return to_micros(e.claim().runs[run].scheduled_time);
  });
}

int32_t duetime_execution_attempt(const duetime_execution* execution, size_t run) {
  return of_run<int32_t>(execution, run, 0,
                         [&](const ExecutionObject& e) { return e.claim().runs[run].attempt; });
}

int64_t duetime_execution_fence(const duetime_execution* execution) {
  return answer<int64_t>(0, [&] { return Use<duetime_execution>(execution)->claim().fence; });
}

int32_t duetime_execution_is_cancelled(const duetime_execution* execution, size_t run) {
  return of_run<int32_t>(execution, run, 0,
                         [&](const ExecutionObject& e) { return e.is_cancelled(run) ? 1 : 0; });
}

duetime_status duetime_execution_may_start(duetime_execution* execution, size_t run, int32_t* out_may_start) {
  return guard([&] {
    const Use<duetime_execution> use(execution);
    int32_t& out = output(out_may_start, "out_may_start");
    out = use->may_start(run) ? 1 : 0;
  });
}

duetime_status duetime_execution_finish(duetime_execution* execution, size_t run,
                                        const duetime_run_outcome* outcome) {
  return guard([&] {
    static constexpr const char* kName = "duetime_run_outcome";
    const duetime_run_outcome defaults = DUETIME_RUN_OUTCOME_INIT;
    const auto given = read_known_members(input(outcome, "outcome"), defaults, kName);
    Owned result = adopt(given.result, given.release_result);
    refuse_unknown_members(*outcome, kName);
    const Use<duetime_execution> use(execution);
    use->finish(run, to_outcome(given, std::move(result)), optional_instant(given.started_at, "started_at"));
  });
}

duetime_status duetime_execution_give_back(duetime_execution* execution, const char* reason) {
  return guard([&] { Use<duetime_execution>(execution)->give_back(required_text(reason, "reason")); });
}

duetime_status duetime_execution_run(duetime_execution* execution) {
  return guard([&] { Use<duetime_execution>(execution)->run(); });
}

void duetime_execution_destroy(duetime_execution* execution) { close_handle(execution); }
