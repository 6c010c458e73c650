// A scheduler over a store that cannot tell of changes and is asked for them.
#include <gtest/gtest.h>

#include "tests/core/jobstores/mongodb_test_support.h"
#include "tests/support/hosted_scheduler.h"

namespace duetime {
namespace {

class MongoPolling : public testing::Test {
 protected:
  void SetUp() override {
    if (!MongoServer::is_to_be_had()) GTEST_SKIP() << "there is no MongoDB server to be had here";
    idle_ = std::make_unique<HostedScheduler>(make_mongodb_job_store(options_), clock_, kLease);
    idle_->started();
    other_ = open_mongo_store(options_);
  }

  void add(Job job) const {
    NewJob added{std::make_shared<const Job>(std::move(job)), {}};
    added.position.status = JobStatus::kScheduled;
    added.position.next_run_time = added.position.fire_time = clock_->now();
    other_->add(std::span(&added, 1), OnConflict::kFail);
  }

  static constexpr Duration kLease = std::chrono::seconds(30);
  const MongoStoreOptions options_ = mongo_options(MongoServer::shared(), "s" + to_string(make_uuid()));
  const std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>(at("10:00:00"));
  std::unique_ptr<HostedScheduler> idle_;
  JobStorePtr other_;  // of another node
};

TEST_F(MongoPolling, AJobThatAnotherNodeAddsIsNoticed) {
  add(once(clock_->now()));
  idle_->advance(std::chrono::seconds(1));
  EXPECT_EQ(idle_->calls.size(), 1u);
}

// It had no lease to wait for when it fell asleep.
TEST_F(MongoPolling, ARunWhoseNodeDiesIsTakenOver) {
  Job job = once(clock_->now());
  job.recover = true;
  add(std::move(job));
  const Exclusions none;
  ClaimRequest request;
  request.owner = make_uuid();
  request.claim_id = make_uuid();
  request.time = {clock_->now(), clock_->boot_time()};
  request.lease = kLease;
  request.exclusions = &none;
  ASSERT_EQ(other_->claim_due(request, run_once).claims.size(), 1u);

  idle_->advance(std::chrono::seconds(29));
  EXPECT_EQ(idle_->calls.size(), 0u);
  idle_->advance(std::chrono::seconds(3));
  ASSERT_EQ(idle_->calls.size(), 1u);
  EXPECT_EQ(idle_->calls[0].attempt, 2);
  EXPECT_EQ(other_->count(), 0u);
}

}  // namespace
}  // namespace duetime
