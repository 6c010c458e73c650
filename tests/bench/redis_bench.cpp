// The Redis store beside bare transactions on the same server: what it costs over the round trips and writes
// that any store would need. The server is the benchmark's own.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "core/jobstores/redis.h"
#include "core/triggers/interval.h"
#include "tests/support/redis_server.h"

namespace duetime {
namespace {

constexpr Instant kStart{std::chrono::seconds(1'770'000'000)};

NewJob job_of(std::size_t number) {
  IntervalRule rule{};
  rule.interval = std::chrono::minutes(1);
  rule.start = kStart;
  Job job;
  job.id = "job-" + std::to_string(number);
  job.task = "bench:task";
  job.payload = {"json", R"({"args":[1]})", nullptr};
  job.trigger = make_interval_trigger(rule);
  NewJob added{std::make_shared<const Job>(job), {}};
  added.position.status = JobStatus::kScheduled;
  added.position.next_run_time = added.position.fire_time = kStart;
  return added;
}

std::vector<NewJob> jobs_of(std::size_t count) {
  std::vector<NewJob> jobs;
  for (std::size_t i = 0; i < count; ++i) jobs.push_back(job_of(i));
  return jobs;
}

JobStorePtr open_store() {
  JobStorePtr store = make_redis_job_store(shared_redis_server().store_options());
  store->open();
  store->remove_all();
  return store;
}

RunPlan run_again(const Job&, const JobPosition& position, Instant now, int) {
  RunPlan plan;
  plan.runs = {{*position.next_run_time, *position.next_run_time}};
  plan.next_run_time = plan.next_fire_time = now;
  return plan;
}

// Jobs are added in batches of this size, replacing each other.
void AddJobsToRedis(benchmark::State& state) {
  const JobStorePtr store = open_store();
  const std::vector<NewJob> jobs = jobs_of(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) store->add(jobs, OnConflict::kReplace);
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(AddJobsToRedis)->Arg(1)->Arg(1'000)->UseRealTime();

// A batch of jobs of this size is due all the time; each is claimed and its run completed.
void ClaimAndCompleteInRedis(benchmark::State& state) {
  const JobStorePtr store = open_store();
  store->add(jobs_of(static_cast<std::size_t>(state.range(0))), OnConflict::kReplace);
  const Exclusions none;
  ClaimRequest request;
  request.owner = make_uuid();
  request.time.now = kStart;
  request.lease = std::chrono::minutes(1);
  request.limit = static_cast<std::size_t>(state.range(0));
  request.exclusions = &none;
  for (auto _ : state) {
    request.claim_id = make_uuid();
    std::vector<RunEnd> ends;
    for (const ClaimPtr& claim : store->claim_due(request, run_again).claims) {
      ends.push_back({claim, 0, RunState::kSucceeded, kStart, kStart, {}});
    }
    benchmark::DoNotOptimize(store->complete(ends, request.time));
    state.PauseTiming();
    store->prune_runs({.max_count = 0}, kStart);
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(ClaimAndCompleteInRedis)->Arg(1)->Arg(1'000)->UseRealTime();

// MULTI, the writes that keep a job and its place in an index, EXEC, as one pipeline: what one job costs at
// least.
void BareTransactionsInRedis(benchmark::State& state) {
  RedisConnection connection(shared_redis_server().store_options());
  const std::string document(300, 'x');
  for (auto _ : state) {
    connection.send({"MULTI"});
    connection.send(
        {"HSET", "{bare}:jobs", "job-1", "1 1 1 scheduled 1770000000000000 1770000000000000 default task"});
    connection.send({"HSET", "{bare}:documents", "job-1", document});
    connection.send({"ZADD", "{bare}:ids", "0", "job-1"});
    connection.send({"ZADD", "{bare}:due", "1770000000000000", "job-1"});
    connection.send({"EXEC"});
    for (int replies = 0; replies < 6; ++replies) benchmark::DoNotOptimize(connection.wait_for_message());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BareTransactionsInRedis)->UseRealTime();

// The smallest round trip there is.
void PingsToRedis(benchmark::State& state) {
  RedisConnection connection(shared_redis_server().store_options());
  for (auto _ : state) benchmark::DoNotOptimize(connection.call({"PING"}));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(PingsToRedis)->UseRealTime();

}  // namespace
}  // namespace duetime
