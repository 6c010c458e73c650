#include "core/triggers/rrule_wall_time.h"

#include <algorithm>

#include "core/time/civil.h"

namespace duetime {
namespace {

// Where a digit goes that stands at a letter of the pattern.
int* field_at(char letter, CivilFields& fields) {
  switch (letter) {
    case 'Y':
      return &fields.year;
    case 'M':
      return &fields.month;
    case 'D':
      return &fields.day;
    case 'h':
      return &fields.hour;
    case 'm':
      return &fields.minute;
    case 's':
      return &fields.second;
    default:
      return nullptr;
  }
}

bool is_real(const CivilFields& f) {
  return f.year >= 1 && f.month >= 1 && f.month <= 12 && f.day >= 1 &&
         f.day <= days_in_month(f.year, f.month) && f.hour <= 23 && f.minute <= 59 && f.second <= 60;
}

std::optional<WallSecond> match(std::string_view text, std::string_view pattern) {
  if (text.size() != pattern.size()) return std::nullopt;
  CivilFields fields{0, 0, 0};
  for (std::size_t i = 0; i < text.size(); ++i) {
    int* field = field_at(pattern[i], fields);
    if (field == nullptr && text[i] != pattern[i]) return std::nullopt;
    if (field == nullptr) continue;
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    *field = *field * 10 + (text[i] - '0');
  }
  if (!is_real(fields)) return std::nullopt;
  fields.second = std::min(fields.second, 59);
  return date::floor<std::chrono::seconds>(civil_time(fields));
}

}  // namespace

std::optional<WrittenTime> read_wall_time(std::string_view text) {
  if (const auto time = match(text, "YYYY-MM-DDThh:mm:ss")) return WrittenTime{*time};
  if (const auto day = match(text, "YYYY-MM-DD")) return WrittenTime{.time = *day, .is_day = true};
  return std::nullopt;
}

// Letters in the text of a pattern are fields, so that the T and the Z, which are none, stand for themselves.
std::optional<WrittenTime> read_ical_time(std::string_view text) {
  if (const auto time = match(text, "YYYYMMDDThhmmss")) return WrittenTime{*time};
  if (const auto time = match(text, "YYYYMMDDThhmmssZ")) return WrittenTime{.time = *time, .is_utc = true};
  if (const auto day = match(text, "YYYYMMDD")) return WrittenTime{.time = *day, .is_day = true};
  return std::nullopt;
}

std::string to_text(WallSecond time) { return date::format("%FT%T", time); }

std::string day_to_text(WallSecond time) { return date::format("%F", time); }

}  // namespace duetime
