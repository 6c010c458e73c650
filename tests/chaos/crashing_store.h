// A job store that kills its process before or after a chosen call: how a node dies between two steps,
// exactly there.
#pragma once

#include <string>
#include <string_view>

#include "core/jobstores/job_store.h"

namespace duetime {

// "claim_due:before:3" is the moment before the third call of claim_due(). An empty claim counts as a call
// only where it says "claim_due:taken:3": after the third call that claimed something.
struct CrashPoint {
  std::string function;
  enum class When { kBefore, kAfter, kTaken } when = When::kBefore;
  int call = 1;
};

// Throws kInvalidArgument naming the text.
CrashPoint parse_crash_point(std::string_view text);

// Raises SIGKILL at that point; all else is the store's.
JobStorePtr make_crashing_store(JobStorePtr store, CrashPoint point);

}  // namespace duetime
