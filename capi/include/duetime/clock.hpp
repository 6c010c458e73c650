// A clock that waits for you: for tests and simulations.
#ifndef DUETIME_CLOCK_HPP
#define DUETIME_CLOCK_HPP

#include <duetime/clock.h>
#include <duetime/common.hpp>

namespace duetime {
inline namespace v0 {

// A scheduler made with it sees time only move through advance() and set(). Copies are the same clock; any
// thread may use it.
class ManualClock {
 public:
  explicit ManualClock(TimePoint now) {
    duetime_clock *handle = nullptr;
    detail::check(duetime_clock_create_manual(detail::to_c(now), &handle));
    handle_.reset(handle, duetime_clock_destroy);
  }

  TimePoint now() const {
    duetime_time now = 0;
    detail::check(duetime_clock_now(handle(), &now));
    return detail::to_time_point(now);
  }

  // Time passes; `by` is not negative.
  void advance(Duration by) { detail::check(duetime_clock_advance(handle_.get(), detail::to_c(by))); }

  // The wall clock is set, forward or back, while no time passes.
  void set(TimePoint now) { detail::check(duetime_clock_set(handle_.get(), detail::to_c(now))); }

  // For functions of the C ABI; lives as long as this clock or a copy of it.
  const duetime_clock *handle() const noexcept { return handle_.get(); }

 private:
  std::shared_ptr<duetime_clock> handle_;
};

}  // namespace v0
}  // namespace duetime

#endif
