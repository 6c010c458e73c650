// As consumer.c, by the C++ interface.
#include <duetime/duetime.hpp>
#include <iostream>

int main() {
  using namespace std::chrono_literals;
  const duetime::TimePoint start(1'767'614'400s);  // 2026-01-05T12:00:00Z
  duetime::SchedulerOptions options;
  options.hosted = true;
  options.clock = duetime::ManualClock(start);
  duetime::Scheduler scheduler(options);

  int runs = 0;
  scheduler.add_inline_executor("default");
  scheduler.start();
  scheduler.register_task("count", [&](duetime::Call&) { ++runs; });
  duetime::JobOptions job;
  job.task = "count";
  scheduler.add_job(duetime::Trigger::date(start + 24h), job);
  scheduler.run_pending();
  options.clock->advance(24h);
  scheduler.run_pending();
  std::cout << "duetime " << duetime_version_string() << ": " << runs << " run\n";
  return runs == 1 ? 0 : 1;
}
