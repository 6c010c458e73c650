// The job stores from inside: additions, and claims with their completions.
#include "core/jobstores/job_store.h"
#include "core/jobstores/postgresql.h"
#include "core/jobstores/redis.h"
#include "core/jobstores/sqlite.h"
#include "core/triggers/interval.h"
#include "tests/bench/stores/work.h"

namespace duetime::bench {
namespace {

constexpr Instant kStart{std::chrono::seconds(1'770'000'000)};
constexpr std::size_t kBatch = 1'000;

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

std::vector<NewJob> jobs_of(std::size_t count, std::size_t from = 0) {
  std::vector<NewJob> jobs;
  for (std::size_t i = 0; i < count; ++i) jobs.push_back(job_of(from + i));
  return jobs;
}

class EmptyStore {
 public:
  explicit EmptyStore(JobStorePtr store) : store_(std::move(store)) {
    store_->open();
    store_->remove_all();
    store_->prune_runs({.max_count = 0}, kStart);
  }
  ~EmptyStore() { store_->close(); }
  EmptyStore(const EmptyStore&) = delete;
  EmptyStore& operator=(const EmptyStore&) = delete;

  JobStore* operator->() const { return store_.get(); }

 private:
  JobStorePtr store_;
};

using MakeStore = std::function<JobStorePtr()>;

double additions(const MakeStore& make, std::size_t batch) {
  const EmptyStore store(make());
  std::size_t number = 0;
  return rate(batch, [&] {
    store->add(jobs_of(batch, number), OnConflict::kFail);
    number += batch;
  });
}

RunPlan run_again(const Job&, const JobPosition& position, Instant, int) {
  RunPlan plan;
  plan.runs = {{*position.next_run_time, *position.next_run_time}};
  plan.next_run_time = plan.next_fire_time = *position.next_run_time + Duration{1};
  return plan;
}

// A batch of jobs is due all the time: each claim moves them on by a microsecond.
double claims(const MakeStore& make) {
  const EmptyStore store(make());
  store->add(jobs_of(kBatch), OnConflict::kFail);
  const Exclusions none;
  ClaimRequest request;
  request.owner = make_uuid();
  request.time.now = kStart + std::chrono::hours(1);
  request.lease = std::chrono::minutes(1);
  request.limit = kBatch;
  request.exclusions = &none;
  return rate(kBatch, [&] {
    request.claim_id = make_uuid();
    std::vector<RunEnd> ends;
    for (const ClaimPtr& claim : store->claim_due(request, run_again).claims) {
      ends.push_back({claim, 0, RunState::kSucceeded, request.time.now, request.time.now, {}});
    }
    store->complete(ends, request.time);
  });
}

void add_works(Works& works, const std::string& store, const MakeStore& make) {
  works.push_back({store + ": add one | duetime", [=] { return additions(make, 1); }});
  works.push_back({store + ": add 1,000 | duetime", [=] { return additions(make, kBatch); }});
  works.push_back({store + ": claim and complete 1,000 | duetime", [=] { return claims(make); }});
}

}  // namespace

void add_store_works(Works& works, const Places& places) {
  add_works(works, "PostgreSQL", [=] {
    PostgresqlStoreOptions options;
    options.uri = places.postgresql;
    return make_postgresql_job_store(options);
  });
  add_works(works, "Redis", [=] {
    RedisStoreOptions options;
    options.unix_socket = places.redis;
    return make_redis_job_store(options);
  });
  add_works(works, "SQLite", [=] {
    SqliteStoreOptions options;
    options.path = places.sqlite + "/duetime.db";
    return make_sqlite_job_store(options);
  });
}

}  // namespace duetime::bench
