// What the ABI answers as JSON text: health and statistics (docs/health.md), and the statements that add
// jobs.
#pragma once

#include "core/base/json.h"
#include "core/scheduler/scheduler.h"

namespace duetime::capi {

Json health_report(const Health& health, Instant now);
Json statistics_report(const Health& health);
Json sql_report(const SqlStatements& statements);

// How long the announced wake-up of a lane is overdue.
Duration lag_of(const LaneHealth& lane, Instant now);
const char* name_of(SchedulerState state);

}  // namespace duetime::capi
