#include "core/scheduler/task_registry.h"

#include <exception>

#include "core/base/text.h"

namespace duetime {

void TaskRegistry::add(const std::string& name, TaskFunction function) {
  auto task = std::make_shared<const TaskFunction>(std::move(function));
  const std::unique_lock lock(mutex_);
  tasks_[name].swap(task);  // the old one is released after the lock
}

void TaskRegistry::set_resolver(TaskResolver resolver) {
  auto shared = resolver ? std::make_shared<const TaskResolver>(std::move(resolver)) : nullptr;
  const std::unique_lock lock(mutex_);
  resolver_.swap(shared);
}

TaskPtr TaskRegistry::find(std::string_view name) const {
  const std::shared_lock lock(mutex_);
  const auto found = tasks_.find(name);
  return found == tasks_.end() ? nullptr : found->second;
}

TaskPtr TaskRegistry::resolve(const std::string& name, std::string& reason) {
  if (TaskPtr known = find(name)) return known;
  std::shared_lock lock(mutex_);
  const auto resolver = resolver_;
  lock.unlock();
  reason = "task " + in_quotes(name) + " is not known to this node";
  TaskPtr task;
  try {
    if (resolver) task = (*resolver)(name);
  } catch (const std::exception& error) {
    reason += ": " + std::string(error.what());
  }
  if (!task) return nullptr;
  const std::unique_lock write(mutex_);
  return tasks_.emplace(name, task).first->second;
}

}  // namespace duetime
