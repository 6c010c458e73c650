// What the ABI answers as JSON text: health (docs/health.md) and the statements that add jobs.
#pragma once

#include "core/base/json.h"
#include "core/scheduler/scheduler.h"

namespace duetime::capi {

Json health_report(const Health& health, Instant now);
Json sql_report(const SqlStatements& statements);

}  // namespace duetime::capi
