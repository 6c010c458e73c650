#include "core/jobstores/stored_jobs.h"

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
  std::string key(document);
  if (const auto found = jobs_.find(key); found != jobs_.end()) return found->second;
  JobPtr job = job_from_text(document);
  if (bytes_ + key.size() > kMostCachedBytes) {
    jobs_.clear();
    bytes_ = 0;
  }
  bytes_ += key.size();
  jobs_.emplace(std::move(key), job);
  return job;
}

}  // namespace duetime
