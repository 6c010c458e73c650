// A recurrence rule as the beginning of an English sentence: "every month on the last Friday at 09:00,
// 10 times, from 2026-11-23".
#pragma once

#include <string>

#include "core/time/time_zone.h"
#include "core/triggers/rrule_expression.h"

namespace duetime {

// `zone` shows an UNTIL that is an instant.
std::string explain_rrule(const RRuleExpression& rule, WallSecond start, const TimeZone& zone);

}  // namespace duetime
