// What holds for every trigger of the engine, whatever its rule.
#pragma once

#include <string_view>

#include "core/triggers/cron.h"
#include "core/triggers/trigger.h"

namespace duetime::fuzz {

// Its document makes the same trigger again, it explains itself, and its ways to ask for fires agree with
// each other: one by one, first_from(), backlog() and preview(). It may give up with kUnsupported. `salt`
// varies the instants at which it is asked. Throws PropertyViolated.
void check_trigger(const Trigger& trigger, uint64_t salt);

// The same of a cron rule, if it is accepted, in a zone and with a policy by `salt`.
void check_cron_rule(CronRule rule, uint64_t salt);

// A zone by `salt`: with a half hour's change, with two changes in Ramadan, far from UTC, or without any.
TimeZone some_zone(uint64_t salt);

}  // namespace duetime::fuzz
