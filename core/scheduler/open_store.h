// A store between open() and close(). Whoever still needs it - the scheduler, a lane, a run that outlives
// shutdown(wait = false) - holds it; the last one closes it.
#pragma once

#include <memory>

#include "core/jobstores/job_store.h"

namespace duetime {

class OpenStore {
 public:
  explicit OpenStore(JobStorePtr store) : store_(std::move(store)) { store_->open(); }
  ~OpenStore() {
    if (!abandoned_) store_->close();
  }
  OpenStore(const OpenStore&) = delete;
  OpenStore& operator=(const OpenStore&) = delete;

  JobStore& operator*() const { return *store_; }
  JobStore* operator->() const { return store_.get(); }

  void abandon_after_fork() noexcept {
    abandoned_ = true;
    store_->abandon_after_fork();
  }

 private:
  JobStorePtr store_;
  bool abandoned_ = false;
};

using OpenStorePtr = std::shared_ptr<OpenStore>;

}  // namespace duetime
