#include "core/jobstores/stored_jobs.h"

#include <utility>

#include "core/jobs/job_document.h"

namespace duetime {
namespace {

constexpr JobStatus kStatuses[] = {JobStatus::kScheduled, JobStatus::kPaused, JobStatus::kFinishing};

// Some ten thousand jobs that come due again and again are parsed once. When more go round, all start anew.
constexpr std::size_t kMostCachedBytes = std::size_t{8} * 1024 * 1024;
constexpr std::size_t kLargestCachedDocument = 4'096;

}  // namespace

const char* stored_word(JobStatus status) {
  switch (status) {
    case JobStatus::kScheduled:
      return "scheduled";
    case JobStatus::kPaused:
      return "paused";
    case JobStatus::kFinishing:
      return "finishing";
  }
  return "";
}

std::optional<JobStatus> job_status_of(std::string_view word) {
  for (const JobStatus status : kStatuses) {
    if (word == stored_word(status)) return status;
  }
  return std::nullopt;
}

JobPtr JobDocumentCache::parse(std::string_view document) {
  if (document.size() > kLargestCachedDocument) return job_from_text(document);
  std::string text(document);
  if (JobPtr job = find(text)) return job;
  JobPtr job = job_from_text(document);
  keep(std::move(text), job);
  return job;
}

JobPtr JobDocumentCache::find(const std::string& document) const {
  const std::lock_guard lock(mutex_);
  const auto found = jobs_.find(document);
  return found == jobs_.end() ? nullptr : found->second;
}

void JobDocumentCache::keep(std::string document, const JobPtr& job) {
  const std::lock_guard lock(mutex_);
  if (bytes_ + document.size() > kMostCachedBytes) {
    jobs_.clear();
    bytes_ = 0;
  }
  const std::size_t size = document.size();
  if (jobs_.emplace(std::move(document), job).second) bytes_ += size;
}

}  // namespace duetime
