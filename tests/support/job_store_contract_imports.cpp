// Contract: copying jobs in from elsewhere, once.
#include <atomic>
#include <thread>

#include "tests/support/job_store_contract.h"

namespace duetime {
namespace {

using testing::ElementsAre;

TEST_P(JobStoreContract, ImportsASourceOnce) {
  const std::vector<NewJob> jobs = {scheduled(minutely_job("due"), 1), paused(minutely_job("paused"))};
  EXPECT_FALSE(store().imported("elsewhere"));
  EXPECT_TRUE(store().import_once("elsewhere", jobs));
  EXPECT_TRUE(store().imported("elsewhere"));
  EXPECT_THAT(ids_of(store().list({})), ElementsAre("due", "paused"));
  EXPECT_EQ(store().get("due")->position.next_run_time, at(1));
  EXPECT_EQ(store().get("paused")->position.status, JobStatus::kPaused);

  store().remove("due");
  EXPECT_FALSE(store().import_once("elsewhere", jobs));
  EXPECT_THAT(ids_of(store().list({})), ElementsAre("paused"));
}

TEST_P(JobStoreContract, ImportsEachSourceByItself) {
  const NewJob first = scheduled(minutely_job("first"), 1);
  const NewJob second = scheduled(minutely_job("second"), 1);
  EXPECT_TRUE(store().import_once("elsewhere", std::span(&first, 1)));
  EXPECT_FALSE(store().imported("Elsewhere"));
  EXPECT_FALSE(store().imported("elsewhere "));
  EXPECT_FALSE(store().imported("counter"));
  EXPECT_TRUE(store().import_once("Elsewhere", std::span(&second, 1)));
  EXPECT_THAT(ids_of(store().list({})), ElementsAre("first", "second"));
}

TEST_P(JobStoreContract, ImportsUnderOddNames) {
  const std::vector<std::string> sources = {"'; DROP TABLE duetime_jobs; --",
                                            "*1\r\n$4\r\nPING\r\n",
                                            "{$gt: ''}",
                                            " ",
                                            "Grüße",
                                            std::string(1024, 'x')};
  for (const std::string& source : sources) {
    EXPECT_FALSE(store().imported(source)) << source;
    EXPECT_TRUE(store().import_once(source, {})) << source;
    EXPECT_TRUE(store().imported(source)) << source;
  }
  EXPECT_EQ(store().count(), 0u);
}

TEST_P(JobStoreContract, ImportLeavesTakenIdsAlone) {
  add("taken", 1);
  const JobPosition before = store().get("taken")->position;
  const std::vector<NewJob> jobs = {scheduled(minutely_job("taken"), 9), scheduled(minutely_job("twice"), 2),
                                    scheduled(minutely_job("twice"), 3)};
  EXPECT_TRUE(store().import_once("elsewhere", jobs));
  EXPECT_EQ(store().get("taken")->position.next_run_time, at(1));
  EXPECT_EQ(store().get("taken")->position.version, before.version);
  EXPECT_EQ(store().get("twice")->position.next_run_time, at(2));
}

TEST_P(JobStoreContract, ImportTakesTheIdOfAFinishingJob) {
  add("once", 1);
  const ClaimPtr claim = claim_one(1, run_once);
  const NewJob successor = scheduled(minutely_job("once"), 50);
  EXPECT_TRUE(store().import_once("elsewhere", std::span(&successor, 1)));
  EXPECT_FALSE(complete(claim, 2).at(0).job_removed);
  EXPECT_EQ(store().get("once")->position.next_run_time, at(50));
}

TEST_P(JobStoreContract, ImportedJobsCanBeClaimedAndChanged) {
  const NewJob job = scheduled(minutely_job("job"), 1);
  store().import_once("elsewhere", std::span(&job, 1));
  JobRecord record = *store().get("job");
  EXPECT_GT(record.position.revision, 0);
  record.position.next_run_time = record.position.fire_time = at(2);
  EXPECT_TRUE(store().update(record));
  EXPECT_EQ(store().next_due({}), at(2));
  EXPECT_EQ(claim_one(2)->record.id, "job");
}

TEST_P(JobStoreContract, ImportRefusesALivePayloadItCannotKeep) {
  if (store().traits().keeps_live_payloads) GTEST_SKIP() << "this store keeps them";
  Job living = minutely_job("living");
  living.payload.live = std::make_shared<int>(1);
  const std::vector<NewJob> jobs = {scheduled(minutely_job("plain"), 1), scheduled(living, 1)};
  EXPECT_EQ(error_of([&] { store().import_once("elsewhere", jobs); }), ErrorCode::kUnsupported);
  EXPECT_FALSE(store().imported("elsewhere"));
  EXPECT_EQ(store().count(), 0u);
}

// Nodes that start at the same moment: one imports, and what it imported is there for all.
TEST_P(JobStoreContract, OneOfManyImportsTheSource) {
  const bool shared = store().traits().shared;
  std::vector<JobStorePtr> nodes;
  for (int i = 0; shared && i < 4; ++i) nodes.push_back(another_node());
  const std::vector<NewJob> jobs = {scheduled(minutely_job("a"), 1), scheduled(minutely_job("b"), 1)};
  std::atomic<int> imports{0};
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < 4; ++i) {
      JobStore& node = shared ? *nodes[i] : store();
      threads.emplace_back([&node, &jobs, &imports] {
        if (node.import_once("elsewhere", jobs)) ++imports;
        EXPECT_EQ(ids_of(node.list({})), (std::vector<std::string>{"a", "b"}));
      });
    }
  }
  EXPECT_EQ(imports, 1);
}

TEST_P(JobStoreContract, AnImportSurvivesTheStoresEnd) {
  if (!store().traits().durable) GTEST_SKIP() << "this store keeps nothing";
  const NewJob job = scheduled(minutely_job("job"), 1);
  store().import_once("elsewhere", std::span(&job, 1));
  store().close();
  store().open();
  EXPECT_TRUE(store().imported("elsewhere"));
  EXPECT_FALSE(store().import_once("elsewhere", std::span(&job, 1)));
  EXPECT_EQ(store().count(), 1u);
}

}  // namespace
}  // namespace duetime
