// Wall times in ISO 8601 and in iCalendar's notation.
#include "core/triggers/rrule_wall_time.h"
#include "tests/fuzz/property.h"

namespace duetime::fuzz {
namespace {

void check_written(const WrittenTime& written) {
  const auto again = read_wall_time(to_text(written.time));
  require(again && again->time == written.time && !again->is_day, "comes back as another time");
  if (!written.is_day) return;
  const auto day = read_wall_time(day_to_text(written.time));
  require(day && day->time == written.time && day->is_day, "comes back as another day");
}

}  // namespace

void fuzz_wall_time(std::string_view input) {
  if (const auto written = read_wall_time(input)) check_written(*written);
  if (const auto written = read_ical_time(input)) check_written(*written);
}

}  // namespace duetime::fuzz
