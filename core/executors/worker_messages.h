// What the frames between a process pool and its workers say.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/executors/frames.h"
#include "core/jobs/task.h"

namespace duetime {

inline constexpr uint32_t kWorkerProtocolVersion = 1;

// A job's arguments as they cross to a worker.
struct WorkerPayload {
  std::string encoding;
  std::string data;
};

// What a worker says about a run.
struct WorkerOutcome {
  TaskOutcome::Kind kind = TaskOutcome::Kind::kSucceeded;
  std::string error_kind;
  std::string error_message;
  std::string traceback;
  std::string result;  // bytes for the host language, of a return value or an exception; may be empty
};

// `setup` is the host language's word to its own workers.
std::string hello_frame(std::string_view setup);
std::string run_frame(uint64_t number, const TaskCall& call, std::string_view encoding,
                      std::string_view data);

// A worker's frames, read. They throw kInvalidArgument for what no worker may say.
void read_ready(const Frame& frame);
WorkerOutcome read_refusal(const Frame& frame);
struct NumberedOutcome {
  uint64_t number;
  WorkerOutcome outcome;
};
NumberedOutcome read_outcome(const Frame& frame);

}  // namespace duetime
