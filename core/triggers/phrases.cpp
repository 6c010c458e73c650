#include "core/triggers/phrases.h"

#include <array>
#include <utility>

#include "core/time/civil_text.h"

namespace duetime {
namespace {

// "0.5", "1.25", "3"
std::string decimal_seconds(int64_t micros) {
  std::string fraction = std::to_string(1'000'000 + micros % 1'000'000).substr(1);
  fraction.erase(fraction.find_last_not_of('0') + 1);
  return std::to_string(micros / 1'000'000) + (fraction.empty() ? "" : "." + fraction);
}

}  // namespace

std::string counted(int64_t count, std::string_view unit) {
  return std::to_string(count) + " " + std::string(unit) + (count == 1 ? "" : "s");
}

std::string ordinal(int number) {
  const int last = number % 100 / 10 == 1 ? 0 : number % 10;
  const char* ending = last == 1 ? "st" : last == 2 ? "nd" : last == 3 ? "rd" : "th";
  return std::to_string(number) + ending;
}

std::string every(int64_t count, const std::string& counted_unit) {
  return "every " + (count == 1 ? counted_unit.substr(2) : counted_unit);
}

std::string listed(const std::vector<std::string>& items, std::string_view conjunction) {
  std::string text;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) text += i + 1 == items.size() ? " " + std::string(conjunction) + " " : ", ";
    text += items[i];
  }
  return text;
}

std::string duration_text(Duration duration) {
  constexpr std::array<std::pair<int64_t, const char*>, 3> kUnits = {
      {{86'400'000'000, "day"}, {3'600'000'000, "hour"}, {60'000'000, "minute"}}};
  std::vector<std::string> parts;
  int64_t rest = duration.count();
  for (const auto& [size, unit] : kUnits) {
    if (rest >= size) parts.push_back(counted(rest / size, unit));
    rest %= size;
  }
  if (rest != 0 || parts.empty()) {
    parts.push_back(decimal_seconds(rest) + (rest == 1'000'000 ? " second" : " seconds"));
  }
  return listed(parts, "and");
}

std::string wall_text(Instant t, const TimeZone& zone) { return short_text(zone.to_civil(t)); }

std::string limits_phrase(const std::optional<Instant>& start, const std::optional<Instant>& end,
                          const TimeZone& zone) {
  std::string text;
  if (start) text += ", from " + wall_text(*start, zone);
  if (end) text += ", until " + wall_text(*end, zone);
  return text;
}

std::string in_zone(const TimeZone& zone) { return " (" + zone.name() + ")"; }

std::string jitter_phrase(Duration jitter) {
  return jitter == Duration{0} ? "" : ", each delayed by up to " + duration_text(jitter);
}

}  // namespace duetime
