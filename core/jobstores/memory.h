// Jobs in this process's memory: not durable, not shared, and so without leases. Keeps live payloads.
#pragma once

#include "core/jobstores/job_store.h"

namespace duetime {

struct MemoryStoreOptions {
  std::size_t history = 1'000;  // ended runs kept for list_runs(); 0 keeps none
};

JobStorePtr make_memory_job_store(const MemoryStoreOptions& options = {});
JobStorePtr make_memory_job_store(const Json& configuration);

}  // namespace duetime
