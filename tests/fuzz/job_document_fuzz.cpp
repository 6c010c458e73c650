// Job documents, as stores and other languages hand them in.
#include "core/jobs/job_document.h"
#include "tests/fuzz/property.h"

namespace duetime::fuzz {

void fuzz_job_document(std::string_view input) {
  const auto job =
      accepted([&] { return job_from_text(input); }, {ErrorCode::kInvalidArgument, ErrorCode::kNotFound,
                                                      ErrorCode::kStoreCorrupt, ErrorCode::kNewerVersion});
  if (!job) return;
  const std::string written = job_to_text(**job);
  const JobPtr again = job_from_text(written);
  require(job_to_text(*again) == written, "written and read again it is another job: " + written);
  require(again->payload.data == (*job)->payload.data, "its payload changes when written: " + written);
}

}  // namespace duetime::fuzz
