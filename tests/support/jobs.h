// Jobs for tests.
#pragma once

#include <chrono>
#include <string>

#include "core/jobs/job.h"
#include "core/triggers/date.h"
#include "core/triggers/interval.h"
#include "tests/support/times.h"

namespace duetime {

inline Job job_with(TriggerPtr trigger, const std::string& id = "job") {
  Job job;
  job.id = id;
  job.task = "task";
  job.trigger = std::move(trigger);
  return job;
}

inline Job every(Duration interval, Instant start, const std::string& id = "job") {
  return job_with(make_interval_trigger(IntervalRule{.interval = interval, .start = start}), id);
}

inline Job once(Instant when, const std::string& id = "job") {
  return job_with(make_date_trigger(DateRule{.run_time = when}), id);
}

}  // namespace duetime
