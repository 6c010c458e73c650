// Adding a job from a connection that is not the store's (JobStore::sql_to_add).
#pragma once

#include "core/jobstores/job_store.h"
#include "core/jobstores/sqlite_schema.h"

namespace duetime {

SqlStatements sqlite_to_add(const NewJob& job, OnConflict on_conflict, const SqliteTables& tables);

}  // namespace duetime
