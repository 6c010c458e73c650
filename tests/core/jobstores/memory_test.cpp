#include "core/jobstores/memory.h"

#include "tests/support/job_store_contract.h"

namespace duetime {
namespace {

JobStoreQuirks memory_quirks() {
  return {.name = "memory",
          .make = [](const std::string&) { return make_memory_job_store(); },
          .write_raw = {},
          .read_raw = {}};
}

INSTANTIATE_TEST_SUITE_P(Memory, JobStoreContract, testing::Values(memory_quirks()), store_name);

TEST(MemoryJobStore, KeepsAsMuchHistoryAsAsked) {
  const JobStorePtr store = make_memory_job_store(Json{{"type", "memory"}, {"history", 2}});
  const NewJob job = scheduled(minutely_job("job"), 0);
  store->add(std::span(&job, 1), OnConflict::kFail);
  const Exclusions none;
  for (int i = 0; i < 5; ++i) {
    ClaimRequest request;
    request.claim_id = make_uuid();
    request.time = call_time(60 * i);
    request.exclusions = &none;
    const ClaimPtr claim = store->claim_due(request, run_minutely).claims.at(0);
    const RunEnd end = end_of(claim, 0, RunState::kSucceeded, 60 * i);
    store->complete(std::span(&end, 1), call_time(60 * i));
  }
  const std::vector<RunRecord> runs = store->list_runs({});
  ASSERT_EQ(runs.size(), 2u);
  EXPECT_EQ(runs[0].scheduled_time, at(240));
}

TEST(MemoryJobStore, RefusesUnknownOptions) {
  EXPECT_EQ(error_of([] {
              make_memory_job_store(Json{{"type", "memory"}, {"histroy", 2}});
            }),
            ErrorCode::kInvalidArgument);
  EXPECT_EQ(error_of([] {
              make_memory_job_store(Json{{"type", "memory"}, {"history", -1}});
            }),
            ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace duetime
