// From a trigger's document to the trigger. A new trigger is one source file and one line in registry.cpp
// (docs/adding_a_trigger.md).
#pragma once

#include "core/base/json.h"
#include "core/triggers/trigger.h"

namespace duetime {

// Throws kInvalidArgument naming the member at fault, kNotFound for an unknown type or zone.
TriggerPtr make_trigger(const Json& document);

}  // namespace duetime
