// What several stores keep alike: the words for a job's status, and job documents parsed once.
#pragma once

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
class JobDocumentCache {
 public:
  // Throws what job_from_text() throws.
  JobPtr parse(std::string_view document);

 private:
  std::unordered_map<std::string, JobPtr> jobs_;
  std::size_t bytes_ = 0;  // of their texts
};

}  // namespace duetime
