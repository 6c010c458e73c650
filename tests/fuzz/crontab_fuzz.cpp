// Lines of a crontab, as Vixie cron reads them and as APScheduler does.
#include "core/triggers/cron.h"
#include "tests/fuzz/property.h"
#include "tests/fuzz/trigger_properties.h"

namespace duetime::fuzz {
namespace {

void check_rule(CronRule rule, uint64_t salt) {
  rule.zone = some_zone(salt);
  rule.dst = static_cast<DstPolicy>(salt >> 8 & 3);
  if (const auto trigger = accepted([&] { return make_cron_trigger(rule); })) check_trigger(**trigger, salt);
}

}  // namespace

void fuzz_crontab(std::string_view input) {
  const std::string line(input);
  CronRule rule;
  rule.dialect = CronDialect::kCrontab;
  rule.expression = line;
  check_rule(rule, digest(input));
  const auto of_apscheduler = accepted([&] { return crontab_rule(line); });
  if (of_apscheduler) check_rule(*of_apscheduler, digest(input));
}

}  // namespace duetime::fuzz
