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
  duetime_run_filter failed = DUETIME_RUN_FILTER_INIT;
  failed.state = DUETIME_RUN_FAILED;
  ASSERT_EQ(runs(&failed).size(), 1u);
  EXPECT_NE(runs(&failed)[0].error.find("bad"), std::string::npos);
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
  ASSERT_EQ(parked().size(), 1u);
  EXPECT_NE(parked()[0].reason.find("unknown encoding"), std::string::npos) << parked()[0].reason;
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
  const auto count = [&](auto... changes) {
    duetime_run_filter filter = DUETIME_RUN_FILTER_INIT;
    (changes(filter), ...);
    return runs(&filter).size();
  };
  EXPECT_EQ(runs().size(), 3u);
  EXPECT_EQ(count(), 3u);
  EXPECT_EQ(count([](auto& f) { f.job_id = "job"; }, [](auto& f) { f.state = DUETIME_RUN_SUCCEEDED; }), 3u);
  EXPECT_EQ(count([](auto& f) { f.job_id = "other"; }), 0u);
  EXPECT_EQ(count([](auto& f) { f.state = DUETIME_RUN_FAILED; }), 0u);
  EXPECT_EQ(count([](auto& f) { f.limit = 2; }), 2u);
  EXPECT_EQ(count([](auto& f) { f.scheduled_from = kNoon + 120 * kSecond; }), 2u);
  EXPECT_EQ(count([](auto& f) { f.scheduled_until = kNoon + 60 * kSecond; }), 1u);
  EXPECT_EQ(runs()[0].scheduled_time, kNoon + 180 * kSecond);
  EXPECT_EQ(runs()[0].store, "default");
}

TEST_F(Runs, OfAllStoresAreListedLatestFirst) {
  ASSERT_OK(duetime_scheduler_add_store(scheduler, "second", "memory:"));
  duetime_job_options second = job_options("b", "succeed");
  second.store = "second";
  ASSERT_OK(add(job_options("a", "succeed"), date_trigger(kNoon + kSecond)));
  ASSERT_OK(add(second, date_trigger(kNoon + 2 * kSecond)));
  ASSERT_OK(add(job_options("c", "succeed"), date_trigger(kNoon + 3 * kSecond)));
  for (int i = 0; i < 3; ++i) advance(kSecond);
  duetime_run_filter latest = DUETIME_RUN_FILTER_INIT;
  latest.limit = 2;
  const std::vector<ListedRun> found = runs(&latest);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].job_id + found[1].job_id, "cb");
  EXPECT_EQ(found[1].store, "second");
  EXPECT_EQ(runs(nullptr, "second").size(), 1u);
}

TEST_F(Runs, FilterIsRefusedByMember) {
  Held<duetime_run_list> list;
  const auto refused = [&](const char* part, auto change) {
    duetime_run_filter filter = DUETIME_RUN_FILTER_INIT;
    change(filter);
    EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, part,
                 duetime_scheduler_list_runs(scheduler, nullptr, &filter, Out(list)));
    EXPECT_EQ(list, nullptr);
  };
  refused("struct_size", [](auto& f) { f.struct_size = 0; });
  refused("state is 7", [](auto& f) { f.state = 7; });
  refused("limit is 0", [](auto& f) { f.limit = 0; });
  refused("scheduled_from", [](auto& f) { f.scheduled_from = INT64_MAX; });
  refused("job_id", [](auto& f) { f.job_id = "\xFF"; });
}

TEST_F(Runs, ListsRefuseWhatIsNotInThem) {
  Held<duetime_run_list> list;
  ASSERT_OK(duetime_scheduler_list_runs(scheduler, nullptr, nullptr, Out(list)));
  EXPECT_EQ(duetime_run_list_size(list.get()), 0u);
  duetime_run run{};
  run.struct_size = sizeof run;
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "index is 0", duetime_run_list_at(list.get(), 0, &run));
  EXPECT_EQ(run.id, nullptr);
  EXPECT_STREQ(duetime_run_state_name(DUETIME_RUN_MISSED), "missed");
  EXPECT_STREQ(duetime_run_state_name(99), "unknown state");
}

// A caller of an earlier version has room for less.
TEST_F(Runs, FillAsMuchAsThereIsRoomFor) {
  ASSERT_OK(add(job_options("job", "succeed"), date_trigger(kNoon + kSecond)));
  advance(kSecond);
  Held<duetime_run_list> list;
  ASSERT_OK(duetime_scheduler_list_runs(scheduler, nullptr, nullptr, Out(list)));
  duetime_run run{};
  run.struct_size = offsetof(duetime_run, task);
  ASSERT_OK(duetime_run_list_at(list.get(), 0, &run));
  EXPECT_EQ(run.struct_size, offsetof(duetime_run, task));
  EXPECT_STREQ(run.job_id, "job");
  EXPECT_EQ(run.task, nullptr);
  run.struct_size = 0;
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "struct_size", duetime_run_list_at(list.get(), 0, &run));
}

TEST_F(Runs, UnknownTaskIsParkedUntilReleased) {
  ASSERT_OK(add(job_options("job", "unknown"), date_trigger(kNoon + kSecond)));
  advance(kSecond);
  ASSERT_EQ(parked().size(), 1u);
  EXPECT_EQ(parked()[0].id, "job");
  EXPECT_EQ(parked()[0].store, "default");
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
