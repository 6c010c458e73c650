// Days and times of day.
#include "core/time/civil_text.h"
#include "tests/fuzz/property.h"

namespace duetime::fuzz {
namespace {

void check_day(std::string_view input) {
  const auto day = accepted([&] { return parse_day(input, "input"); });
  if (day) require(to_text(*day) == input, "the day is written " + to_text(*day));
}

void check_time_of_day(std::string_view input) {
  const auto time = accepted([&] { return parse_time_of_day(input, "input"); });
  if (!time) return;
  const std::string text = time_of_day_text(*time);
  require(text == input || text == std::string(input) + ":00", "the time of day is written " + text);
  require(parse_time_of_day(short_time_text(*time), "short") == *time, "the short text is another time");
}

}  // namespace

void fuzz_civil_text(std::string_view input) {
  check_day(input);
  check_time_of_day(input);
}

}  // namespace duetime::fuzz
