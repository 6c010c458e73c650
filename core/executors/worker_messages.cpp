#include "core/executors/worker_messages.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/base/text.h"

namespace duetime {
namespace {

TaskOutcome::Kind kind_from(uint8_t status) {
  switch (status) {
    case 0:
      return TaskOutcome::Kind::kSucceeded;
    case 1:
      return TaskOutcome::Kind::kFailed;
    case 2:
      return TaskOutcome::Kind::kCannotRun;
    default:
      throw Error(ErrorCode::kInvalidArgument,
                  "an outcome of status " + std::to_string(status) + ", expected 0, 1 or 2");
  }
}

// Stores and listeners take texts that are UTF-8 without NUL.
std::string text_from(std::string_view bytes) {
  std::string text = repair_utf8(bytes);
  std::ranges::replace(text, '\0', ' ');
  return text;
}

void read_error(FrameReader& reader, WorkerOutcome& outcome) {
  outcome.error_kind = text_from(reader.bytes());
  outcome.error_message = text_from(reader.bytes());
  outcome.traceback = text_from(reader.bytes());
}

}  // namespace

std::string hello_frame(std::string_view setup) {
  return FrameWriter(FrameType::kHello).u32(kWorkerProtocolVersion).bytes(setup).finish();
}

std::string run_frame(uint64_t number, const TaskCall& call, std::string_view encoding,
                      std::string_view data) {
  const Job& job = *call.claim.record.job;
  FrameWriter writer(FrameType::kRun);
  writer.u64(number)
      .i64(to_micros(call.run.scheduled_time))
      .i64(call.claim.fence)
      .u32(static_cast<uint32_t>(call.run.attempt));
  writer.bytes(to_string(call.run.id)).bytes(call.claim.record.id).bytes(job.display_name());
  writer.bytes(job.task).bytes(call.store).bytes(encoding).bytes(data);
  return writer.finish();
}

void read_ready(const Frame& frame) {
  const uint32_t version = FrameReader(frame).u32();
  if (version == kWorkerProtocolVersion) return;
  throw Error(ErrorCode::kInvalidArgument, "version " + std::to_string(version) +
                                               " of the protocol, expected " +
                                               std::to_string(kWorkerProtocolVersion));
}

WorkerOutcome read_refusal(const Frame& frame) {
  FrameReader reader(frame);
  WorkerOutcome refusal{.kind = TaskOutcome::Kind::kFailed};
  read_error(reader, refusal);
  return refusal;
}

NumberedOutcome read_outcome(const Frame& frame) {
  FrameReader reader(frame);
  NumberedOutcome read{.number = reader.u64(), .outcome = {}};
  read.outcome.kind = kind_from(reader.u8());
  read_error(reader, read.outcome);
  read.outcome.result = reader.bytes();
  return read;
}

}  // namespace duetime
