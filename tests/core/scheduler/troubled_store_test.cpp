// What a lane makes of a store that fails at the wrong moment, in one thread, on one clock.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <utility>

#include "core/base/error.h"
#include "core/jobstores/sqlite.h"
#include "tests/support/forwarding_store.h"
#include "tests/support/hosted_scheduler.h"
#include "tests/support/temporary_directory.h"

namespace duetime {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr Duration kLease = seconds(30);

// Calls back before or after the store is asked; what is thrown there, the store throws.
class TroubledStore final : public ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;

  ClaimResult claim_due(const ClaimRequest& request, const RunPlanner& planner) override {
    call(before_claim);
    ClaimResult result = ForwardingStore::claim_due(request, planner);
    call(after_claim);
    return result;
  }
  ClaimResult reclaim_expired(const ClaimRequest& request) override {
    call(before_reclaim);
    ClaimResult result = ForwardingStore::reclaim_expired(request);
    call(after_reclaim);
    return result;
  }

  std::function<void()> before_claim;
  std::function<void()> after_claim;
  std::function<void()> before_reclaim;
  std::function<void()> after_reclaim;

 private:
  static void call(const std::function<void()>& hook) {
    if (hook) hook();
  }
};

// A hook that does so once.
std::function<void()> throws_once(ErrorCode code) {
  return [code, left = 1]() mutable {
    if (left-- > 0) throw Error(code, "trouble");
  };
}

// Keeps what it is given until the test runs it.
class HoldingExecutor final : public Executor {
 public:
  void start() override {}
  void submit(std::vector<Execution> executions) override {
    for (Execution& execution : executions) held.push_back(std::move(execution));
  }
  std::size_t free_slots() const override { return 1'000; }
  void shutdown(bool) noexcept override { held.clear(); }

  std::vector<Execution> held;
};

class TroubledLane : public testing::Test {
 protected:
  std::shared_ptr<TroubledStore> store() const {
    return std::make_shared<TroubledStore>(
        make_sqlite_job_store(SqliteStoreOptions{.path = directory_.file("jobs.db")}));
  }

  std::unique_ptr<HostedScheduler> node(const JobStorePtr& store,
                                        const ExecutorPtr& executor = nullptr) const {
    auto node = std::make_unique<HostedScheduler>(store, clock_, kLease);
    if (executor) {
      node->scheduler.remove_executor("default");
      node->scheduler.add_executor("default", executor);
    }
    node->started();
    return node;
  }

  static Job recovering(Instant when, const std::string& id) {
    Job job = once(when, id);
    job.recover = true;
    return job;
  }

  TemporaryDirectory directory_;
  std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>(at("10:00:00"));
};

// Where the answer of a reclaim is lost, the call that is made again finds what it claimed; the leases that
// end later must not be forgotten over that.
TEST_F(TroubledLane, AReclaimOfUnknownOutcomeForgetsNoLease) {
  const auto holding = std::make_shared<HoldingExecutor>();
  std::vector<std::unique_ptr<HostedScheduler>> dead;
  for (const auto& [due, id] : {std::pair(at("10:00:05"), "early"), std::pair(at("10:00:15"), "late")}) {
    dead.push_back(node(store(), holding));
    dead.back()->scheduler.add_job("default", recovering(due, id));
    clock_->advance(due - clock_->now());
    dead.back()->scheduler.run_pending();
  }
  ASSERT_THAT(holding->held, SizeIs(2));

  const auto troubled = store();
  const auto living = node(troubled);
  troubled->after_reclaim = throws_once(ErrorCode::kTimeout);
  living->advance(kLease * 2);
  EXPECT_THAT(living->calls, ElementsAre(HostedScheduler::Call{"early", at("10:00:05"), 2},
                                         HostedScheduler::Call{"late", at("10:00:15"), 2}));
}

// So must those that a failed look would have seen.
TEST_F(TroubledLane, AReclaimThatFailedIsMadeAgain) {
  const auto troubled = store();
  const auto living = node(troubled);
  const auto holding = std::make_shared<HoldingExecutor>();
  const auto dead = node(store(), holding);
  dead->scheduler.add_job("default", recovering(at("10:00:05"), "job"));
  clock_->advance(seconds(5));
  dead->scheduler.run_pending();
  ASSERT_THAT(holding->held, SizeIs(1));

  troubled->before_reclaim = throws_once(ErrorCode::kStoreUnavailable);
  living->advance(kLease * 2);
  EXPECT_THAT(living->calls, ElementsAre(HostedScheduler::Call{"job", at("10:00:05"), 2}));
}

// A claim that is found again has used up most of its lease: it is renewed before the others' turn comes.
TEST_F(TroubledLane, AClaimThatIsFoundAgainIsRenewedInTime) {
  const auto holding = std::make_shared<HoldingExecutor>();
  const auto troubled = store();
  const auto one = node(troubled, holding);
  one->scheduler.add_job("default", recovering(at("10:00:00"), "first"));
  one->scheduler.add_job("default", recovering(at("10:00:05"), "lost and found"));
  one->advance(seconds(4));
  troubled->after_claim = [&] {
    if (clock_->now() < at("10:00:31")) throw Error(ErrorCode::kTimeout, "the answer was lost");
  };
  troubled->before_claim = [&, claimed = false]() mutable {
    const bool again = std::exchange(claimed, true);
    if (again && clock_->now() < at("10:00:31")) throw Error(ErrorCode::kTimeout, "no answer");
  };
  const auto two = node(store());
  for (int second = 0; second < 60; ++second) {
    clock_->advance(seconds(1));
    one->scheduler.run_pending();
    if (clock_->now() > at("10:00:31")) two->scheduler.run_pending();
  }
  EXPECT_THAT(holding->held, SizeIs(2));
  EXPECT_THAT(two->calls, IsEmpty());
}

// A run that ended here while the store was asked does not stand in the way of the next fire.
TEST_F(TroubledLane, AnEndThatIsNotYetRecordedRefusesNoFire) {
  for (const bool last : {false, true}) {
    const auto holding = std::make_shared<HoldingExecutor>();
    const auto troubled = std::make_shared<TroubledStore>(make_memory_job_store());
    const auto one = node(troubled, holding);
    Job job = job_with(make_interval_trigger(IntervalRule{.interval = seconds(10),
                                                          .start = clock_->now() + seconds(10),
                                                          .end = clock_->now() + seconds(last ? 20 : 60)}));
    one->scheduler.add_job("default", job);
    clock_->advance(seconds(10));
    one->scheduler.run_pending();
    ASSERT_THAT(holding->held, SizeIs(1));

    clock_->advance(seconds(10));
    bool ended = false;
    troubled->before_claim = [&] {
      if (!std::exchange(ended, true)) run_execution(holding->held.front());
    };
    one->scheduler.run_pending();
    EXPECT_THAT(holding->held, SizeIs(2));
    EXPECT_THAT(one->events_of(kJobMaxInstances), IsEmpty());
  }
}

}  // namespace
}  // namespace duetime
