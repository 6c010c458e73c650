#include "core/triggers/cron_fires.h"

#include <algorithm>
#include <utility>

namespace duetime {
namespace {

using Second = CronFires::Second;
using std::chrono::seconds;

// A file's offsets lie within 51 hours of each other. So far away from a change, an instant may be taken for
// the wall time of any of them and the change still has no effect on it.
constexpr seconds kReach = std::chrono::hours{5 * 24};

bool fires_once(DstPolicy dst, const CronSchedule& schedule) {
  return dst == DstPolicy::kSkip || (dst == DstPolicy::kVixie && !schedule.follows_the_clock());
}

// Changes of offset happen at whole seconds.
Second second_of(Instant t) { return std::chrono::floor<seconds>(t); }

}  // namespace

CronFires::CronFires(CronSchedule schedule, TimeZone zone, DstPolicy dst)
    : schedule_(std::move(schedule)),
      zone_(std::move(zone)),
      dst_(dst),
      first_offset_(zone_.offset_at(kEarliestInstant)),
      never_changes_(!zone_.next_transition(kEarliestInstant)),
      never_fires_(schedule_.next_match(0) == CronSchedule::kNoMatch),
      fires_once_(fires_once(dst, schedule_)) {}

// The first match at or after what a clock with `offset` shows at `from`, as a second of that clock.
Second CronFires::match(Second from, Offset offset) const {
  const int64_t wall = schedule_.next_match((from + offset).time_since_epoch().count());
  return wall == CronSchedule::kNoMatch ? kNoFire : Second{seconds{wall}} - offset;
}

Second CronFires::at_or_after(Second from) const {
  if (never_changes_) return match(from, first_offset_);
  const ZonePeriod period = zone_.period_at(from);
  if (from < period.begin + kReach) return near_changes(from);
  const Second fire = match(from, period.offset);
  if (fire < second_of(period.end)) return fire;
  if (from >= period.end - kReach) return near_changes(from);
  if (fire == kNoFire) return kNoFire;
  // Almost always in the middle of another period, which then is the one that shows it.
  const ZonePeriod there = zone_.period_at(fire);
  if (fire >= there.begin + kReach && fire < there.end - kReach) return fire + period.offset - there.offset;
  return near_changes(from);
}

Second CronFires::near_changes(Second from) const {
  if (never_fires_) return kNoFire;
  while (from != kNoFire) {
    const ZonePeriod period = zone_.period_at(from);
    if (const Second fire = fire_in(period, from); fire != kNoFire) return fire;
    from = after_period(period, from);
  }
  return kNoFire;
}

// Where to go on when `period` has no fire from `from` on. If nothing matches for years, the periods in
// between are passed over, but for the last days, where a change may show or skip the match.
Second CronFires::after_period(const ZonePeriod& period, Second from) const {
  if (period.end > kLatestInstant) return kNoFire;
  if (period.end - kReach < from) return second_of(period.end);
  const Second next = match(from, period.offset);
  return next == kNoFire ? kNoFire : std::max(second_of(period.end), next - kReach);
}

Second CronFires::fire_in(const ZonePeriod& period, Second from) const {
  const bool is_first = period.begin == Instant::min();
  const Offset before = is_first ? period.offset : zone_.offset_at(period.begin - Duration{1});
  const Second fire = std::min(shown_fire(period, before, from), skipped_fire(period, before, from));
  return fire < second_of(period.end) ? fire : kNoFire;
}

// A wall time that the clock shows within the period.
Second CronFires::shown_fire(const ZonePeriod& period, Offset before, Second from) const {
  if (fires_once_ && before > period.offset) {
    from = std::max(from, second_of(period.begin) + (before - period.offset));
  }
  return match(from, period.offset);
}

// A wall time that was skipped when the period began: read with the offset of before, it lies in the hour
// (say) that follows the change.
Second CronFires::skipped_fire(const ZonePeriod& period, Offset before, Second from) const {
  if (before >= period.offset || dst_ == DstPolicy::kSkip) return kNoFire;
  const bool vixie = dst_ == DstPolicy::kVixie;
  if (vixie && (schedule_.follows_the_clock() || from > period.begin)) return kNoFire;
  const Second fire = match(from, before);
  if (fire >= second_of(period.begin) + (period.offset - before)) return kNoFire;
  return vixie ? second_of(period.begin) : fire;
}

// Goes back in windows that double until one has a fire, then halves what lies between that fire and the
// limit: a few dozen steps, however far back it is and however many fires there are before it.
Second CronFires::last_at_or_before(Second limit, Second first) const {
  seconds window{1};
  while (limit - window > first && at_or_after(limit - window) > limit) window *= 2;
  Second low = at_or_after(std::max(first, limit - window));
  for (Second high = limit; low < high;) {
    const Second middle = high - (high - low) / 2;
    const Second fire = at_or_after(middle);
    if (fire <= limit) {
      low = fire;
    } else {
      high = middle - seconds{1};
    }
  }
  return low;
}

}  // namespace duetime
