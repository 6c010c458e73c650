// Events: what happened, told to listeners by mask.
#ifndef DUETIME_EVENT_HPP
#define DUETIME_EVENT_HPP

#include <duetime/event.h>
#include <duetime/common.hpp>

#include <functional>
#include <vector>

namespace duetime {
inline namespace v0 {

struct Event {
  uint64_t code = 0;  // one DUETIME_EVENT_... (duetime/event.h)
  std::string alias;  // of the executor or store, for the codes about them
  std::string job_id;
  std::string store;
  std::string run_id;
  int32_t attempt = 0;
  std::vector<TimePoint> scheduled_times;
  int64_t count = 0;  // missed or refused fires, listed or not
  std::string error_kind;
  std::string error;
  std::string traceback;
};

// Called in the thread of the call it tells about, or else on the scheduler's event thread (hosted mode: in
// run_pending()), one event at a time. May call any function of the library. Must not throw: std::terminate()
// follows.
using Listener = std::function<void(const Event &)>;

namespace detail {

inline Event to_event(const duetime_event &c) {
  Event event;
  event.code = c.code;
  event.alias = c.alias;
  event.job_id = c.job_id;
  event.store = c.store;
  event.run_id = c.run_id;
  event.attempt = c.attempt;
  for (std::size_t i = 0; i < c.scheduled_time_count; ++i) {
    event.scheduled_times.push_back(to_time_point(c.scheduled_times[i]));
  }
  event.count = c.count;
  event.error_kind = c.error_kind;
  event.error = c.error;
  event.traceback = c.traceback;
  return event;
}

inline void tell_listener(void *listener, const duetime_event *event) noexcept {
  (*static_cast<Listener *>(listener))(to_event(*event));
}

}  // namespace detail
}  // namespace v0
}  // namespace duetime

#endif
