// One descriptor for everything that a hosted scheduler waits for: it is readable when one of the lanes'
// alarms is, or when rung for queued events. Any thread.
#pragma once

#include <memory>

#include "core/time/clock.h"

namespace duetime {

class WakeupSet {
 public:
  explicit WakeupSet(Clock& clock) : alarm_(clock.make_alarm()) { alarm_->arm(kLatestInstant); }

  void add(int fd) { alarm_->watch(fd); }
  void remove(int fd) { alarm_->unwatch(fd); }
  void ring() noexcept { alarm_->ring(); }
  void poll() { alarm_->poll(); }
  int fd() const { return alarm_->fd(); }

 private:
  std::unique_ptr<Alarm> alarm_;
};

}  // namespace duetime
