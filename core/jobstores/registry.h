// From configuration to a job store: {"type": "sqlite", "path": "jobs.db"}, or a URL such as
// "sqlite:///jobs.db" and "memory:". A new store is one source file and one line in registry.cpp
// (docs/adding_a_job_store.md). Every type takes "history_max_age_us" and "history_max_count" beside its own
// options.
#pragma once

#include <string_view>

#include "core/base/json.h"
#include "core/jobstores/job_store.h"

namespace duetime {

// Throws kNotFound for an unknown type, kInvalidArgument for an unknown or wrong option. Does not open it.
JobStorePtr make_job_store(const Json& configuration);
JobStorePtr make_job_store_from_url(std::string_view url);

}  // namespace duetime
