// The jobs of one store that this node found it cannot read or run. Parking is the node's word alone: it is a
// list of exclusions with reasons, the store is not touched, and other nodes may run them. It ends with
// release(), when the task or executor appears, or when the job is changed.
//
// Threads: any.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "core/jobstores/job_store.h"
#include "core/scheduler/scheduler.h"

namespace duetime {

class Parking {
 public:
  // True if it was not parked before.
  bool park_task(const std::string& task, const std::string& reason);
  bool park_executor(const std::string& alias, const std::string& reason);
  bool park_job(const std::string& id, int64_t revision, const std::string& reason);

  // Forgets that a task or executor is missing. True if it was parked.
  bool release_task(const std::string& task);
  bool release_executor(const std::string& alias);
  bool release_job(const std::string& id);

  Exclusions exclusions() const;

  // The parked jobs of this store, with reasons.
  std::vector<ParkedJob> list(const std::string& alias, const JobStore& store) const;

 private:
  struct ParkedRevision {
    int64_t revision;
    std::string reason;
  };

  mutable std::mutex mutex_;
  std::map<std::string, std::string> tasks_;      // name -> reason
  std::map<std::string, std::string> executors_;  // alias -> reason
  std::map<std::string, ParkedRevision> jobs_;    // id ->
};

}  // namespace duetime
