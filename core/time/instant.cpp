#include "core/time/instant.h"

#include <array>
#include <cstdio>

#include "core/base/error.h"
#include "core/time/civil.h"

namespace duetime {
namespace {

constexpr int64_t kMicrosPerMinute = 60'000'000;

// A cursor over the text. After a failed step, failed() is true and further steps do nothing, so that the
// grammar below reads from top to bottom.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool failed() const { return failed_; }
  bool at_end() const { return rest_.empty(); }

  // Exactly `digits` decimal digits.
  int number(std::size_t digits) {
    int value = 0;
    for (std::size_t i = 0; i < digits; ++i) value = value * 10 + digit();
    return value;
  }

  void expect(std::string_view one_of) { take(one_of); }

  bool accept(char c) {
    if (failed_ || rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool next_is_digit() const { return !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9'; }

  char take(std::string_view one_of) {
    if (failed_ || rest_.empty() || one_of.find(rest_.front()) == std::string_view::npos) return fail();
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }

 private:
  int digit() { return failed_ || !next_is_digit() ? fail() : take("0123456789") - '0'; }

  char fail() {
    failed_ = true;
    return 0;
  }

  std::string_view rest_;
  bool failed_ = false;
};

// One to six digits; a seventh would be precision that we cannot keep, so it is refused.
int scan_fraction(Scanner& scan) {
  if (!scan.accept('.')) return 0;
  int micros = scan.number(1);
  for (int digits = 1; digits < 6; ++digits) {
    micros *= 10;
    if (scan.next_is_digit()) micros += scan.number(1);
  }
  return micros;
}

CivilFields scan_fields(Scanner& scan) {
  CivilFields fields;
  fields.year = scan.number(4);
  scan.expect("-");
  fields.month = scan.number(2);
  scan.expect("-");
  fields.day = scan.number(2);
  scan.expect("Tt ");
  fields.hour = scan.number(2);
  scan.expect(":");
  fields.minute = scan.number(2);
  scan.expect(":");
  fields.second = scan.number(2);
  fields.microsecond = scan_fraction(scan);
  return fields;
}

struct Offset {
  int hours = 0;
  int minutes = 0;
  bool west = false;

  bool valid() const { return hours < 24 && minutes < 60; }
  int64_t micros() const { return (west ? -1 : 1) * (hours * 60 + minutes) * kMicrosPerMinute; }
};

Offset scan_offset(Scanner& scan) {
  Offset offset;
  if (scan.accept('Z') || scan.accept('z')) return offset;
  offset.west = scan.take("+-") == '-';
  offset.hours = scan.number(2);
  scan.expect(":");
  offset.minutes = scan.number(2);
  return offset;
}

bool is_real(const CivilFields& f) {
  return f.year >= 1 && f.month >= 1 && f.month <= 12 && f.day >= 1 &&
         f.day <= days_in_month(f.year, f.month) && f.hour < 24 && f.minute < 60 && f.second < 60;
}

std::optional<Instant> read_instant(std::string_view text) {
  Scanner scan(text);
  const CivilFields fields = scan_fields(scan);
  const Offset offset = scan_offset(scan);
  if (scan.failed() || !scan.at_end() || !is_real(fields) || !offset.valid()) return std::nullopt;
  const Instant result = from_micros(civil_time(fields).time_since_epoch().count() - offset.micros());
  return is_valid(result) ? std::optional(result) : std::nullopt;
}

}  // namespace

std::optional<Instant> checked_add(Instant t, Duration d) {
  int64_t sum = 0;
  if (__builtin_add_overflow(to_micros(t), d.count(), &sum)) return std::nullopt;
  return is_valid(from_micros(sum)) ? std::optional(from_micros(sum)) : std::nullopt;
}

std::string to_string(Instant t) {
  const CivilFields f = fields_of(CivilTime{t.time_since_epoch()});
  std::array<char, 64> buffer;
  const int length = std::snprintf(buffer.data(), buffer.size(), "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ",
                                   f.year, f.month, f.day, f.hour, f.minute, f.second, f.microsecond);
  return {buffer.data(), static_cast<std::size_t>(length)};
}

Instant parse_instant(std::string_view text, std::string_view what) {
  if (const auto instant = read_instant(text)) return *instant;
  throw Error(ErrorCode::kInvalidArgument,
              std::string(what) + ": \"" + std::string(text.substr(0, 64)) +
                  "\" is not an instant of the years 1 to 9999, expected RFC 3339 like "
                  "2026-11-23T09:30:00.000000Z");
}

}  // namespace duetime
