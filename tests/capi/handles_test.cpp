// Handles are keys, so nothing that is passed as one can crash: it is the open handle of that type or an
// error.
#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <set>
#include <thread>
#include <vector>

#include "tests/capi/capi_test.h"

namespace duetime::capi_test {
namespace {

template <class Handle>
Handle* forged(std::uintptr_t value) {
  return reinterpret_cast<Handle*>(value);
}

// Every status function that takes a scheduler, with that handle and otherwise good arguments.
std::vector<std::function<duetime_status(duetime_scheduler*)>> scheduler_calls() {
  static duetime_job_options job = job_options("job", "task");
  static Held<duetime_trigger> trigger = interval_trigger(kSecond);
  static const duetime_trigger* triggers[] = {trigger.get()};
  using S = duetime_scheduler;
  return {
      [](S* s) { return duetime_scheduler_start(s, 0); },
      [](S* s) { return duetime_scheduler_shutdown(s, 0); },
      [](S* s) { return duetime_scheduler_pause(s); },
      [](S* s) { return duetime_scheduler_resume(s); },
      [](S* s) { return duetime_scheduler_state(s, std::make_unique<int32_t>().get()); },
      [](S* s) {
        Held<char> out;
        return duetime_scheduler_health(s, Out(out));
      },
      [](S* s) {
        Held<char> out;
        return duetime_scheduler_statistics(s, Out(out));
      },
      [](S* s) {
        Held<char> out;
        return duetime_scheduler_metrics(s, Out(out));
      },
      [](S* s) { return duetime_scheduler_set_history(s, nullptr, 0, 0); },
      [](S* s) {
        Held<duetime_job_list> out;
        return duetime_scheduler_find_jobs(s, nullptr, nullptr, Out(out));
      },
      [](S* s) { return duetime_scheduler_run_pending(s, std::make_unique<duetime_time>().get()); },
      [](S* s) { return duetime_scheduler_wakeup_fd(s, std::make_unique<int32_t>().get()); },
      [](S* s) { return duetime_scheduler_add_store(s, "other", "memory:"); },
      [](S* s) { return duetime_scheduler_remove_store(s, "other", 0); },
      [](S* s) { return duetime_scheduler_add_thread_pool(s, "pool", 1, nullptr); },
      [](S* s) { return duetime_scheduler_add_inline_executor(s, "inline"); },
      [](S* s) { return duetime_scheduler_remove_executor(s, "inline", 0); },
      [](S* s) { return duetime_scheduler_register_task(s, "t", Counted::succeed, nullptr, nullptr); },
      [](S* s) { return duetime_scheduler_set_task_resolver(s, nullptr, nullptr, nullptr); },
      [](S* s) {
        uint64_t id = 0;
        return duetime_scheduler_add_listener(
            s, 1, [](void*, const duetime_event*) {}, nullptr, nullptr, &id);
      },
      [](S* s) { return duetime_scheduler_remove_listener(s, 1); },
      [](S* s) { return duetime_scheduler_add_job(s, trigger.get(), &job, nullptr); },
      [](S* s) { return duetime_scheduler_add_jobs(s, 1, triggers, &job); },
      [](S* s) {
        char* text = nullptr;
        return duetime_scheduler_sql_to_add_jobs(s, 1, triggers, &job, &text);
      },
      [](S* s) {
        return duetime_scheduler_import_jobs(s, "default", "elsewhere", 1, triggers, &job, nullptr);
      },
      [](S* s) {
        int32_t imported = 0;
        return duetime_scheduler_imported(s, "default", "elsewhere", &imported);
      },
      [](S* s) { return duetime_scheduler_modify_job(s, nullptr, "job", 0, nullptr, nullptr, nullptr); },
      [](S* s) { return duetime_scheduler_pause_job(s, nullptr, "job", nullptr); },
      [](S* s) { return duetime_scheduler_resume_job(s, nullptr, "job", nullptr); },
      [](S* s) { return duetime_scheduler_remove_job(s, nullptr, "job"); },
      [](S* s) { return duetime_scheduler_remove_all_jobs(s, nullptr); },
      [](S* s) {
        Held<duetime_job> out;
        return duetime_scheduler_get_job(s, nullptr, "job", Out(out));
      },
      [](S* s) {
        Held<duetime_job_list> out;
        return duetime_scheduler_list_jobs(s, nullptr, Out(out));
      },
      [](S* s) {
        Held<duetime_run_list> out;
        return duetime_scheduler_list_runs(s, nullptr, nullptr, Out(out));
      },
      [](S* s) {
        Held<duetime_run_list> out;
        return duetime_scheduler_list_running(s, nullptr, Out(out));
      },
      [](S* s) {
        Held<duetime_parked_list> out;
        return duetime_scheduler_list_parked(s, Out(out));
      },
      [](S* s) { return duetime_scheduler_release_parked(s, nullptr, "job"); },
  };
}

TEST(Handles, NullSchedulerIsAnInvalidArgument) {
  for (const auto& call : scheduler_calls()) {
    EXPECT_ERROR(DUETIME_ERROR_INVALID_ARGUMENT, "duetime_scheduler handle is NULL", call(nullptr));
  }
}

TEST(Handles, DestroyedSchedulerIsStale) {
  Held<duetime_scheduler> scheduler;
  ASSERT_OK(duetime_scheduler_create(nullptr, Out(scheduler)));
  duetime_scheduler* const stale = scheduler.get();
  scheduler.reset();
  for (const auto& call : scheduler_calls()) EXPECT_STATUS(DUETIME_ERROR_STALE_HANDLE, call(stale));
}

TEST(Handles, HandleOfAnotherTypeIsStale) {
  const Held<duetime_clock> clock = manual_clock();
  for (const auto& call : scheduler_calls()) {
    EXPECT_STATUS(DUETIME_ERROR_STALE_HANDLE, call(reinterpret_cast<duetime_scheduler*>(clock.get())));
  }
}

TEST(Handles, ForeignPointersAreStale) {
  const int on_stack = 0;
  const auto on_heap = std::make_unique<std::array<char, 4096>>();
  const std::uintptr_t values[] = {1,
                                   8,
                                   ~std::uintptr_t{0},
                                   ~std::uintptr_t{0} >> 1,
                                   std::uintptr_t{1} << 63,
                                   std::uintptr_t{0xC1} << 56,
                                   std::uintptr_t{0xC5} << 56,
                                   (std::uintptr_t{0xC5} << 56) | 0x0FFFFFFF,
                                   reinterpret_cast<std::uintptr_t>(&on_stack),
                                   reinterpret_cast<std::uintptr_t>(on_heap->data()),
                                   reinterpret_cast<std::uintptr_t>(on_heap->data()) + 1,
                                   reinterpret_cast<std::uintptr_t>(&duetime_version)};
  for (const std::uintptr_t value : values) {
    duetime_time now = 0;
    int32_t state = 0;
    EXPECT_STATUS(DUETIME_ERROR_STALE_HANDLE, duetime_clock_now(forged<duetime_clock>(value), &now));
    EXPECT_STATUS(DUETIME_ERROR_STALE_HANDLE,
                  duetime_scheduler_state(forged<duetime_scheduler>(value), &state));
    duetime_clock_destroy(forged<duetime_clock>(value));
    duetime_scheduler_destroy(forged<duetime_scheduler>(value));
    duetime_job_destroy(forged<duetime_job>(value));
  }
}

TEST(Handles, DestroyTakesNullAndStaleHandles) {
  duetime_clock_destroy(nullptr);
  duetime_trigger_destroy(nullptr);
  duetime_job_destroy(nullptr);
  duetime_job_list_destroy(nullptr);
  duetime_scheduler_destroy(nullptr);
  duetime_clock* const clock = manual_clock().release();
  duetime_clock_destroy(clock);
  duetime_clock_destroy(clock);
  duetime_time now = 0;
  EXPECT_STATUS(DUETIME_ERROR_STALE_HANDLE, duetime_clock_now(clock, &now));
}

TEST(Handles, StaleHandleStaysStaleWhenItsSlotIsUsedAgain) {
  duetime_clock* const stale = manual_clock().release();
  duetime_clock_destroy(stale);
  for (int i = 0; i < 10'000; ++i) {
    const Held<duetime_clock> clock = manual_clock();
    ASSERT_NE(clock.get(), stale);
  }
  const Held<duetime_clock> clock = manual_clock();
  duetime_clock_destroy(stale);  // must not take the new one
  duetime_time now = 0;
  EXPECT_OK(duetime_clock_now(clock.get(), &now));
  EXPECT_EQ(now, kNoon);
}

TEST(Handles, ManyAtATimeAreAllDifferent) {
  std::vector<Held<duetime_clock>> clocks;
  std::set<duetime_clock*> distinct;
  for (int i = 0; i < 5'000; ++i) {
    clocks.push_back(manual_clock(kNoon + i));
    distinct.insert(clocks.back().get());
  }
  EXPECT_EQ(distinct.size(), clocks.size());
  for (int i = 0; i < 5'000; ++i) {
    duetime_time now = 0;
    ASSERT_OK(duetime_clock_now(clocks[static_cast<std::size_t>(i)].get(), &now));
    EXPECT_EQ(now, kNoon + i);
  }
}

// The use that is under way keeps its object; whoever comes later is told that the handle is stale.
TEST(Handles, DestroyMayRaceWithCalls) {
  for (int round = 0; round < 200; ++round) {
    duetime_clock* const clock = manual_clock().release();
    std::atomic<int> ready = 0;
    const auto use_until_stale = [&] {
      duetime_time now = 0;
      duetime_status status = duetime_clock_now(clock, &now);
      EXPECT_STATUS(DUETIME_OK, status);
      ++ready;
      while (status == DUETIME_OK) status = duetime_clock_now(clock, &now);
      EXPECT_EQ(now, kNoon);
      EXPECT_STATUS(DUETIME_ERROR_STALE_HANDLE, status);
    };
    std::thread first(use_until_stale);
    std::thread second(use_until_stale);
    while (ready < 2) std::this_thread::yield();
    duetime_time now = 0;
    EXPECT_OK(duetime_clock_now(clock, &now));
    duetime_clock_destroy(clock);
    first.join();
    second.join();
  }
}

TEST(Handles, GettersOfStaleJobsAnswerNothing) {
  duetime_job* const jobs[] = {nullptr, forged<duetime_job>(8)};
  for (duetime_job* const job : jobs) {
    std::size_t size = 1;
    EXPECT_EQ(duetime_job_id(job), nullptr);
    EXPECT_EQ(duetime_job_name(job), nullptr);
    EXPECT_EQ(duetime_job_task(job), nullptr);
    EXPECT_EQ(duetime_job_executor(job), nullptr);
    EXPECT_EQ(duetime_job_store(job), nullptr);
    EXPECT_EQ(duetime_job_error(job), nullptr);
    EXPECT_EQ(duetime_job_status(job), 0);
    EXPECT_EQ(duetime_job_coalesce(job), 0);
    EXPECT_EQ(duetime_job_max_instances(job), 0);
    EXPECT_EQ(duetime_job_recover(job), 0);
    EXPECT_EQ(duetime_job_revision(job), 0);
    EXPECT_EQ(duetime_job_misfire_grace(job), 0);
    EXPECT_EQ(duetime_job_next_run_time(job), DUETIME_TIME_NONE);
    EXPECT_EQ(duetime_job_tag_count(job), 0u);
    EXPECT_EQ(duetime_job_tag(job, 0), nullptr);
    EXPECT_EQ(duetime_job_payload_encoding(job), nullptr);
    EXPECT_EQ(duetime_job_payload(job, &size), nullptr);
    EXPECT_EQ(size, 0u);
    EXPECT_EQ(duetime_job_live_payload(job), nullptr);
  }
  EXPECT_EQ(duetime_job_list_size(nullptr), 0u);
  EXPECT_EQ(duetime_job_list_size(forged<duetime_job_list>(8)), 0u);
}

}  // namespace
}  // namespace duetime::capi_test
