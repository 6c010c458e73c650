// Which instants a cron schedule fires at in a zone: the schedule's wall times, and what the policy makes of
// those that the zone skips or repeats (the table in cron.h).
//
// Away from changes of the offset a fire is the next matching wall time, converted. Only near a change do the
// policies differ; there the periods are looked at one by one, with the change that began each.
//
// Immutable; at_or_after() allocates nothing.
#pragma once

#include <optional>

#include "core/time/time_zone.h"
#include "core/triggers/cron_schedule.h"

namespace duetime {

class CronFires {
 public:
  CronFires(CronSchedule schedule, TimeZone zone, DstPolicy dst);

  // Requires: a whole second of the years 1 to 9999.
  std::optional<Instant> at_or_after(Instant from) const;

  // Requires: there is a fire in [first, limit]; both whole seconds.
  Instant last_at_or_before(Instant limit, Instant first) const;

  const TimeZone& zone() const { return zone_; }
  DstPolicy dst() const { return dst_; }

 private:
  std::optional<Instant> near_changes(Instant from) const;
  std::optional<Instant> fire_in(const ZonePeriod& period, Instant from) const;
  std::optional<Instant> shown_fire(const ZonePeriod& period, Duration offset_before, Instant from) const;
  std::optional<Instant> skipped_fire(const ZonePeriod& period, Duration offset_before, Instant from) const;
  std::optional<Instant> match(Instant from, Duration offset) const;
  std::optional<Instant> after_period(const ZonePeriod& period, Instant from) const;

  CronSchedule schedule_;
  TimeZone zone_;
  DstPolicy dst_;
  bool fires_once_;  // wall times that come twice fire at the first only
};

}  // namespace duetime
