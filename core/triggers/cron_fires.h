// Which instants a cron schedule fires at in a zone: the schedule's wall times, and what the policy makes of
// those that the zone skips or repeats (the table in cron.h).
//
// Away from changes of the offset a fire is the next matching wall time, converted. Only near a change do the
// policies differ; there the periods are looked at one by one, with the change that began each.
//
// Immutable; at_or_after() allocates nothing.
#pragma once

#include "core/time/time_zone.h"
#include "core/triggers/cron_schedule.h"

namespace duetime {

class CronFires {
 public:
  using Second = std::chrono::sys_seconds;

  // Later than all fires; why no optional: cron_schedule.h.
  static constexpr Second kNoFire = Second::max();

  CronFires(CronSchedule schedule, TimeZone zone, DstPolicy dst);

  // The first fire, or kNoFire.
  // Requires: `from` lies in the years 1 to 9999.
  Second at_or_after(Second from) const;

  // Requires: there is a fire in [first, limit].
  Second last_at_or_before(Second limit, Second first) const;

  const TimeZone& zone() const { return zone_; }
  DstPolicy dst() const { return dst_; }

 private:
  using Offset = std::chrono::seconds;

  Second near_changes(Second from) const;
  Second fire_in(const ZonePeriod& period, Second from) const;
  Second shown_fire(const ZonePeriod& period, Offset before, Second from) const;
  Second skipped_fire(const ZonePeriod& period, Offset before, Second from) const;
  Second match(Second from, Offset offset) const;
  Second after_period(const ZonePeriod& period, Second from) const;

  CronSchedule schedule_;
  TimeZone zone_;
  DstPolicy dst_;
  Offset first_offset_;
  bool never_changes_;  // the zone has the first offset for ever
  bool never_fires_;    // proved once: no day of the calendar matches
  bool fires_once_;     // wall times that come twice fire at the first only
};

}  // namespace duetime
