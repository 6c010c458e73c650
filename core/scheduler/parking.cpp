#include "core/scheduler/parking.h"

namespace duetime {

bool Parking::park_task(const std::string& task, const std::string& reason) {
  const std::lock_guard lock(mutex_);
  return tasks_.emplace(task, reason).second;
}

bool Parking::park_executor(const std::string& alias, const std::string& reason) {
  const std::lock_guard lock(mutex_);
  return executors_.emplace(alias, reason).second;
}

bool Parking::park_job(const std::string& id, int64_t revision, const std::string& reason) {
  const std::lock_guard lock(mutex_);
  const auto [place, inserted] = jobs_.try_emplace(id, ParkedRevision{revision, reason});
  const bool is_new = inserted || place->second.revision != revision;
  place->second = {revision, reason};
  return is_new;
}

bool Parking::release_task(const std::string& task) {
  const std::lock_guard lock(mutex_);
  return tasks_.erase(task) > 0;
}

bool Parking::release_executor(const std::string& alias) {
  const std::lock_guard lock(mutex_);
  return executors_.erase(alias) > 0;
}

bool Parking::release_job(const std::string& id) {
  const std::lock_guard lock(mutex_);
  return jobs_.erase(id) > 0;
}

Exclusions Parking::exclusions() const {
  const std::lock_guard lock(mutex_);
  Exclusions exclusions;
  for (const auto& [task, reason] : tasks_) exclusions.tasks.insert(task);
  for (const auto& [alias, reason] : executors_) exclusions.executors.insert(alias);
  for (const auto& [id, parked] : jobs_) exclusions.jobs.emplace(id, parked.revision);
  return exclusions;
}

std::vector<ParkedJob> Parking::list(const std::string& alias, const JobStore& store) const {
  std::unique_lock lock(mutex_);
  const auto tasks = tasks_;
  const auto executors = executors_;
  const auto jobs = jobs_;
  lock.unlock();

  std::map<std::string, std::string> reasons;
  const auto add_matching = [&](const JobFilter& filter, const std::string& reason) {
    for (const JobRecord& record : store.list(filter)) reasons.emplace(record.id, reason);
  };
  for (const auto& [task, reason] : tasks) add_matching({.task = task}, reason);
  for (const auto& [executor, reason] : executors) add_matching({.executor = executor}, reason);
  for (const auto& [id, parked] : jobs) {
    const auto record = store.get(id);
    if (record && record->position.revision == parked.revision) reasons.emplace(id, parked.reason);
  }

  std::vector<ParkedJob> result;
  for (const auto& [id, reason] : reasons) result.push_back({alias, id, reason});
  return result;
}

}  // namespace duetime
