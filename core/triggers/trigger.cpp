#include "core/triggers/trigger.h"

#include <string>

#include "core/base/error.h"

namespace duetime {
namespace {

[[noreturn]] void refuse_answer(const Trigger& trigger, const std::string& what) {
  throw Error(ErrorCode::kCallback,
              "trigger of type \"" + std::string(trigger.type()) + "\" answered " + what);
}

}  // namespace

std::optional<Instant> next_fire_checked(const Trigger& trigger, std::optional<Instant> previous,
                                         Instant now) {
  const auto next = trigger.next_fire_time(previous, now);
  if (!next) return next;
  if (!is_valid(*next)) refuse_answer(trigger, "a time outside the years 1 to 9999");
  if (previous && *next <= *previous) {
    refuse_answer(trigger,
                  to_string(*next) + ", which is not later than the previous fire " + to_string(*previous));
  }
  return next;
}

std::optional<Instant> Trigger::first_from(Instant from, std::optional<Instant>) const {
  if (from <= kEarliestInstant) return next_fire_time(std::nullopt, from);
  return next_fire_time(from - Duration{1}, from);
}

Duration Trigger::jitter(Instant) const { return Duration{0}; }

const TimeZone& Trigger::zone() const {
  static const TimeZone& utc = *new TimeZone;
  return utc;
}

std::string Trigger::explain() const { return "as the trigger \"" + std::string(type()) + "\" decides"; }

Backlog Trigger::backlog(Instant first, Instant until, std::size_t keep) const {
  Backlog backlog;
  backlog.next = first;
  for (int steps = 0; backlog.next && *backlog.next <= until; ++steps) {
    if (steps == kMaxBacklogSteps) {
      backlog.dropped_is_exact = false;
      backlog.next = next_fire_checked(*this, until, until);
      break;
    }
    backlog.fires.push_back(*backlog.next);
    backlog.next = next_fire_checked(*this, backlog.next, until);
  }
  if (backlog.fires.size() > keep) {
    const auto surplus = static_cast<std::ptrdiff_t>(backlog.fires.size() - keep);
    backlog.fires.erase(backlog.fires.begin(), backlog.fires.begin() + surplus);
    backlog.dropped = surplus;
  }
  return backlog;
}

}  // namespace duetime
