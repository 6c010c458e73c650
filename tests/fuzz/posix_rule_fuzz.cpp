// The rule at the end of a file of the tz database.
#include "core/time/posix_rule.h"

#include "core/time/civil.h"
#include "tests/fuzz/property.h"
#include "tests/fuzz/tzif_file.h"
#include "tests/fuzz/zone_properties.h"

namespace duetime::fuzz {
namespace {

constexpr int kMostOffset = 25 * 3600;  // of standard time: 24:59:59; daylight time may be an hour more

int64_t first_second_of(int year) {
  return CivilDay{date::year{year} / 1 / 1}.time_since_epoch() / std::chrono::seconds{1};
}

void check_date(const PosixDate& date) {
  for (const int year : {1, 1970, 2000, 2026, 2100, 9999}) {
    const int64_t day = wall_seconds(date, year) - date.seconds;
    require(day % 86'400 == 0, "a day that does not begin at midnight");
    // Day 365 of a year that has none is the first one of the next.
    require(day >= first_second_of(year) && day <= first_second_of(year) + 366 * 86'400,
            "a day of another year");
  }
}

}  // namespace

void fuzz_posix_rule(std::string_view input) {
  const auto rule = parse_posix_rule(input);
  if (!rule) return;
  require(std::abs(rule->offset) <= kMostOffset, "an offset of more than a day");
  if (rule->daylight) {
    require(std::abs(rule->daylight->offset) <= kMostOffset + 3600, "an offset of more than a day in summer");
    check_date(rule->daylight->begins);
    check_date(rule->daylight->ends);
  }
  const std::string file = tzif_with_footer(input);
  if (const auto zone =
          accepted([&] { return TimeZone::from_tzif("by rule", file); }, {ErrorCode::kStoreCorrupt})) {
    check_zone(*zone);
  }
}

}  // namespace duetime::fuzz
