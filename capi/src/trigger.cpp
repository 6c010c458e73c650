#include <duetime/trigger.h>

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "capi/src/conversions.h"
#include "capi/src/guard.h"
#include "capi/src/handles.h"
#include "capi/src/struct_size.h"
#include "core/base/json.h"
#include "core/time/time_zone.h"
#include "core/triggers/cron.h"
#include "core/triggers/date.h"
#include "core/triggers/interval.h"
#include "core/triggers/registry.h"

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
      refuse("dst is " + std::to_string(dst) + "; expected one of DUETIME_DST_VIXIE, _APSCHEDULER, _SKIP, _RFC5545");
  }
}

CronRule to_rule(const duetime_cron_options& options) {
  const std::array<const char*, kCronFieldCount> fields = {options.year,   options.month,       options.day,
                                                           options.week,   options.day_of_week, options.hour,
                                                           options.minute, options.second};
  CronRule rule;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (fields[i] != nullptr) rule.fields[i] = required_text(fields[i], kCronFieldNames[i]);
  }
  rule.zone = zone_of(options.timezone);
  rule.start = optional_instant(options.start, "start");
  rule.end = optional_instant(options.end, "end");
  rule.jitter = Duration{options.jitter};
  rule.dst = to_dst_policy(options.dst);
  return rule;
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
