#include "core/triggers/exclusion_calendar.h"

#include <algorithm>
#include <bit>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/time/civil_text.h"
#include "core/triggers/phrases.h"

namespace duetime {
namespace {

using std::chrono::seconds;

constexpr seconds kDay{86'400};
constexpr uint8_t kAllWeekdays = 0x7f;
constexpr std::array<const char*, 7> kWeekdays = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
constexpr int kLeapYear = 2024;  // has every day that any year has

[[noreturn]] void refuse(const std::string& what, const std::string& why) {
  throw Error(ErrorCode::kInvalidArgument, "exclusion calendar: " + what + ": " + why);
}

const std::string& text_of(const Json& value, const char* member) {
  if (!value.is_string()) refuse(member, "got " + to_text(value) + ", expected a string");
  return value.get_ref<const std::string&>();
}

// "a/b" as {a, b}; "a" as {a, a}.
std::pair<std::string, std::string> halves(const std::string& text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos) return {text, text};
  return {text.substr(0, slash), text.substr(slash + 1)};
}

std::string joined(std::string text, std::string_view separator, std::string_view rest) {
  text += separator;
  text += rest;
  return text;
}

unsigned month_of(const date::year_month_day& ymd) { return static_cast<unsigned>(ymd.month()); }
unsigned day_of(const date::year_month_day& ymd) { return static_cast<unsigned>(ymd.day()); }

std::string yearly_text(unsigned month, unsigned day) {
  return to_text(CivilDay{date::year{kLeapYear} / date::month{month} / date::day{day}}).substr(5);
}

}  // namespace

ExclusionCalendar::ExclusionCalendar(const Json& document) {
  if (!document.is_object() || document.empty()) {
    refuse("calendar",
           "got " + to_text(document) + ", expected an object with dates, yearly, weekdays or windows");
  }
  for (const auto& [member, value] : document.items()) {
    if (!value.is_array() || value.empty()) refuse(member, "got " + to_text(value) + ", expected a list");
    if (member == "dates") {
      read_dates(value);
    } else if (member == "yearly") {
      read_yearly(value);
    } else if (member == "weekdays") {
      read_weekdays(value);
    } else if (member == "windows") {
      read_windows(value);
    } else {
      refuse(member, "there is no such member");
    }
  }
  any_day_ = !document.contains("dates") && !document.contains("yearly") && !document.contains("weekdays");
  check_that_time_is_left();
}

void ExclusionCalendar::read_dates(const Json& dates) {
  for (const Json& value : dates) {
    const auto [first, last] = halves(text_of(value, "dates"));
    const Days days{parse_day(first, "exclusion calendar: dates"),
                    parse_day(last, "exclusion calendar: dates")};
    if (days.last < days.first)
      refuse("dates", in_quotes(joined(first, "/", last)) + " ends before it begins");
    dates_.push_back(days);
  }
  std::sort(dates_.begin(), dates_.end(), [](const Days& a, const Days& b) { return a.first < b.first; });
  std::vector<Days> apart;
  for (const Days& days : dates_) {
    if (!apart.empty() && days.first <= apart.back().last + date::days{1}) {
      apart.back().last = std::max(apart.back().last, days.last);
    } else {
      apart.push_back(days);
    }
  }
  dates_ = std::move(apart);
}

void ExclusionCalendar::read_yearly(const Json& days) {
  for (const Json& value : days) {
    const std::string& text = text_of(value, "yearly");
    const date::year_month_day ymd{
        parse_day(std::to_string(kLeapYear) + "-" + text, "exclusion calendar: yearly: " + in_quotes(text))};
    yearly_[month_of(ymd)] |= uint32_t{1} << day_of(ymd);
  }
}

void ExclusionCalendar::read_weekdays(const Json& weekdays) {
  for (const Json& value : weekdays) {
    const std::string& name = text_of(value, "weekdays");
    const auto found = std::find(kWeekdays.begin(), kWeekdays.end(), name);
    if (found == kWeekdays.end())
      refuse("weekdays", "got " + in_quotes(name) + ", expected mon, tue, ... or sun");
    weekdays_ |= static_cast<uint8_t>(1U << (found - kWeekdays.begin()));
  }
}

void ExclusionCalendar::read_windows(const Json& windows) {
  for (const Json& value : windows) {
    const std::string& text = text_of(value, "windows");
    if (text.find('/') == std::string::npos) {
      refuse("windows", "got " + in_quotes(text) + ", expected two times of day like \"12:00/13:30\"");
    }
    const auto [begin, end] = halves(text);
    const std::string what = "exclusion calendar: windows: " + in_quotes(text);
    Window window{parse_time_of_day(begin, what), end == "24:00" ? kDay : parse_time_of_day(end, what)};
    if (window.end <= window.begin) window.end += kDay;
    windows_.push_back(window);
  }
}

// Whoever excludes all weekdays, all 366 days of a year or 24 hours of every day did not mean it.
void ExclusionCalendar::check_that_time_is_left() const {
  int yearly_days = 0;
  for (const uint32_t month : yearly_) yearly_days += std::popcount(month);
  const bool all_days = any_day_ || weekdays_ == kAllWeekdays || yearly_days == 366;
  const auto lasts_all_day = [](const Window& window) { return window.end - window.begin >= kDay; };
  const bool all_hours = windows_.empty() || std::any_of(windows_.begin(), windows_.end(), lasts_all_day);
  if (all_days && all_hours) refuse("calendar", "it excludes everything");
}

bool ExclusionCalendar::is_listed(CivilDay day) const {
  const auto later = std::upper_bound(dates_.begin(), dates_.end(), day,
                                      [](CivilDay value, const Days& days) { return value < days.first; });
  return later != dates_.begin() && day <= std::prev(later)->last;
}

bool ExclusionCalendar::has_day(CivilDay day) const {
  if (any_day_ || (weekdays_ >> weekday_of(day) & 1) != 0) return true;
  const date::year_month_day ymd{day};
  return (yearly_[month_of(ymd)] >> day_of(ymd) & 1) != 0 || is_listed(day);
}

// The window that ends last among those that have `time`, and the midnight that it is counted from.
const ExclusionCalendar::Window* ExclusionCalendar::window_at(CivilTime time, CivilTime& midnight) const {
  const Window* found = nullptr;
  CivilTime end = time;
  for (const int days_before : {0, 1}) {
    const CivilDay day = date::floor<date::days>(time) - date::days{days_before};
    if (!has_day(day)) continue;
    for (const Window& window : windows_) {
      const CivilTime begins = CivilTime{day} + window.begin;
      if (begins > time || CivilTime{day} + window.end <= end) continue;
      found = &window;
      midnight = day;
      end = CivilTime{day} + window.end;
    }
  }
  return found;
}

bool ExclusionCalendar::excludes(CivilTime time) const {
  CivilTime midnight;
  return windows_.empty() ? has_day(date::floor<date::days>(time)) : window_at(time, midnight) != nullptr;
}

CivilTime ExclusionCalendar::end_of_exclusion(CivilTime time) const {
  CivilTime midnight;
  if (const Window* window = window_at(time, midnight)) return midnight + window->end;
  return CivilTime{date::floor<date::days>(time) + date::days{1}};
}

Json ExclusionCalendar::document() const {
  Json document = Json::object();
  for (const Days& days : dates_) {
    document["dates"].push_back(days.first == days.last ? to_text(days.first)
                                                        : to_text(days.first) + "/" + to_text(days.last));
  }
  for (unsigned month = 1; month <= 12; ++month) {
    for (unsigned day = 1; day <= 31; ++day) {
      if (yearly_[month] >> day & 1) document["yearly"].push_back(yearly_text(month, day));
    }
  }
  for (std::size_t weekday = 0; weekday < kWeekdays.size(); ++weekday) {
    if (weekdays_ >> weekday & 1) document["weekdays"].push_back(kWeekdays[weekday]);
  }
  for (const Window& window : windows_) {
    const std::string end = window.end == kDay ? "24:00" : short_time_text(window.end % kDay);
    document["windows"].push_back(short_time_text(window.begin) + "/" + end);
  }
  return document;
}

std::string ExclusionCalendar::explain() const {
  std::vector<std::string> days;
  for (std::size_t weekday = 0; weekday < kWeekdays.size(); ++weekday) {
    if (weekdays_ >> weekday & 1) days.push_back(std::string(kWeekdayNames[weekday]) + "s");
  }
  const Json written = document();
  for (const char* member : {"yearly", "dates"}) {
    if (!written.contains(member)) continue;
    for (const Json& day : written[member]) {
      const auto [first, last] = halves(day.get<std::string>());
      days.push_back(first == last ? first : joined(first, " to ", last));
    }
  }
  std::vector<std::string> hours;
  for (const Window& window : windows_) {
    const std::string end = window.end == kDay ? "24:00" : short_time_text(window.end % kDay);
    hours.push_back("from " + short_time_text(window.begin) + " to " + end);
  }
  if (days.empty()) return listed(hours, "and");
  return "on " + listed(days, "and") + (hours.empty() ? "" : " " + listed(hours, "and"));
}

}  // namespace duetime
