#include "core/jobstores/job_store.h"

#include "core/base/error.h"

namespace duetime {

SqlStatements JobStore::sql_to_add(const NewJob&, OnConflict) const {
  throw Error(ErrorCode::kUnsupported, description() + ": no SQL adds jobs to this store");
}

}  // namespace duetime
