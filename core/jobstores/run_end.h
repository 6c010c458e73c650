// What every store checks of a run's end before it is recorded.
#pragma once

#include <string>

#include "core/base/error.h"
#include "core/jobs/run.h"

namespace duetime {

// Throws kInvalidArgument for a state that is no end, or that only a store gives, and for a run that the
// claim does not hold.
inline void require_valid(const RunEnd& end) {
  if (end.state == RunState::kClaimed || end.state == RunState::kAbandoned) {
    throw Error(ErrorCode::kInvalidArgument, std::string("a run cannot end as ") + to_string(end.state));
  }
  if (end.run_index >= end.claim->runs.size()) {
    throw Error(ErrorCode::kInvalidArgument, "run " + std::to_string(end.run_index) + " of a claim of " +
                                                 std::to_string(end.claim->runs.size()));
  }
}

}  // namespace duetime
