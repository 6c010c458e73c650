// Job stores over record storages: the contract, over storages that take writes of any size and over such
// that do not, and what happens when answers are lost or others come in between.
#include "core/jobstores/record_store.h"

#include "tests/support/job_store_contract.h"
#include "tests/support/reference_storage.h"

namespace duetime {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

// One node after the other finds the same records under a directory's name.
std::shared_ptr<ReferenceRecords> records_of(const std::string& directory) {
  static std::mutex mutex;
  static std::map<std::string, std::shared_ptr<ReferenceRecords>> known;
  const std::lock_guard lock(mutex);
  std::shared_ptr<ReferenceRecords>& records = known[directory];
  if (!records) records = std::make_shared<ReferenceRecords>();
  return records;
}

JobStoreQuirks reference_quirks(const std::string& name, std::size_t max_operations) {
  return {.name = name,
          .make =
              [max_operations](const std::string& directory) {
                return make_record_job_store(
                    std::make_shared<ReferenceStorage>(records_of(directory), max_operations));
              },
          .write_raw = [](const std::string& directory, const std::string& id,
                          const std::string& bytes) { records_of(directory)->set_document(id, bytes); },
          .read_raw = [](const std::string& directory,
                         const std::string& id) { return records_of(directory)->document(id); },
          .leases_end_with_the_boot = false};
}

const auto kStorages =
    testing::Values(reference_quirks("Reference", SIZE_MAX), reference_quirks("OfSmallWrites", 16));

INSTANTIATE_TEST_SUITE_P(Record, JobStoreContract, kStorages, store_name);
INSTANTIATE_TEST_SUITE_P(Record, JobStoreLeaseContract, kStorages, store_name);

constexpr Duration kLease = std::chrono::seconds(30);

class RecordStore : public testing::Test {
 protected:
  void SetUp() override { store_->open(); }

  std::shared_ptr<ReferenceStorage> another_storage(std::size_t max_operations = SIZE_MAX) {
    return std::make_shared<ReferenceStorage>(records_, max_operations);
  }

  static JobStorePtr opened(const std::shared_ptr<ReferenceStorage>& storage) {
    JobStorePtr store = make_record_job_store(storage);
    store->open();
    return store;
  }

  void add(const NewJob& job) { store_->add(std::span(&job, 1), OnConflict::kFail); }
  void add(const std::string& id, double seconds) { add(scheduled(minutely_job(id), seconds)); }

  static ClaimRequest request(double seconds, std::size_t limit = 100) {
    static const Exclusions none;
    ClaimRequest request;
    request.owner = request.claim_id = make_uuid();
    request.time = call_time(seconds);
    request.boot_id = "boot-1";
    request.lease = kLease;
    request.limit = limit;
    request.exclusions = &none;
    return request;
  }

  static bool complete(JobStore& store, const ClaimPtr& claim, double seconds) {
    const RunEnd end = end_of(claim, 0, RunState::kSucceeded, seconds);
    return store.complete(std::span(&end, 1), call_time(seconds)).at(0).accepted;
  }

  const std::shared_ptr<ReferenceRecords> records_ = std::make_shared<ReferenceRecords>();
  const std::shared_ptr<ReferenceStorage> storage_ = another_storage();
  const JobStorePtr store_ = make_record_job_store(storage_);
};

void time_out() { throw Error(ErrorCode::kTimeout, "no answer"); }
void fail_to_connect() { throw Error(ErrorCode::kStoreUnavailable, "no connection"); }

TEST_F(RecordStore, AClaimWhoseAnswerWasLostIsFoundAgain) {
  add("job", 1);
  const ClaimRequest asked = request(1);
  storage_->after_write = time_out;
  EXPECT_EQ(error_of([&] { store_->claim_due(asked, run_minutely); }), ErrorCode::kTimeout);
  storage_->after_write = nullptr;
  const ClaimResult again = store_->claim_due(asked, run_minutely);
  ASSERT_THAT(ids_of(again.claims), ElementsAre("job"));
  EXPECT_EQ(again.next_due, at(61));
  EXPECT_TRUE(complete(*store_, again.claims[0], 2));
}

// The write of the first call reaches the storage after that of the second.
TEST_F(RecordStore, AWriteThatArrivesLateDoesNothing) {
  add("job", 1);
  Json late;
  const ClaimRequest asked = request(1);
  const auto held = std::make_shared<ReferenceStorage>(records_);
  struct Delaying final : RecordStorage {
    Delaying(std::shared_ptr<ReferenceStorage> inner, Json& late) : inner_(std::move(inner)), late_(late) {}
    std::string description() const override { return "delaying"; }
    void open() override {}
    void close() noexcept override {}
    std::optional<Instant> now() override { return std::nullopt; }
    int64_t draw(std::size_t count) override { return inner_->draw(count); }
    Json read(const Json& question) override { return inner_->read(question); }
    bool write(const Json& operations) override {
      if (!late_.is_null()) return inner_->write(operations);
      late_ = operations;
      throw Error(ErrorCode::kTimeout, "no answer");
    }
    const std::shared_ptr<ReferenceStorage> inner_;
    Json& late_;
  };
  const JobStorePtr store = make_record_job_store(std::make_shared<Delaying>(held, late));
  store->open();
  EXPECT_EQ(error_of([&] { store->claim_due(asked, run_minutely); }), ErrorCode::kTimeout);
  const auto leave = [](auto&&...) {
    RunPlan plan;
    plan.outcome = RunPlan::Outcome::kLeave;
    return plan;
  };
  EXPECT_THAT(store->claim_due(asked, leave).claims, IsEmpty());
  EXPECT_FALSE(records_->write(late));
  EXPECT_EQ(store_->get("job")->position.next_run_time, at(1));
}

TEST_F(RecordStore, AFailureAfterTheWriteLosesNoClaim) {
  add("job", 1);
  const ClaimRequest asked = request(1);
  storage_->after_write = [&] { storage_->before_read = fail_to_connect; };
  EXPECT_EQ(error_of([&] { store_->claim_due(asked, run_minutely); }), ErrorCode::kTimeout);
  storage_->before_read = storage_->after_write = nullptr;
  EXPECT_THAT(ids_of(store_->claim_due(asked, run_minutely).claims), ElementsAre("job"));
}

TEST_F(RecordStore, AFailureBeforeTheWriteIsToldAsSuch) {
  add("job", 1);
  storage_->before_write = fail_to_connect;
  EXPECT_EQ(error_of([&] { store_->claim_due(request(1), run_minutely); }), ErrorCode::kStoreUnavailable);
  storage_->before_write = nullptr;
  EXPECT_THAT(ids_of(store_->claim_due(request(1), run_minutely).claims), ElementsAre("job"));
}

TEST_F(RecordStore, ACompletionWhoseAnswerWasLostMayBeRepeated) {
  add("job", 1);
  const ClaimPtr claim = store_->claim_due(request(1), run_once).claims.at(0);
  storage_->after_write = time_out;
  EXPECT_EQ(error_of([&] { complete(*store_, claim, 2); }), ErrorCode::kTimeout);
  storage_->after_write = nullptr;
  EXPECT_TRUE(complete(*store_, claim, 2));
  EXPECT_FALSE(store_->get("job"));
  EXPECT_THAT(store_->list_runs({}), SizeIs(1));
}

// Each looks while the other's run has not ended, and only one of them is the last.
TEST_F(RecordStore, TwoEndsAtOnceLeaveNoSpentJobBehind) {
  Job job = minutely_job("job");
  job.max_instances = 2;
  add(scheduled(job, 1));
  const ClaimPtr first = store_->claim_due(request(1), run_minutely).claims.at(0);
  const ClaimPtr last = store_->claim_due(request(61), run_once).claims.at(0);
  const JobStorePtr other = opened(another_storage());
  storage_->before_write = [&] {
    storage_->before_write = nullptr;
    EXPECT_TRUE(complete(*other, last, 20));
  };
  EXPECT_TRUE(complete(*store_, first, 20));
  EXPECT_FALSE(store_->get("job"));
}

// The last fire is claimed by another node, and ends there, between the look and the write of an end here.
TEST_F(RecordStore, AnEndDuringTheLastFireLeavesNoSpentJobBehind) {
  Job job = minutely_job("job");
  job.max_instances = 2;
  add(scheduled(job, 1));
  const ClaimPtr first = store_->claim_due(request(1), run_minutely).claims.at(0);
  const JobStorePtr other = opened(another_storage());
  storage_->before_write = [&] {
    storage_->before_write = nullptr;
    EXPECT_TRUE(complete(*other, other->claim_due(request(61), run_once).claims.at(0), 20));
  };
  EXPECT_TRUE(complete(*store_, first, 20));
  EXPECT_FALSE(store_->get("job"));
}

// A plan spends the job without a run, while the run that it counted ends.
TEST_F(RecordStore, AMissedLastFireDuringAnEndLeavesNoSpentJobBehind) {
  add("job", 1);
  const ClaimPtr first = store_->claim_due(request(1), run_minutely).claims.at(0);
  const JobStorePtr other = opened(another_storage());
  storage_->before_write = [&] {
    storage_->before_write = nullptr;
    EXPECT_TRUE(complete(*other, first, 20));
  };
  store_->claim_due(request(61), [](auto&&...) {
    RunPlan plan;
    plan.outcome = RunPlan::Outcome::kMissed;
    plan.next_status = JobStatus::kFinishing;
    return plan;
  });
  EXPECT_FALSE(store_->get("job"));
}

TEST_F(RecordStore, LeasesCountOnTheStoragesClock) {
  Instant clock = at(5'000);
  storage_->clock = [&] { return std::optional(clock); };
  const auto slow_storage = another_storage();
  slow_storage->clock = storage_->clock;
  const JobStorePtr slow = opened(slow_storage);
  add("job", 1);
  const ClaimPtr claim = store_->claim_due(request(1), run_minutely).claims.at(0);
  EXPECT_LE(claim->lease_until, clock + kLease);
  EXPECT_GT(claim->lease_until, at(4'000));
  EXPECT_THAT(slow->reclaim_expired(request(9'000)).abandoned, IsEmpty());  // by its own clock only
  clock += kLease + std::chrono::seconds(1);
  EXPECT_THAT(slow->reclaim_expired(request(9'020)).abandoned, SizeIs(1));
  EXPECT_FALSE(complete(*store_, claim, 40));
}

TEST_F(RecordStore, ABatchCostsNoCallPerJob) {
  std::vector<NewJob> jobs;
  for (int i = 0; i < 90; ++i) jobs.push_back(scheduled(minutely_job("job-" + std::to_string(i)), 1));
  store_->add(jobs, OnConflict::kFail);
  storage_->calls = 0;
  const std::vector<ClaimPtr> claims = store_->claim_due(request(1), run_minutely).claims;
  EXPECT_THAT(claims, SizeIs(90));
  EXPECT_LE(storage_->calls, 3u);
  std::vector<RunEnd> ends;
  for (const ClaimPtr& claim : claims) ends.push_back(end_of(claim, 0, RunState::kSucceeded, 2));
  storage_->calls = 0;
  store_->renew(claims, call_time(2), kLease);
  store_->complete(ends, call_time(2));
  EXPECT_LE(storage_->calls, 4u);
}

TEST_F(RecordStore, KeepsToTheLimitOfAWrite) {
  const auto storage = another_storage(16);
  const JobStorePtr store = opened(storage);
  std::vector<NewJob> jobs;
  for (int i = 0; i < 100; ++i) jobs.push_back(scheduled(minutely_job("job-" + std::to_string(i)), 1));
  EXPECT_TRUE(store->import_once("elsewhere", jobs));
  EXPECT_EQ(store->count(), 100u);
  std::vector<RunEnd> ends;
  while (ends.size() < 100) {
    const std::vector<ClaimPtr> claims = store->claim_due(request(1), run_once).claims;
    ASSERT_THAT(claims, testing::Not(IsEmpty()));
    for (const ClaimPtr& claim : claims) ends.push_back(end_of(claim, 0, RunState::kSucceeded, 2));
  }
  store->complete(ends, call_time(2));
  EXPECT_EQ(store->count(), 0u);
  EXPECT_EQ(store->prune_runs({.max_count = 0}, at(3)), 100u);
  EXPECT_LE(storage->most_operations, 16u);
}

// Where a node died in the middle of an import, another goes on: what ran meanwhile does not come again.
TEST_F(RecordStore, AnImportInPartsGoesOnWhereItStopped) {
  const auto storage = another_storage(16);
  const JobStorePtr store = opened(storage);
  std::vector<NewJob> jobs;
  for (int i = 10; i < 50; ++i) jobs.push_back(scheduled(minutely_job("job-" + std::to_string(i)), 1));
  int writes = 0;
  storage->before_write = [&] {
    if (++writes == 2) fail_to_connect();
  };
  EXPECT_EQ(error_of([&] { store->import_once("elsewhere", jobs); }), ErrorCode::kStoreUnavailable);
  EXPECT_FALSE(store->imported("elsewhere"));
  EXPECT_TRUE(store->remove("job-10"));
  EXPECT_TRUE(opened(another_storage(16))->import_once("elsewhere", jobs));
  EXPECT_EQ(store->count(), 39u);
  EXPECT_TRUE(store->imported("elsewhere"));
}

TEST_F(RecordStore, TellsOfWhatOthersMadeDueEarlier) {
  add("later", 100);
  store_->claim_due(request(1), run_minutely);
  EXPECT_FALSE(store_->drain_changes());
  const NewJob job = scheduled(minutely_job("sooner"), 50);
  opened(another_storage())->add(std::span(&job, 1), OnConflict::kFail);
  EXPECT_TRUE(store_->drain_changes());
  EXPECT_FALSE(store_->drain_changes());
}

TEST_F(RecordStore, NotesOfClaimsGoWhenNobodyRepeatsThemAnyMore) {
  add("job", 1);
  const ClaimRequest asked = request(1);
  store_->claim_due(asked, run_minutely);
  const Json question{{"ask", "notes"}, {"keys", Json::array({"claim:" + to_string(asked.claim_id)})}};
  store_->prune_runs({}, at(60));
  EXPECT_THAT(records_->read(question).at("notes"), SizeIs(1));
  store_->prune_runs({}, at(4'000));
  EXPECT_THAT(records_->read(question).at("notes"), SizeIs(0));
}

}  // namespace
}  // namespace duetime
