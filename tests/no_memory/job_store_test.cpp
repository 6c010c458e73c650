// Job stores that find no memory. One story, from the first job to the last, is told again and again: each
// time another allocation of another call fails. The call may throw; then it is made again, as a lane does,
// and in the end nothing is lost, nothing done twice, nothing half done.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <new>
#include <ostream>
#include <set>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/jobstores/memory.h"
#include "core/jobstores/redis.h"
#include "core/jobstores/sqlite.h"
#include "core/triggers/date.h"
#include "tests/no_memory/failing_memory.h"
#include "tests/support/job_store_contract.h"
#include "tests/support/redis_server.h"

namespace duetime {
namespace {

constexpr Duration kLease = std::chrono::seconds(30);
constexpr int kMostLooks = 10;

struct Fault {
  int call;        // of the story
  int allocation;  // of the call
  Shortage shortage;
};

using Names = std::vector<std::string>;

// Two jobs run, one misses its only fire.
RunPlan plan(const Job& job, const JobPosition& position, Instant now, int running) {
  if (!job.id.ends_with("missing")) return run_minutely(job, position, now, running);
  RunPlan missed;
  missed.outcome = RunPlan::Outcome::kMissed;
  missed.missed_count = 1;
  missed.missed = {*position.next_run_time};
  missed.next_status = JobStatus::kFinishing;
  return missed;
}

class Story {
 public:
  Story(JobStore& store, Fault fault) : store_(store), fault_(fault) {}

  // False if the fault lies behind the end of its call, or that behind the end of the story.
  bool tell() {
    add();
    import();
    change();
    look();
    claim();
    renew();
    release_and_take_over();
    complete();
    claim_now();
    expect_history();
    remove();
    return failed_;
  }

  int calls() const { return calls_; }

 private:
  // True if it came to its end. Only the call with the fault may not.
  bool attempt(const std::function<void()>& call) {
    if (calls_++ != fault_.call) {
      call();
      return true;
    }
    bool ended = false;
    try {
      const FailingMemory failing(fault_.allocation, fault_.shortage);
      call();
      ended = true;
    } catch (const std::bad_alloc&) {
    } catch (const Error& error) {
      error_ = error.what();
    }
    failed_ = FailingMemory::has_failed();
    return ended;
  }

  void repeat(const std::function<void()>& call) {
    if (!attempt(call)) call();
  }

  ClaimRequest request() const {
    ClaimRequest request;
    request.owner = owner_;
    request.claim_id = make_uuid();
    request.time = call_time(5);
    request.boot_id = "boot";
    request.lease = kLease;
    request.limit = 100;
    request.exclusions = &exclusions_;
    return request;
  }

  // As a lane calls it: again under its claim_id where it failed, under another while there is more.
  void claim_all(std::size_t count, const std::function<ClaimResult(const ClaimRequest&)>& claim) {
    claims_.clear();
    const auto is_done = [&] { return claims_.size() >= count && store_.next_due(exclusions_) > at(5); };
    for (int looks = 0; !is_done() && looks < kMostLooks; ++looks) {
      const ClaimRequest asked = request();
      ClaimResult result;
      repeat([&] { result = claim(asked); });
      claims_.insert(claims_.end(), result.claims.begin(), result.claims.end());
    }
    EXPECT_EQ(claims_.size(), count);
  }

  void add() {
    const std::vector<NewJob> jobs = {scheduled(minutely_job("one"), 1), scheduled(minutely_job("two"), 2),
                                      scheduled(minutely_job("missing"), 3)};
    const auto add = [&] { store_.add(jobs, OnConflict::kFail); };
    if (!attempt(add)) {
      const std::size_t count = store_.count();
      EXPECT_TRUE(count == 0 || count == jobs.size()) << count;
      if (count == 0) add();
    }
    repeat([&] { store_.add(jobs, OnConflict::kReplace); });
    EXPECT_EQ(store_.count(), jobs.size());
  }

  void import() {
    const std::string source = to_string(make_uuid());
    const std::vector<NewJob> jobs = {scheduled(minutely_job("one"), 100),
                                      scheduled(minutely_job("imported"), 100)};
    repeat([&] { store_.import_once(source, jobs); });
    EXPECT_TRUE(store_.imported(source));
    EXPECT_EQ(store_.count(), 4u);
    EXPECT_EQ(store_.get("one")->position.next_run_time, at(1));
  }

  void change() {
    JobRecord record = *store_.get("imported");
    record.position.next_run_time = record.position.fire_time = at(200);
    std::optional<JobRecord> updated;
    const auto update = [&] { updated = store_.update(record); };
    if (!attempt(update) && store_.get("imported")->position.next_run_time != at(200)) {
      update();
      EXPECT_TRUE(updated);
    }
    EXPECT_EQ(store_.get("imported")->position.next_run_time, at(200));
    repeat([&] { store_.remove("imported"); });
    EXPECT_EQ(store_.count(), 3u);
  }

  void look() {
    attempt([&] { store_.list({}); });
    attempt([&] { store_.get("one"); });
    attempt([&] { store_.next_due(exclusions_); });
    Exclusions excluding;
    excluding.tasks = {"another", "task"};
    attempt([&] { store_.next_due(excluding); });
    EXPECT_EQ(store_.list({}).size(), 3u);
    EXPECT_EQ(store_.next_due(exclusions_), at(1));
  }

  void claim() {
    claim_all(2, [&](const ClaimRequest& asked) { return store_.claim_due(asked, plan); });
    EXPECT_EQ(store_.next_due(exclusions_), at(61));
    EXPECT_EQ(store_.count(), 2u);
  }

  void renew() {
    std::vector<bool> renewed;
    repeat([&] { renewed = store_.renew(claims_, call_time(6), kLease); });
    EXPECT_EQ(renewed, std::vector<bool>(claims_.size(), true));
  }

  void release_and_take_over() {
    repeat([&] { store_.release(claims_, call_time(6)); });
    claim_all(2, [&](ClaimRequest asked) {
      asked.time = call_time(7);
      return store_.reclaim_expired(asked);
    });
  }

  void complete() {
    std::vector<RunEnd> ends;
    for (const ClaimPtr& claim : claims_) ends.push_back(end_of(claim, 0, RunState::kSucceeded, 8));
    std::vector<CompletionResult> results;
    repeat([&] { results = store_.complete(ends, call_time(8)); });
    ASSERT_EQ(results.size(), ends.size());
    for (const CompletionResult& result : results) EXPECT_TRUE(result.accepted);
  }

  void claim_now() {
    claim_all(1, [&](const ClaimRequest& asked) { return store_.claim_now("one", asked); });
    const RunEnd end = end_of(claims_.at(0), 0, RunState::kSucceeded, 9);
    store_.complete(std::span(&end, 1), call_time(9));
  }

  void expect_history() {
    attempt([&] { store_.list_runs({}); });
    std::multiset<std::string> runs;
    for (const RunRecord& run : store_.list_runs({})) runs.insert(run.job_id + " " + to_string(run.state));
    const std::multiset<std::string> expected = {"missing missed", "one succeeded", "one succeeded",
                                                 "two succeeded"};
    EXPECT_EQ(runs, expected);
  }

  void remove() {
    repeat([&] { store_.prune_runs({.max_count = 0}, at(10)); });
    EXPECT_TRUE(store_.list_runs({}).empty());
    repeat([&] { store_.remove("one"); });
    repeat([&] { store_.remove_all(); });
    EXPECT_EQ(store_.count(), 0u);
  }

  JobStore& store_;
  const Fault fault_;
  const Uuid owner_ = make_uuid();
  const Exclusions exclusions_;
  int calls_ = 0;
  bool failed_ = false;
  std::string error_;
  std::vector<ClaimPtr> claims_;
};

struct Kind {
  const char* name;
  std::function<JobStorePtr(const std::string& directory)> make;
};

void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.name; }

const Kind kKinds[] = {
    {"memory", [](const std::string&) { return make_memory_job_store(); }},
    {"sqlite",
     [](const std::string& directory) {
       SqliteStoreOptions options;
       options.path = directory + "/jobs.db";
       return make_sqlite_job_store(options);
     }},
    {"redis", [](const std::string&) { return make_redis_job_store(shared_redis_server().store_options()); }},
};

class NoMemory : public testing::TestWithParam<std::tuple<Kind, Shortage>> {};

TEST_P(NoMemory, LosesNothing) {
  const auto& [kind, shortage] = GetParam();
  const TemporaryDirectory directory;
  const JobStorePtr store = kind.make(directory.path());
  store->open();
  Story undisturbed(*store, {-1, 0, shortage});
  undisturbed.tell();
  for (int call = 0; call < undisturbed.calls(); ++call) {
    for (int allocation = 1;; ++allocation) {
      SCOPED_TRACE("allocation " + std::to_string(allocation) + " of call " + std::to_string(call));
      if (!Story(*store, {call, allocation, shortage}).tell()) break;
      ASSERT_FALSE(HasFailure());
    }
  }
  store->close();
}

INSTANTIATE_TEST_SUITE_P(Stores, NoMemory,
                         testing::Combine(testing::ValuesIn(kKinds),
                                          testing::Values(Shortage::kOnce, Shortage::kLasting)),
                         [](const auto& made) {
                           const bool lasts = std::get<1>(made.param) == Shortage::kLasting;
                           return std::string(std::get<0>(made.param).name) + (lasts ? "_lasting" : "_once");
                         });

}  // namespace
}  // namespace duetime
