#include "core/triggers/cron_fires.h"

#include <algorithm>
#include <utility>

namespace duetime {
namespace {

constexpr int64_t kMicros = 1'000'000;

// Longer than any offset and any change of offset together: further away than this, a change has no effect.
constexpr Duration kReach = std::chrono::hours{4 * 24};

bool fires_once(DstPolicy dst, const CronSchedule& schedule) {
  return dst == DstPolicy::kSkip || (dst == DstPolicy::kVixie && !schedule.follows_the_clock());
}

// floor(), because instants before 1970 are negative.
int64_t seconds_of(Instant t) {
  return std::chrono::floor<std::chrono::seconds>(t).time_since_epoch().count();
}

std::optional<Instant> earlier(std::optional<Instant> a, std::optional<Instant> b) {
  if (!a || !b) return a ? a : b;
  return std::min(a, b);
}

}  // namespace

CronFires::CronFires(CronSchedule schedule, TimeZone zone, DstPolicy dst)
    : schedule_(std::move(schedule)),
      zone_(std::move(zone)),
      dst_(dst),
      fires_once_(fires_once(dst, schedule_)) {}

// The first match at or after what a clock with `offset` shows at `from`, as an instant of that clock.
std::optional<Instant> CronFires::match(Instant from, Duration offset) const {
  const auto wall = schedule_.next_match(seconds_of(from + offset));
  if (!wall) return std::nullopt;
  return from_micros(*wall * kMicros) - offset;
}

std::optional<Instant> CronFires::at_or_after(Instant from) const {
  const ZonePeriod period = zone_.period_at(from);
  if (from < period.begin + kReach) return near_changes(from);
  const auto fire = match(from, period.offset);
  if (fire && *fire < period.end) return fire;
  if (from >= period.end - kReach) return near_changes(from);
  if (!fire) return std::nullopt;
  const CivilLookup shown = zone_.lookup(CivilTime{(*fire + period.offset).time_since_epoch()});
  return shown.kind == CivilLookup::Kind::kUnique ? shown.post : near_changes(from);
}

std::optional<Instant> CronFires::near_changes(Instant from) const {
  for (std::optional<Instant> at = from; at;) {
    const ZonePeriod period = zone_.period_at(*at);
    if (const auto fire = fire_in(period, *at)) return fire;
    at = after_period(period, *at);
  }
  return std::nullopt;
}

// Where to go on when `period` has no fire from `from` on. If nothing matches for years, the periods in
// between are passed over, but for the last days, where a change may show or skip the match.
std::optional<Instant> CronFires::after_period(const ZonePeriod& period, Instant from) const {
  if (period.end > kLatestInstant) return std::nullopt;
  if (period.end - kReach < from) return period.end;
  const auto wall = match(from, Duration{0} + period.offset);
  if (!wall) return std::nullopt;
  return std::max(period.end, *wall - kReach);
}

std::optional<Instant> CronFires::fire_in(const ZonePeriod& period, Instant from) const {
  const bool is_first = period.begin == Instant::min();
  const Duration before = is_first ? period.offset : zone_.offset_at(period.begin - Duration{1});
  const auto fire = earlier(shown_fire(period, before, from), skipped_fire(period, before, from));
  return fire && *fire < period.end ? fire : std::nullopt;
}

// A wall time that the clock shows within the period.
std::optional<Instant> CronFires::shown_fire(const ZonePeriod& period, Duration before, Instant from) const {
  if (fires_once_ && before > period.offset) from = std::max(from, period.begin + (before - period.offset));
  return match(from, period.offset);
}

// A wall time that was skipped when the period began: read with the offset of before, it lies in the hour
// (say) that follows the change.
std::optional<Instant> CronFires::skipped_fire(const ZonePeriod& period, Duration before,
                                               Instant from) const {
  if (before >= period.offset || dst_ == DstPolicy::kSkip) return std::nullopt;
  const bool vixie = dst_ == DstPolicy::kVixie;
  if (vixie && (schedule_.follows_the_clock() || from > period.begin)) return std::nullopt;
  const auto fire = match(from, before);
  if (!fire || *fire >= period.begin + (period.offset - before)) return std::nullopt;
  return vixie ? period.begin : *fire;
}

// Goes back in windows that double until one has a fire, then halves what lies between that fire and the
// limit: a few dozen steps, however far back it is and however many fires there are before it.
Instant CronFires::last_at_or_before(Instant limit, Instant first) const {
  const auto has_fire = [&](Instant from) { return at_or_after(from).value_or(Instant::max()) <= limit; };
  Duration window = std::chrono::seconds{1};
  while (limit - window > first && !has_fire(limit - window)) window *= 2;
  Instant low = *at_or_after(std::max(first, limit - window));
  for (Instant high = limit; low < high;) {
    const Instant middle = low + std::chrono::ceil<std::chrono::seconds>((high - low) / 2);
    if (has_fire(middle)) {
      low = *at_or_after(middle);
    } else {
      high = middle - std::chrono::seconds{1};
    }
  }
  return low;
}

}  // namespace duetime
