#include <duetime/process_pool.h>

#include <string>
#include <utility>

#include "capi/src/call.h"
#include "capi/src/callbacks.h"
#include "capi/src/conversions.h"
#include "capi/src/guard.h"
#include "capi/src/handles.h"
#include "capi/src/owned.h"
#include "capi/src/struct_size.h"
#include "core/executors/process_pool.h"

using namespace duetime;
using namespace duetime::capi;

namespace {

using Options = duetime_process_pool_options;

constexpr const char* kOptionsName = "duetime_process_pool_options";
constexpr const char* kHooksName = "duetime_thread_hooks";

int32_t status_of(TaskOutcome::Kind kind) {
  if (kind == TaskOutcome::Kind::kSucceeded) return DUETIME_TASK_SUCCEEDED;
  return kind == TaskOutcome::Kind::kCannotRun ? DUETIME_TASK_CANNOT_RUN : DUETIME_TASK_FAILED;
}

duetime_worker_outcome to_c_outcome(const WorkerOutcome& outcome) {
  return {sizeof(duetime_worker_outcome), status_of(outcome.kind),   outcome.error_kind.c_str(),
          outcome.error_message.c_str(),  outcome.traceback.c_str(), outcome.result.data(),
          outcome.result.size()};
}

auto to_starting(decltype(Options::starting) fn, Owned user_data) {
  return [fn, user_data = std::move(user_data)](const TaskCall& running) {
    duetime_call call(running);
    fn(user_data.get(), &call);
  };
}

auto to_encode(decltype(Options::encode) fn, Owned user_data) {
  return [fn, user_data = std::move(user_data)](const TaskCall& running, WorkerPayload& payload,
                                                WorkerOutcome& error) {
    duetime_call call(running);
    call.encoded = &payload;
    const int32_t status = fn(user_data.get(), &call);
    if (status == DUETIME_TASK_SUCCEEDED) return true;
    TaskOutcome outcome = outcome_of(call, status);
    error.error_kind = std::move(outcome.error_kind);
    error.error_message = std::move(outcome.error_message);
    error.traceback = std::move(outcome.traceback);
    return false;
  };
}

auto to_ended(decltype(Options::ended) fn, Owned user_data) {
  return [fn, user_data = std::move(user_data)](const TaskCall& running, const WorkerOutcome& outcome) {
    duetime_call call(running);
    call.outcome.error_kind = outcome.error_kind;
    call.outcome.error_message = outcome.error_message;
    call.outcome.traceback = outcome.traceback;
    const duetime_worker_outcome said = to_c_outcome(outcome);
    const int32_t status = fn(user_data.get(), &call, &said);
    return outcome_of(call, status);
  };
}

ProcessPoolHooks to_hooks(const Options& given, const Owned& user_data, ThreadHooks thread) {
  ProcessPoolHooks hooks{.thread = std::move(thread), .encode = {}, .starting = {}, .ended = {}};
  if (given.starting != nullptr) hooks.starting = to_starting(given.starting, user_data);
  if (given.encode != nullptr) hooks.encode = to_encode(given.encode, user_data);
  if (given.ended != nullptr) hooks.ended = to_ended(given.ended, user_data);
  return hooks;
}

std::vector<std::string> to_argv(const char* const* argv) {
  std::vector<std::string> texts;
  for (const char* const* text = &input(argv, "argv"); *text != nullptr; ++text) texts.emplace_back(*text);
  return texts;
}

std::string to_setup(const Options& given) {
  if (given.setup_size == 0) return {};
  return {static_cast<const char*>(&input(static_cast<const char*>(given.setup), "setup")), given.setup_size};
}

}  // namespace

duetime_status duetime_scheduler_add_process_pool(duetime_scheduler* scheduler, const char* alias,
                                                  const Options* options) {
  return guard([&] {
    Options given = DUETIME_PROCESS_POOL_OPTIONS_INIT;
    given = read_known_members(input(options, "options"), given, kOptionsName);
    const Owned user_data = adopt(given.user_data, given.release);
    duetime_thread_hooks hooks{};
    if (given.thread_hooks != nullptr) hooks = read_known_members(*given.thread_hooks, hooks, kHooksName);
    const Owned hook_data = adopt(hooks.user_data, hooks.release);
    refuse_unknown_members(*options, kOptionsName);
    if (given.thread_hooks != nullptr) refuse_unknown_members(*given.thread_hooks, kHooksName);
    const Use<duetime_scheduler> use(scheduler);
    const std::string name = required_text(alias, "alias");
    use->scheduler.add_executor(
        name, make_process_pool({.argv = to_argv(given.argv),
                                 .setup = to_setup(given),
                                 .workers = given.workers,
                                 .max_tasks_per_child = given.max_tasks_per_child,
                                 .timeout = Duration{given.timeout},
                                 .hooks = to_hooks(given, user_data, to_thread_hooks(hooks, hook_data))}));
  });
}

void duetime_call_set_payload(duetime_call* call, const char* encoding, const void* data, size_t size) {
  guard([&] {
    duetime_call* const found = find_call(call);
    if (found == nullptr || found->encoded == nullptr) refuse("not the duetime_call of an encode()");
    WorkerPayload payload{required_text(encoding, "encoding"), {}};
    if (size > 0) payload.data.assign(&input(static_cast<const char*>(data), "data"), size);
    *found->encoded = std::move(payload);
  });
}
