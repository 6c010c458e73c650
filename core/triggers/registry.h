// From a trigger's document to the trigger. A new trigger is one source file and one line in registry.cpp
// (docs/adding_a_trigger.md).
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "core/base/json.h"
#include "core/triggers/trigger.h"

namespace duetime {

// Throws kInvalidArgument naming the member at fault, kNotFound for an unknown type or zone.
TriggerPtr make_trigger(const Json& document);

// Makes triggers of a type from outside the engine; replaces an earlier factory of the same type. The factory
// is called from any thread, with no lock held. Throws kInvalidArgument for an empty factory or name and for
// the engine's own types.
void register_trigger_type(std::string type, std::function<TriggerPtr(const Json&)> factory);

// Whether it is one of the engine's own types.
bool is_engine_trigger_type(std::string_view type);

}  // namespace duetime
