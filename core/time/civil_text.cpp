#include "core/time/civil_text.h"

#include <array>
#include <cstdio>
#include <optional>

#include "core/base/error.h"
#include "core/base/text.h"

namespace duetime {
namespace {

// The numbers of a text that has the shape of a pattern such as "####-##-##"; -1 in front if it has not.
std::array<int, 3> numbers_of(std::string_view text, std::string_view pattern) {
  constexpr std::array<int, 3> kOtherShape = {-1, 0, 0};
  std::array<int, 3> numbers = {0, 0, 0};
  if (text.size() != pattern.size()) return kOtherShape;
  std::size_t current = 0;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const bool is_digit = text[i] >= '0' && text[i] <= '9';
    if (pattern[i] == '#' ? !is_digit : text[i] != pattern[i]) return kOtherShape;
    if (pattern[i] == '#') {
      numbers[current] = numbers[current] * 10 + (text[i] - '0');
    } else {
      ++current;
    }
  }
  return numbers;
}

[[noreturn]] void refuse(std::string_view text, std::string_view what, const char* expected) {
  throw Error(ErrorCode::kInvalidArgument,
              std::string(what) + ": got " + in_quotes(text) + ", expected " + expected);
}

template <typename... Arguments>
std::string formatted(const char* format, Arguments... arguments) {
  std::array<char, 64> buffer;
  const int length = std::snprintf(buffer.data(), buffer.size(), format, arguments...);
  return {buffer.data(), static_cast<std::size_t>(length)};
}

}  // namespace

CivilDay parse_day(std::string_view text, std::string_view what) {
  const auto [year, month, day] = numbers_of(text, "####-##-##");
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month)) {
    refuse(text, what, "a date like \"2026-11-23\"");
  }
  return CivilDay{date::year{year} / month / day};
}

std::chrono::seconds parse_time_of_day(std::string_view text, std::string_view what) {
  const bool is_short = text.size() == 5;
  const auto [hour, minute, second] = numbers_of(text, is_short ? "##:##" : "##:##:##");
  if (hour < 0 || hour > 23 || minute > 59 || second > 59) {
    refuse(text, what, "a time of day like \"09:30:00\"");
  }
  return std::chrono::seconds{hour * 3600 + minute * 60 + second};
}

std::string to_text(CivilDay day) {
  const date::year_month_day ymd{day};
  return formatted("%04d-%02u-%02u", static_cast<int>(ymd.year()), static_cast<unsigned>(ymd.month()),
                   static_cast<unsigned>(ymd.day()));
}

std::string time_of_day_text(std::chrono::seconds since_midnight) {
  const auto total = static_cast<int>(since_midnight.count());
  return formatted("%02d:%02d:%02d", total / 3600, total / 60 % 60, total % 60);
}

std::string short_time_text(std::chrono::seconds since_midnight) {
  const std::string text = time_of_day_text(since_midnight);
  return since_midnight.count() % 60 == 0 ? text.substr(0, 5) : text;
}

std::string short_text(CivilTime time) {
  const CivilDay day = date::floor<date::days>(time);
  const auto since_midnight = std::chrono::floor<std::chrono::seconds>(time - day);
  if (since_midnight.count() == 0) return to_text(day);
  return to_text(day) + " " + short_time_text(since_midnight);
}

}  // namespace duetime
