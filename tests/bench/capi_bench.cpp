// What the door costs: the same work by the C ABI and by the engine behind it, in one process. The difference
// is the price of a handle's look-up, of checks and copies of what comes in, and of a guard.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include "core/executors/inline.h"
#include "core/jobstores/memory.h"
#include "core/scheduler/scheduler.h"
#include "core/triggers/interval.h"
#include "duetime/duetime.h"

namespace {

using duetime::Instant;

constexpr duetime_time kNoon = 1'767'614'400'000'000;  // 2026-01-05T12:00:00Z
constexpr int kJobs = 1'000;

void check(duetime_status status) {
  if (status == DUETIME_OK) return;
  std::fprintf(stderr, "%s: %s\n", duetime_status_name(status), duetime_last_error_message());
  std::abort();
}

// --- one look at a clock: nothing but the door

void clock_by_engine(benchmark::State& state) {
  const auto clock = std::make_shared<duetime::ManualClock>(duetime::from_micros(kNoon));
  for (auto _ : state) benchmark::DoNotOptimize(clock->now());
}
BENCHMARK(clock_by_engine);

void clock_by_abi(benchmark::State& state) {
  duetime_clock* clock = nullptr;
  check(duetime_clock_create_manual(kNoon, &clock));
  for (auto _ : state) {
    duetime_time now = 0;
    check(duetime_clock_now(clock, &now));
    benchmark::DoNotOptimize(now);
  }
  duetime_clock_destroy(clock);
}
BENCHMARK(clock_by_abi);

// --- the next fire of an interval

void next_fire_by_engine(benchmark::State& state) {
  const duetime::TriggerPtr trigger =
      duetime::make_interval_trigger(duetime::IntervalRule{.interval = std::chrono::seconds(1)});
  Instant now = duetime::from_micros(kNoon);
  for (auto _ : state) benchmark::DoNotOptimize(now = *trigger->next_fire_time(now, now));
}
BENCHMARK(next_fire_by_engine)->Iterations(1'000'000);

void next_fire_by_abi(benchmark::State& state) {
  duetime_interval_options options = DUETIME_INTERVAL_OPTIONS_INIT;
  options.interval = 1'000'000;
  duetime_trigger* trigger = nullptr;
  check(duetime_trigger_create_interval(&options, &trigger));
  duetime_time now = kNoon;
  for (auto _ : state) check(duetime_trigger_next_fire_time(trigger, now, now, &now));
  duetime_trigger_destroy(trigger);
}
BENCHMARK(next_fire_by_abi)->Iterations(1'000'000);

// --- jobs: added, asked for, fired; hosted and inline, so that no thread stands in between

struct Engine {
  std::shared_ptr<duetime::ManualClock> clock =
      std::make_shared<duetime::ManualClock>(duetime::from_micros(kNoon));
  duetime::Scheduler scheduler{{.mode = duetime::RunMode::kHosted, .clock = clock}};
  duetime::TriggerPtr trigger =
      duetime::make_interval_trigger(duetime::IntervalRule{.interval = std::chrono::seconds(1)});

  Engine() {
    scheduler.add_store("default", duetime::make_memory_job_store());
    scheduler.add_executor("default", duetime::make_inline_executor());
    scheduler.register_task("task", [](const duetime::TaskCall&) { return duetime::TaskOutcome(); });
  }

  void add(const std::string& id) {
    duetime::Job job;
    job.id = id;
    job.task = "task";
    job.trigger = trigger;
    scheduler.add_job("default", std::move(job));
  }
};

struct Abi {
  duetime_clock* clock = nullptr;
  duetime_scheduler* scheduler = nullptr;
  duetime_trigger* trigger = nullptr;

  Abi() {
    check(duetime_clock_create_manual(kNoon, &clock));
    duetime_scheduler_options options = DUETIME_SCHEDULER_OPTIONS_INIT;
    options.hosted = 1;
    options.clock = clock;
    check(duetime_scheduler_create(&options, &scheduler));
    check(duetime_scheduler_add_store(scheduler, "default", "memory:"));
    check(duetime_scheduler_add_inline_executor(scheduler, "default"));
    check(duetime_scheduler_register_task(
        scheduler, "task", [](void*, duetime_call*) -> int32_t { return 0; }, nullptr, nullptr));
    duetime_interval_options every = DUETIME_INTERVAL_OPTIONS_INIT;
    every.interval = 1'000'000;
    check(duetime_trigger_create_interval(&every, &trigger));
  }
  ~Abi() {
    duetime_scheduler_destroy(scheduler);
    duetime_trigger_destroy(trigger);
    duetime_clock_destroy(clock);
  }

  void add(const std::string& id) const {
    duetime_job_options options = DUETIME_JOB_OPTIONS_INIT;
    options.id = id.c_str();
    options.task = "task";
    check(duetime_scheduler_add_job(scheduler, trigger, &options, nullptr));
  }
};

// Items are jobs.
template <class Side>
void add(benchmark::State& state) {
  for (auto _ : state) {
    state.PauseTiming();
    auto side = std::make_unique<Side>();
    state.ResumeTiming();
    for (int i = 0; i < kJobs; ++i) side->add("job-" + std::to_string(i));
    state.PauseTiming();
    side.reset();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * kJobs);
}
BENCHMARK(add<Engine>)->Name("add_by_engine");
BENCHMARK(add<Abi>)->Name("add_by_abi");

void get_by_engine(benchmark::State& state) {
  Engine engine;
  engine.add("job");
  for (auto _ : state) benchmark::DoNotOptimize(engine.scheduler.find_job("", "job"));
}
BENCHMARK(get_by_engine);

void get_by_abi(benchmark::State& state) {
  const Abi abi;
  abi.add("job");
  for (auto _ : state) {
    duetime_job* job = nullptr;
    check(duetime_scheduler_get_job(abi.scheduler, nullptr, "job", &job));
    benchmark::DoNotOptimize(duetime_job_next_run_time(job));
    duetime_job_destroy(job);
  }
}
BENCHMARK(get_by_abi);

// Items are runs, all due at once, each second anew.
void fire_by_engine(benchmark::State& state) {
  Engine engine;
  for (int i = 0; i < kJobs; ++i) engine.add("job-" + std::to_string(i));
  engine.scheduler.start();
  for (auto _ : state) {
    engine.clock->advance(std::chrono::seconds(1));
    engine.scheduler.run_pending();
  }
  state.SetItemsProcessed(state.iterations() * kJobs);
}
BENCHMARK(fire_by_engine);

void fire_by_abi(benchmark::State& state) {
  const Abi abi;
  for (int i = 0; i < kJobs; ++i) abi.add("job-" + std::to_string(i));
  check(duetime_scheduler_start(abi.scheduler, 0));
  for (auto _ : state) {
    duetime_time next = 0;
    check(duetime_clock_advance(abi.clock, 1'000'000));
    check(duetime_scheduler_run_pending(abi.scheduler, &next));
  }
  state.SetItemsProcessed(state.iterations() * kJobs);
}
BENCHMARK(fire_by_abi);

}  // namespace
