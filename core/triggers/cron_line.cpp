#include "core/triggers/cron_line.h"

#include <algorithm>
#include <array>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/text.h"

namespace duetime {
namespace {

constexpr std::string_view kBlanks = " \t";
constexpr std::size_t kShownBytes = 100;
constexpr int kTooLarge = 100'000;  // for every field; a number stops growing there

constexpr const char* kSeparator = R"("," or the end of the field)";
constexpr const char* kStepOrSeparator = R"("/", "," or the end of the field)";
constexpr const char* kRangeOrSeparator = R"("-", "/", "," or the end of the field)";

constexpr std::array<std::string_view, 12> kMonths = {"jan", "feb", "mar", "apr", "may", "jun",
                                                      "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> kWeekdays = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

std::string quoted(std::string_view text) {
  const std::string shown = truncate_utf8(text, kShownBytes);
  return to_text(Json(shown)) + (shown.size() < text.size() ? "..." : "");
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

template <std::size_t N>
std::optional<int> index_of(const std::string& name, const std::array<std::string_view, N>& names) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<int>(found - names.begin());
}

}  // namespace

CronLine::CronLine(const char* dialect, std::string_view text) : dialect_(dialect), text_(text) {
  std::size_t at = text.find_first_not_of(kBlanks);
  while (at != std::string_view::npos) {
    const std::size_t end = std::min(text.find_first_of(kBlanks, at), text.size());
    fields_.push_back({at, end});
    at = text.find_first_not_of(kBlanks, end);
  }
}

std::string_view CronLine::text(const Field& field) const {
  return text_.substr(field.begin, field.end - field.begin);
}

void CronLine::refuse(std::string_view what, std::size_t at, const std::string& why) const {
  throw Error(ErrorCode::kInvalidArgument, dialect_ + (" " + quoted(text_)) + ": " + std::string(what) +
                                               " (column " + std::to_string(at + 1) + "): " + why);
}

CronFieldReader::CronFieldReader(const CronLine& line, const CronLine::Field& field,
                                 const CronFieldSyntax& syntax)
    : line_(line),
      syntax_(syntax),
      text_(line.text().substr(0, field.end)),
      at_(field.begin),
      may_follow_(kSeparator) {}

CronExpression CronFieldReader::read_plain_item() {
  if (take('*')) return read_rest_of_wildcard();
  return read_range_from(read_value());
}

CronExpression CronFieldReader::read_rest_of_wildcard() {
  may_follow_ = kStepOrSeparator;
  CronExpression all = range(syntax_.minimum, syntax_.open_end, is_at('/') ? read_step() : 1);
  all.wildcard = true;
  return all;
}

int CronFieldReader::read_value() { return read_value(syntax_.items); }

CronExpression CronFieldReader::read_range_from(int first) {
  may_follow_ = kRangeOrSeparator;
  const bool has_last = take('-');
  const int last = has_last ? read_last(first) : first;
  if (!is_at('/')) return range(first, last, 1);
  if (has_last) return range(first, last, read_step());
  const bool is_second_name = first > syntax_.open_end;  // 7 for Sunday, which begins the week
  return range(is_second_name ? syntax_.minimum : first, syntax_.open_end, read_step());
}

int CronFieldReader::read_last(int first) {
  const std::size_t at = at_;
  const int last = read_value(syntax_.values);
  if (syntax_.field == kYear && last < first) {  // the only field that does not begin again
    line_.refuse(syntax_.name, at,
                 std::to_string(last) + " is too small, expected " + std::to_string(first) + "-" +
                     std::to_string(syntax_.maximum));
  }
  may_follow_ = kStepOrSeparator;
  return last;
}

int CronFieldReader::read_step() {
  take('/');
  return read_number(1, syntax_.largest_step, "a step of 1-" + std::to_string(syntax_.largest_step));
}

bool CronFieldReader::is_at(char c) const { return at_ < text_.size() && lower(text_[at_]) == c; }

bool CronFieldReader::take(char lower_case) {
  if (!is_at(lower_case)) return false;
  ++at_;
  may_follow_ = kSeparator;
  return true;
}

int CronFieldReader::read_number(int minimum, int maximum, const std::string& expected) {
  const std::size_t begin = at_;
  int number = 0;
  for (; at_ < text_.size() && is_digit(text_[at_]); ++at_)
    number = std::min(number * 10 + (text_[at_] - '0'), kTooLarge);
  if (at_ == begin) refuse_rest(expected);
  if (number >= minimum && number <= maximum) return number;
  const std::string digits = truncate_utf8(text_.substr(begin, at_ - begin), kShownBytes);
  line_.refuse(syntax_.name, begin,
               digits + " is too " + (number < minimum ? "small" : "large") + ", expected " + expected);
}

int CronFieldReader::read_value(const char* expected) {
  const bool is_name = at_ < text_.size() && is_letter(text_[at_]);
  if (is_name) return read_name(expected);
  if (at_ < text_.size() && is_digit(text_[at_]))
    return read_number(syntax_.minimum, syntax_.maximum, syntax_.values);
  refuse_rest(expected);
}

// "monday" is refused as a whole, not for its "day". Quartz has `friL`.
bool CronFieldReader::continues_name() const {
  const std::string_view rest = text_.substr(at_);
  return rest.size() > 3 && is_letter(rest[3]) && lower(rest[3]) != 'l';
}

int CronFieldReader::read_name(const char* expected) {
  std::string name(text_.substr(at_, 3));
  std::transform(name.begin(), name.end(), name.begin(), lower);
  std::optional<int> index;
  if (syntax_.field == kMonth) index = index_of(name, kMonths);
  if (syntax_.field == kDayOfWeek) index = index_of(name, kWeekdays);
  if (!index || continues_name()) refuse_rest(expected);
  at_ += name.size();
  return syntax_.minimum + *index;
}

bool CronFieldReader::read_separator() {
  if (take(',')) return false;
  if (at_ < text_.size()) refuse_rest(may_follow_);
  return true;
}

// "got what stands here up to the next comma".
void CronFieldReader::refuse_rest(const std::string& expected) const {
  const std::string_view rest = text_.substr(at_);
  const std::string_view item = rest.substr(0, std::max<std::size_t>(rest.find(','), 1));
  line_.refuse(syntax_.name, at_,
               "got " + (rest.empty() ? std::string("nothing") : quoted(item)) + ", expected " + expected);
}

CronExpression CronFieldReader::range(int first, int last, int step) const {
  const int count = maximum_of(syntax_.field) - minimum_of(syntax_.field) + 1;
  CronExpression expression;
  expression.first = syntax_.field == kDayOfWeek ? weekday_of(first) : first;
  expression.last = expression.first + last - first + (last < first ? count : 0);
  expression.step = step;
  return expression;
}

int CronFieldReader::weekday_of(int value) const { return (value - syntax_.monday + 7) % 7; }

}  // namespace duetime
