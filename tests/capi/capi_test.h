// What the tests of the C ABI share: handles that destroy themselves, statuses that explain themselves, and a
// scheduler on a clock that waits for us.
#pragma once

#include <duetime/duetime.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace duetime::capi_test {

struct Destroy {
  void operator()(duetime_clock* handle) const { duetime_clock_destroy(handle); }
  void operator()(duetime_trigger* handle) const { duetime_trigger_destroy(handle); }
  void operator()(duetime_job* handle) const { duetime_job_destroy(handle); }
  void operator()(duetime_job_list* handle) const { duetime_job_list_destroy(handle); }
  void operator()(duetime_run_list* handle) const { duetime_run_list_destroy(handle); }
  void operator()(duetime_parked_list* handle) const { duetime_parked_list_destroy(handle); }
  void operator()(duetime_scheduler* handle) const { duetime_scheduler_destroy(handle); }
  void operator()(char* text) const { duetime_free(text); }
};

template <class Handle>
using Held = std::unique_ptr<Handle, Destroy>;

// An output parameter: `fn(..., Out(held))`.
template <class Handle>
class Out {
 public:
  explicit Out(Held<Handle>& held) : held_(held) {}
  ~Out() { held_.reset(raw_); }
  Out(const Out&) = delete;
  Out& operator=(const Out&) = delete;
  operator Handle**() { return &raw_; }  // NOLINT(google-explicit-constructor): that is its purpose

 private:
  Held<Handle>& held_;
  Handle* raw_ = nullptr;
};

inline testing::AssertionResult answers(duetime_status expected, duetime_status given) {
  if (given == expected) return testing::AssertionSuccess();
  return testing::AssertionFailure() << duetime_status_name(given) << " instead of "
                                     << duetime_status_name(expected) << ": " << duetime_last_error_message();
}

#define EXPECT_OK(call) EXPECT_TRUE(::duetime::capi_test::answers(DUETIME_OK, call))
#define ASSERT_OK(call) ASSERT_TRUE(::duetime::capi_test::answers(DUETIME_OK, call))
#define EXPECT_STATUS(expected, call) EXPECT_TRUE(::duetime::capi_test::answers(expected, call))

// The status, and a message that holds `part`.
#define EXPECT_ERROR(expected, part, call)                                             \
  do {                                                                                 \
    EXPECT_STATUS(expected, call);                                                     \
    EXPECT_NE(std::string(duetime_last_error_message()).find(part), std::string::npos) \
        << duetime_last_error_message();                                               \
  } while (false)

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "duetime_capi_XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  std::string file(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

constexpr duetime_duration kSecond = 1'000'000;
constexpr duetime_time kNoon = 1'767'614'400'000'000;  // 2026-01-05T12:00:00Z, a Monday

// User data that counts how often it was used and released.
struct Counted {
  int calls = 0;
  int released = 0;

  static void release(void* user_data) { ++static_cast<Counted*>(user_data)->released; }
  static int32_t succeed(void* user_data, duetime_call*) {
    ++static_cast<Counted*>(user_data)->calls;
    return DUETIME_TASK_SUCCEEDED;
  }
};

inline Held<duetime_clock> manual_clock(duetime_time now = kNoon) {
  Held<duetime_clock> clock;
  EXPECT_OK(duetime_clock_create_manual(now, Out(clock)));
  return clock;
}

inline Held<duetime_trigger> interval_trigger(duetime_duration interval) {
  duetime_interval_options options = DUETIME_INTERVAL_OPTIONS_INIT;
  options.interval = interval;
  Held<duetime_trigger> trigger;
  EXPECT_OK(duetime_trigger_create_interval(&options, Out(trigger)));
  return trigger;
}

inline Held<duetime_trigger> date_trigger(duetime_time run_time) {
  Held<duetime_trigger> trigger;
  EXPECT_OK(duetime_trigger_create_date(run_time, nullptr, Out(trigger)));
  return trigger;
}

inline duetime_job_options job_options(const char* id, const char* task) {
  duetime_job_options options = DUETIME_JOB_OPTIONS_INIT;
  options.id = id;
  options.task = task;
  return options;
}

// Runs and parked jobs that outlive the lists they were in.
struct ListedRun {
  int32_t state = 0;
  std::string id;
  std::string job_id;
  std::string store;
  std::string error;
  duetime_time scheduled_time = DUETIME_TIME_NONE;
};

inline std::vector<ListedRun> runs_in(const Held<duetime_run_list>& list) {
  std::vector<ListedRun> runs;
  for (std::size_t i = 0; i < duetime_run_list_size(list.get()); ++i) {
    duetime_run run{};
    run.struct_size = sizeof run;
    EXPECT_OK(duetime_run_list_at(list.get(), i, &run));
    runs.push_back({run.state, run.id, run.job_id, run.store, run.error, run.scheduled_time});
  }
  return runs;
}

struct ParkedJob {
  std::string id;
  std::string store;
  std::string reason;
};

inline std::vector<ParkedJob> parked_in(const Held<duetime_parked_list>& list) {
  std::vector<ParkedJob> jobs;
  for (std::size_t i = 0; i < duetime_parked_list_size(list.get()); ++i) {
    duetime_parked_job job{};
    job.struct_size = sizeof job;
    EXPECT_OK(duetime_parked_list_at(list.get(), i, &job));
    jobs.push_back({job.id, job.store, job.reason});
  }
  return jobs;
}

// Hosted, inline, in memory, on a manual clock: nothing happens but in advance() and run_pending().
class HostedScheduler : public testing::Test {
 protected:
  void SetUp() override {
    duetime_scheduler_options options = DUETIME_SCHEDULER_OPTIONS_INIT;
    options.hosted = 1;
    options.clock = clock.get();
    ASSERT_OK(duetime_scheduler_create(&options, Out(held)));
    scheduler = held.get();
    ASSERT_OK(duetime_scheduler_add_inline_executor(scheduler, "default"));
    ASSERT_OK(duetime_scheduler_add_store(scheduler, "default", "memory:"));
    ASSERT_OK(duetime_scheduler_register_task(scheduler, "succeed", Counted::succeed, &task, nullptr));
  }

  void start() { ASSERT_OK(duetime_scheduler_start(scheduler, 0)); }

  void run_pending() {
    duetime_time next = 0;
    ASSERT_OK(duetime_scheduler_run_pending(scheduler, &next));
  }

  void advance(duetime_duration by) {
    ASSERT_OK(duetime_clock_advance(clock.get(), by));
    run_pending();
  }

  duetime_status add(const duetime_job_options& options, const Held<duetime_trigger>& trigger) {
    return duetime_scheduler_add_job(scheduler, trigger.get(), &options, nullptr);
  }

  Held<duetime_job> get(const char* id) {
    Held<duetime_job> job;
    EXPECT_OK(duetime_scheduler_get_job(scheduler, nullptr, id, Out(job)));
    return job;
  }

  std::vector<ListedRun> runs(const duetime_run_filter* filter = nullptr, const char* store = nullptr) {
    Held<duetime_run_list> list;
    EXPECT_OK(duetime_scheduler_list_runs(scheduler, store, filter, Out(list)));
    return runs_in(list);
  }

  std::vector<ParkedJob> parked() {
    Held<duetime_parked_list> list;
    EXPECT_OK(duetime_scheduler_list_parked(scheduler, Out(list)));
    return parked_in(list);
  }

  Counted task;
  Held<duetime_clock> clock = manual_clock();
  Held<duetime_scheduler> held;
  duetime_scheduler* scheduler = nullptr;
};

}  // namespace duetime::capi_test
