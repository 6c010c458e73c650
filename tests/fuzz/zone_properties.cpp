#include "tests/fuzz/zone_properties.h"

#include <string>
#include <vector>

#include "tests/fuzz/property.h"

namespace duetime::fuzz {
namespace {

constexpr Duration kMicro{1};
constexpr Duration kFarApart = std::chrono::hours{24 * 5};  // changes of offset by up to 51 hours keep apart
constexpr int kTransitionsVisited = 24;

[[noreturn]] void violated(const TimeZone& zone, Instant t, const std::string& what) {
  throw PropertyViolated("zone " + zone.name() + " at " + to_string(t) + ": " + what);
}

// All changes around `t` are so far from each other that no wall time comes three times.
bool changes_are_apart(const TimeZone& zone, Instant t) {
  const ZonePeriod period = zone.period_at(t);
  const auto is_long = [](const ZonePeriod& p) {
    return p.begin == Instant::min() || p.end == Instant::max() || p.end - p.begin > kFarApart;
  };
  const bool before = period.begin == Instant::min() || is_long(zone.period_at(period.begin - kMicro));
  const bool after = period.end == Instant::max() || is_long(zone.period_at(period.end));
  return before && is_long(period) && after;
}

// The wall time that is shown at `t`, looked up.
void check_lookup(const TimeZone& zone, Instant t) {
  const CivilTime wall = zone.to_civil(t);
  const CivilLookup found = zone.lookup(wall);
  if (!changes_are_apart(zone, t)) return;
  switch (found.kind) {
    case CivilLookup::Kind::kSkipped:
      violated(zone, t, "what the clock shows then is said to be skipped");
    case CivilLookup::Kind::kUnique:
      if (found.pre != t || found.trans != t || found.post != t) violated(zone, t, "comes back another time");
      break;
    case CivilLookup::Kind::kRepeated:
      if (found.pre != t && found.post != t) violated(zone, t, "is neither of two times");
      if (found.pre >= found.trans || found.trans > found.post) violated(zone, t, "two times out of order");
      if (zone.to_civil(found.pre) != wall || zone.to_civil(found.post) != wall) {
        violated(zone, t, "not both of two times are shown alike");
      }
      break;
  }
}

void check_at(const TimeZone& zone, Instant t) {
  const ZonePeriod period = zone.period_at(t);
  if (t < period.begin || t >= period.end) violated(zone, t, "the period does not contain it");
  if (zone.offset_at(t) != period.offset) violated(zone, t, "the period has another offset");
  check_lookup(zone, t);
}

// A wall time that the change at `at` may have skipped.
void check_skipped(const TimeZone& zone, const ZoneTransition& change) {
  const auto gap = change.offset_after - change.offset_before;
  if (gap.count() <= 0 || !changes_are_apart(zone, change.at) ||
      !changes_are_apart(zone, change.at - kMicro)) {
    return;
  }
  const CivilTime wall{change.at.time_since_epoch() + change.offset_before + gap / 2};
  const CivilLookup found = zone.lookup(wall);
  if (found.kind != CivilLookup::Kind::kSkipped) violated(zone, change.at, "the gap is not skipped");
  if (found.trans != change.at) violated(zone, change.at, "the gap ends at another time");
  if (found.post >= found.trans || found.pre < found.trans) violated(zone, change.at, "a gap out of order");
}

void check_transition(const TimeZone& zone, const ZoneTransition& change) {
  if (change.offset_before == change.offset_after) violated(zone, change.at, "nothing changes");
  if (zone.offset_at(change.at - kMicro) != change.offset_before) violated(zone, change.at, "offset before");
  if (zone.offset_at(change.at) != change.offset_after) violated(zone, change.at, "offset after");
  check_at(zone, change.at - kMicro);
  check_at(zone, change.at);
  check_skipped(zone, change);
}

void check_transitions(const TimeZone& zone, Instant from) {
  for (int visited = 0; visited < kTransitionsVisited; ++visited) {
    const auto change = zone.next_transition(from);
    if (!change) return;
    if (change->at <= from) violated(zone, from, "the next change is not later");
    check_transition(zone, *change);
    from = change->at;
  }
}

}  // namespace

void check_zone(const TimeZone& zone) {
  check_at(zone, kEarliestInstant);
  check_at(zone, kLatestInstant);
  for (const char* from : {"0001-01-01T00:00:00Z", "1883-01-01T00:00:00Z", "2026-01-01T00:00:00Z",
                           "2437-01-01T00:00:00Z", "9990-01-01T00:00:00Z"}) {
    const Instant t = parse_instant(from, "instant");
    check_at(zone, t);
    check_transitions(zone, t);
  }
}

}  // namespace duetime::fuzz
