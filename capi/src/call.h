// What a duetime_call stands for.
#pragma once

#include <duetime/task.h>

#include <string>

#include "core/executors/worker_messages.h"
#include "core/jobs/task.h"

// Unlike other handles this is an address: it lives on the stack of the thread that runs the task. The calls
// under way in a thread form a list (a task may run others, through the inline executor), and getters follow
// only a pointer that is in it, so one that was kept too long or handed to another thread answers nothing.
struct duetime_call {
  explicit duetime_call(const duetime::TaskCall& running);
  ~duetime_call();
  duetime_call(const duetime_call&) = delete;
  duetime_call& operator=(const duetime_call&) = delete;

  const duetime::Job& job() const { return *call.claim.record.job; }

  const duetime::TaskCall& call;
  duetime_call* outer;
  duetime::TaskOutcome outcome;
  std::string run_id;                         // filled when it is asked for
  duetime::WorkerPayload* encoded = nullptr;  // where a payload is to be encoded
};

namespace duetime::capi {

// Null if it is no call of a task that this thread is running.
duetime_call* find_call(const duetime_call* wanted);

// What a task that answered `status` reports.
TaskOutcome outcome_of(duetime_call& call, int32_t status);

}  // namespace duetime::capi
