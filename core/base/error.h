// The engine's only exception. It carries a code that programs test and a message that people read;
// the message names the value at fault, what was expected and where the value came from.
//
// Errors are thrown inside the core and end at the C ABI's guard, which turns the code into the
// duetime_status of the same number. Codes are never renumbered.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

namespace duetime {

enum class ErrorCode : int32_t {
  kInvalidArgument = -1,   // a value that could never be right
  kNotFound = -2,          // no job, store, executor, task or zone of that name
  kConflict = -3,          // the id or alias is taken, or the record changed under us
  kAlreadyRunning = -4,    // the scheduler is running
  kNotRunning = -5,        // the scheduler is not running
  kStoreUnavailable = -6,  // the store cannot be reached now; the same call may work later
  kStoreFull = -7,         // the store has no room left; nothing of the call was kept
  kStoreCorrupt = -8,      // the store's file or schema is not what it should be
  kNewerVersion = -9,      // written by a newer duetime; left alone
  kTimeout = -10,          // the call's deadline passed; whether it took effect is unknown
  kForked = -11,           // the object belongs to the process that forked this one
  kStaleHandle = -12,      // a handle that was destroyed, or was never one
  kCallback = -13,         // a callback of the caller's reported a failure
  kUnsupported = -14,      // the store, trigger or platform cannot do this
  kNoMemory = -15,
  kInternal = -16,
  kMaxInstances = -17,  // as many runs of the job as its max_instances allows are under way
};

class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message) : std::runtime_error(message), code_(code) {}

  ErrorCode code() const { return code_; }

 private:
  ErrorCode code_;
};

// What the exception being handled says; for guards around code that may throw anything.
// Requires: called within a catch block.
std::string current_error_text();

}  // namespace duetime
