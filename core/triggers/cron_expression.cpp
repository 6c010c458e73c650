#include "core/triggers/cron_expression.h"

#include <algorithm>
#include <optional>
#include <string>

#include "core/base/error.h"

namespace duetime {
namespace {

constexpr std::array<int, kCronFieldCount> kMinimum = {kFirstCronYear, 1, 1, 1, 0, 0, 0, 0};
constexpr std::array<int, kCronFieldCount> kMaximum = {kLastCronYear, 12, 31, 53, 6, 23, 59, 59};

constexpr std::array<std::string_view, 12> kMonths = {"jan", "feb", "mar", "apr", "may", "jun",
                                                      "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> kWeekdays = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
constexpr std::array<std::string_view, 6> kPositions = {"1st", "2nd", "3rd", "4th", "5th", "last"};

// Python's str.strip() and str.split(), on ASCII.
constexpr std::string_view kWhitespace = " \t\n\r\f\v\x1c\x1d\x1e\x1f";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// Letters beyond ASCII arrive as UTF-8; they count as part of a word, which then is no weekday's name.
bool is_word(char c) { return is_letter(c) || is_digit(c) || c == '_' || (c & 0x80) != 0; }

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), [](char c) { return lower(c); });
  return result;
}

std::string_view strip(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kWhitespace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kWhitespace) - first + 1);
}

[[noreturn]] void fail(const std::string& message) { throw Error(ErrorCode::kInvalidArgument, message); }

constexpr int64_t kLargestNumber = 100'000'000'000'000'000;

// A number as written. Python's integers have no bound and errors quote them, hence the digits; `value` stops
// growing where it could overflow.
struct Number {
  int64_t value = 0;
  std::string digits;
};

Number number_of(std::string_view digits) {
  const std::size_t significant = std::min(digits.find_first_not_of('0'), digits.size() - 1);
  Number number{0, std::string(digits.substr(significant))};
  for (const char c : number.digits)
    number.value = std::min<int64_t>(number.value * 10 + (c - '0'), kLargestNumber);
  return number;
}

// A cursor over one expression. Each take_ either consumes what it is named for or nothing.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_(text) {}

  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool take_ignoring_case(std::string_view word) {
    if (lower(rest_.substr(0, word.size())) != word) return false;
    rest_.remove_prefix(word.size());
    return true;
  }

  template <typename Predicate>
  std::string_view take_while(Predicate predicate) {
    std::size_t length = 0;
    while (length < rest_.size() && predicate(rest_[length])) ++length;
    const std::string_view taken = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return taken;
  }

  // `separator` and digits, e.g. "/5"; nullopt and nothing taken if either is missing.
  std::optional<Number> take_number_after(char separator) {
    Cursor ahead = *this;
    if (!ahead.take(separator)) return std::nullopt;
    const std::string_view digits = ahead.take_while(is_digit);
    if (digits.empty()) return std::nullopt;
    *this = ahead;
    return number_of(digits);
  }

  // A pattern's `$` also matches before one last line feed.
  bool at_end() const { return rest_.empty() || rest_ == "\n"; }

 private:
  std::string_view rest_;
};

struct Range {
  bool wildcard = false;
  Number first;
  std::optional<Number> last;
  std::optional<Number> step;
};

std::optional<Range> match_wildcard(std::string_view text) {
  Cursor cursor(text);
  if (!cursor.take('*')) return std::nullopt;
  Range range;
  range.wildcard = true;
  range.step = cursor.take_number_after('/');
  return cursor.at_end() ? std::optional(range) : std::nullopt;
}

std::optional<Range> match_range(std::string_view text) {
  Cursor cursor(text);
  const std::string_view first = cursor.take_while(is_digit);
  if (first.empty()) return std::nullopt;
  Range range;
  range.first = number_of(first);
  range.last = cursor.take_number_after('-');
  range.step = cursor.take_number_after('/');
  return cursor.at_end() ? std::optional(range) : std::nullopt;
}

std::string quoted(std::string_view text) {
  std::string result = "'";
  for (const char c : text) result += c == '\n' ? std::string("\\n") : std::string(1, c);
  return result + "'";
}

class FieldParser {
 public:
  explicit FieldParser(CronFieldIndex field)
      : field_(field), minimum_(minimum_of(field)), maximum_(maximum_of(field)) {}

  // The order of the attempts is 3.11's and decides between them: `1st` could be taken for a bad number.
  CronExpression parse(std::string_view text) const {
    auto range = match_wildcard(text);
    if (!range) range = match_range(text);
    if (range) return checked(*range, text);
    if (auto named = match_names(text)) return *named;
    if (auto day = match_day(text)) return *day;
    fail("Unrecognized expression \"" + std::string(text) + "\" for field \"" +
         kCronFieldNames[static_cast<std::size_t>(field_)] + "\"");
  }

 private:
  CronExpression checked(Range range, std::string_view text) const {
    if (range.step && range.step->value == 0) fail("Increment must be higher than 0");
    if (!range.wildcard) check_order(range);
    check_step(range, maximum_ - minimum_, text);
    if (!range.wildcard) check_bounds(range, text);
    return compiled(range);
  }

  static void check_order(Range& range) {
    if (!range.last && !range.step) range.last = range.first;
    if (range.last && compare(range.first, *range.last) > 0) {
      fail("The minimum value in a range must not be higher than the maximum");
    }
  }

  static int compare(const Number& a, const Number& b) {
    if (a.digits.size() != b.digits.size()) return a.digits.size() < b.digits.size() ? -1 : 1;
    return a.digits.compare(b.digits);
  }

  void check_bounds(const Range& range, std::string_view text) const {
    if (range.first.value < minimum_) {
      refuse(text, "the first value (" + range.first.digits + ") is lower than the minimum value (" +
                       std::to_string(minimum_) + ")");
    }
    if (range.last && range.last->value > maximum_) {
      refuse(text, "the last value (" + range.last->digits + ") is higher than the maximum value (" +
                       std::to_string(maximum_) + ")");
    }
    // A last value of 0 counts as none here, as in 3.11: `0-0/5` is accepted.
    const bool open = !range.last || range.last->value == 0;
    check_step(range, (open ? maximum_ : range.last->value) - range.first.value, text);
  }

  static void check_step(const Range& range, int64_t total, std::string_view text) {
    if (!range.step || range.step->value <= total) return;
    refuse(text, "the step value (" + range.step->digits +
                     ") is higher than the total range of the expression (" + std::to_string(total) + ")");
  }

  [[noreturn]] static void refuse(std::string_view text, const std::string& why) {
    fail("Error validating expression " + quoted(text) + ": " + why);
  }

  CronExpression compiled(const Range& range) const {
    CronExpression expression;
    expression.wildcard = range.wildcard;
    expression.first = range.wildcard ? minimum_ : static_cast<int>(range.first.value);
    expression.last = range.last ? static_cast<int>(range.last->value) : maximum_;
    expression.step = range.step ? static_cast<int>(range.step->value) : 1;
    return expression;
  }

  std::optional<CronExpression> match_names(std::string_view text) const {
    if (field_ == kMonth) return match_names(text, kMonths, 1, "month");
    if (field_ == kDayOfWeek) return match_names(text, kWeekdays, 0, "weekday");
    return std::nullopt;
  }

  // Names from the left; the rest of the text is not looked at.
  template <std::size_t N>
  static std::optional<CronExpression> match_names(std::string_view text,
                                                   const std::array<std::string_view, N>& names, int base,
                                                   const char* what) {
    Cursor cursor(text);
    const std::string_view first = cursor.take_while(is_letter);
    if (first.empty()) return std::nullopt;
    const std::string_view last = cursor.take('-') ? cursor.take_while(is_letter) : std::string_view();
    CronExpression expression;
    expression.first = base + index_of(first, names, what);
    expression.last = last.empty() ? expression.first : base + index_of(last, names, what);
    if (expression.first > expression.last) {
      fail("The minimum value in a range must not be higher than the maximum");
    }
    return expression;
  }

  template <std::size_t N>
  static int index_of(std::string_view name, const std::array<std::string_view, N>& names, const char* what) {
    const auto found = std::find(names.begin(), names.end(), lower(name));
    if (found == names.end()) fail(std::string("Invalid ") + what + " name \"" + std::string(name) + "\"");
    return static_cast<int>(found - names.begin());
  }

  std::optional<CronExpression> match_day(std::string_view text) const {
    if (field_ != kDay) return std::nullopt;
    if (auto weekday = match_weekday_position(text)) return weekday;
    if (!Cursor(text).take_ignoring_case("last")) return std::nullopt;
    CronExpression expression;
    expression.kind = CronExpression::Kind::kLastDay;
    return expression;
  }

  // "2nd fri", "last sun"
  static std::optional<CronExpression> match_weekday_position(std::string_view text) {
    for (std::size_t i = 0; i < kPositions.size(); ++i) {
      Cursor cursor(text);
      if (!cursor.take_ignoring_case(kPositions[i])) continue;
      if (cursor.take_while([](char c) { return c == ' '; }).empty()) return std::nullopt;
      std::string_view name = cursor.take_while(is_digit);
      if (name.empty()) name = cursor.take_while(is_word);
      if (name.empty()) return std::nullopt;
      return weekday_position(i, index_of(name, kWeekdays, "weekday"));
    }
    return std::nullopt;
  }

  static CronExpression weekday_position(std::size_t position, int weekday) {
    CronExpression expression;
    const bool last = position + 1 == kPositions.size();
    expression.kind = last ? CronExpression::Kind::kLastWeekday : CronExpression::Kind::kNthWeekday;
    expression.nth = static_cast<int>(position) + 1;
    expression.weekday = weekday;
    return expression;
  }

  CronFieldIndex field_;
  int minimum_;
  int maximum_;
};

std::string_view without_spaces_at(std::string_view text, bool front, bool back) {
  while (front && text.starts_with(' ')) text.remove_prefix(1);
  while (back && text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

}  // namespace

int minimum_of(CronFieldIndex field) { return kMinimum[static_cast<std::size_t>(field)]; }
int maximum_of(CronFieldIndex field) { return kMaximum[static_cast<std::size_t>(field)]; }

CronExpression every_value_of(CronFieldIndex field) {
  CronExpression every;
  every.wildcard = true;
  every.first = minimum_of(field);
  every.last = maximum_of(field);
  return every;
}

uint64_t values_of(CronFieldIndex field, const std::vector<CronExpression>& expressions) {
  const int minimum = minimum_of(field);
  const int count = maximum_of(field) - minimum + 1;
  uint64_t values = 0;
  for (const CronExpression& e : expressions) {
    if (e.kind != CronExpression::Kind::kRange) continue;
    for (int value = e.first; value <= e.last; value += e.step)
      values |= uint64_t{1} << ((value - minimum) % count + minimum);
  }
  return values;
}

std::vector<CronExpression> parse_cron_field(CronFieldIndex field, std::string_view text) {
  const FieldParser parser(field);
  std::vector<CronExpression> expressions;
  std::string_view rest = strip(text);
  bool first = true;
  for (bool more = true; more; first = false) {
    const std::size_t comma = rest.find(',');
    more = comma != std::string_view::npos;
    expressions.push_back(parser.parse(without_spaces_at(rest.substr(0, comma), !first, more)));
    if (more) rest.remove_prefix(comma + 1);
  }
  return expressions;
}

}  // namespace duetime
