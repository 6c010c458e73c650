// The only source of time in the engine. Everything above takes instants as arguments or asks a Clock, so a
// whole cluster can run in one thread under a ManualClock.
//
// An Alarm is how one thread sleeps until an instant of that clock. It also wakes for a ring from another
// thread, for a watched file descriptor (a store's change notification) and when the wall clock is set. Its
// fd() is readable whenever wait() would return at once, which is what hosted event loops poll.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/time/instant.h"

namespace duetime {

struct WakeReason {
  bool rang = false;
  bool watched = false;        // a watched descriptor is readable
  bool clock_changed = false;  // the wall clock was set, forward or back
};

class Alarm {
 public:
  virtual ~Alarm() = default;

  // Sleep until this instant from the next wait() on. Owner's thread only, like wait().
  virtual void arm(Instant when) = 0;

  // Blocks until the armed instant, a ring, a watched descriptor or a clock change; consumes the ring.
  virtual WakeReason wait() = 0;

  // Like wait(), but returns at once when there is nothing.
  virtual WakeReason poll() = 0;

  // Wakes the sleeper; rings are remembered, not counted. Any thread.
  virtual void ring() noexcept = 0;

  // Watches a descriptor for reading (edge per wait). The caller keeps ownership and unwatches before
  // closing.
  virtual void watch(int fd) = 0;
  virtual void unwatch(int fd) = 0;

  virtual int fd() const = 0;
};

class Clock {
 public:
  virtual ~Clock() = default;

  // Wall time, UTC. May jump either way. Any thread.
  virtual Instant now() const = 0;

  // Time since the machine was started, suspend included, never set by anyone: leases on one host and the age
  // of claims are measured on it (contract P5). The same for all processes of the host. Any thread.
  virtual Duration boot_time() const = 0;

  // Names the boot that boot_time() counts from; another name means that the machine was started anew.
  virtual std::string boot_id() const = 0;

  virtual std::unique_ptr<Alarm> make_alarm() = 0;
};

// CLOCK_REALTIME, CLOCK_BOOTTIME and timerfd with TFD_TIMER_CANCEL_ON_SET.
std::shared_ptr<Clock> system_clock();

// A clock that says when it has moved: sleepers wait for that rather than for time to pass. Any thread.
class AnnouncingClock : public Clock, public std::enable_shared_from_this<AnnouncingClock> {
 public:
  std::unique_ptr<Alarm> make_alarm() final;

  // Time has passed, or (`was_set`) the wall clock was set: wakes whoever is due now. Answers the earliest
  // instant that is still slept for; kLatestInstant if there is none.
  Instant announce(bool was_set);

 private:
  friend class AnnouncedAlarm;

  // Somebody sleeps until this instant, which is to come: announce() is due then at the latest. No lock is
  // held.
  virtual void awaited(Instant when);

  std::mutex alarms_mutex_;
  std::vector<class AnnouncedAlarm*> alarms_;
};

// A clock that waits for us: time moves only through advance() and set(). For tests, simulations and the
// testing kits of all languages. Any thread.
class ManualClock final : public AnnouncingClock {
 public:
  // Boot time starts as the wall time, so that it goes on where an earlier process's clock stood.
  explicit ManualClock(Instant now) : now_(now), boot_time_(now.time_since_epoch()) {}

  Instant now() const override;
  Duration boot_time() const override;
  std::string boot_id() const override { return "manual"; }

  // Time passes: wall and boot time move together. Throws kInvalidArgument for a negative duration.
  void advance(Duration by);

  // The wall clock is set, as by an administrator; boot time stands still.
  void set(Instant now);

 private:
  void pass(Duration by);

  mutable std::mutex mutex_;
  Instant now_;
  Duration boot_time_;
};

}  // namespace duetime
