// Triggers after an update of the tz database.
#pragma once

#include "core/triggers/trigger.h"

namespace duetime {

// The trigger made anew from its document, if that changes the data of a zone it uses, else the same pointer.
// Triggers that call out are left alone. Throws kNotFound if a zone is gone.
TriggerPtr with_current_zones(const TriggerPtr& trigger);

}  // namespace duetime
