// Where two grids of equal steps meet.
#pragma once

#include <optional>

#include "core/triggers/interval.h"

namespace duetime {

// The interval rule whose fires are those that both have; nullopt if there is none up to the year 9999.
// Requires: both have a start.
std::optional<IntervalRule> intersection(const IntervalRule& a, const IntervalRule& b);

}  // namespace duetime
