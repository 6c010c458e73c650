#include "core/triggers/preview.h"

#include "core/base/error.h"

namespace duetime {
namespace {

WallTime wall_time_at(const TimeZone& zone, Instant t) {
  const CivilLookup found = zone.lookup(zone.to_civil(t));
  if (found.kind != CivilLookup::Kind::kRepeated) return WallTime::kUnique;
  return t == found.pre ? WallTime::kFirstOfTwo : WallTime::kSecondOfTwo;
}

std::optional<ZoneTransition> last_transition(const TimeZone& zone, Instant after, Instant until) {
  const ZonePeriod period = zone.period_at(until);
  if (period.begin <= after || period.begin == Instant::min()) return std::nullopt;
  return ZoneTransition{period.begin, zone.offset_at(period.begin - Duration{1}), period.offset};
}

}  // namespace

std::vector<PreviewedFire> preview(const Trigger& trigger, Instant now, std::size_t count) {
  const TimeZone& zone = trigger.zone();
  std::vector<PreviewedFire> fires;
  std::optional<Instant> previous;
  while (fires.size() < count) {
    const auto fire = next_fire_checked(trigger, previous, previous.value_or(now));
    if (!fire) break;
    fires.push_back({*fire, zone.offset_at(*fire), wall_time_at(zone, *fire),
                     last_transition(zone, previous.value_or(now), *fire)});
    previous = fire;
  }
  return fires;
}

}  // namespace duetime
