// Lines of iCalendar: DTSTART, RRULE, EXDATE, RDATE.
#include "core/triggers/rrule.h"
#include "tests/fuzz/property.h"
#include "tests/fuzz/trigger_properties.h"

namespace duetime::fuzz {

void fuzz_recurrence(std::string_view input) {
  const uint64_t salt = digest(input);
  const auto rule = accepted([&] { return parse_recurrence(input, some_zone(salt)); },
                             {ErrorCode::kInvalidArgument, ErrorCode::kNotFound, ErrorCode::kStoreCorrupt});
  if (!rule) return;
  if (const auto trigger = accepted([&] { return make_rrule_trigger(*rule); }))
    check_trigger(**trigger, salt);
}

}  // namespace duetime::fuzz
