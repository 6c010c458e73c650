#include "core/triggers/rrule_expression.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <climits>
#include <string>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/text.h"

namespace duetime {
namespace {

constexpr std::size_t kMaxTextBytes = 8192;  // every part with every value has some 6000
constexpr std::size_t kShownBytes = 100;

constexpr std::array<std::string_view, 7> kFrequencies = {"YEARLY", "MONTHLY",  "WEEKLY",  "DAILY",
                                                          "HOURLY", "MINUTELY", "SECONDLY"};
constexpr std::array<std::string_view, 7> kWeekdays = {"MO", "TU", "WE", "TH", "FR", "SA", "SU"};

char upper(char letter) {
  return letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
}

bool same_word(std::string_view word, std::string_view capitals) {
  return word.size() == capitals.size() &&
         std::equal(word.begin(), word.end(), capitals.begin(), [](char a, char b) { return upper(a) == b; });
}

template <std::size_t n>
std::optional<int> index_of(std::string_view word, const std::array<std::string_view, n>& words) {
  for (std::size_t i = 0; i < n; ++i) {
    if (same_word(word, words[i])) return static_cast<int>(i);
  }
  return std::nullopt;
}

// Like std::from_chars, and a `+` before the digits; no digits or too many of them are none.
std::optional<int> number_of(std::string_view text) {
  if (!text.empty() && text[0] == '+') {
    text.remove_prefix(1);
    if (!text.empty() && text[0] == '-') return std::nullopt;
  }
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// In double quotes, control characters escaped.
std::string shown(std::string_view text) {
  return to_text(Json(truncate_utf8(text, kShownBytes) + (text.size() > kShownBytes ? "..." : "")));
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  RRuleExpression read();

 private:
  using Values = std::vector<int> RRuleExpression::*;

  struct Part {
    const char* name;
    void (Reader::*read)(std::string_view value);
    Values values = nullptr;
    int max = 0;
    bool has_zero = false;  // counts from 0, never from the end
    bool from_end = false;  // also -max to -1
    bool is_by = true;
  };
  static const Part kParts[];

  void read_part(std::string_view part);
  void read_frequency(std::string_view value);
  void read_interval(std::string_view value) { rule_.interval = number_between(value, 1, INT_MAX); }
  void read_count(std::string_view value) { rule_.count = number_between(value, 1, kMaxRRuleCount); }
  void read_until(std::string_view value);
  void read_week_start(std::string_view value);
  void read_numbers(std::string_view value);
  void read_weekdays(std::string_view value);

  void read_number(std::string_view item);
  RRuleWeekday weekday_of(std::string_view item) const;
  int number_between(std::string_view text, int min, int max) const;
  void check_whole();
  bool has(std::string_view name) const;
  std::string_view value_of(std::string_view name) const;

  [[noreturn]] void refuse(std::string_view at, std::string_view part, const std::string& why) const;
  [[noreturn]] void expected(std::string_view at, const std::string& what) const {
    refuse(at, part_->name, "got " + shown(at) + ", expected " + what);
  }

  std::string_view text_;
  const Part* part_ = nullptr;
  std::vector<std::pair<const Part*, std::string_view>> seen_;
  RRuleExpression rule_;
};

const Reader::Part Reader::kParts[] = {
    {.name = "FREQ", .read = &Reader::read_frequency, .is_by = false},
    {.name = "INTERVAL", .read = &Reader::read_interval, .is_by = false},
    {.name = "COUNT", .read = &Reader::read_count, .is_by = false},
    {.name = "UNTIL", .read = &Reader::read_until, .is_by = false},
    {.name = "WKST", .read = &Reader::read_week_start, .is_by = false},
    {.name = "BYSECOND",
     .read = &Reader::read_numbers,
     .values = &RRuleExpression::seconds,
     .max = 60,
     .has_zero = true},
    {.name = "BYMINUTE",
     .read = &Reader::read_numbers,
     .values = &RRuleExpression::minutes,
     .max = 59,
     .has_zero = true},
    {.name = "BYHOUR",
     .read = &Reader::read_numbers,
     .values = &RRuleExpression::hours,
     .max = 23,
     .has_zero = true},
    {.name = "BYDAY", .read = &Reader::read_weekdays},
    {.name = "BYMONTHDAY",
     .read = &Reader::read_numbers,
     .values = &RRuleExpression::month_days,
     .max = 31,
     .from_end = true},
    {.name = "BYYEARDAY",
     .read = &Reader::read_numbers,
     .values = &RRuleExpression::year_days,
     .max = 366,
     .from_end = true},
    {.name = "BYWEEKNO",
     .read = &Reader::read_numbers,
     .values = &RRuleExpression::weeks,
     .max = 53,
     .from_end = true},
    {.name = "BYMONTH", .read = &Reader::read_numbers, .values = &RRuleExpression::months, .max = 12},
    {.name = "BYSETPOS",
     .read = &Reader::read_numbers,
     .values = &RRuleExpression::positions,
     .max = 366,
     .from_end = true,
     .is_by = false},
};

// `at` is a piece of text_; its place is the column.
void Reader::refuse(std::string_view at, std::string_view part, const std::string& why) const {
  const auto column = std::to_string(at.data() - text_.data() + 1);
  throw Error(ErrorCode::kInvalidArgument, "rrule " + shown(text_) + ": " + truncate_utf8(part, kShownBytes) +
                                               " (column " + column + "): " + why);
}

template <typename Read>
void for_each_item(std::string_view list, char separator, Read read) {
  for (std::size_t end = list.find(separator); end != std::string_view::npos; end = list.find(separator)) {
    read(list.substr(0, end));
    list.remove_prefix(end + 1);
  }
  read(list);
}

template <typename Value>
void sort_out(std::vector<Value>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

RRuleExpression Reader::read() {
  if (text_.size() > kMaxTextBytes) {
    refuse(
        text_, "rule",
        "got " + std::to_string(text_.size()) + " bytes, expected at most " + std::to_string(kMaxTextBytes));
  }
  for_each_item(text_, ';', [this](std::string_view part) { read_part(part); });
  check_whole();
  return std::move(rule_);
}

void Reader::read_part(std::string_view part) {
  const std::string_view name = part.substr(0, part.find('='));
  if (name.size() == part.size()) refuse(part, "part", "got " + shown(part) + ", expected NAME=VALUE");
  part_ = std::find_if(std::begin(kParts), std::end(kParts),
                       [name](const Part& p) { return same_word(name, p.name); });
  if (part_ == std::end(kParts)) {
    refuse(part, "part",
           "got " + shown(name) +
               ", expected FREQ, INTERVAL, COUNT, UNTIL, WKST, BYSETPOS, BYMONTH, "
               "BYWEEKNO, BYYEARDAY, BYMONTHDAY, BYDAY, BYHOUR, BYMINUTE or BYSECOND");
  }
  if (has(part_->name)) refuse(part, part_->name, "given twice, expected once");
  const std::string_view value = part.substr(name.size() + 1);
  seen_.emplace_back(part_, value);
  (this->*part_->read)(value);
}

void Reader::read_frequency(std::string_view value) {
  const auto index = index_of(value, kFrequencies);
  if (!index) expected(value, "YEARLY, MONTHLY, WEEKLY, DAILY, HOURLY, MINUTELY or SECONDLY");
  rule_.frequency = static_cast<Frequency>(*index);
}

void Reader::read_until(std::string_view value) {
  const auto written = read_ical_time(value);
  if (!written) expected(value, "a real time like 20261224T090000Z, 20261224T090000 or 20261224");
  if (written->is_utc) {
    rule_.until = Instant{written->time.time_since_epoch()};
  } else {
    rule_.until_wall =
        written->time + (written->is_day ? std::chrono::seconds{86'399} : std::chrono::seconds{0});
  }
}

void Reader::read_week_start(std::string_view value) {
  const auto weekday = index_of(value, kWeekdays);
  if (!weekday) expected(value, "MO, TU, WE, TH, FR, SA or SU");
  rule_.week_start = *weekday;
}

int Reader::number_between(std::string_view text, int min, int max) const {
  const auto number = number_of(text);
  if (!number || *number < min || *number > max) {
    expected(text, std::to_string(min) + " to " + std::to_string(max));
  }
  return *number;
}

void Reader::read_numbers(std::string_view value) {
  for_each_item(value, ',', [this](std::string_view item) { read_number(item); });
  sort_out(rule_.*part_->values);
}

void Reader::read_number(std::string_view item) {
  std::vector<int>& values = rule_.*part_->values;
  if (!part_->from_end) {
    const int number = number_between(item, part_->has_zero ? 0 : 1, part_->max);
    values.push_back(part_->values == &RRuleExpression::seconds ? std::min(number, 59) : number);
    return;
  }
  const auto number = number_of(item);
  const std::string max = std::to_string(part_->max);
  if (!number || *number == 0 || std::abs(*number) > part_->max)
    expected(item, "1 to " + max + " or -" + max + " to -1");
  values.push_back(*number);
}

void Reader::read_weekdays(std::string_view value) {
  for_each_item(value, ',', [this](std::string_view item) { rule_.weekdays.push_back(weekday_of(item)); });
  sort_out(rule_.weekdays);
}

RRuleWeekday Reader::weekday_of(std::string_view item) const {
  const std::size_t digits = item.size() < 2 ? 0 : item.size() - 2;
  const auto weekday = index_of(item.substr(digits), kWeekdays);
  const auto nth = digits == 0 ? 0 : number_of(item.substr(0, digits));
  const bool in_range = nth && (digits == 0 || (*nth != 0 && std::abs(*nth) <= 53));
  if (!weekday || !in_range) {
    expected(item, "MO, TU, WE, TH, FR, SA or SU, or one of these with 1 to 53 or -53 to -1 before it");
  }
  return {*nth, *weekday};
}

bool Reader::has(std::string_view name) const {
  return std::any_of(seen_.begin(), seen_.end(),
                     [name](const auto& seen) { return seen.first->name == name; });
}

std::string_view Reader::value_of(std::string_view name) const {
  return std::find_if(seen_.begin(), seen_.end(),
                      [name](const auto& seen) { return seen.first->name == name; })
      ->second;
}

void Reader::check_whole() {
  if (!has("FREQ")) refuse(text_, "FREQ", "missing, expected FREQ=YEARLY or another frequency");
  if (rule_.count && has("UNTIL"))
    refuse(value_of("UNTIL"), "UNTIL", "given with COUNT, expected one of the two");
  const bool has_by =
      std::any_of(seen_.begin(), seen_.end(), [](const auto& seen) { return seen.first->is_by; });
  if (has("BYSETPOS") && !has_by) {
    refuse(value_of("BYSETPOS"), "BYSETPOS", "given alone, expected another BY part to choose from");
  }
  const bool numbered =
      std::any_of(rule_.weekdays.begin(), rule_.weekdays.end(), [](const auto& day) { return day.nth != 0; });
  const bool countable = rule_.frequency == Frequency::kMonthly ||
                         (rule_.frequency == Frequency::kYearly && rule_.weeks.empty());
  if (numbered && !countable) {
    refuse(value_of("BYDAY"), "BYDAY",
           "got " + shown(value_of("BYDAY")) +
               ", expected numbers only with FREQ=MONTHLY, or with FREQ=YEARLY without BYWEEKNO");
  }
}

}  // namespace

RRuleExpression parse_rrule(std::string_view text) { return Reader(text).read(); }

}  // namespace duetime
