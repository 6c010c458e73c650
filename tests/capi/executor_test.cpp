#include <duetime/plugin.h>

#include <string>
#include <vector>

#include "tests/capi/capi_test.h"

namespace duetime::capi_test {
namespace {

// Keeps what it is given until the test says how it ends.
struct Collector {
  std::vector<duetime_execution*> given;
  int32_t start_status = 0;
  int32_t submit_status = 0;
  const char* error = nullptr;
  bool runs_at_once = false;
  int started = 0;
  int shutdowns = 0;
  int released = 0;

  static Collector& of(void* user_data) { return *static_cast<Collector*>(user_data); }
  static int32_t start(void* user_data) {
    ++of(user_data).started;
    if (of(user_data).error) duetime_plugin_set_error(of(user_data).error);
    return of(user_data).start_status;
  }
  static int32_t submit(void* user_data, duetime_execution* execution) {
    Collector& self = of(user_data);
    if (self.error) duetime_plugin_set_error(self.error);
    if (self.submit_status != 0) return self.submit_status;
    self.given.push_back(execution);
    if (self.runs_at_once) {
      EXPECT_OK(duetime_execution_run(execution));
    }
    return 0;
  }
  static void shutdown(void* user_data, int32_t) { ++of(user_data).shutdowns; }
  static void release(void* user_data) { ++of(user_data).released; }

  duetime_executor_plugin plugin(uint32_t capacity = 0) {
    return {sizeof(duetime_executor_plugin), capacity, this, release, start, submit, shutdown};
  }
};

class Executors : public HostedScheduler {
 protected:
  void TearDown() override {
    for (duetime_execution* execution : collector.given) duetime_execution_destroy(execution);
  }

  void add_executor(uint32_t capacity = 0) {
    const duetime_executor_plugin plugin = collector.plugin(capacity);
    ASSERT_OK(duetime_scheduler_add_executor(scheduler, "mine", &plugin));
  }

  // Due in a minute and each minute after.
  void add_job(const char* id, duetime_duration grace = DUETIME_DURATION_UNLIMITED, int32_t coalesce = 1) {
    duetime_job_options options = job_options(id, "succeed");
    options.executor = "mine";
    options.misfire_grace = grace;
    options.coalesce = coalesce;
    ASSERT_OK(add(options, interval_trigger(60 * kSecond)));
  }

  duetime_execution* take() {
    if (collector.given.empty()) return nullptr;
    duetime_execution* const first = collector.given.front();
    collector.given.erase(collector.given.begin());
    return first;
  }

  static duetime_status finish(duetime_execution* execution, size_t run, int32_t status,
                               const char* error = nullptr) {
    duetime_run_outcome outcome = DUETIME_RUN_OUTCOME_INIT;
    outcome.status = status;
    outcome.error_kind = error ? "Trouble" : nullptr;
    outcome.error_message = error;
    return duetime_execution_finish(execution, run, &outcome);
  }

  // How many runs are remembered in that state.
  size_t count(int32_t state) {
    duetime_run_filter filter = DUETIME_RUN_FILTER_INIT;
    filter.state = state;
    return runs(&filter).size();
  }

  Collector collector;
};

TEST_F(Executors, AreStartedGivenWorkAndShutDown) {
  add_executor();
  EXPECT_EQ(collector.started, 1);
  start();
  add_job("job");
  advance(60 * kSecond);
  ASSERT_EQ(collector.given.size(), 1u);
  duetime_execution* const execution = take();
  Held<duetime_job> job;
  ASSERT_OK(duetime_execution_job(execution, Out(job)));
  EXPECT_STREQ(duetime_job_id(job.get()), "job");
  EXPECT_EQ(duetime_execution_run_count(execution), 1u);
  EXPECT_EQ(duetime_execution_scheduled_time(execution, 0), kNoon + 60 * kSecond);
  EXPECT_EQ(duetime_execution_attempt(execution, 0), 1);
  EXPECT_GT(duetime_execution_fence(execution), 0);
  EXPECT_EQ(std::string(duetime_execution_run_id(execution, 0)).size(), 32u);
  int32_t may = 0;
  ASSERT_OK(duetime_execution_may_start(execution, 0, &may));
  EXPECT_EQ(may, 1);
  EXPECT_EQ(count(DUETIME_RUN_SUCCEEDED), 0u);
  ASSERT_OK(finish(execution, 0, DUETIME_TASK_SUCCEEDED));
  run_pending();
  EXPECT_EQ(count(DUETIME_RUN_SUCCEEDED), 1u);
  duetime_execution_destroy(execution);
  ASSERT_OK(duetime_scheduler_shutdown(scheduler, 1));
  EXPECT_GE(collector.shutdowns, 1);
  held.reset();
  EXPECT_EQ(collector.released, 1);
}

TEST_F(Executors, RunTheRegisteredTaskWithOneCall) {
  collector.runs_at_once = true;
  add_executor();
  start();
  add_job("job");
  advance(60 * kSecond);
  EXPECT_EQ(task.calls, 1);
  EXPECT_EQ(count(DUETIME_RUN_SUCCEEDED), 1u);
}

struct Ending {
  int32_t status;
  int32_t state;
};

TEST_F(Executors, EndRunsInEveryWay) {
  add_executor();
  start();
  add_job("job");
  for (const Ending& ending :
       {Ending{DUETIME_TASK_FAILED, DUETIME_RUN_FAILED}, Ending{DUETIME_TASK_MISSED, DUETIME_RUN_MISSED},
        Ending{DUETIME_TASK_REFUSED, DUETIME_RUN_REFUSED}, Ending{99, DUETIME_RUN_FAILED}}) {
    const size_t before = count(ending.state);
    advance(60 * kSecond);
    duetime_execution* const execution = take();
    ASSERT_OK(finish(execution, 0, ending.status, "why"));
    duetime_execution_destroy(execution);
    run_pending();
    EXPECT_EQ(count(ending.state), before + 1) << ending.state;
  }
}

TEST_F(Executors, ParkJobsThatTheyCannotRead) {
  add_executor();
  start();
  add_job("job");
  advance(60 * kSecond);
  duetime_execution* const execution = take();
  ASSERT_OK(finish(execution, 0, DUETIME_TASK_CANNOT_RUN, "strange bytes"));
  duetime_execution_destroy(execution);
  ASSERT_EQ(parked().size(), 1u);
  EXPECT_NE(parked()[0].reason.find("strange bytes"), std::string::npos);
}

TEST_F(Executors, TakeTheRunsOfABacklogInTheirOrder) {
  add_executor();
  start();
  add_job("job", DUETIME_DURATION_UNLIMITED, 0);
  advance(180 * kSecond);
  duetime_execution* const execution = take();
  ASSERT_EQ(duetime_execution_run_count(execution), 3u);
  EXPECT_EQ(finish(execution, 1, DUETIME_TASK_SUCCEEDED), DUETIME_ERROR_INVALID_ARGUMENT);
  int32_t may = 0;
  EXPECT_EQ(duetime_execution_may_start(execution, 2, &may), DUETIME_ERROR_INVALID_ARGUMENT);
  for (size_t run = 0; run < 3; ++run) ASSERT_OK(finish(execution, run, DUETIME_TASK_SUCCEEDED));
  EXPECT_EQ(finish(execution, 3, DUETIME_TASK_SUCCEEDED), DUETIME_ERROR_INVALID_ARGUMENT);
  EXPECT_EQ(duetime_execution_give_back(execution, "late"), DUETIME_ERROR_INVALID_ARGUMENT);
  duetime_execution_destroy(execution);
  run_pending();
  EXPECT_EQ(count(DUETIME_RUN_SUCCEEDED), 3u);
}

TEST_F(Executors, AreNotAskedToStartWhatIsTooLate) {
  add_executor();
  start();
  add_job("job", 10 * kSecond);
  advance(60 * kSecond);
  duetime_execution* const execution = take();
  ASSERT_OK(duetime_clock_advance(clock.get(), 20 * kSecond));
  int32_t may = 1;
  ASSERT_OK(duetime_execution_may_start(execution, 0, &may));
  EXPECT_EQ(may, 0);
  duetime_execution_destroy(execution);
  run_pending();
  EXPECT_EQ(count(DUETIME_RUN_MISSED), 1u);
}

TEST_F(Executors, ThatCannotTakeARunGetItAgainLater) {
  add_executor();
  start();
  collector.submit_status = 1;
  collector.error = "no room";
  add_job("job");
  advance(60 * kSecond);
  collector.submit_status = 0;
  run_pending();
  EXPECT_TRUE(collector.given.empty()) << "not before a pause";
  for (int i = 0; i < 30 && collector.given.empty(); ++i) advance(kSecond);
  duetime_execution* const execution = take();
  ASSERT_NE(execution, nullptr);
  EXPECT_EQ(duetime_execution_scheduled_time(execution, 0), kNoon + 60 * kSecond);
  ASSERT_OK(finish(execution, 0, DUETIME_TASK_SUCCEEDED));
  duetime_execution_destroy(execution);
  run_pending();
  EXPECT_EQ(count(DUETIME_RUN_SUCCEEDED), 1u);
}

TEST_F(Executors, GiveBackAnExecutionLater) {
  add_executor();
  start();
  add_job("job");
  advance(60 * kSecond);
  duetime_execution* const execution = take();
  ASSERT_OK(duetime_execution_give_back(execution, "the pool is broken"));
  EXPECT_EQ(finish(execution, 0, DUETIME_TASK_SUCCEEDED), DUETIME_ERROR_INVALID_ARGUMENT);
  duetime_execution_destroy(execution);
  for (int i = 0; i < 30 && collector.given.empty(); ++i) advance(kSecond);
  EXPECT_EQ(collector.given.size(), 1u);
}

TEST_F(Executors, ThatLetGoOfAnExecutionLoseNothing) {
  add_executor();
  start();
  add_job("job");
  advance(60 * kSecond);
  duetime_execution_destroy(take());  // never begun: due at once
  for (int i = 0; i < 5 && collector.given.empty(); ++i) advance(kSecond);
  duetime_execution* const execution = take();
  ASSERT_NE(execution, nullptr);
  int32_t may = 0;
  ASSERT_OK(duetime_execution_may_start(execution, 0, &may));
  duetime_execution_destroy(execution);  // begun
  run_pending();
  EXPECT_EQ(count(DUETIME_RUN_FAILED), 1u);
}

TEST_F(Executors, WelcomeAsMuchAsTheirCapacity) {
  add_executor(2);
  start();
  for (const char* id : {"a", "b", "c"}) add_job(id);
  advance(60 * kSecond);
  EXPECT_EQ(collector.given.size(), 2u);
  duetime_execution* const execution = take();
  ASSERT_OK(finish(execution, 0, DUETIME_TASK_SUCCEEDED));
  run_pending();
  EXPECT_EQ(collector.given.size(), 2u);  // the third has followed
  duetime_execution_destroy(execution);
}

TEST_F(Executors, MisuseIsRefused) {
  duetime_executor_plugin plugin = collector.plugin();
  EXPECT_EQ(duetime_scheduler_add_executor(scheduler, "x", nullptr), DUETIME_ERROR_INVALID_ARGUMENT);
  plugin.submit = nullptr;
  EXPECT_EQ(duetime_scheduler_add_executor(scheduler, "x", &plugin), DUETIME_ERROR_INVALID_ARGUMENT);
  EXPECT_EQ(collector.released, 1);
  plugin = collector.plugin();
  EXPECT_EQ(duetime_scheduler_add_executor(scheduler, "default", &plugin), DUETIME_ERROR_CONFLICT);
  collector.start_status = 1;
  collector.error = "no licence";
  EXPECT_EQ(duetime_scheduler_add_executor(scheduler, "x", &plugin), DUETIME_ERROR_CALLBACK);
  EXPECT_NE(std::string(duetime_last_error_message()).find("no licence"), std::string::npos);

  int32_t may = 0;
  duetime_job* job = nullptr;
  const duetime_run_outcome outcome = DUETIME_RUN_OUTCOME_INIT;
  EXPECT_EQ(duetime_execution_may_start(nullptr, 0, &may), DUETIME_ERROR_INVALID_ARGUMENT);
  EXPECT_EQ(duetime_execution_job(nullptr, &job), DUETIME_ERROR_INVALID_ARGUMENT);
  EXPECT_EQ(duetime_execution_finish(nullptr, 0, &outcome), DUETIME_ERROR_INVALID_ARGUMENT);
  EXPECT_EQ(duetime_execution_run(nullptr), DUETIME_ERROR_INVALID_ARGUMENT);
  EXPECT_EQ(duetime_execution_run_count(nullptr), 0u);
  EXPECT_EQ(duetime_execution_run_id(nullptr, 0), nullptr);
  duetime_execution_destroy(nullptr);
}

TEST_F(Executors, HandlesThatWereDestroyedAreStale) {
  add_executor();
  start();
  add_job("job");
  advance(60 * kSecond);
  duetime_execution* const execution = take();
  ASSERT_OK(finish(execution, 0, DUETIME_TASK_SUCCEEDED));
  EXPECT_EQ(duetime_execution_run_id(execution, 7), nullptr);
  EXPECT_EQ(duetime_execution_finish(execution, 0, nullptr), DUETIME_ERROR_INVALID_ARGUMENT);
  duetime_execution_destroy(execution);
  EXPECT_EQ(finish(execution, 0, DUETIME_TASK_SUCCEEDED), DUETIME_ERROR_STALE_HANDLE);
}

}  // namespace
}  // namespace duetime::capi_test
