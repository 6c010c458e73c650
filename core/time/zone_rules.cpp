#include "core/time/zone_rules.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "core/base/error.h"

namespace duetime {
namespace {

constexpr int64_t kMicros = 1'000'000;
constexpr int kCycleYears = 400;
constexpr int64_t kCycleMicros = int64_t{146'097} * 86'400 * kMicros;
constexpr int64_t kFirst = std::numeric_limits<int64_t>::min();
constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
constexpr std::size_t kMaxStretches = 4096;
constexpr int kShortestStretch = 43;  // 2^43 us are 101.8 days

int64_t start_of_year(int year) {
  return std::chrono::microseconds{CivilDay{date::year{year} / 1 / 1}.time_since_epoch()}.count();
}

int year_of(int64_t micros) { return fields_of(CivilTime{Duration{micros}}).year; }

// Seconds; a file without transitions follows its rule from the beginning.
int64_t last_listed(const TzifData& data) {
  const int64_t earliest = to_micros(kEarliestInstant) / kMicros;
  const int64_t latest = to_micros(kLatestInstant) / kMicros;
  return data.transitions.empty() ? earliest : std::clamp(data.transitions.back().at, earliest, latest);
}

// Requires: rule.daylight
std::vector<TzifTransition> changes_by_rule(const PosixRule& rule, int first_year, int last_year) {
  const PosixRule::Daylight& daylight = *rule.daylight;
  std::vector<TzifTransition> changes;
  for (int year = first_year; year <= last_year; ++year) {
    changes.push_back({wall_seconds(daylight.ends, year) - daylight.offset, rule.offset});
    changes.push_back({wall_seconds(daylight.begins, year) - rule.offset, daylight.offset});
  }
  // Stable: where daylight time ends and begins in the same second, it never ended
  // (`<-03>3<-02>,0/0,J365/25`).
  std::stable_sort(changes.begin(), changes.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
  return changes;
}

ZonePeriod moved(ZonePeriod period, int64_t by) {
  if (period.begin != Instant::min()) period.begin += Duration{by};
  if (period.end != Instant::max()) period.end += Duration{by};
  return period;
}

CivilLookup moved(CivilLookup lookup, int64_t by) {
  return {lookup.kind, lookup.pre + Duration{by}, lookup.trans + Duration{by}, lookup.post + Duration{by}};
}

constexpr int64_t kWeekSeconds = 7 * 86'400;
constexpr int64_t kFirstProbed = -2'208'988'800;                        // 1900-01-01
constexpr int64_t kCycleProbed = kFirstProbed + 28'073 * kWeekSeconds;  // 2438-01-11
constexpr int64_t kLastProbed = kCycleProbed + 54 * kWeekSeconds;       // so that the last change has a next

// A function from outside that tells offsets, checked, and the changes between its answers.
class ProbedZone {
 public:
  ProbedZone(const std::function<std::chrono::seconds(Instant)>& offset_at, const std::string& name)
      : offset_at_(offset_at), name_(name) {}

  int64_t offset_at(int64_t second) const {
    const int64_t offset = offset_at_(from_micros(second * kMicros)).count();
    if (offset > -86'400 && offset < 86'400) return offset;
    throw Error(ErrorCode::kInvalidArgument, "time zone " + name_ + ": got an offset of " +
                                                 std::to_string(offset) +
                                                 " s, expected less than 24 hours either way");
  }

  // The first second at which the offset is another than at `low`.
  // Requires: it is another at `high`.
  int64_t next_change(int64_t low, int64_t high) const {
    const int64_t before = offset_at(low);
    while (high - low > 1) {
      const int64_t middle = low + (high - low) / 2;
      (offset_at(middle) == before ? low : high) = middle;
    }
    return high;
  }

 private:
  const std::function<std::chrono::seconds(Instant)>& offset_at_;
  const std::string& name_;
};

}  // namespace

ZoneRules::ZoneRules(std::string name) : name_(std::move(name)), cycle_end_(kNever) {}

ZoneRules::ZoneRules(std::string name, std::chrono::seconds fixed_offset) : ZoneRules(std::move(name)) {
  periods_.push_back({kFirst, fixed_offset.count()});
  close();
}

ZoneRules ZoneRules::from_tzif(std::string name, std::string_view bytes) {
  const TzifData data = parse_tzif(bytes, name);
  const auto rule = parse_posix_rule(data.footer);
  if (!rule && !data.footer.empty()) {
    throw Error(ErrorCode::kStoreCorrupt, "time zone data of " + name + ": the footer \"" +
                                              std::string(data.footer) + "\" is not a POSIX rule");
  }
  ZoneRules rules(std::move(name));
  rules.periods_.push_back({kFirst, data.first_offset});
  for (const TzifTransition& transition : data.transitions) rules.add(transition.at, transition.offset);
  if (rule && data.transitions.empty()) rules.periods_.front().offset = rule->offset;
  if (rule && rule->daylight) rules.follow(*rule, last_listed(data));
  rules.close();
  return rules;
}

ZoneRules ZoneRules::from_offsets(std::string name,
                                  const std::function<std::chrono::seconds(Instant)>& offset_at) {
  const ProbedZone probe(offset_at, name);
  ZoneRules rules(std::move(name));
  rules.periods_.push_back({kFirst, probe.offset_at(kFirstProbed)});
  for (int64_t week = kFirstProbed; week < kLastProbed; week += kWeekSeconds) {
    for (int64_t at = week; probe.offset_at(at) != probe.offset_at(week + kWeekSeconds);) {
      at = probe.next_change(at, week + kWeekSeconds);
      rules.add(at, static_cast<int>(probe.offset_at(at)));
    }
  }
  rules.cycle_end_ = kCycleProbed * kMicros;
  rules.close();
  return rules;
}

// Keeps the table sorted and free of changes that change nothing (a new abbreviation, say). Changes before
// the year 1 only say what holds at its beginning; those after 9999 concern nobody.
void ZoneRules::add(int64_t at_seconds, int offset_seconds) {
  const int64_t offset = offset_seconds;
  if (at_seconds <= to_micros(kEarliestInstant) / kMicros) {
    periods_.front().offset = offset;
    return;
  }
  if (at_seconds > to_micros(kLatestInstant) / kMicros) return;
  const int64_t at = at_seconds * kMicros;
  if (periods_.back().begin == at) periods_.pop_back();
  if (periods_.back().offset != offset) periods_.push_back({at, offset});
}

// Writes the rule out from the year of the last listed transition on: 400 years that repeat, and two years
// before and one after them, so that every transition in them has its neighbours.
void ZoneRules::follow(const PosixRule& rule, int64_t listed_until) {
  const int first_year = year_of(listed_until * kMicros);
  const int last_year = first_year + kCycleYears + 3;
  // A year more is computed: what ends in the last second of a year may go on in the first of the next.
  const int64_t end = start_of_year(last_year + 1);
  for (const TzifTransition& change : changes_by_rule(rule, first_year, last_year + 1)) {
    if (change.at > listed_until && change.at * kMicros < end) add(change.at, change.offset);
  }
  const bool goes_on_changing = periods_.back().begin >= start_of_year(first_year + 2);
  if (goes_on_changing) cycle_end_ = start_of_year(first_year + kCycleYears + 2);
}

void ZoneRules::close() {
  periods_.push_back({kNever, periods_.back().offset});
  if (periods_.size() == 2) return;
  index_base_ = periods_[1].begin;
  const auto span = static_cast<uint64_t>(periods_[periods_.size() - 2].begin - index_base_);
  index_shift_ = kShortestStretch;
  while ((span >> index_shift_) >= kMaxStretches) ++index_shift_;
  std::size_t period = 1;
  for (uint64_t stretch = 0; stretch <= (span >> index_shift_); ++stretch) {
    const int64_t begin = index_base_ + static_cast<int64_t>(stretch << index_shift_);
    while (periods_[period + 1].begin <= begin) ++period;
    index_.push_back(static_cast<uint32_t>(period));
  }
  index_.push_back(static_cast<uint32_t>(periods_.size() - 2));
}

int64_t ZoneRules::cycles_back(int64_t micros) const {
  if (micros < cycle_end_) return 0;
  return ((micros - cycle_end_) / kCycleMicros + 1) * kCycleMicros;
}

std::size_t ZoneRules::index_at(int64_t micros) const {
  if (micros < periods_[1].begin) return 0;
  const uint64_t stretch =
      (static_cast<uint64_t>(micros) - static_cast<uint64_t>(index_base_)) >> index_shift_;
  if (stretch + 1 >= index_.size()) return periods_.size() - 2;
  std::size_t low = index_[stretch];
  std::size_t high = index_[stretch + 1];
  while (low < high) {
    const std::size_t middle = (low + high + 1) / 2;
    if (periods_[middle].begin <= micros) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low;
}

bool ZoneRules::has_same_periods_as(const ZoneRules& other) const {
  return periods_ == other.periods_ && cycle_end_ == other.cycle_end_;
}

ZonePeriod ZoneRules::period_at(Instant t) const {
  const int64_t back = cycles_back(to_micros(t));
  const std::size_t i = index_at(to_micros(t) - back);
  const ZonePeriod period{from_micros(periods_[i].begin), from_micros(periods_[i + 1].begin),
                          std::chrono::seconds{periods_[i].offset}};
  return back == 0 ? period : moved(period, back);
}

CivilLookup ZoneRules::lookup(CivilTime time) const {
  const int64_t wall = time.time_since_epoch().count();
  const int64_t back = cycles_back(wall);
  const CivilLookup found = lookup_in_table(wall - back);
  return back == 0 ? found : moved(found, back);
}

// Starts from the period that would be right if the wall clock showed UTC and goes to the neighbours: at the
// change to period k the wall clock runs from `shows_last` to `shows_next`, and the times between the two are
// skipped or come twice.
CivilLookup ZoneRules::lookup_in_table(int64_t wall) const {
  std::size_t k = index_at(wall);
  const auto shows_last = [&](std::size_t p) { return periods_[p].begin + periods_[p - 1].offset * kMicros; };
  const auto shows_next = [&](std::size_t p) { return periods_[p].begin + periods_[p].offset * kMicros; };
  while (k > 0 && wall < std::max(shows_last(k), shows_next(k))) {
    if (wall >= std::min(shows_last(k), shows_next(k))) return ambiguous(k, wall);
    --k;
  }
  while (k + 2 < periods_.size() && wall >= std::min(shows_last(k + 1), shows_next(k + 1))) {
    ++k;
    if (wall < std::max(shows_last(k), shows_next(k))) return ambiguous(k, wall);
  }
  const Instant only = from_micros(wall - periods_[k].offset * kMicros);
  return {CivilLookup::Kind::kUnique, only, only, only};
}

CivilLookup ZoneRules::ambiguous(std::size_t later, int64_t wall) const {
  const int64_t before = periods_[later - 1].offset * kMicros;
  const int64_t after = periods_[later].offset * kMicros;
  return {after > before ? CivilLookup::Kind::kSkipped : CivilLookup::Kind::kRepeated,
          from_micros(wall - before), from_micros(periods_[later].begin), from_micros(wall - after)};
}

}  // namespace duetime
