#include <duetime/event.h>

#include <utility>
#include <vector>

#include "capi/src/callbacks.h"

namespace duetime::capi {
namespace {

static_assert(DUETIME_EVENT_SCHEDULER_STARTED == kSchedulerStarted);
static_assert(DUETIME_EVENT_JOB_MAX_INSTANCES == kJobMaxInstances);
static_assert(DUETIME_EVENT_JOB_ABANDONED == kJobAbandoned);
static_assert(DUETIME_EVENT_RUN_LOST == kRunLost);
static_assert(DUETIME_EVENT_JOB_SUBMIT_ERROR == kJobSubmitError);
static_assert(DUETIME_EVENT_ALL == kAllEvents);

std::vector<duetime_time> times_of(const Event& event) {
  std::vector<duetime_time> times;
  times.reserve(event.scheduled_times.size());
  for (const Instant time : event.scheduled_times) times.push_back(to_micros(time));
  return times;
}

// Borrows everything from `event` and `times`.
duetime_event to_c_event(const Event& event, const std::vector<duetime_time>& times) {
  duetime_event told{};
  told.struct_size = sizeof told;
  told.attempt = event.attempt;
  told.code = event.code;
  told.alias = event.alias.c_str();
  told.job_id = event.job_id.c_str();
  told.store = event.store.c_str();
  told.scheduled_times = times.data();
  told.scheduled_time_count = times.size();
  told.count = event.count;
  told.run_id = event.run_id.c_str();
  told.error_kind = event.error_kind.c_str();
  told.error = event.error.c_str();
  told.traceback = event.traceback.c_str();
  told.result = event.result.get();
  return told;
}

}  // namespace

Listener to_listener(duetime_listener_fn fn, Owned user_data) {
  return [fn, user_data = std::move(user_data)](const Event& event) {
    const std::vector<duetime_time> times = times_of(event);
    const duetime_event told = to_c_event(event, times);
    fn(user_data.get(), &told);
  };
}

}  // namespace duetime::capi
