#include "core/time/posix_rule.h"

#include "core/time/civil.h"

namespace duetime {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alpha(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

class RuleParser {
 public:
  explicit RuleParser(std::string_view text) : rest_(text) {}

  std::optional<PosixRule> parse() {
    PosixRule rule;
    if (!name() || !offset(rule.offset)) return std::nullopt;
    if (rest_.empty()) return rule;
    PosixRule::Daylight daylight{rule.offset + 3600, {}, {}};
    if (!name() || !(rest_.starts_with(',') || offset(daylight.offset))) return std::nullopt;
    if (!date(daylight.begins) || !date(daylight.ends) || !rest_.empty()) return std::nullopt;
    rule.daylight = daylight;
    return rule;
  }

 private:
  bool accept(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  // "EST" or "<+03>". What the name is does not matter here.
  bool name() {
    const bool quoted = accept('<');
    std::size_t length = 0;
    while (length < rest_.size() && in_name(rest_[length], quoted)) ++length;
    rest_.remove_prefix(length);
    return length >= 3 && (!quoted || accept('>'));
  }

  static bool in_name(char c, bool quoted) {
    return is_alpha(c) || (quoted && (is_digit(c) || c == '+' || c == '-'));
  }

  bool number(int max, int& value) {
    if (rest_.empty() || !is_digit(rest_.front())) return false;
    value = 0;
    while (!rest_.empty() && is_digit(rest_.front()) && value <= max) {
      value = value * 10 + (rest_.front() - '0');
      rest_.remove_prefix(1);
    }
    return value <= max;
  }

  // [+-]hh[:mm[:ss]]
  bool time(int max_hours, int& seconds) {
    const bool negative = accept('-');
    if (!negative) accept('+');
    int hours = 0;
    int minutes = 0;
    int rest = 0;
    if (!number(max_hours, hours)) return false;
    if (accept(':') && (!number(59, minutes) || (accept(':') && !number(59, rest)))) return false;
    seconds = (negative ? -1 : 1) * (hours * 3600 + minutes * 60 + rest);
    return true;
  }

  // POSIX counts west of Greenwich: New York is 5.
  bool offset(int& east) {
    int west = 0;
    if (!time(24, west)) return false;
    east = -west;
    return true;
  }

  bool date(PosixDate& date) { return accept(',') && day(date) && (!accept('/') || time(167, date.seconds)); }

  bool day(PosixDate& date) {
    if (accept('M')) return month_week_day(date);
    const bool julian = accept('J');
    date.kind = julian ? PosixDate::Kind::kJulian : PosixDate::Kind::kZeroBased;
    return number(365, date.day) && (!julian || date.day >= 1);
  }

  bool month_week_day(PosixDate& date) {
    date.kind = PosixDate::Kind::kMonthWeekDay;
    return number(12, date.month) && date.month >= 1 && accept('.') && number(5, date.week) &&
           date.week >= 1 && accept('.') && number(6, date.day);
  }

  std::string_view rest_;
};

CivilDay day_of(const PosixDate& date, date::year year) {
  const CivilDay new_year{year / 1 / 1};
  switch (date.kind) {
    case PosixDate::Kind::kZeroBased:
      return new_year + date::days{date.day};
    case PosixDate::Kind::kJulian:
      return new_year + date::days{date.day - 1 + (year.is_leap() && date.day >= 60 ? 1 : 0)};
    case PosixDate::Kind::kMonthWeekDay:
      break;
  }
  const date::weekday weekday{static_cast<unsigned>(date.day)};
  if (date.week == 5) return CivilDay{year / date.month / weekday[date::last]};
  return CivilDay{year / date.month / weekday[static_cast<unsigned>(date.week)]};
}

}  // namespace

std::optional<PosixRule> parse_posix_rule(std::string_view text) { return RuleParser(text).parse(); }

int64_t wall_seconds(const PosixDate& date, int year) {
  const auto days = day_of(date, date::year{year}).time_since_epoch();
  return std::chrono::seconds{days}.count() + date.seconds;
}

}  // namespace duetime
