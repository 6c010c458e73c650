// What tasks and listeners are told, and what they tell.
#include <cstring>
#include <string>
#include <vector>

#include "tests/capi/capi_test.h"

namespace duetime::capi_test {
namespace {

struct Told {
  uint64_t code;
  std::string job_id, error_kind, error, traceback;
  std::vector<duetime_time> scheduled_times;
  void* result;
};

void note(void* user_data, const duetime_event* event) {
  static_cast<std::vector<Told>*>(user_data)->push_back(
      {event->code,
       event->job_id,
       event->error_kind,
       event->error,
       event->traceback,
       {event->scheduled_times, event->scheduled_times + event->scheduled_time_count},
       event->result});
}

class Runs : public HostedScheduler {
 protected:
  void SetUp() override {
    HostedScheduler::SetUp();
    start();
  }

  void listen(uint64_t mask) {
    ASSERT_OK(duetime_scheduler_add_listener(scheduler, mask, note, &told, nullptr, &listener));
  }

  // Runs `fn` once, one second from now.
  void run_once(duetime_task_fn fn, void* user_data = nullptr) {
    ASSERT_OK(duetime_scheduler_register_task(scheduler, "task", fn, user_data, nullptr));
    duetime_time now = 0;
    ASSERT_OK(duetime_clock_now(clock.get(), &now));
    ASSERT_OK(add(job_options("job", "task"), date_trigger(now + kSecond)));
    advance(kSecond);
    run_pending();
  }

  std::vector<Told> told;
  uint64_t listener = 0;
};

TEST_F(Runs, CallAnswersWhatTheJobSaid) {
  static bool called;
  called = false;
  run_once([](void*, duetime_call* call) -> int32_t {
    called = true;
    EXPECT_STREQ(duetime_call_job_id(call), "job");
    EXPECT_STREQ(duetime_call_job_name(call), "task");
    EXPECT_STREQ(duetime_call_task(call), "task");
    EXPECT_STREQ(duetime_call_store(call), "default");
    EXPECT_EQ(std::strlen(duetime_call_run_id(call)), 32u);
    EXPECT_EQ(duetime_call_scheduled_time(call), kNoon + kSecond);
    EXPECT_EQ(duetime_call_attempt(call), 1);
    EXPECT_GT(duetime_call_fence(call), 0);
    EXPECT_STREQ(duetime_call_payload_encoding(call), "none");
    std::size_t size = 1;
    duetime_call_payload(call, &size);
    EXPECT_EQ(size, 0u);
    EXPECT_EQ(duetime_call_live_payload(call), nullptr);
    return DUETIME_TASK_SUCCEEDED;
  });
  EXPECT_TRUE(called);
}

TEST_F(Runs, CallAnswersNothingOutsideItsTask) {
  static duetime_call* kept;
  kept = nullptr;
  run_once([](void*, duetime_call* call) -> int32_t {
    kept = call;
    return DUETIME_TASK_SUCCEEDED;
  });
  ASSERT_NE(kept, nullptr);
  Counted result;
  duetime_call* const calls[] = {kept, nullptr};
  for (duetime_call* const call : calls) {
    EXPECT_EQ(duetime_call_job_id(call), nullptr);
    EXPECT_EQ(duetime_call_run_id(call), nullptr);
    EXPECT_EQ(duetime_call_scheduled_time(call), DUETIME_TIME_NONE);
    EXPECT_EQ(duetime_call_attempt(call), 0);
    EXPECT_EQ(duetime_call_payload(call, nullptr), nullptr);
    duetime_call_set_error(call, "Kind", "message", nullptr);
    duetime_call_set_result(call, &result, Counted::release);
  }
  EXPECT_EQ(result.released, 2);
}

TEST_F(Runs, SuccessIsToldWithItsResult) {
  listen(DUETIME_EVENT_JOB_EXECUTED | DUETIME_EVENT_JOB_ERROR);
  Counted result;
  run_once(
      [](void* user_data, duetime_call* call) -> int32_t {
        duetime_call_set_result(call, user_data, Counted::release);
        return DUETIME_TASK_SUCCEEDED;
      },
      &result);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].code, DUETIME_EVENT_JOB_EXECUTED);
  EXPECT_EQ(told[0].job_id, "job");
  EXPECT_EQ(told[0].scheduled_times, std::vector{kNoon + kSecond});
  EXPECT_EQ(told[0].result, &result);
  EXPECT_EQ(told[0].error, "");
  EXPECT_EQ(result.released, 1);
}

TEST_F(Runs, FailureIsToldWithItsReason) {
  listen(DUETIME_EVENT_JOB_ERROR);
  run_once([](void*, duetime_call* call) -> int32_t {
    duetime_call_set_error(call, "ValueError", "bad \xFF byte", "line 1\nline 2");
    return DUETIME_TASK_FAILED;
  });
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].error_kind, "ValueError");
  EXPECT_EQ(told[0].error, "bad \xEF\xBF\xBD byte");
  EXPECT_EQ(told[0].traceback, "line 1\nline 2");
  EXPECT_NE(runs(R"({"state": "failed"})").find("bad"), std::string::npos);
}

TEST_F(Runs, FailureWithoutReasonNamesTheNumber) {
  listen(DUETIME_EVENT_JOB_ERROR);
  run_once([](void*, duetime_call*) -> int32_t { return 7; });
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].error, "task returned 7");
}

TEST_F(Runs, ErrorOfASuccessfulTaskIsIgnored) {
  listen(DUETIME_EVENT_JOB_EXECUTED | DUETIME_EVENT_JOB_ERROR);
  run_once([](void*, duetime_call* call) -> int32_t {
    duetime_call_set_error(call, "Warning", "handled", nullptr);
    return DUETIME_TASK_SUCCEEDED;
  });
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].code, DUETIME_EVENT_JOB_EXECUTED);
}

TEST_F(Runs, RunThatCannotRunHereWaitsParkedUntilReleased) {
  run_once([](void*, duetime_call* call) -> int32_t {
    duetime_call_set_error(call, "DecodeError", "unknown encoding", nullptr);
    return DUETIME_TASK_CANNOT_RUN;
  });
  Held<char> parked;
  ASSERT_OK(duetime_scheduler_list_parked(scheduler, Out(parked)));
  EXPECT_NE(std::string(parked.get()).find("unknown encoding"), std::string::npos) << parked.get();
  ASSERT_OK(duetime_scheduler_register_task(scheduler, "task", Counted::succeed, &task, nullptr));
  ASSERT_OK(duetime_scheduler_release_parked(scheduler, nullptr, "job"));
  run_pending();
  EXPECT_EQ(task.calls, 1);
}

TEST_F(Runs, ListenerHearsItsMaskUntilItIsRemoved) {
  listen(DUETIME_EVENT_JOB_ADDED);
  const Held<duetime_trigger> trigger = interval_trigger(kSecond);
  ASSERT_OK(add(job_options("heard", "succeed"), trigger));
  ASSERT_OK(duetime_scheduler_remove_job(scheduler, nullptr, "heard"));
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].code, DUETIME_EVENT_JOB_ADDED);
  EXPECT_EQ(told[0].job_id, "heard");
  ASSERT_OK(duetime_scheduler_remove_listener(scheduler, listener));
  ASSERT_OK(add(job_options("unheard", "succeed"), trigger));
  EXPECT_EQ(told.size(), 1u);
  EXPECT_STATUS(DUETIME_ERROR_NOT_FOUND, duetime_scheduler_remove_listener(scheduler, listener));
}

TEST_F(Runs, TaskMayUseTheLibrary) {
  run_once(
      [](void* user_data, duetime_call* call) -> int32_t {
        auto* const used = static_cast<duetime_scheduler*>(user_data);
        Held<duetime_job_list> list;
        EXPECT_OK(duetime_scheduler_list_jobs(used, nullptr, Out(list)));
        duetime_job_options options = job_options("added by a task", "succeed");
        EXPECT_OK(duetime_scheduler_add_job(used, interval_trigger(kSecond).get(), &options, nullptr));
        return duetime_call_job_id(call) ? DUETIME_TASK_SUCCEEDED : DUETIME_TASK_FAILED;
      },
      scheduler);
  EXPECT_STREQ(duetime_job_id(get("added by a task").get()), "added by a task");
}

TEST_F(Runs, TaskMayDestroyItsScheduler) {
  ASSERT_OK(duetime_scheduler_register_task(
      scheduler, "destroy",
      [](void* user_data, duetime_call* call) -> int32_t {
        auto* const destroyed = static_cast<duetime_scheduler*>(user_data);
        duetime_scheduler_destroy(destroyed);
        int32_t state = 0;
        EXPECT_STATUS(DUETIME_ERROR_STALE_HANDLE, duetime_scheduler_state(destroyed, &state));
        EXPECT_STREQ(duetime_call_job_id(call), "job");
        return DUETIME_TASK_SUCCEEDED;
      },
      scheduler, nullptr));
  ASSERT_OK(add(job_options("job", "destroy"), date_trigger(kNoon + kSecond)));
  ASSERT_OK(duetime_clock_advance(clock.get(), kSecond));
  duetime_time next = 0;
  duetime_scheduler_run_pending(scheduler, &next);
  EXPECT_STATUS(DUETIME_ERROR_STALE_HANDLE, duetime_scheduler_run_pending(scheduler, &next));
}

TEST_F(Runs, AreListedAsTheFilterAsks) {
  ASSERT_OK(add(job_options("job", "succeed"), interval_trigger(60 * kSecond)));
  for (int i = 0; i < 3; ++i) advance(60 * kSecond);
  EXPECT_EQ(task.calls, 3);
  const auto count = [&](const char* filter) {
    const std::string json = runs(filter);
    std::size_t found = 0;
    for (std::size_t at = 0; (at = json.find("\"job_id\"", at)) != std::string::npos; ++at) ++found;
    return found;
  };
  EXPECT_EQ(count(nullptr), 3u);
  EXPECT_EQ(count("{}"), 3u);
  EXPECT_EQ(count(R"({"job_id": "job", "state": "succeeded"})"), 3u);
  EXPECT_EQ(count(R"({"job_id": "other"})"), 0u);
  EXPECT_EQ(count(R"({"limit": 2})"), 2u);
  EXPECT_EQ(count(R"({"scheduled_from": "2026-01-05T12:02:00Z"})"), 2u);
  EXPECT_EQ(count(R"({"scheduled_until": "2026-01-05T13:01:00+01:00"})"), 1u);
  EXPECT_NE(runs().find(R"("scheduled_time":"2026-01-05T12:03:00.000000Z")"), std::string::npos) << runs();
}

TEST_F(Runs, FilterIsRefusedByMember) {
  Held<char> json;
  const auto list = [&](const char* filter) {
    return duetime_scheduler_list_runs(scheduler, nullptr, filter, Out(json));
  };
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "run filter", list("not json"));
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "run filter", list("[]"));
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "state", list(R"({"state": "sleeping"})"));
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "limit", list(R"({"limit": 0})"));
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "scheduled_from", list(R"({"scheduled_from": "yesterday"})"));
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "jobid", list(R"({"jobid": "x"})"));
  EXPECT_EQ(json, nullptr);
}

TEST_F(Runs, UnknownTaskIsParkedUntilReleased) {
  ASSERT_OK(add(job_options("job", "unknown"), date_trigger(kNoon + kSecond)));
  advance(kSecond);
  Held<char> parked;
  ASSERT_OK(duetime_scheduler_list_parked(scheduler, Out(parked)));
  EXPECT_NE(std::string(parked.get()).find(R"("id":"job")"), std::string::npos) << parked.get();
  ASSERT_OK(duetime_scheduler_register_task(scheduler, "unknown", Counted::succeed, &task, nullptr));
  duetime_scheduler_release_parked(scheduler, nullptr, "job");
  run_pending();
  EXPECT_EQ(task.calls, 1);
  EXPECT_STATUS(DUETIME_ERROR_NOT_FOUND, duetime_scheduler_release_parked(scheduler, nullptr, "job"));
}

TEST_F(Runs, ResolverSuppliesTasks) {
  const duetime_task_resolver_fn resolve = [](void* user_data, const char* name, duetime_task_fn* out_fn,
                                              void** out_user_data,
                                              duetime_release_fn* out_release) -> int32_t {
    if (std::strcmp(name, "resolved") != 0) return 0;
    *out_fn = Counted::succeed;
    *out_user_data = user_data;
    *out_release = Counted::release;
    return 1;
  };
  Counted resolved;
  ASSERT_OK(duetime_scheduler_set_task_resolver(scheduler, resolve, &resolved, nullptr));
  ASSERT_OK(add(job_options("job", "resolved"), date_trigger(kNoon + kSecond)));
  advance(kSecond);
  EXPECT_EQ(resolved.calls, 1);
  held.reset();
  EXPECT_EQ(resolved.released, 1);
}

}  // namespace
}  // namespace duetime::capi_test
