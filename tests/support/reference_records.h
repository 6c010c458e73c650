// The records of a job store written outside, in memory: docs/job_store_plugin.md put into code as plainly as
// can be. Every question looks at every record.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "core/base/json.h"

namespace duetime {

using Json = nlohmann::json;

class ReferenceRecords {
 public:
  int64_t draw(std::size_t count);
  Json read(const Json& question) const;
  bool write(const Json& operations);

  // Bytes in the place of a job's document; those that are no text are answered as null.
  void set_document(const std::string& id, const std::string& bytes);
  std::string document(const std::string& id) const;

 private:
  using Rows = std::map<std::string, Json>;  // by key

  const Rows& rows(const std::string& kind) const;
  bool holds(const Json& operation) const;
  Json some(const std::string& kind, const std::function<bool(const Json&)>& matches) const;
  Json jobs_and_claims(const Json& question, Json jobs, const Json& keys) const;

  mutable std::mutex mutex_;
  std::map<std::string, Rows> kinds_;
  std::map<std::string, std::string> bytes_;  // of documents that are no text
  int64_t counter_ = 0;
};

}  // namespace duetime
