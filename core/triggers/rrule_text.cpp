// Recurrences in iCalendar's content lines (RFC 5545, 3.1): parse_recurrence() of rrule.h.
#include <algorithm>
#include <utility>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/triggers/rrule.h"
#include "core/triggers/rrule_expression.h"

namespace duetime {
namespace {

constexpr std::size_t kMaxTextBytes = std::size_t{1} << 20;
constexpr std::size_t kShownBytes = 60;

std::string shown(std::string_view text) {
  return to_text(Json(truncate_utf8(text, kShownBytes) + (text.size() > kShownBytes ? "..." : "")));
}

std::string capitals(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return result;
}

// A line that begins with a space or a tab goes on with the one before (3.1).
std::vector<std::string> unfold(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    const bool goes_on = !lines.empty() && (line.starts_with(' ') || line.starts_with('\t'));
    if (goes_on) {
      lines.back() += line.substr(1);
    } else {
      lines.emplace_back(line);
    }
  }
  return lines;
}

// NAME;TZID=Europe/Berlin;VALUE=DATE-TIME:value,value
class Line {
 public:
  Line(const std::string& text, std::size_t number) : text_(text), number_(number) {
    const std::size_t name_end = text_.find_first_of(";:");
    if (name_end == std::string::npos) refuse(text_, "line", "got " + shown(text_) + ", expected NAME:VALUE");
    name_ = capitals(text_.substr(0, name_end));
    std::string_view rest = std::string_view(text_).substr(name_end);
    while (rest.starts_with(';')) rest = read_parameter(rest.substr(1));
    if (!rest.starts_with(':')) refuse(text_, name_, "got no \":\", expected NAME:VALUE");
    value_ = rest.substr(1);
  }

  const std::string& name() const { return name_; }
  std::string_view value() const { return value_; }

  // The times of the value, on the clock of `zone`. `own_zone` is that of times that name none.
  template <typename Take>
  void times(const TimeZone& own_zone, Take take) const {
    const TimeZone written_in = zone_or(own_zone);
    for (std::string_view rest = value_;;) {
      const std::string_view item = rest.substr(0, rest.find(','));
      take(read_time(item), written_in);
      if (item.size() == rest.size()) return;
      rest.remove_prefix(item.size() + 1);
    }
  }

  TimeZone zone_or(const TimeZone& zone) const {
    return zone_name_.empty() ? zone : TimeZone::load(zone_name_);
  }

  WrittenTime read_time(std::string_view item) const {
    const auto written = read_ical_time(item);
    const bool day_expected = value_type_ == "DATE";
    if (written && (value_type_.empty() || written->is_day == day_expected)) return *written;
    refuse(item, name_,
           "got " + shown(item) + ", expected " +
               (day_expected ? "a real day like 20261123"
                             : "a real time like 20261123T090000 or 20261123T080000Z"));
  }

  // `at` is a piece of the line.
  [[noreturn]] void refuse(std::string_view at, std::string_view what, const std::string& why) const {
    throw Error(ErrorCode::kInvalidArgument, "recurrence: " + truncate_utf8(what, kShownBytes) + " (line " +
                                                 std::to_string(number_) + ", column " +
                                                 std::to_string(at.data() - text_.data() + 1) + "): " + why);
  }

 private:
  // Answers what follows. A value in quotes may hold `:` and `;`.
  std::string_view read_parameter(std::string_view rest) {
    const std::size_t name_end = rest.find('=');
    if (name_end == std::string_view::npos)
      refuse(rest, name_, "got " + shown(rest) + ", expected PARAMETER=VALUE");
    const std::string parameter = capitals(rest.substr(0, name_end));
    const std::string_view value = rest.substr(name_end + 1);
    const bool quoted = value.starts_with('"');
    const std::size_t end = quoted ? value.find('"', 1) : value.find_first_of(";:");
    if (end == std::string_view::npos) refuse(value, name_, "got no end of the parameter " + parameter);
    take_parameter(parameter, quoted ? value.substr(1, end - 1) : value.substr(0, end), rest);
    return value.substr(quoted ? end + 1 : end);
  }

  void take_parameter(const std::string& parameter, std::string_view value, std::string_view at) {
    if (parameter == "TZID") {
      zone_name_ = value;
    } else if (parameter == "VALUE") {
      value_type_ = capitals(value);
      const bool known = value_type_ == "DATE" || value_type_ == "DATE-TIME";
      if (!known) refuse(at, name_, "got VALUE=" + shown(value) + ", expected DATE or DATE-TIME");
    } else if (!parameter.starts_with("X-")) {
      refuse(at, name_, "got the parameter " + shown(parameter) + ", expected TZID or VALUE");
    }
  }

  std::string text_;
  std::size_t number_;
  std::string name_;
  std::string zone_name_;
  std::string value_type_;
  std::string_view value_;  // into text_: a line stays where it was made
};

WallSecond on_clock_of(const TimeZone& zone, WrittenTime written, const TimeZone& written_in) {
  const TimeZone from = written.is_utc ? TimeZone() : written_in;
  if (written.is_day || from == zone) return written.time;
  return date::floor<std::chrono::seconds>(zone.to_civil(from.lookup(CivilTime{written.time}).pre));
}

// The only line of this name.
const Line& only(const std::vector<std::unique_ptr<Line>>& lines, const std::string& name) {
  const Line* found = nullptr;
  for (const auto& line : lines) {
    if (line->name() != name) continue;
    if (found != nullptr) line->refuse(line->value(), name, "given twice, expected once");
    found = line.get();
  }
  if (found == nullptr) throw Error(ErrorCode::kInvalidArgument, "recurrence: no " + name + ", expected one");
  return *found;
}

std::vector<std::unique_ptr<Line>> read_lines(std::string_view text) {
  if (text.size() > kMaxTextBytes) {
    throw Error(ErrorCode::kInvalidArgument, "recurrence: got " + std::to_string(text.size()) +
                                                 " bytes, expected at most " + std::to_string(kMaxTextBytes));
  }
  std::vector<std::unique_ptr<Line>> lines;
  std::size_t number = 0;
  for (const std::string& line : unfold(text)) {
    ++number;
    if (!line.empty()) lines.push_back(std::make_unique<Line>(line, number));
  }
  return lines;
}

void read_start(const Line& line, const TimeZone& default_zone, RRuleRule& rule) {
  const WrittenTime written = line.read_time(line.value());
  rule.zone = written.is_utc ? TimeZone() : line.zone_or(default_zone);
  rule.dtstart = written.time;
}

void read_dates(const Line& line, RRuleRule& rule) {
  line.times(rule.zone, [&](WrittenTime written, const TimeZone& written_in) {
    const WallSecond time = on_clock_of(rule.zone, written, written_in);
    if (line.name() == "EXDATE") rule.exdates.push_back({time, written.is_day});
    if (line.name() == "RDATE") rule.rdates.push_back(time);
  });
}

}  // namespace

RRuleRule parse_recurrence(std::string_view text, const TimeZone& default_zone) {
  const auto lines = read_lines(text);
  RRuleRule rule;
  read_start(only(lines, "DTSTART"), default_zone, rule);
  rule.rrule = only(lines, "RRULE").value();
  parse_rrule(rule.rrule);
  for (const auto& line : lines) {
    if (line->name() == "EXDATE" || line->name() == "RDATE") {
      read_dates(*line, rule);
    } else if (line->name() != "DTSTART" && line->name() != "RRULE") {
      line->refuse(line->value(), line->name(), "expected DTSTART, RRULE, EXDATE or RDATE");
    }
  }
  return rule;
}

}  // namespace duetime
