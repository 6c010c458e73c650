// Process pools through the C ABI, with the worker program of tests/support/c_worker.c.
#include <duetime/process_pool.h>

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <string>
#include <vector>

#include "tests/capi/capi_test.h"

namespace duetime::capi_test {
namespace {

// What listeners and hooks note, waited for with a deadline that no healthy machine needs.
struct Notes {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::string> lines;
  int released = 0;

  void add(std::string line) {
    const std::scoped_lock lock(mutex);
    lines.push_back(std::move(line));
    changed.notify_all();
  }
  std::vector<std::string> wait_for(std::size_t count) {
    std::unique_lock lock(mutex);
    EXPECT_TRUE(changed.wait_for(lock, std::chrono::minutes(2), [&] { return lines.size() >= count; }));
    return lines;
  }
  static void release(void* user_data) { ++static_cast<Notes*>(user_data)->released; }
};

void note_event(void* user_data, const duetime_event* event) {
  std::string line = std::string(event->job_id) + " " +
                     (event->code == DUETIME_EVENT_JOB_EXECUTED ? "executed" : event->error_kind) + " " +
                     event->error;
  if (event->result != nullptr) line += static_cast<const char*>(event->result);
  static_cast<Notes*>(user_data)->add(line);
}

int32_t hand_on(void*, duetime_call* call, const duetime_worker_outcome* outcome) {
  if (outcome->result_size == 0) return outcome->status;
  const std::string text(static_cast<const char*>(outcome->result), outcome->result_size);
  duetime_call_set_result(call, strdup(text.c_str()), std::free);
  return outcome->status;
}

class ProcessPools : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK(duetime_scheduler_create(nullptr, Out(held)));
    scheduler = held.get();
    uint64_t listener = 0;
    ASSERT_OK(duetime_scheduler_add_listener(scheduler, DUETIME_EVENT_JOB_EXECUTED | DUETIME_EVENT_JOB_ERROR,
                                             note_event, &events, nullptr, &listener));
    ASSERT_OK(duetime_scheduler_register_task(scheduler, "task", Counted::succeed, &task, nullptr));
    options.argv = argv.data();
    options.workers = 2;
    options.ended = hand_on;
  }
  void TearDown() override { held.reset(); }

  duetime_status add_pool() { return duetime_scheduler_add_process_pool(scheduler, "processes", &options); }

  void start() {
    ASSERT_OK(add_pool());
    ASSERT_OK(duetime_scheduler_start(scheduler, 0));
  }

  duetime_job_options job(const char* id, const char* payload = nullptr) {
    duetime_job_options made = job_options(id, "task");
    made.executor = "processes";
    made.misfire_grace = DUETIME_DURATION_UNLIMITED;
    if (payload == nullptr) return made;
    made.payload_encoding = "text";
    made.payload = payload;
    made.payload_size = std::strlen(payload);
    return made;
  }

  void add(const duetime_job_options& made) {
    ASSERT_OK(duetime_scheduler_add_job(scheduler, date_trigger(kNoon).get(), &made, nullptr));
  }

  Counted task;
  Notes events;
  Notes hooks;
  std::array<const char*, 2> argv = {DUETIME_C_WORKER, nullptr};
  duetime_process_pool_options options = DUETIME_PROCESS_POOL_OPTIONS_INIT;
  Held<duetime_scheduler> held;
  duetime_scheduler* scheduler = nullptr;
};

TEST_F(ProcessPools, RunJobsElsewhere) {
  start();
  add(job("a", "echo hello"));
  EXPECT_EQ(events.wait_for(1).back(), "a executed hello");
  add(job("b", "fail on purpose"));
  EXPECT_EQ(events.wait_for(2).back(), "b CError on purpose");
  add(job("c", "exit 3"));
  EXPECT_NE(events.wait_for(3).back().find("c BrokenProcessPool worker process"), std::string::npos);
  EXPECT_EQ(task.calls, 0) << "the task is run by the worker, not here";
}

TEST_F(ProcessPools, TimeoutsEndRuns) {
  const TemporaryDirectory directory;
  options.timeout = 200'000;
  start();
  add(job("a", ("block " + directory.file("a")).c_str()));
  EXPECT_NE(events.wait_for(1).back().find("a TimeoutError the run took longer than 0.2 s"),
            std::string::npos);
}

TEST_F(ProcessPools, LivePayloadsAreEncodedByTheCaller) {
  options.user_data = &hooks;
  options.release = Notes::release;
  options.starting = [](void* user_data, duetime_call* call) {
    static_cast<Notes*>(user_data)->add(std::string("starting ") + duetime_call_job_id(call));
  };
  options.encode = [](void*, duetime_call* call) -> int32_t {
    const std::string text = std::string("echo ") + static_cast<char*>(duetime_call_live_payload(call));
    if (text == "echo bad") {
      duetime_call_set_error(call, "EncodeError", "cannot cross", nullptr);
      return DUETIME_TASK_FAILED;
    }
    duetime_call_set_payload(call, "text", text.data(), text.size());
    return DUETIME_TASK_SUCCEEDED;
  };
  start();
  std::string good = "good", bad = "bad";
  duetime_job_options live = job("a");
  live.live_payload = good.data();
  add(live);
  EXPECT_EQ(events.wait_for(1).back(), "a executed good");
  live.id = "b";
  live.live_payload = bad.data();
  add(live);
  EXPECT_EQ(events.wait_for(2).back(), "b EncodeError cannot cross");
  EXPECT_EQ(hooks.wait_for(2), (std::vector<std::string>{"starting a", "starting b"}));
  EXPECT_EQ(hooks.released, 0);
  ASSERT_OK(duetime_scheduler_shutdown(scheduler, 1));
  held.reset();
  EXPECT_EQ(hooks.released, 1);
}

TEST_F(ProcessPools, TheCallerHasTheLastWord) {
  options.ended = [](void*, duetime_call* call, const duetime_worker_outcome*) -> int32_t {
    duetime_call_set_error(call, "Judgement", "not good enough", nullptr);
    return DUETIME_TASK_FAILED;
  };
  start();
  add(job("a", "pid"));
  EXPECT_EQ(events.wait_for(1).back(), "a Judgement not good enough");
}

TEST_F(ProcessPools, OptionsAreRefusedByName) {
  const auto refused = [&](duetime_status status, const char* part, auto&& spoil) {
    duetime_process_pool_options spoilt = options;
    spoil(spoilt);
    EXPECT_ERROR(status, part, duetime_scheduler_add_process_pool(scheduler, "processes", &spoilt));
  };
  constexpr auto kInvalid = DUETIME_ERROR_INVALID_ARGUMENT;
  refused(kInvalid, "struct_size", [](auto& o) { o.struct_size = 0; });
  refused(kInvalid, "argv is NULL", [](auto& o) { o.argv = nullptr; });
  refused(kInvalid, "no worker program", [](auto& o) {
    static const char* const none[] = {nullptr};
    o.argv = none;
  });
  refused(kInvalid, "0 workers", [](auto& o) { o.workers = 0; });
  refused(kInvalid, "timeout of -1", [](auto& o) { o.timeout = -1; });
  refused(kInvalid, "setup is NULL", [](auto& o) { o.setup_size = 3; });
  EXPECT_ERROR(kInvalid, "options is NULL",
               duetime_scheduler_add_process_pool(scheduler, "processes", nullptr));
  EXPECT_ERROR(kInvalid, "alias is NULL", duetime_scheduler_add_process_pool(scheduler, nullptr, &options));
  EXPECT_STATUS(DUETIME_ERROR_INVALID_ARGUMENT,
                duetime_scheduler_add_process_pool(nullptr, "processes", &options));
  ASSERT_OK(add_pool());
  EXPECT_ERROR(DUETIME_ERROR_CONFLICT, "processes", add_pool());
}

TEST_F(ProcessPools, WhatIsGivenIsReleasedAlsoOnFailure) {
  Notes of_threads;
  duetime_thread_hooks thread_hooks = {};
  thread_hooks.struct_size = sizeof(thread_hooks);
  thread_hooks.user_data = &of_threads;
  thread_hooks.release = Notes::release;
  options.thread_hooks = &thread_hooks;
  options.user_data = &hooks;
  options.release = Notes::release;
  options.workers = 0;
  EXPECT_STATUS(DUETIME_ERROR_INVALID_ARGUMENT, add_pool());
  EXPECT_EQ(hooks.released, 1);
  EXPECT_EQ(of_threads.released, 1);
}

TEST_F(ProcessPools, PayloadsAreSetInEncodeOnly) {
  duetime_call_set_payload(nullptr, "text", "x", 1);
  EXPECT_NE(std::string(duetime_last_error_message()).find("encode()"), std::string::npos);
}

}  // namespace
}  // namespace duetime::capi_test
