// Run filters, checked.
#pragma once

#include <duetime/run.h>

#include "core/jobstores/job_store.h"

namespace duetime::capi {

// Throws kInvalidArgument naming the member at fault.
RunFilter to_run_filter(const duetime_run_filter& filter);

}  // namespace duetime::capi
