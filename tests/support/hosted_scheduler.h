// A scheduler on a clock that waits for the test: hosted, with an inline executor, so that everything happens
// in the test's thread and in a fixed order. The task "task" records its calls.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/executors/inline.h"
#include "core/jobstores/memory.h"
#include "core/scheduler/scheduler.h"
#include "tests/support/jobs.h"

namespace duetime {

class HostedScheduler {
 public:
  struct Call {
    std::string job_id;
    Instant scheduled_time;
    int attempt;
    bool operator==(const Call&) const = default;
  };

  explicit HostedScheduler(JobStorePtr store = make_memory_job_store(),
                           std::shared_ptr<ManualClock> time = std::make_shared<ManualClock>(at("10:00:00")),
                           Duration lease = std::chrono::seconds(30))
      : clock(std::move(time)),
        scheduler(
            {.mode = RunMode::kHosted,
             .clock = clock,
             .log = std::make_shared<const Log>(
                 [this](LogLevel, std::string_view, std::string_view text) { logged.emplace_back(text); }),
             .lease = lease}) {
    scheduler.add_store("default", std::move(store));
    scheduler.add_executor("default", make_inline_executor());
    scheduler.register_task("task", [this](const TaskCall& call) { return record(call); });
    scheduler.add_listener(kAllEvents, [this](const Event& event) { events.push_back(event); });
  }

  HostedScheduler& started() {
    scheduler.start();
    scheduler.run_pending();
    return *this;
  }

  // Moves the clock to each wake-up in turn, as a host would.
  void advance(Duration by) {
    const Instant end = clock->now() + by;
    for (Instant next = scheduler.run_pending(); next <= end; next = scheduler.run_pending()) {
      if (next > clock->now()) clock->advance(next - clock->now());
    }
    clock->advance(end - clock->now());
    scheduler.run_pending();
  }

  std::vector<Instant> run_times() const {
    std::vector<Instant> times;
    for (const Call& call : calls) times.push_back(call.scheduled_time);
    return times;
  }

  std::vector<Event> events_of(uint64_t mask) const {
    std::vector<Event> found;
    for (const Event& event : events) {
      if ((event.code & mask) != 0) found.push_back(event);
    }
    return found;
  }

  std::shared_ptr<ManualClock> clock;
  std::vector<Call> calls;
  std::vector<Event> events;
  std::vector<std::string> logged;
  std::function<TaskOutcome(const TaskCall&)> body = [](const TaskCall&) { return TaskOutcome{}; };
  Scheduler scheduler;

 private:
  TaskOutcome record(const TaskCall& call) {
    calls.push_back({call.claim.record.id, call.run.scheduled_time, call.run.attempt});
    return body(call);
  }
};

}  // namespace duetime
