// The engine as a C program sees it: adding jobs, firing them, and what a job costs in memory. End to end: a
// burst is timed from its first submission to its last completed call.
#include <benchmark/benchmark.h>
#include <malloc.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "duetime/duetime.h"

namespace {

void check(duetime_status status) {
  if (status == DUETIME_OK) return;
  std::fprintf(stderr, "%s: %s\n", duetime_status_name(status), duetime_last_error_message());
  std::abort();
}

duetime_time now_micros() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

struct Trigger {
  explicit Trigger(duetime_duration interval, duetime_time start) {
    duetime_interval_options options = DUETIME_INTERVAL_OPTIONS_INIT;
    options.interval = interval;
    options.start = start;
    check(duetime_trigger_create_interval(&options, &handle));
  }
  explicit Trigger(duetime_time when) { check(duetime_trigger_create_date(when, nullptr, &handle)); }
  ~Trigger() { duetime_trigger_destroy(handle); }
  duetime_trigger* handle = nullptr;
};

std::atomic<int64_t> calls{0};

int32_t count_call(void*, duetime_call*) {
  calls.fetch_add(1, std::memory_order_relaxed);
  return DUETIME_TASK_SUCCEEDED;
}

struct Scheduler {
  explicit Scheduler(const char* store = "memory:", uint32_t workers = 2) {
    check(duetime_scheduler_create(nullptr, &handle));
    check(duetime_scheduler_add_store(handle, "default", store));
    check(duetime_scheduler_add_thread_pool(handle, "default", workers, nullptr));
    check(duetime_scheduler_register_task(handle, "count", count_call, nullptr, nullptr));
  }
  ~Scheduler() { duetime_scheduler_destroy(handle); }

  void add(const Trigger& trigger, const std::string& id, duetime_duration grace = 1'000'000) const {
    duetime_job_options options = DUETIME_JOB_OPTIONS_INIT;
    options.id = id.c_str();
    options.task = "count";
    options.misfire_grace = grace;
    check(duetime_scheduler_add_job(handle, trigger.handle, &options, nullptr));
  }

  duetime_scheduler* handle = nullptr;
};

std::vector<std::string> ids(int64_t count) {
  std::vector<std::string> result;
  result.reserve(static_cast<std::size_t>(count));
  for (int64_t i = 0; i < count; ++i) result.push_back("job-" + std::to_string(i));
  return result;
}

constexpr duetime_duration kDay = 86'400'000'000;

void AddJobs(benchmark::State& state, const char* store) {
  const std::vector<std::string> names = ids(state.range(0));
  const Trigger trigger(kDay, now_micros() + kDay);
  for (auto _ : state) {
    state.PauseTiming();
    auto scheduler = std::make_unique<Scheduler>(store);
    check(duetime_scheduler_start(scheduler->handle, 0));
    state.ResumeTiming();
    for (const std::string& name : names) scheduler->add(trigger, name);
    state.PauseTiming();
    check(duetime_scheduler_remove_all_jobs(scheduler->handle, nullptr));
    scheduler.reset();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void AddJobsToMemory(benchmark::State& state) { AddJobs(state, "memory:"); }
BENCHMARK(AddJobsToMemory)
    ->Arg(1'000)
    ->Arg(100'000)
    ->Arg(1'000'000)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

std::string sqlite_url() {
  const auto path = std::filesystem::temp_directory_path() / "duetime-bench.db";
  for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path.string() + suffix);
  return "sqlite:///" + path.string();
}

void AddJobsToSqlite(benchmark::State& state) { AddJobs(state, sqlite_url().c_str()); }
BENCHMARK(AddJobsToSqlite)->Arg(1'000)->UseRealTime()->Unit(benchmark::kMillisecond);

// All jobs are due when the scheduler starts; the clock runs until the last call has returned and is
// recorded.
void Burst(benchmark::State& state, const char* store) {
  const int64_t count = state.range(0);
  const std::vector<std::string> names = ids(count);
  for (auto _ : state) {
    state.PauseTiming();
    auto scheduler = std::make_unique<Scheduler>(store);
    const Trigger trigger(now_micros());
    for (const std::string& name : names) scheduler->add(trigger, name, DUETIME_DURATION_UNLIMITED);
    calls = 0;
    state.ResumeTiming();
    check(duetime_scheduler_start(scheduler->handle, 0));
    while (calls.load(std::memory_order_relaxed) < count) std::this_thread::yield();
    check(duetime_scheduler_shutdown(scheduler->handle, 1));
    state.PauseTiming();
    scheduler.reset();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * count);
}

void BurstFromMemory(benchmark::State& state) { Burst(state, "memory:"); }
BENCHMARK(BurstFromMemory)->Arg(100'000)->UseRealTime()->Unit(benchmark::kMillisecond);

void BurstFromSqlite(benchmark::State& state) { Burst(state, sqlite_url().c_str()); }
BENCHMARK(BurstFromSqlite)->Arg(1'000)->UseRealTime()->Unit(benchmark::kMillisecond);

// Recurring jobs that are due every millisecond, on a clock that is moved by hand: claims, runs and
// completions without the waiting.
void Storm(benchmark::State& state) {
  const int64_t count = state.range(0);
  duetime_clock* clock = nullptr;
  const duetime_time start = now_micros();
  check(duetime_clock_create_manual(start, &clock));
  duetime_scheduler_options options = DUETIME_SCHEDULER_OPTIONS_INIT;
  options.clock = clock;
  options.hosted = 1;
  duetime_scheduler* scheduler = nullptr;
  check(duetime_scheduler_create(&options, &scheduler));
  check(duetime_scheduler_add_store(scheduler, "default", "memory:"));
  check(duetime_scheduler_add_inline_executor(scheduler, "default"));
  check(duetime_scheduler_register_task(scheduler, "count", count_call, nullptr, nullptr));
  check(duetime_scheduler_start(scheduler, 0));
  const Trigger trigger(1'000, start);
  for (const std::string& name : ids(count)) {
    duetime_job_options job = DUETIME_JOB_OPTIONS_INIT;
    job.id = name.c_str();
    job.task = "count";
    check(duetime_scheduler_add_job(scheduler, trigger.handle, &job, nullptr));
  }
  duetime_time next = 0;
  for (auto _ : state) {
    check(duetime_clock_advance(clock, 1'000));
    check(duetime_scheduler_run_pending(scheduler, &next));
  }
  state.SetItemsProcessed(state.iterations() * count);
  duetime_scheduler_destroy(scheduler);
  duetime_clock_destroy(clock);
}
BENCHMARK(Storm)->Arg(1'000)->Unit(benchmark::kMicrosecond);

std::size_t heap_bytes() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

void BytesPerJob(benchmark::State& state) {
  const int64_t count = state.range(0);
  const std::vector<std::string> names = ids(count);
  const Trigger trigger(kDay, now_micros() + kDay);
  double bytes = 0;
  for (auto _ : state) {
    const Scheduler scheduler;
    const std::size_t before = heap_bytes();
    for (const std::string& name : names) scheduler.add(trigger, name);
    bytes = static_cast<double>(heap_bytes() - before) / static_cast<double>(count);
  }
  state.counters["bytes_per_job"] = bytes;
}
BENCHMARK(BytesPerJob)->Arg(100'000)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
