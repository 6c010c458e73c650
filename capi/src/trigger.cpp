#include <duetime/trigger.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "capi/src/conversions.h"
#include "capi/src/guard.h"
#include "capi/src/handles.h"
#include "capi/src/struct_size.h"
#include "core/base/json.h"
#include "core/time/civil_text.h"
#include "core/time/time_zone.h"
#include "core/triggers/calendar_interval.h"
#include "core/triggers/combining.h"
#include "core/triggers/cron.h"
#include "core/triggers/date.h"
#include "core/triggers/exclusion.h"
#include "core/triggers/interval.h"
#include "core/triggers/preview.h"
#include "core/triggers/registry.h"
#include "core/triggers/rrule.h"

using namespace duetime;
using namespace duetime::capi;

namespace {

TimeZone zone_of(const char* timezone) {
  return timezone == nullptr ? TimeZone() : TimeZone::load(required_text(timezone, "timezone"));
}

IntervalRule to_rule(const duetime_interval_options& options) {
  return IntervalRule{.interval = Duration{options.interval},
                      .start = optional_instant(options.start, "start"),
                      .end = optional_instant(options.end, "end"),
                      .jitter = Duration{options.jitter},
                      .zone = zone_of(options.timezone)};
}

DstPolicy to_dst_policy(int32_t dst) {
  switch (dst) {
    case DUETIME_DST_VIXIE:
      return DstPolicy::kVixie;
    case DUETIME_DST_APSCHEDULER:
      return DstPolicy::kApscheduler;
    case DUETIME_DST_SKIP:
      return DstPolicy::kSkip;
    case DUETIME_DST_RFC5545:
      return DstPolicy::kRfc5545;
    default:
      refuse("dst is " + std::to_string(dst) +
             "; expected one of DUETIME_DST_VIXIE, _APSCHEDULER, _SKIP, _RFC5545");
  }
}

CronDialect to_dialect(const char* dialect) {
  const std::string name = optional_text(dialect, "dialect", "apscheduler");
  if (name == "apscheduler") return CronDialect::kApscheduler;
  if (name == "crontab") return CronDialect::kCrontab;
  if (name == "quartz") return CronDialect::kQuartz;
  refuse("dialect is '" + name + "'; expected NULL, \"crontab\" or \"quartz\"");
}

CronRule to_rule(const duetime_cron_options& options) {
  const std::array<const char*, kCronFieldCount> fields = {options.year,   options.month,       options.day,
                                                           options.week,   options.day_of_week, options.hour,
                                                           options.minute, options.second};
  CronRule rule;
  rule.dialect = to_dialect(options.dialect);
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (fields[i] != nullptr) rule.fields[i] = required_text(fields[i], kCronFieldNames[i]);
  }
  if (options.expression != nullptr) rule.expression = required_text(options.expression, "expression");
  rule.zone = zone_of(options.timezone);
  rule.start = optional_instant(options.start, "start");
  rule.end = optional_instant(options.end, "end");
  rule.jitter = Duration{options.jitter};
  rule.dst = to_dst_policy(options.dst);
  return rule;
}

std::optional<CivilDay> optional_day(const char* day, const char* parameter) {
  return day == nullptr ? std::nullopt : std::optional(parse_day(required_text(day, parameter), parameter));
}

std::chrono::seconds to_time_of_day(const duetime_calendar_interval_options& options) {
  const auto check = [](int32_t value, int32_t most, const char* member) {
    if (value < 0 || value > most) {
      refuse(std::string(member) + " is " + std::to_string(value) + "; expected 0 to " +
             std::to_string(most));
    }
  };
  check(options.hour, 23, "hour");
  check(options.minute, 59, "minute");
  check(options.second, 59, "second");
  return std::chrono::seconds{options.hour * 3600 + options.minute * 60 + options.second};
}

CalendarIntervalRule to_rule(const duetime_calendar_interval_options& options) {
  return CalendarIntervalRule{.years = options.years,
                              .months = options.months,
                              .weeks = options.weeks,
                              .days = options.days,
                              .time_of_day = to_time_of_day(options),
                              .start = optional_day(options.start_date, "start_date"),
                              .end = optional_day(options.end_date, "end_date"),
                              .jitter = Duration{options.jitter},
                              .zone = zone_of(options.timezone)};
}

std::vector<TriggerPtr> to_triggers(const duetime_trigger* const* triggers, size_t count,
                                    const char* parameter) {
  if (count > 0) input(triggers, parameter);
  std::vector<TriggerPtr> result;
  for (size_t i = 0; i < count; ++i) result.push_back(Use<duetime_trigger>(triggers[i])->trigger);
  return result;
}

std::vector<ExclusionCalendar> to_calendars(const char* json) {
  std::vector<ExclusionCalendar> calendars;
  if (json == nullptr) return calendars;
  const Json documents = parse_json(required_text(json, "calendars_json"), "calendars_json");
  if (!documents.is_array()) refuse("calendars_json is no JSON array");
  for (const Json& document : documents) calendars.emplace_back(document);
  return calendars;
}

duetime_previewed_fire to_c_fire(const PreviewedFire& fire) {
  duetime_previewed_fire result = {to_micros(fire.time),
                                   static_cast<int32_t>(fire.offset.count()),
                                   static_cast<int32_t>(fire.wall_time),
                                   DUETIME_TIME_NONE,
                                   0,
                                   0};
  if (fire.transition) {
    result.transition = to_micros(fire.transition->at);
    result.offset_before = static_cast<int32_t>(fire.transition->offset_before.count());
    result.offset_after = static_cast<int32_t>(fire.transition->offset_after.count());
  }
  return result;
}

}  // namespace

duetime_status duetime_trigger_create_date(duetime_time run_time, const char* zone,
                                           duetime_trigger** out_trigger) {
  return guard([&] {
    duetime_trigger*& out = output(out_trigger, "out_trigger");
    const DateRule rule{.run_time = required_instant(run_time, "run_time"), .zone = zone_of(zone)};
    out = make_handle<duetime_trigger>(make_date_trigger(rule));
  });
}

duetime_status duetime_trigger_create_interval(const duetime_interval_options* options,
                                               duetime_trigger** out_trigger) {
  return guard([&] {
    duetime_trigger*& out = output(out_trigger, "out_trigger");
    const auto given = read_struct<duetime_interval_options>(
        input(options, "options"), DUETIME_INTERVAL_OPTIONS_INIT, "duetime_interval_options");
    out = make_handle<duetime_trigger>(make_interval_trigger(to_rule(given)));
  });
}

duetime_status duetime_trigger_create_cron(const duetime_cron_options* options,
                                           duetime_trigger** out_trigger) {
  return guard([&] {
    duetime_trigger*& out = output(out_trigger, "out_trigger");
    const auto given = read_struct<duetime_cron_options>(input(options, "options"), DUETIME_CRON_OPTIONS_INIT,
                                                         "duetime_cron_options");
    out = make_handle<duetime_trigger>(make_cron_trigger(to_rule(given)));
  });
}

duetime_status duetime_trigger_create_calendar_interval(const duetime_calendar_interval_options* options,
                                                        duetime_trigger** out_trigger) {
  return guard([&] {
    duetime_trigger*& out = output(out_trigger, "out_trigger");
    const auto given = read_struct<duetime_calendar_interval_options>(input(options, "options"),
                                                                      DUETIME_CALENDAR_INTERVAL_OPTIONS_INIT,
                                                                      "duetime_calendar_interval_options");
    out = make_handle<duetime_trigger>(make_calendar_interval_trigger(to_rule(given)));
  });
}

duetime_status duetime_trigger_create_rrule(const char* lines, const char* zone,
                                            duetime_trigger** out_trigger) {
  return guard([&] {
    duetime_trigger*& out = output(out_trigger, "out_trigger");
    const RRuleRule rule = parse_recurrence(required_text(lines, "lines"), zone_of(zone));
    out = make_handle<duetime_trigger>(make_rrule_trigger(rule));
  });
}

duetime_status duetime_trigger_create_and(const duetime_trigger* const* triggers, size_t count,
                                          duetime_duration jitter, duetime_trigger** out_trigger) {
  return guard([&] {
    duetime_trigger*& out = output(out_trigger, "out_trigger");
    const CombiningRule rule{to_triggers(triggers, count, "triggers"), Duration{jitter}};
    out = make_handle<duetime_trigger>(make_and_trigger(rule));
  });
}

duetime_status duetime_trigger_create_or(const duetime_trigger* const* triggers, size_t count,
                                         duetime_duration jitter, duetime_trigger** out_trigger) {
  return guard([&] {
    duetime_trigger*& out = output(out_trigger, "out_trigger");
    const CombiningRule rule{to_triggers(triggers, count, "triggers"), Duration{jitter}};
    out = make_handle<duetime_trigger>(make_or_trigger(rule));
  });
}

duetime_status duetime_trigger_create_not(const duetime_trigger* trigger,
                                          const duetime_trigger* const* except, size_t count,
                                          const char* calendars_json, const char* zone,
                                          duetime_trigger** out_trigger) {
  return guard([&] {
    duetime_trigger*& out = output(out_trigger, "out_trigger");
    ExclusionRule rule;
    rule.trigger = Use<duetime_trigger>(trigger)->trigger;
    rule.triggers = to_triggers(except, count, "except");
    rule.calendars = to_calendars(calendars_json);
    if (zone != nullptr) rule.zone = zone_of(zone);
    out = make_handle<duetime_trigger>(make_exclusion_trigger(rule));
  });
}

duetime_status duetime_trigger_create_from_json(const char* json, duetime_trigger** out_trigger) {
  return guard([&] {
    duetime_trigger*& out = output(out_trigger, "out_trigger");
    const Json document = parse_json(required_text(json, "json"), "trigger document");
    out = make_handle<duetime_trigger>(make_trigger(document));
  });
}

duetime_status duetime_trigger_to_json(const duetime_trigger* trigger, char** out_json) {
  return guard([&] {
    const Use<duetime_trigger> use(trigger);
    char*& out = output(out_json, "out_json");
    out = to_c_text(to_text(use->trigger->document()));
  });
}

duetime_status duetime_trigger_next_fire_time(const duetime_trigger* trigger, duetime_time previous,
                                              duetime_time now, duetime_time* out_fire_time) {
  return guard([&] {
    const Use<duetime_trigger> use(trigger);
    duetime_time& out = output(out_fire_time, "out_fire_time");
    const std::optional<Instant> after = optional_instant(previous, "previous");
    out = to_c_time(use->trigger->next_fire_time(after, required_instant(now, "now")));
  });
}

duetime_status duetime_trigger_explain(const duetime_trigger* trigger, char** out_text) {
  return guard([&] {
    const Use<duetime_trigger> use(trigger);
    char*& out = output(out_text, "out_text");
    out = to_c_text(use->trigger->explain());
  });
}

duetime_status duetime_trigger_preview(const duetime_trigger* trigger, duetime_time now, size_t capacity,
                                       duetime_previewed_fire* out_fires, size_t* out_count) {
  return guard([&] {
    const Use<duetime_trigger> use(trigger);
    size_t& count = output(out_count, "out_count");
    if (capacity > 0) output(out_fires, "out_fires");
    const auto fires = preview(*use->trigger, required_instant(now, "now"), capacity);
    std::transform(fires.begin(), fires.end(), out_fires, to_c_fire);
    count = fires.size();
  });
}

void duetime_trigger_destroy(duetime_trigger* trigger) { close_handle(trigger); }

duetime_status duetime_set_time_zone_path(const char* const* directories, size_t count) {
  return guard([&] {
    input(directories, "directories");
    std::vector<std::string> path;
    for (size_t i = 0; i < count; ++i) {
      path.push_back(required_text(directories[i], ("directories[" + std::to_string(i) + "]").c_str()));
    }
    set_time_zone_search_path(std::move(path));
  });
}

duetime_status duetime_reload_time_zones(void) {
  return guard([] { reload_time_zones(); });
}
