// A job store over a record storage: all of claiming, leases, takeover and history, for storages that only
// find records and write them.
#pragma once

#include "core/jobstores/job_store.h"
#include "core/jobstores/record_storage.h"

namespace duetime {

JobStorePtr make_record_job_store(RecordStoragePtr storage);

}  // namespace duetime
