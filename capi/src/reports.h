// What the ABI answers as JSON text: health, runs and parked jobs (docs/health.md, docs/run_states.md).
#pragma once

#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/scheduler/scheduler.h"

namespace duetime::capi {

Json health_report(const Health& health, Instant now);
Json run_report(const std::vector<RunRecord>& runs);
Json running_report(const std::vector<StoreRun>& runs);
Json sql_report(const SqlStatements& statements);
Json parked_report(const std::vector<ParkedJob>& parked);

// From the text of a filter for list_runs. Throws kInvalidArgument naming the member at fault.
RunFilter parse_run_filter(const std::string& text);

}  // namespace duetime::capi
