#include "tests/capi/c_program.h"

#include <gtest/gtest.h>

#include "tests/capi/capi_test.h"

namespace duetime::capi_test {
namespace {

TEST(CProgram, IntervalJobRunsInHostedMode) { EXPECT_STREQ(c_interval_job_runs_in_hosted_mode(), nullptr); }

TEST(CProgram, ThreadsRunJobsOfASqliteFile) {
  const TemporaryDirectory directory;
  EXPECT_STREQ(c_threads_run_jobs_of_a_sqlite_file(directory.file("jobs.db").c_str()), nullptr);
}

TEST(CProgram, ErrorsNameTheValue) { EXPECT_STREQ(c_errors_name_the_value(), nullptr); }

}  // namespace
}  // namespace duetime::capi_test
