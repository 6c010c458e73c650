// `or` fires whenever one of its triggers does, `and` when all fire at the same instant.
//
// The parts are sets of instants: what one of them answers does not depend on which of them made the job run
// last (in APScheduler 3.11 it does: of two intervals in an `or` the longer never fires). An interval without
// a start has no place in time of its own and is counted from the last fire of the whole.
//
// `and` steps from candidate to candidate, the intervals among its parts being merged into one beforehand. If
// it has found nothing after kMaxSearchSteps, it gives up with an error that says so, rather than search for
// ever as 3.11 does: next_fire_time() throws kUnsupported.
#pragma once

#include <vector>

#include "core/triggers/trigger.h"

namespace duetime {

struct CombiningRule {
  std::vector<TriggerPtr> triggers;  // at least one, none null
  Duration jitter{0};                // not negative; comes on top of what the parts have
};

// Throw kInvalidArgument.
TriggerPtr make_and_trigger(const CombiningRule& rule);
TriggerPtr make_and_trigger(const Json& document);
TriggerPtr make_or_trigger(const CombiningRule& rule);
TriggerPtr make_or_trigger(const Json& document);

}  // namespace duetime
