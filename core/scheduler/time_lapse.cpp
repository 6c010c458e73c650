#include "core/scheduler/time_lapse.h"

#include <poll.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "core/base/error.h"

namespace duetime {
namespace {

constexpr Duration kLongestWait = std::chrono::milliseconds(100);

// Whether this thread is playing: then the caller is a listener, or a task of an inline executor.
thread_local bool playing = false;

// Real time, in which tasks of other threads run.
class Deadline {
 public:
  explicit Deadline(Duration timeout)
      : end_(timeout >= kForever ? SteadyTime::max() : std::chrono::steady_clock::now() + timeout) {}

  bool has_passed() const { return std::chrono::steady_clock::now() >= end_; }

  int wait_milliseconds() const {
    const auto left = std::clamp<SteadyTime::duration>(end_ - std::chrono::steady_clock::now(),
                                                       SteadyTime::duration::zero(), kLongestWait);
    return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(left).count());
  }

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;
  static constexpr Duration kForever = std::chrono::hours(24 * 365);

  SteadyTime end_;
};

struct PlayingHere {
  PlayingHere() { playing = true; }
  ~PlayingHere() { playing = false; }
};

class TimeLapse {
 public:
  TimeLapse(std::span<Scheduler* const> schedulers, ManualClock& clock, Duration timeout)
      : schedulers_(schedulers), clock_(clock), deadline_(timeout) {}

  bool play(Instant until) {
    const PlayingHere here;
    Instant step = clock_.now();
    for (;;) {
      const std::optional<Instant> next = settle(step);
      if (!next) return false;
      const Instant now = clock_.now();
      if (now > until) return true;  // tasks moved it
      if (now == step) {
        if (*next > until) break;
        move_to(*next);
      }
      step = clock_.now();
    }
    move_to(until);
    return true;
  }

  void move_to(Instant to) {
    const Instant now = clock_.now();
    if (to > now) clock_.advance(to - now);
  }

 private:
  // Until nothing is under way and nothing is due at `step`; answers what is due next. Empty if time ran out.
  // A task that moves the clock makes more due, which is not claimed before everything of this step has
  // ended.
  std::optional<Instant> settle(Instant step) {
    for (;;) {
      const Instant next = run_all(step);
      const bool executing = is_executing();
      if (!executing && clock_.now() > step) return next;
      const bool busy = executing || next <= step;
      if (!busy && !has_work(0)) return next;
      if (deadline_.has_passed()) return std::nullopt;
      if (busy) has_work(deadline_.wait_milliseconds());
    }
  }

  Instant run_all(Instant step) {
    Instant next = kLatestInstant;
    for (Scheduler* scheduler : schedulers_) next = std::min(next, run(*scheduler, step));
    return next;
  }

  static Instant run(Scheduler& scheduler, Instant step) {
    try {
      return scheduler.run_due(step);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kNotRunning) throw;
      return kLatestInstant;
    }
  }

  bool is_executing() const {
    return std::ranges::any_of(schedulers_, [](const Scheduler* s) { return s->executing() > 0; });
  }

  // Whether one of them has, after waiting so long for it.
  bool has_work(int milliseconds) const {
    std::vector<pollfd> descriptors;
    for (const Scheduler* scheduler : schedulers_) {
      if (scheduler->state() != SchedulerState::kStopped) {
        descriptors.push_back({scheduler->wakeup_fd(), POLLIN, 0});
      }
    }
    return ::poll(descriptors.data(), descriptors.size(), milliseconds) > 0;
  }

  const std::span<Scheduler* const> schedulers_;
  ManualClock& clock_;
  const Deadline deadline_;
};

}  // namespace

bool play(std::span<Scheduler* const> schedulers, ManualClock& clock, Instant until, Duration timeout) {
  TimeLapse lapse(schedulers, clock, timeout);
  if (executing_host() == nullptr && !playing) return lapse.play(until);
  lapse.move_to(until);
  return true;
}

}  // namespace duetime
