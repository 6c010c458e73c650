// The tasks this node knows, by name: those that were registered, and those that the resolver found.
//
// Threads: any. The resolver is foreign code and is called with no lock held.
#pragma once

#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/jobs/task.h"
#include "core/scheduler/scheduler.h"

namespace duetime {

class TaskRegistry {
 public:
  void add(const std::string& name, TaskFunction function);
  void set_resolver(TaskResolver resolver);

  // The task, or null if it is not known (yet). Never calls foreign code.
  TaskPtr find(std::string_view name) const;

  // As find(), and asks the resolver for a name it has not found. A resolver that throws does not know the
  // name; `reason` tells why.
  TaskPtr resolve(const std::string& name, std::string& reason);

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const { return std::hash<std::string_view>{}(name); }
  };

  mutable std::shared_mutex mutex_;
  std::unordered_map<std::string, TaskPtr, Hash, std::equal_to<>> tasks_;
  std::shared_ptr<const TaskResolver> resolver_;
};

}  // namespace duetime
