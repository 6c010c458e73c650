// Lines of a crontab, as Vixie cron reads them and as APScheduler does.
#include "core/triggers/cron.h"
#include "tests/fuzz/property.h"
#include "tests/fuzz/trigger_properties.h"

namespace duetime::fuzz {

void fuzz_crontab(std::string_view input) {
  const std::string line(input);
  CronRule rule;
  rule.dialect = CronDialect::kCrontab;
  rule.expression = line;
  check_cron_rule(rule, digest(input));
  const auto of_apscheduler = accepted([&] { return crontab_rule(line); });
  if (of_apscheduler) check_cron_rule(*of_apscheduler, digest(input));
}

}  // namespace duetime::fuzz
