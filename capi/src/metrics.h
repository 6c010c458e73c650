// Health and statistics in the text format of Prometheus, version 0.0.4 (docs/health.md).
#pragma once

#include <string>

#include "core/scheduler/scheduler.h"

namespace duetime::capi {

std::string metrics_text(const Health& health, Instant now);

}  // namespace duetime::capi
