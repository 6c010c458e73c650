// User data is released exactly once, also when the call it came with failed.
#include <duetime/plugin.h>

#include <functional>
#include <string>
#include <vector>

#include "tests/capi/capi_test.h"

namespace duetime::capi_test {
namespace {

class Ownership : public HostedScheduler {
 protected:
  Counted data;
};

TEST_F(Ownership, FailedRegistrationsReleaseAtOnce) {
  uint64_t listener = 0;
  const auto listen = [](void*, const duetime_event*) {};
  const std::vector<std::function<duetime_status()>> calls = {
      [&] {
        return duetime_scheduler_register_task(nullptr, "t", Counted::succeed, &data, Counted::release);
      },
      [&] {
        return duetime_scheduler_register_task(scheduler, nullptr, Counted::succeed, &data, Counted::release);
      },
      [&] { return duetime_scheduler_register_task(scheduler, "t", nullptr, &data, Counted::release); },
      [&] { return duetime_scheduler_set_task_resolver(nullptr, nullptr, &data, Counted::release); },
      [&] { return duetime_scheduler_add_listener(nullptr, 1, listen, &data, Counted::release, &listener); },
      [&] {
        return duetime_scheduler_add_listener(scheduler, 1, nullptr, &data, Counted::release, &listener);
      },
      [&] { return duetime_scheduler_add_listener(scheduler, 1, listen, &data, Counted::release, nullptr); },
  };
  for (std::size_t i = 0; i < calls.size(); ++i) {
    EXPECT_LT(calls[i](), 0) << i;
    EXPECT_EQ(data.released, static_cast<int>(i) + 1) << i;
  }
}

TEST_F(Ownership, TaskIsReleasedWhenReplaced) {
  ASSERT_OK(duetime_scheduler_register_task(scheduler, "t", Counted::succeed, &data, Counted::release));
  EXPECT_EQ(data.released, 0);
  ASSERT_OK(duetime_scheduler_register_task(scheduler, "t", Counted::succeed, nullptr, nullptr));
  EXPECT_EQ(data.released, 1);
  held.reset();
  EXPECT_EQ(data.released, 1);
}

TEST_F(Ownership, SchedulerReleasesWhatItHolds) {
  uint64_t listener = 0;
  Counted task_data, listener_data, resolver_data;
  const duetime_task_resolver_fn resolve = [](void*, const char*, duetime_task_fn*, void**,
                                              duetime_release_fn*) { return 0; };
  ASSERT_OK(duetime_scheduler_register_task(scheduler, "t", Counted::succeed, &task_data, Counted::release));
  ASSERT_OK(duetime_scheduler_add_listener(
      scheduler, DUETIME_EVENT_ALL, [](void*, const duetime_event*) {}, &listener_data, Counted::release,
      &listener));
  ASSERT_OK(duetime_scheduler_set_task_resolver(scheduler, resolve, &resolver_data, Counted::release));
  start();
  held.reset();
  EXPECT_EQ(task_data.released, 1);
  EXPECT_EQ(listener_data.released, 1);
  EXPECT_EQ(resolver_data.released, 1);
}

TEST_F(Ownership, RemovedListenerIsReleased) {
  uint64_t listener = 0;
  ASSERT_OK(duetime_scheduler_add_listener(
      scheduler, 1, [](void*, const duetime_event*) {}, &data, Counted::release, &listener));
  ASSERT_OK(duetime_scheduler_remove_listener(scheduler, listener));
  EXPECT_EQ(data.released, 1);
}

TEST_F(Ownership, LogIsReleasedAlsoWhenTheSchedulerIsRefused) {
  duetime_scheduler_options options = DUETIME_SCHEDULER_OPTIONS_INIT;
  options.log = [](void* user_data, int32_t, const char*, const char*) {
    ++static_cast<Counted*>(user_data)->calls;
  };
  options.log_user_data = &data;
  options.release_log_user_data = Counted::release;
  Held<duetime_scheduler> other;
  options.log_level = 11;
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "log_level is 11",
               duetime_scheduler_create(&options, Out(other)));
  EXPECT_EQ(data.released, 1);
  options.log_level = DUETIME_LOG_DEBUG;
  EXPECT_STATUS(DUETIME_ERROR_INVALID_ARGUMENT, duetime_scheduler_create(&options, nullptr));
  EXPECT_EQ(data.released, 2);
  ASSERT_OK(duetime_scheduler_create(&options, Out(other)));
  EXPECT_EQ(data.released, 2);
  other.reset();
  EXPECT_EQ(data.released, 3);
}

TEST_F(Ownership, ThreadHooksAreReleased) {
  duetime_thread_hooks hooks = {sizeof hooks, 0, &data, Counted::release, nullptr, nullptr, nullptr, nullptr};
  EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "workers",
               duetime_scheduler_add_thread_pool(scheduler, "pool", 0, &hooks));
  EXPECT_EQ(data.released, 1);
  hooks.started = [](void* user_data) { ++static_cast<Counted*>(user_data)->calls; };
  ASSERT_OK(duetime_scheduler_add_thread_pool(scheduler, "pool", 1, &hooks));
  EXPECT_EQ(data.released, 1);
  held.reset();
  EXPECT_EQ(data.released, 2);
}

TEST_F(Ownership, LivePayloadGoesWithItsJob) {
  const Held<duetime_trigger> trigger = interval_trigger(kSecond);
  duetime_job_options options = job_options("job", "succeed");
  options.live_payload = &data;
  options.release_live_payload = Counted::release;
  ASSERT_OK(add(options, trigger));
  EXPECT_EQ(duetime_job_live_payload(get("job").get()), &data);
  EXPECT_EQ(data.released, 0);
  EXPECT_STATUS(DUETIME_ERROR_CONFLICT, add(options, trigger));
  EXPECT_EQ(data.released, 1);
  ASSERT_OK(duetime_scheduler_remove_job(scheduler, nullptr, "job"));
  EXPECT_EQ(data.released, 2);
  EXPECT_STATUS(DUETIME_ERROR_INVALID_ARGUMENT,
                duetime_scheduler_add_job(nullptr, trigger.get(), &options, nullptr));
  EXPECT_EQ(data.released, 3);
  EXPECT_STATUS(DUETIME_ERROR_INVALID_ARGUMENT,
                duetime_scheduler_add_job(scheduler, nullptr, &options, nullptr));
  EXPECT_EQ(data.released, 4);
}

TEST_F(Ownership, LivePayloadIsRefusedByAStoreThatKeepsBytes) {
  const TemporaryDirectory directory;
  const std::string url = "sqlite:///" + directory.file("jobs.db");
  ASSERT_OK(duetime_scheduler_add_store(scheduler, "file", url.c_str()));
  duetime_job_options options = job_options("job", "succeed");
  options.store = "file";
  options.live_payload = &data;
  options.release_live_payload = Counted::release;
  EXPECT_STATUS(DUETIME_ERROR_UNSUPPORTED, add(options, interval_trigger(kSecond)));
  EXPECT_EQ(data.released, 1);
}

TEST_F(Ownership, EveryLivePayloadOfAFailedBatchIsReleased) {
  const Held<duetime_trigger> trigger = interval_trigger(kSecond);
  const duetime_trigger* const triggers[] = {trigger.get(), trigger.get(), trigger.get()};
  duetime_job_options options[] = {job_options("a", "succeed"), job_options("b", nullptr),
                                   job_options("c", "succeed")};
  for (duetime_job_options& each : options) {
    each.live_payload = &data;
    each.release_live_payload = Counted::release;
  }
  EXPECT_STATUS(DUETIME_ERROR_INVALID_ARGUMENT, duetime_scheduler_add_jobs(scheduler, 3, triggers, options));
  EXPECT_EQ(data.released, 3);
}

TEST_F(Ownership, EveryLivePayloadOfARepeatedImportIsReleased) {
  const Held<duetime_trigger> trigger = interval_trigger(kSecond);
  const duetime_trigger* const triggers[] = {trigger.get(), trigger.get()};
  duetime_job_options options[] = {job_options("a", "succeed"), job_options("b", "succeed")};
  for (duetime_job_options& each : options) {
    each.live_payload = &data;
    each.release_live_payload = Counted::release;
  }
  const auto import_both = [&](const char* store) {
    return duetime_scheduler_import_jobs(scheduler, store, "elsewhere", 2, triggers, options, nullptr);
  };
  ASSERT_OK(import_both("default"));
  EXPECT_EQ(data.released, 0);
  ASSERT_OK(import_both("default"));
  EXPECT_EQ(data.released, 2);
  EXPECT_STATUS(DUETIME_ERROR_NOT_FOUND, import_both("other"));
  EXPECT_EQ(data.released, 4);
  EXPECT_STATUS(DUETIME_ERROR_INVALID_ARGUMENT, import_both(nullptr));
  EXPECT_EQ(data.released, 6);
}

TEST_F(Ownership, StructWithUnknownMembersIsStillReleased) {
  struct {
    duetime_job_options known;
    std::uint64_t later;
  } newer = {job_options("job", "succeed"), 1};
  newer.known.struct_size = sizeof newer;
  newer.known.live_payload = &data;
  newer.known.release_live_payload = Counted::release;
  EXPECT_STATUS(DUETIME_ERROR_UNSUPPORTED, add(newer.known, interval_trigger(kSecond)));
  EXPECT_EQ(data.released, 1);
}

TEST_F(Ownership, ResultIsReleasedWhenReplaced) {
  ASSERT_OK(duetime_scheduler_register_task(
      scheduler, "t",
      [](void* user_data, duetime_call* call) -> int32_t {
        duetime_call_set_result(call, user_data, Counted::release);
        duetime_call_set_result(call, nullptr, nullptr);
        EXPECT_EQ(static_cast<Counted*>(user_data)->released, 1);
        return DUETIME_TASK_SUCCEEDED;
      },
      &data, nullptr));
  start();
  ASSERT_OK(add(job_options("job", "t"), date_trigger(kNoon + kSecond)));
  advance(kSecond);
  EXPECT_EQ(data.released, 1);
}

TEST_F(Ownership, NullUserDataIsNobodys) {
  const duetime_release_fn must_not_run = [](void*) { FAIL() << "released NULL"; };
  EXPECT_OK(duetime_scheduler_register_task(
      scheduler, "t", [](void*, duetime_call*) -> int32_t { return 0; }, nullptr, must_not_run));
}

}  // namespace
}  // namespace duetime::capi_test
