#include "core/triggers/exclusion.h"

#include <algorithm>
#include <string>
#include <utility>

#include "core/base/error.h"
#include "core/triggers/interval.h"
#include "core/triggers/phrases.h"
#include "core/triggers/registry.h"
#include "core/triggers/search_limit.h"
#include "core/triggers/trigger_document.h"

namespace duetime {
namespace {

class ExclusionTrigger final : public Trigger {
 public:
  explicit ExclusionTrigger(const ExclusionRule& rule)
      : rule_(rule), zone_(rule.zone.value_or(rule.trigger->zone())) {}

  std::optional<Instant> next_fire_time(std::optional<Instant> previous, Instant now) const override {
    return first_left(rule_.trigger->next_fire_time(previous, now));
  }

  std::optional<Instant> first_from(Instant from, std::optional<Instant> anchor) const override {
    return first_left(rule_.trigger->first_from(from, anchor));
  }

  Duration jitter(Instant fire) const override { return rule_.trigger->jitter(fire); }

  const TimeZone& zone() const override { return rule_.trigger->zone(); }

  bool calls_out() const override {
    return rule_.trigger->calls_out() || std::any_of(rule_.triggers.begin(), rule_.triggers.end(),
                                                     [](const auto& t) { return t->calls_out(); });
  }

  std::string_view type() const override { return "not"; }

  Json document() const override {
    Json document{{"type", type()}, {"trigger", rule_.trigger->document()}};
    for (const ExclusionCalendar& calendar : rule_.calendars)
      document["calendars"].push_back(calendar.document());
    for (const TriggerPtr& trigger : rule_.triggers) document["triggers"].push_back(trigger->document());
    if (rule_.zone) document["timezone"] = rule_.zone->name();
    return document;
  }

  std::string explain() const override {
    std::vector<std::string> excluded;
    for (const ExclusionCalendar& calendar : rule_.calendars) {
      excluded.push_back(calendar.explain() + (zone_ == zone() ? "" : in_zone(zone_)));
    }
    for (const TriggerPtr& trigger : rule_.triggers) excluded.push_back("(" + trigger->explain() + ")");
    return rule_.trigger->explain() + "; except " + listed(excluded, "and");
  }

 private:
  std::optional<Instant> first_left(std::optional<Instant> fire) const {
    if (!fire) return fire;
    SearchLimit limit(type(), *fire);
    while (fire) {
      const Instant resume = end_of_exclusion(*fire);
      if (resume == *fire) return fire;
      limit.step(*fire);
      fire = is_valid(resume) ? rule_.trigger->first_from(resume, fire) : std::nullopt;
    }
    return std::nullopt;
  }

  // Where the search goes on after a fire that is taken away; the fire itself if it is left.
  Instant end_of_exclusion(Instant fire) const {
    const CivilTime wall = zone_.to_civil(fire);
    for (const ExclusionCalendar& calendar : rule_.calendars) {
      if (calendar.excludes(wall)) return instant_after(fire, calendar.end_of_exclusion(wall));
    }
    for (const TriggerPtr& trigger : rule_.triggers) {
      if (trigger->first_from(fire, std::nullopt) == fire) return fire + Duration{1};
    }
    return fire;
  }

  // When the wall clock shows `wall`, but not beyond a change of the offset, which may bring back times that
  // are not excluded: in New York on 2026-11-01 a window of 01:45 to 02:45 leaves 01:00 to 01:44 of the
  // second time that the clock shows 01:00.
  Instant instant_after(Instant fire, CivilTime wall) const {
    const ZonePeriod period = zone_.period_at(fire);
    const Instant end{wall.time_since_epoch() - period.offset};
    return std::min(end, period.end);
  }

  ExclusionRule rule_;
  TimeZone zone_;
};

[[noreturn]] void refuse(const char* why) {
  throw Error(ErrorCode::kInvalidArgument, std::string("not trigger: ") + why);
}

void check_taken_away(const TriggerPtr& trigger) {
  if (!trigger) refuse("one of the triggers to take away is missing");
  const auto interval = interval_rule_of(*trigger);
  if (interval && !interval->start) refuse("an interval to take away needs a start");
}

}  // namespace

TriggerPtr make_exclusion_trigger(const ExclusionRule& rule) {
  if (!rule.trigger) refuse("trigger: missing, expected the trigger to take fires away from");
  if (rule.calendars.empty() && rule.triggers.empty()) refuse("expected calendars or triggers to take away");
  for (const TriggerPtr& trigger : rule.triggers) check_taken_away(trigger);
  return std::make_shared<ExclusionTrigger>(rule);
}

TriggerPtr make_exclusion_trigger(const Json& document) {
  const TriggerDocument read(document, {"trigger", "calendars", "triggers", "timezone"});
  ExclusionRule rule;
  if (const Json* trigger = read.object("trigger")) rule.trigger = make_trigger(*trigger);
  if (const Json* calendars = read.array("calendars")) {
    for (const Json& calendar : *calendars) rule.calendars.emplace_back(calendar);
  }
  if (const Json* triggers = read.array("triggers")) {
    for (const Json& trigger : *triggers) rule.triggers.push_back(make_trigger(trigger));
  }
  if (read.text("timezone")) rule.zone = read.zone("timezone");
  return make_exclusion_trigger(rule);
}

}  // namespace duetime
