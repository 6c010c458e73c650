// A time zone is the function between instants and civil time, read from the system's tz database (TZif
// files) and continued beyond the file's last transition by its POSIX rule, so that 2040 and 9999 are as
// exact as 2026.
//
// lookup() returns the ambiguity instead of choosing. Worked for America/New_York:
//   2026-07-01 12:00  kUnique:   pre = trans = post = 16:00 UTC
//   2026-03-08 02:30  kSkipped:  pre  = 07:30 UTC (offset before the gap, -05:00; shows 03:30)
//                                trans = 07:00 UTC (the change; first valid instant)
//                                post = 06:30 UTC (offset after the gap, -04:00; shows 01:30)
//   2026-11-01 01:30  kRepeated: pre  = 05:30 UTC (first), trans = 06:00 UTC, post = 06:30 UTC (second)
// Which one to take is the trigger's policy, never this file's.
//
// A TimeZone is a cheap, immutable value. All functions may be called from any thread.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/time/civil.h"
#include "core/time/instant.h"

namespace duetime {

struct CivilLookup {
  enum class Kind { kUnique, kSkipped, kRepeated };
  Kind kind;
  Instant pre;
  Instant trans;
  Instant post;
};

struct ZoneTransition {
  Instant at;
  std::chrono::seconds offset_before;
  std::chrono::seconds offset_after;
};

// A stretch of time with one offset: [begin, end).
struct ZonePeriod {
  Instant begin;
  Instant end;
  std::chrono::seconds offset;
};

class ZoneRules;  // the transitions; time_zone.cpp

class TimeZone {
 public:
  // UTC.
  TimeZone();

  // A zone that never changes; its name is "UTC" for 0, else "+05:30" and the like.
  // Throws kInvalidArgument unless -24 h < offset < 24 h.
  static TimeZone fixed(std::chrono::seconds offset);

  // "UTC", "+05:30", or a name of the tz database ("Europe/Berlin"). Throws kInvalidArgument for a name that
  // is malformed (`..`, absolute paths, characters outside the database's), kNotFound for one that no
  // directory of the search path has; the text says where it looked, and kStoreCorrupt for a file that is not
  // a zone's ("zone.tab"). Never falls back to UTC.
  static TimeZone load(std::string_view name);

  // From the bytes of a TZif file, for a caller that has its own source. Throws kStoreCorrupt.
  static TimeZone from_tzif(std::string name, std::string_view bytes);

  // From a function that tells the offset at an instant, for zones that exist only in a host language. It is
  // asked about once a week from 1900 to 2439 and around each change, some 50,000 times, before this returns;
  // later years repeat the last 400, as the Gregorian calendar does. A change that is taken back within the
  // same week may go unseen. Offsets are less than 24 hours either way; throws kInvalidArgument otherwise,
  // and whatever `offset_at` throws.
  static TimeZone from_offsets(std::string name,
                               const std::function<std::chrono::seconds(Instant)>& offset_at);

  const std::string& name() const;
  bool is_utc() const;

  std::chrono::seconds offset_at(Instant t) const { return period_at(t).offset; }
  ZonePeriod period_at(Instant t) const;
  CivilTime to_civil(Instant t) const { return CivilTime{t.time_since_epoch() + offset_at(t)}; }
  CivilLookup lookup(CivilTime time) const;

  // The first change of offset strictly after `t`; nullopt where the zone never changes again.
  std::optional<ZoneTransition> next_transition(Instant t) const;

  bool operator==(const TimeZone& other) const { return name() == other.name(); }

  // False if one was loaded before, and one after, the files of the zone changed.
  bool has_same_data_as(const TimeZone& other) const;

 private:
  friend void register_time_zone(const TimeZone& zone);

  explicit TimeZone(std::shared_ptr<const ZoneRules> rules);
  std::shared_ptr<const ZoneRules> rules_;
};

// Directories that load() reads, first match wins. Initially the TZDIR environment variable if set, then
// the usual places of the system. Python sets zoneinfo.TZPATH and the tzdata package, so that both
// languages read the same data. Zones loaded before stay as they are.
void set_time_zone_search_path(std::vector<std::string> directories);
std::vector<std::string> time_zone_search_path();

// Makes a zone known to load() by its name, which begins with "custom/"; replaces one of the same name for
// later loads. Throws kInvalidArgument for another name.
void register_time_zone(const TimeZone& zone);

// Forgets loaded zones, so that the next load() reads the files again. Existing TimeZone values keep the
// data they have; registered zones stay.
void reload_time_zones();

}  // namespace duetime
