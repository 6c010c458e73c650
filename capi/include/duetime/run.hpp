// Runs: what the stores remember of each execution of a job, and the jobs that this node cannot run.
#ifndef DUETIME_RUN_HPP
#define DUETIME_RUN_HPP

#include <duetime/run.h>
#include <duetime/common.hpp>

#include <vector>

namespace duetime {
inline namespace v0 {

enum class RunState : int32_t {
  kClaimed = DUETIME_RUN_CLAIMED,  // a node has it: started, or waiting for a worker
  kSucceeded = DUETIME_RUN_SUCCEEDED,
  kFailed = DUETIME_RUN_FAILED,
  kMissed = DUETIME_RUN_MISSED,       // too late for its misfire grace, so not executed
  kRefused = DUETIME_RUN_REFUSED,     // max_instances were running, so not executed
  kAbandoned = DUETIME_RUN_ABANDONED  // its node died, and the job does not ask to run again
};

// "claimed", "succeeded" and the like.
inline std::string to_string(RunState state) { return duetime_run_state_name(static_cast<int32_t>(state)); }

struct Run {
  std::string id;  // 32 hexadecimal digits
  std::string job_id;
  std::string task;
  std::string store;  // alias
  std::string node;   // that has or had it
  RunState state = RunState::kClaimed;
  int32_t attempt = 1;  // and one more each time it was taken over from a dead node
  int64_t fence = 0;
  TimePoint scheduled_time;
  TimePoint claimed_at;
  std::optional<TimePoint> started_at;  // none: not started; also for runs of other nodes that go on
  std::optional<TimePoint> ended_at;    // none: it goes on
  std::string error;                    // what the task reported, or why it was not executed
};

// What is not given excludes nothing.
struct RunFilter {
  std::optional<std::string> job_id;
  std::optional<RunState> state;
  std::optional<TimePoint> scheduled_from;  // inclusive, both
  std::optional<TimePoint> scheduled_until;
  uint64_t limit = 100;  // the latest so many, at least 1
};

struct ParkedJob {
  std::string id;
  std::string store;  // alias
  std::string reason;
};

namespace detail {

inline Run to_run(const duetime_run &c) {
  Run run;
  run.id = c.id;
  run.job_id = c.job_id;
  run.task = c.task;
  run.store = c.store;
  run.node = c.node;
  run.state = static_cast<RunState>(c.state);
  run.attempt = c.attempt;
  run.fence = c.fence;
  run.scheduled_time = to_time_point(c.scheduled_time);
  run.claimed_at = to_time_point(c.claimed_at);
  run.started_at = to_optional(c.started_at);
  run.ended_at = to_optional(c.ended_at);
  run.error = c.error;
  return run;
}

inline ParkedJob to_parked_job(const duetime_parked_job &c) { return {c.id, c.store, c.reason}; }

// For as long as the filter lives.
inline duetime_run_filter to_c(const RunFilter &filter) {
  duetime_run_filter c = DUETIME_RUN_FILTER_INIT;
  c.job_id = to_c(filter.job_id);
  if (filter.state) c.state = static_cast<int32_t>(*filter.state);
  c.scheduled_from = to_c(filter.scheduled_from);
  c.scheduled_until = to_c(filter.scheduled_until);
  c.limit = filter.limit;
  return c;
}

// All of a list, which is taken over.
template <class Entry, class List, class Result>
std::vector<Result> take_list(List *list, void (*destroy)(List *), std::size_t (*size)(const List *),
                              duetime_status (*at)(const List *, std::size_t, Entry *),
                              Result (*convert)(const Entry &)) {
  const std::unique_ptr<List, void (*)(List *)> owner(list, destroy);
  std::vector<Result> entries;
  for (std::size_t i = 0; i < size(list); ++i) {
    Entry entry{};
    entry.struct_size = sizeof entry;
    check(at(list, i, &entry));
    entries.push_back(convert(entry));
  }
  return entries;
}

inline std::vector<Run> take_runs(duetime_run_list *list) {
  return take_list(list, duetime_run_list_destroy, duetime_run_list_size, duetime_run_list_at, to_run);
}

inline std::vector<ParkedJob> take_parked(duetime_parked_list *list) {
  return take_list(list, duetime_parked_list_destroy, duetime_parked_list_size, duetime_parked_list_at,
                   to_parked_job);
}

}  // namespace detail
}  // namespace v0
}  // namespace duetime

#endif
