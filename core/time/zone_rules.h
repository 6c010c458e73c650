// The periods of one zone, each with its offset, ready for fast lookup.
//
// The footer's rule is written out for 400 years after the file's last transition, once. Later instants are
// moved back by multiples of 400 years: the Gregorian calendar repeats after 146,097 days, which are whole
// weeks, so a rule like "second Sunday in March" gives the same days again. All lookups are then one table
// access (an index by stretches of about 100 days) and a search among the one or two periods that begin
// there. Nothing allocates.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/time/posix_rule.h"
#include "core/time/time_zone.h"
#include "core/time/tzif.h"

namespace duetime {

class ZoneRules {
 public:
  ZoneRules(std::string name, std::chrono::seconds fixed_offset);

  // Throws kStoreCorrupt.
  static ZoneRules from_tzif(std::string name, std::string_view bytes);

  // As TimeZone::from_offsets().
  static ZoneRules from_offsets(std::string name,
                                const std::function<std::chrono::seconds(Instant)>& offset_at);

  const std::string& name() const { return name_; }
  ZonePeriod period_at(Instant t) const;
  CivilLookup lookup(CivilTime time) const;
  bool has_same_periods_as(const ZoneRules& other) const;

 private:
  struct Period {
    bool operator==(const Period&) const = default;

    int64_t begin;   // microseconds
    int64_t offset;  // seconds
  };

  explicit ZoneRules(std::string name);
  void add(int64_t at_seconds, int offset_seconds);
  void follow(const PosixRule& rule, int64_t listed_until);
  void close();
  int64_t cycles_back(int64_t micros) const;
  std::size_t index_at(int64_t micros) const;
  CivilLookup lookup_in_table(int64_t wall) const;
  CivilLookup ambiguous(std::size_t later, int64_t wall) const;

  std::string name_;
  std::vector<Period> periods_;  // sorted; the first begins with the earliest int64, the last is a sentinel
  std::vector<uint32_t> index_;  // per stretch: the period at its beginning
  int64_t index_base_ = 0;
  int index_shift_ = 0;
  int64_t cycle_end_;  // from here on instants are moved back; the largest int64 if the zone stops changing
};

}  // namespace duetime
