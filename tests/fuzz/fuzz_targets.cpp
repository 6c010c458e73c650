#include "tests/fuzz/fuzz_targets.h"

namespace duetime::fuzz {

void fuzz_base64(std::string_view input);
void fuzz_bson(std::string_view input);
void fuzz_civil_text(std::string_view input);
void fuzz_cron_fields(std::string_view input);
void fuzz_crontab(std::string_view input);
void fuzz_exclusion_calendar(std::string_view input);
void fuzz_instant(std::string_view input);
void fuzz_job_document(std::string_view input);
void fuzz_json(std::string_view input);
void fuzz_posix_rule(std::string_view input);
void fuzz_quartz(std::string_view input);
void fuzz_recurrence(std::string_view input);
void fuzz_redis_rows(std::string_view input);
void fuzz_resp(std::string_view input);
void fuzz_rrule(std::string_view input);
void fuzz_trigger(std::string_view input);
void fuzz_tzif(std::string_view input);
void fuzz_utf8(std::string_view input);
void fuzz_uuid(std::string_view input);
void fuzz_wall_time(std::string_view input);
void fuzz_zone_name(std::string_view input);

namespace {

constexpr FuzzTarget kTargets[] = {
    {"base64", fuzz_base64},
    {"bson", fuzz_bson},
    {"civil_text", fuzz_civil_text},
    {"cron_fields", fuzz_cron_fields},
    {"crontab", fuzz_crontab},
    {"exclusion_calendar", fuzz_exclusion_calendar, true},
    {"instant", fuzz_instant},
    {"job_document", fuzz_job_document, true},
    {"json", fuzz_json},
    {"posix_rule", fuzz_posix_rule},
    {"quartz", fuzz_quartz},
    {"recurrence", fuzz_recurrence},
    {"redis_rows", fuzz_redis_rows},
    {"resp", fuzz_resp},
    {"rrule", fuzz_rrule},
    {"trigger", fuzz_trigger, true},
    {"tzif", fuzz_tzif},
    {"utf8", fuzz_utf8},
    {"uuid", fuzz_uuid},
    {"wall_time", fuzz_wall_time},
    {"zone_name", fuzz_zone_name},
};

}  // namespace

std::span<const FuzzTarget> fuzz_targets() { return kTargets; }

const FuzzTarget* find_fuzz_target(std::string_view name) {
  for (const FuzzTarget& target : kTargets) {
    if (target.name == name) return &target;
  }
  return nullptr;
}

}  // namespace duetime::fuzz
