// The executors of a scheduler, by alias. Any thread.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "core/executors/executor.h"

namespace duetime {

class ExecutorRegistry {
 public:
  void add(const std::string& alias, ExecutorPtr executor);  // Throws kConflict
  ExecutorPtr remove(const std::string& alias);              // Throws kNotFound
  ExecutorPtr find(const std::string& alias) const;          // null if there is none
  std::map<std::string, ExecutorPtr> all() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, ExecutorPtr> executors_;
};

}  // namespace duetime
