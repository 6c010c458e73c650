#include "core/scheduler/executor_registry.h"

#include "core/base/error.h"

namespace duetime {

void ExecutorRegistry::add(const std::string& alias, ExecutorPtr executor) {
  const std::lock_guard lock(mutex_);
  if (!executors_.emplace(alias, std::move(executor)).second) {
    throw Error(ErrorCode::kConflict,
                "This scheduler already has an executor by the alias of \"" + alias + "\"");
  }
}

ExecutorPtr ExecutorRegistry::remove(const std::string& alias) {
  const std::lock_guard lock(mutex_);
  auto node = executors_.extract(alias);
  if (node.empty()) throw Error(ErrorCode::kNotFound, "No such executor: " + alias);
  return node.mapped();
}

ExecutorPtr ExecutorRegistry::find(const std::string& alias) const {
  const std::lock_guard lock(mutex_);
  const auto found = executors_.find(alias);
  return found == executors_.end() ? nullptr : found->second;
}

std::map<std::string, ExecutorPtr> ExecutorRegistry::all() const {
  const std::lock_guard lock(mutex_);
  return executors_;
}

}  // namespace duetime
