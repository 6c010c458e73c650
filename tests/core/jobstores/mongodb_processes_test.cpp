// The MongoDB store between processes, and with a server that stops, ends or is slow: nothing is lost,
// nothing is doubled.
#include <atomic>
#include <map>
#include <thread>

#include "tests/core/jobstores/mongodb_test_support.h"
#include "tests/support/child_process.h"
#include "tests/support/job_store_processes.h"

namespace duetime {
namespace {

using testing::SizeIs;

INSTANTIATE_TEST_SUITE_P(Mongodb, JobStoreProcesses,
                         testing::ValuesIn(mongo_quirks_where_there_is_a_server()), store_name);

class MongoProcesses : public testing::Test {
 protected:
  void SetUp() override {
    if (!MongoServer::is_to_be_had()) GTEST_SKIP() << "there is no MongoDB server to be had here";
  }

  MongoStoreOptions options() const { return options_at(MongoServer::shared()); }
  MongoStoreOptions options_at(const MongoServer& server) const { return mongo_options(server, name_); }
  JobStorePtr open() const { return open_mongo_store(options()); }

  static void add_one_shots(const JobStorePtr& store, int count) {
    StoreWorkers([&] { return store; }).add_one_shots(count);
  }

  ClaimRequest request(double seconds, std::size_t limit) const { return workers_.request(seconds, limit); }

  const std::string name_ = "p" + to_string(make_uuid());
  const StoreWorkers workers_{[this] { return open(); }};
  TemporaryDirectory directory_;
};

// Jobs that stay and are due again at once: each claim reads what another node has just written.
TEST_F(MongoProcesses, FourClaimEachFireOfTheSameJobsOnce) {
  constexpr int kJobs = 5;
  constexpr int kFires = 40;
  const JobStorePtr store = open();
  add_one_shots(store, kJobs);
  const double last = 1 + 60 * (kFires - 1);
  std::vector<pid_t> children;
  for (int i = 0; i < 4; ++i) {
    children.push_back(start_child([&] {
      const JobStorePtr node = open();
      std::optional<Instant> due = at(0);
      while (due && *due <= at(last)) {
        const ClaimResult result = node->claim_due(request(last, 2), run_minutely);
        std::vector<RunEnd> ends;
        for (const ClaimPtr& claim : result.claims) {
          ends.push_back(end_of(claim, 0, RunState::kSucceeded, last));
        }
        node->complete(ends, call_time(last));
        due = result.next_due;
      }
      return true;
    }));
  }
  for (const pid_t child : children) EXPECT_TRUE(child_succeeded(child));
  RunFilter all;
  all.limit = SIZE_MAX;
  std::map<std::pair<std::string, Instant>, int> fires;
  for (const RunRecord& run : store->list_runs(all)) ++fires[{run.job_id, run.scheduled_time}];
  EXPECT_THAT(fires, SizeIs(kJobs * kFires));
  for (const auto& [fire, count] : fires) EXPECT_EQ(count, 1) << fire.first << " " << to_string(fire.second);
}

// The child of a fork leaves what it got from its parent alone, and may open the store anew.
TEST_F(MongoProcesses, AForkedChildStartsAnew) {
  const JobStorePtr store = open();
  const auto add = [&](const std::string& id) {
    const NewJob job = scheduled(minutely_job(id), 1);
    store->add(std::span(&job, 1), OnConflict::kFail);
  };
  add("before");
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(in_child([&] {
      store->abandon_after_fork();
      EXPECT_EQ(error_of([&] { store->count(); }), ErrorCode::kStoreUnavailable);
      store->open();
      add("by-child-" + std::to_string(i));
      store->close();
      return true;
    }));
    add("by-parent-" + std::to_string(i));
  }
  EXPECT_EQ(store->count(), 11u);
}

TEST_F(MongoProcesses, AChildForkedInMidCallStartsAnewToo) {
  DUETIME_SKIP_IF_MALLOC_CANNOT_FORK();
  const JobStorePtr store = open();
  std::atomic<bool> stop{false};
  std::thread busy([&] {
    for (int i = 0; !stop; ++i) {
      const NewJob job = scheduled(minutely_job("busy-" + std::to_string(i % 5)), 1);
      store->add(std::span(&job, 1), OnConflict::kReplace);
    }
  });
  for (int child = 0; child < 5; ++child) {
    EXPECT_TRUE(in_child([&] {
      store->abandon_after_fork();
      store->open();
      const NewJob job = scheduled(minutely_job("child-" + std::to_string(child)), 1);
      store->add(std::span(&job, 1), OnConflict::kFail);
      return true;
    }));
  }
  stop = true;
  busy.join();
  EXPECT_EQ(store->list({.after_id = "child"}).size(), 5u);
}

// --- servers of their own

TEST_F(MongoProcesses, AServerThatIsStartedAnewIsFoundAgain) {
  MongoServer server(directory_.file("data"));
  const JobStorePtr store = open_mongo_store(options_at(server));
  add_one_shots(store, 3);
  const ClaimResult result = store->claim_due(request(1, 1), run_minutely);
  ASSERT_THAT(result.claims, SizeIs(1));
  server.stop();
  EXPECT_EQ(error_of([&] { store->claim_due(request(1, 1), run_minutely); }), ErrorCode::kStoreUnavailable);
  EXPECT_EQ(error_of([&] { store->count(); }), ErrorCode::kStoreUnavailable);
  server.start();
  EXPECT_EQ(store->count(), 3u);
  const RunEnd end = end_of(result.claims[0], 0, RunState::kSucceeded, 2);
  EXPECT_TRUE(store->complete(std::span(&end, 1), call_time(2)).at(0).accepted);
  EXPECT_THAT(store->claim_due(request(1, 9), run_minutely).claims, SizeIs(2));
}

// Stopped once the call's first exchanges were made, so that it is the claiming update that nobody answers.
// The server carries it out when it goes on, before or after the repeated call.
TEST_F(MongoProcesses, AClaimThatAStoppedServerDoesNotAnswerIsNotDoubled) {
  MongoServer server;
  MongoStoreOptions impatient = options_at(server);
  impatient.timeout = std::chrono::milliseconds(300);
  const JobStorePtr store = open_mongo_store(impatient);
  add_one_shots(store, 20);
  const ClaimRequest asked = request(1, 20);
  std::atomic<int> planned = 0;
  const auto freezing = [&](const Job& job, const JobPosition& position, Instant now, int running) {
    if (++planned == 20) server.freeze();
    return run_once(job, position, now, running);
  };
  EXPECT_EQ(error_of([&] { store->claim_due(asked, freezing); }), ErrorCode::kTimeout);
  EXPECT_EQ(error_of([&] { store->count(); }), ErrorCode::kStoreUnavailable);
  server.thaw();

  std::map<std::string, int> claimed;
  const auto note = [&](const ClaimResult& result) {
    for (const ClaimPtr& claim : result.claims) ++claimed[claim->record.id];
  };
  note(store->claim_due(asked, run_once));
  note(store->claim_due(request(1, 20), run_once));
  EXPECT_THAT(claimed, SizeIs(20));
  for (const auto& [job, count] : claimed) EXPECT_EQ(count, 1) << job;
  EXPECT_THAT(store->list_runs({}), SizeIs(20));
}

TEST_F(MongoProcesses, AnEndThatAStoppedServerDoesNotAnswerIsRepeated) {
  MongoServer server;
  MongoStoreOptions impatient = options_at(server);
  impatient.timeout = std::chrono::milliseconds(300);
  const JobStorePtr store = open_mongo_store(impatient);
  add_one_shots(store, 1);
  const ClaimPtr claim = store->claim_due(request(1, 1), run_once).claims.at(0);
  const RunEnd end = end_of(claim, 0, RunState::kSucceeded, 2);
  server.freeze();
  EXPECT_EQ(error_of([&] { store->complete(std::span(&end, 1), call_time(2)); }), ErrorCode::kTimeout);
  server.thaw();
  EXPECT_TRUE(store->complete(std::span(&end, 1), call_time(2)).at(0).accepted);
  EXPECT_EQ(store->count(), 0u);
  EXPECT_THAT(store->list_runs({}), SizeIs(1));
}

}  // namespace
}  // namespace duetime
