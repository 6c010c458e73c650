// Expressions of Quartz.
#include "tests/fuzz/property.h"
#include "tests/fuzz/trigger_properties.h"

namespace duetime::fuzz {

void fuzz_quartz(std::string_view input) {
  const std::string line(input);
  CronRule rule;
  rule.dialect = CronDialect::kQuartz;
  rule.expression = line;
  check_cron_rule(rule, digest(input));
}

}  // namespace duetime::fuzz
