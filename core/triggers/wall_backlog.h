// Trigger::backlog() of a rule whose fires lie at whole seconds and are found by at_or_after(second), which
// answers the first fire, or kNoFire: what a rule about wall times gives, with its start and end observed.
//
// A few hundred missed fires are counted one by one. Of more, the latest are found by going back in windows
// that double, and the number of the others is only given as a lower bound.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "core/triggers/trigger.h"

namespace duetime {

template <typename AtOrAfter>
class WallBacklog {
 public:
  using Second = std::chrono::sys_seconds;
  static constexpr Second kNoFire = Second::max();

  explicit WallBacklog(const AtOrAfter& at_or_after) : at_or_after_(at_or_after) {}

  Backlog of(Instant first, Instant until, std::size_t keep) const {
    Backlog backlog = count(first, until, keep + std::min(kCountedDrops, SIZE_MAX - keep));
    if (backlog.next && *backlog.next <= until) return latest(first, until, keep);
    if (backlog.fires.size() <= keep) return backlog;
    const auto surplus = static_cast<std::ptrdiff_t>(backlog.fires.size() - keep);
    backlog.fires.erase(backlog.fires.begin(), backlog.fires.begin() + surplus);
    backlog.dropped = surplus;
    return backlog;
  }

  // A few dozen steps, however far back the fire is and however many there are before it.
  // Requires: there is a fire in [first, limit].
  Second last_at_or_before(Second limit, Second first) const {
    std::chrono::seconds window{1};
    while (limit - window > first && at_or_after_(limit - window) > limit) window *= 2;
    Second low = at_or_after_(std::max(first, limit - window));
    for (Second high = limit; low < high;) {
      const Second middle = high - (high - low) / 2;
      const Second fire = at_or_after_(middle);
      if (fire <= limit) {
        low = fire;
      } else {
        high = middle - std::chrono::seconds{1};
      }
    }
    return low;
  }

 private:
  static constexpr std::size_t kCountedDrops = 256;

  static Second second_of(Instant t) { return std::chrono::floor<std::chrono::seconds>(t); }

  std::optional<Instant> after(Instant t) const {
    const Second fire = at_or_after_(second_of(t) + std::chrono::seconds{1});
    return fire == kNoFire ? std::nullopt : std::optional<Instant>(fire);
  }

  // Step by step from `first`, which is a fire even where the rule has none: it may have been set by hand.
  Backlog count(Instant first, Instant until, std::size_t max) const {
    Backlog backlog;
    backlog.next = first;
    while (backlog.next && *backlog.next <= until && backlog.fires.size() < max) {
      backlog.fires.push_back(*backlog.next);
      backlog.next = after(*backlog.next);
    }
    return backlog;
  }

  // Requires: more than keep + kCountedDrops fires in [first, until].
  Backlog latest(Instant first, Instant until, std::size_t keep) const {
    Backlog backlog;
    Second limit = second_of(until);
    const Second from = std::chrono::ceil<std::chrono::seconds>(first);
    while (backlog.fires.size() < keep) {
      const Second fire = last_at_or_before(limit, from);
      backlog.fires.push_back(fire);
      limit = fire - std::chrono::seconds{1};
    }
    std::reverse(backlog.fires.begin(), backlog.fires.end());
    backlog.dropped = static_cast<int64_t>(kCountedDrops);
    backlog.dropped_is_exact = false;
    backlog.next = after(until);
    return backlog;
  }

  const AtOrAfter& at_or_after_;
};

}  // namespace duetime
