// Whole schedulers: one-shots that are due when a paused scheduler is resumed, from that instant until the
// last has left the store. peers/java does the same with its schedulers.
#include <duetime/duetime.h>

#include <atomic>
#include <stdexcept>
#include <thread>

#include "core/jobstores/postgresql_connection.h"
#include "tests/bench/stores/work.h"

namespace duetime::bench {
namespace {

constexpr std::size_t kJobs = 1'000;
constexpr uint32_t kWorkers = 20;
constexpr auto kPause = std::chrono::milliseconds(2);

using Clock = std::chrono::steady_clock;

void check(duetime_status status) {
  if (status != DUETIME_OK) throw std::runtime_error(duetime_last_error_message());
}

duetime_time now_micros() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

int32_t run_nothing(void*, duetime_call*) { return DUETIME_TASK_SUCCEEDED; }

class Scheduler {
 public:
  explicit Scheduler(const std::string& store) {
    check(duetime_scheduler_create(nullptr, &handle_));
    check(duetime_scheduler_add_store(handle_, "default", store.c_str()));
    check(duetime_scheduler_add_thread_pool(handle_, "default", kWorkers, nullptr));
    check(duetime_scheduler_register_task(handle_, "nothing", run_nothing, nullptr, nullptr));
    check(duetime_scheduler_start(handle_, 1));
    check(duetime_scheduler_remove_all_jobs(handle_, nullptr));
  }
  ~Scheduler() { duetime_scheduler_destroy(handle_); }
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  // Due at once; all in one transaction.
  void add(std::size_t count) const {
    duetime_trigger* trigger = nullptr;
    check(duetime_trigger_create_date(now_micros(), nullptr, &trigger));
    duetime_job_options options = DUETIME_JOB_OPTIONS_INIT;
    options.task = "nothing";
    options.misfire_grace = DUETIME_DURATION_UNLIMITED;
    const std::vector<const duetime_trigger*> triggers(count, trigger);
    const std::vector<duetime_job_options> all(count, options);
    const duetime_status status = duetime_scheduler_add_jobs(handle_, count, triggers.data(), all.data());
    duetime_trigger_destroy(trigger);
    check(status);
  }

  void resume() const { check(duetime_scheduler_resume(handle_)); }

 private:
  duetime_scheduler* handle_ = nullptr;
};

class EmptyTable {
 public:
  explicit EmptyTable(const std::string& url) : connection_(options_of(url)) {}

  void wait() {
    while (!connection_.run(PgBatch().add(select_), PgEffect::kNone)[0].boolean(0, 0)) {
      std::this_thread::sleep_for(kPause);
    }
  }

 private:
  static PostgresqlStoreOptions options_of(const std::string& url) {
    PostgresqlStoreOptions options;
    options.uri = url;
    return options;
  }

  PgConnection connection_;
  const PgStatement select_{"SELECT NOT EXISTS (SELECT FROM public.duetime_jobs)"};
};

double executions(const std::string& url) {
  const Scheduler scheduler(url);
  EmptyTable table(url);
  scheduler.add(kJobs);
  const auto begin = Clock::now();
  scheduler.resume();
  table.wait();
  return static_cast<double>(kJobs) / std::chrono::duration<double>(Clock::now() - begin).count();
}

}  // namespace

void add_scheduler_works(Works& works, const Places& places) {
  works.push_back(
      {"PostgreSQL: 1,000 one-shots | duetime", [url = places.postgresql] { return executions(url); }});
}

}  // namespace duetime::bench
