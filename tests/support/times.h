// Short names for instants in tests.
#pragma once

#include <string>

#include "core/time/instant.h"

namespace duetime {

// at("10:00:05") is on Monday 2026-01-05, UTC.
inline Instant at(const std::string& time) { return parse_instant("2026-01-05T" + time + "Z", "test time"); }

}  // namespace duetime
