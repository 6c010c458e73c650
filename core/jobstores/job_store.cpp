#include "core/jobstores/job_store.h"

#include "core/base/error.h"

namespace duetime {

SqlStatements JobStore::sql_to_add(const NewJob&, OnConflict) const {
  throw Error(ErrorCode::kUnsupported, description() + ": no SQL adds jobs to this store");
}

void JobStore::set_retention(const StoreRetention& retention) {
  const std::lock_guard lock(retention_mutex_);
  retention_ = retention;
}

RunRetention JobStore::retention(const RunRetention& usual) const {
  const std::lock_guard lock(retention_mutex_);
  return RunRetention{.max_age = retention_.max_age.value_or(usual.max_age),
                      .max_count = retention_.max_count.value_or(usual.max_count)};
}

}  // namespace duetime
