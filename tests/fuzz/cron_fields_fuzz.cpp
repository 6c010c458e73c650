// APScheduler's cron fields: a line for each, year first, empty if the field is not given.
#include "core/triggers/cron.h"
#include "core/triggers/cron_expression.h"
#include "tests/fuzz/property.h"
#include "tests/fuzz/trigger_properties.h"

namespace duetime::fuzz {
namespace {

CronRule read_lines(std::string_view input) {
  CronRule rule;
  for (auto& field : rule.fields) {
    const std::size_t end = std::min(input.find('\n'), input.size());
    if (end > 0) field = std::string(input.substr(0, end));
    input.remove_prefix(std::min(end + 1, input.size()));
  }
  return rule;
}

void check_field(CronFieldIndex field, const std::string& text) {
  const auto expressions = accepted([&] { return parse_cron_field(field, text); });
  if (!expressions) return;
  require(!expressions->empty(), "a field without an expression: " + text);
  if (field == kYear) return;
  const uint64_t values = values_of(field, *expressions);
  require(values >> maximum_of(field) <= 1, "a value above the maximum: " + text);
  require((values & ((uint64_t{1} << minimum_of(field)) - 1)) == 0, "a value below the minimum: " + text);
}

}  // namespace

void fuzz_cron_fields(std::string_view input) {
  const CronRule rule = read_lines(input);
  for (int field = 0; field < kCronFieldCount; ++field) {
    const auto& text = rule.fields[static_cast<std::size_t>(field)];
    if (text) check_field(static_cast<CronFieldIndex>(field), *text);
  }
  check_cron_rule(rule, digest(input));
}

}  // namespace duetime::fuzz
