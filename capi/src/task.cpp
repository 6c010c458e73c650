#include <duetime/task.h>

#include <string>
#include <string_view>
#include <utility>

#include "capi/src/call.h"
#include "capi/src/callbacks.h"
#include "capi/src/conversions.h"
#include "capi/src/guard.h"

namespace {

using duetime::TaskCall;

constinit thread_local duetime_call* innermost_call = nullptr;

}  // namespace

duetime_call::duetime_call(const TaskCall& running) : call(running), outer(innermost_call) {
  innermost_call = this;
}

duetime_call::~duetime_call() { innermost_call = outer; }

namespace duetime::capi {
namespace {

template <class Answer, class Get>
Answer of_call(const duetime_call* wanted, Answer otherwise, Get&& get) noexcept {
  return answer(otherwise, [&]() -> Answer {
    duetime_call* const call = find_call(wanted);
    if (call != nullptr) return get(*call);
    set_last_error("not a duetime_call of a task that this thread is running");
    return otherwise;
  });
}

template <class Get>
const char* text_of_call(const duetime_call* wanted, Get&& get) noexcept {
  return of_call<const char*>(wanted, nullptr, [&](const duetime_call& call) { return get(call).c_str(); });
}

const std::string& run_id_of(duetime_call& call) {
  if (call.run_id.empty()) call.run_id = to_string(call.call.run.id);
  return call.run_id;
}

const std::string kNoEncoding = "none";
constexpr const char* kDefaultErrorKind = "TaskError";

TaskOutcome::Kind kind_of_status(int32_t status) {
  if (status == DUETIME_TASK_SUCCEEDED) return TaskOutcome::Kind::kSucceeded;
  return status == DUETIME_TASK_CANNOT_RUN ? TaskOutcome::Kind::kCannotRun : TaskOutcome::Kind::kFailed;
}

std::string error_kind_of(const char* kind) {
  std::string text = repaired_text(kind);
  return text.empty() ? kDefaultErrorKind : text;
}

}  // namespace

duetime_call* find_call(const duetime_call* wanted) {
  duetime_call* call = innermost_call;
  while (call != nullptr && call != wanted) call = call->outer;
  return call;
}

TaskOutcome outcome_of(duetime_call& call, int32_t status) {
  TaskOutcome outcome = std::move(call.outcome);
  outcome.kind = kind_of_status(status);
  if (outcome.kind == TaskOutcome::Kind::kSucceeded || !outcome.error_kind.empty()) return outcome;
  outcome.error_kind = kDefaultErrorKind;
  outcome.error_message = "task returned " + std::to_string(status);
  return outcome;
}

TaskFunction to_task(duetime_task_fn fn, Owned user_data) {
  return [fn, user_data = std::move(user_data)](const TaskCall& running) {
    duetime_call call(running);
    const int32_t status = fn(user_data.get(), &call);
    return outcome_of(call, status);
  };
}

TaskResolver to_task_resolver(duetime_task_resolver_fn fn, Owned user_data) {
  return [fn, user_data = std::move(user_data)](std::string_view name) -> TaskPtr {
    duetime_task_fn task = nullptr;
    void* task_data = nullptr;
    duetime_release_fn release = nullptr;
    const int32_t known = fn(user_data.get(), std::string(name).c_str(), &task, &task_data, &release);
    if (known != 1) return nullptr;
    Owned owned = adopt(task_data, release);
    if (task == nullptr) return nullptr;
    return std::make_shared<const TaskFunction>(to_task(task, std::move(owned)));
  };
}

}  // namespace duetime::capi

using namespace duetime;
using namespace duetime::capi;

const char* duetime_call_job_id(const duetime_call* call) {
  return text_of_call(call,
                      [](const duetime_call& c) -> const std::string& { return c.call.claim.record.id; });
}

const char* duetime_call_job_name(const duetime_call* call) {
  return text_of_call(call,
                      [](const duetime_call& c) -> const std::string& { return c.job().display_name(); });
}

const char* duetime_call_task(const duetime_call* call) {
  return text_of_call(call, [](const duetime_call& c) -> const std::string& { return c.job().task; });
}

const char* duetime_call_store(const duetime_call* call) {
  return text_of_call(call, [](const duetime_call& c) -> const std::string& { return c.call.store; });
}

const char* duetime_call_run_id(const duetime_call* call) {
  return of_call<const char*>(call, nullptr, [](duetime_call& c) { return run_id_of(c).c_str(); });
}

duetime_time duetime_call_scheduled_time(const duetime_call* call) {
  return of_call<duetime_time>(call, DUETIME_TIME_NONE,
                               [](const duetime_call& c) { return to_micros(c.call.run.scheduled_time); });
}

int32_t duetime_call_attempt(const duetime_call* call) {
  return of_call<int32_t>(call, 0, [](const duetime_call& c) { return c.call.run.attempt; });
}

int64_t duetime_call_fence(const duetime_call* call) {
  return of_call<int64_t>(call, 0, [](const duetime_call& c) { return c.call.claim.fence; });
}

int32_t duetime_call_is_cancelled(const duetime_call* call) {
  return of_call<int32_t>(call, 0, [](const duetime_call& c) { return c.call.is_cancelled() ? 1 : 0; });
}

const char* duetime_call_payload_encoding(const duetime_call* call) {
  return text_of_call(call, [](const duetime_call& c) -> const std::string& {
    const std::string& encoding = c.job().payload.encoding;
    return encoding.empty() ? kNoEncoding : encoding;
  });
}

const void* duetime_call_payload(const duetime_call* call, size_t* out_size) {
  if (out_size != nullptr) *out_size = 0;
  return of_call<const void*>(call, nullptr, [&](const duetime_call& c) {
    const std::string& data = c.job().payload.data;
    if (out_size != nullptr) *out_size = data.size();
    return data.data();
  });
}

void* duetime_call_live_payload(const duetime_call* call) {
  return of_call<void*>(call, nullptr, [](const duetime_call& c) { return c.job().payload.live.get(); });
}

void duetime_call_set_error(duetime_call* call, const char* kind, const char* message,
                            const char* traceback) {
  of_call<bool>(call, false, [&](duetime_call& c) {
    c.outcome.error_kind = error_kind_of(kind);
    c.outcome.error_message = repaired_text(message);
    c.outcome.traceback = repaired_text(traceback);
    return true;
  });
}

void duetime_call_set_result(duetime_call* call, void* result, duetime_release_fn release) {
  guard([&] {
    Owned owned = adopt(result, release);
    of_call<bool>(call, false, [&](duetime_call& c) {
      c.outcome.result = std::move(owned);
      return true;
    });
  });
}
