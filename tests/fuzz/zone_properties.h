// What holds for every time zone, whatever its data.
#pragma once

#include "core/time/time_zone.h"

namespace duetime::fuzz {

// Instants become wall times and come back; the periods of the zone cover time without holes. Throws
// PropertyViolated.
void check_zone(const TimeZone& zone);

}  // namespace duetime::fuzz
