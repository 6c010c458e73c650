// What several stores keep alike: the words for a job's status, and job documents parsed once.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/jobs/job_record.h"

namespace duetime {

// The words are part of the stored form and never change.
const char* stored_word(JobStatus status);
std::optional<JobStatus> job_status_of(std::string_view word);

// Documents by their whole text: a document that another program changed is never mistaken for the old one.
// Threads: any; no lock is held while a document is parsed, which may ask factories written outside.
class JobDocumentCache {
 public:
  // Throws what job_from_text() throws.
  JobPtr parse(std::string_view document);

 private:
  JobPtr find(const std::string& document) const;
  void keep(std::string document, const JobPtr& job);

  mutable std::mutex mutex_;
  std::unordered_map<std::string, JobPtr> jobs_;
  std::size_t bytes_ = 0;  // of their texts
};

}  // namespace duetime
