// duetime_scheduler_options as the engine understands it, and the configuration of stores.
#pragma once

#include <duetime/scheduler.h>

#include <string>

#include "capi/src/owned.h"
#include "core/jobstores/job_store.h"
#include "core/scheduler/scheduler.h"

namespace duetime::capi {

// The caller's struct in this version's form, with the log's user data adopted.
struct GivenOptions {
  duetime_scheduler_options given;
  Owned log_user_data;
};

// NULL: the defaults. Throws as read_struct().
GivenOptions read_scheduler_options(const duetime_scheduler_options* options);

// Throws kInvalidArgument.
SchedulerOptions to_options(GivenOptions options);
void require_max_age(duetime_duration max_age, const char* parameter);

// From a JSON object or a URL. Throws as make_job_store() and make_job_store_from_url().
JobStorePtr store_from(const std::string& configuration);

}  // namespace duetime::capi
