// An idle node over a store that others change too: it is told of what they do, and asks nothing otherwise.
// The clock is the test's and stands still where nobody moves it, so no interval ever passes by itself.
#include <poll.h>

#include "tests/support/forwarding_store.h"
#include "tests/support/hosted_scheduler.h"
#include "tests/support/job_store_contract.h"

namespace duetime {
namespace {

bool is_readable(int fd, int milliseconds) {
  pollfd waiting{fd, POLLIN, 0};
  return poll(&waiting, 1, milliseconds) == 1;
}

// What was announced of earlier changes is heard.
void settle(HostedScheduler& node) {
  do {
    node.scheduler.run_pending();
  } while (is_readable(node.scheduler.wakeup_fd(), 0));
}

NewJob due_at(const std::string& id, Instant time) {
  NewJob job{std::make_shared<const Job>(once(time, id)), {}};
  job.position.status = JobStatus::kScheduled;
  job.position.next_run_time = job.position.fire_time = time;
  return job;
}

}  // namespace

TEST_P(JobStoreLeaseContract, AnIdleNodeIsWokenByAnothersChange) {
  const JobStorePtr own = GetParam().make(directory());
  HostedScheduler idle(own);
  idle.started();
  if (own->change_fd() < 0) {
    EXPECT_GT(own->poll_interval(), Duration{0});
    GTEST_SKIP() << "is asked from time to time";
  }
  EXPECT_EQ(own->poll_interval(), Duration{0});
  for (std::size_t run = 1; run <= 5; ++run) {
    settle(idle);
    add(due_at("job-" + std::to_string(run), idle.clock->now()));
    while (idle.calls.size() < run) {
      ASSERT_TRUE(is_readable(idle.scheduler.wakeup_fd(), 60'000));
      idle.scheduler.run_pending();
    }
  }
}

TEST_P(JobStoreLeaseContract, AnIdleNodeAsksNothing) {
  const auto counted = std::make_shared<CountingStore>(GetParam().make(directory()));
  HostedScheduler idle(counted);
  std::vector<NewJob> jobs;
  for (int i = 0; i < 500; ++i) {
    jobs.push_back(due_at("job-" + std::to_string(i), idle.clock->now() + std::chrono::hours(24)));
  }
  store().add(jobs, OnConflict::kFail);
  idle.started();
  settle(idle);
  const int before = counted->calls();
  idle.advance(std::chrono::minutes(9));  // old runs are looked for every ten
  if (counted->poll_interval() > Duration{0}) {
    EXPECT_LE(counted->calls() - before, 3 * (std::chrono::minutes(9) / counted->poll_interval() + 1));
  } else {
    EXPECT_EQ(counted->calls(), before);
  }
}

}  // namespace duetime
