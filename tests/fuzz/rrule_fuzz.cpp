// The text of RFC 5545 rules.
#include "core/triggers/rrule.h"
#include "tests/fuzz/property.h"
#include "tests/fuzz/trigger_properties.h"

namespace duetime::fuzz {

void fuzz_rrule(std::string_view input) {
  const uint64_t salt = digest(input);
  RRuleRule rule;
  rule.rrule = std::string(input);
  rule.zone = some_zone(salt);
  rule.dtstart =
      WallSecond{date::local_days{date::year{2024} / 2 / 29}} + std::chrono::seconds{salt % 86'400};
  if (const auto trigger = accepted([&] { return make_rrule_trigger(rule); })) check_trigger(**trigger, salt);
}

}  // namespace duetime::fuzz
