#include "core/triggers/rrule_explain.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "core/time/civil_text.h"
#include "core/triggers/phrases.h"

namespace duetime {
namespace {

constexpr std::array<const char*, 7> kUnits = {"year", "month", "week", "day", "hour", "minute", "second"};
constexpr std::size_t kMaxClockTimes = 6;

template <std::size_t n>
std::string name_at(const std::array<const char*, n>& names, int index) {
  return names[static_cast<std::size_t>(index)];
}

// "1st", "last", "2nd to last"
std::string place(int n) {
  if (n == -1) return "last";
  return n < 0 ? ordinal(-n) + " to last" : ordinal(n);
}

template <typename Value, typename Name>
std::string listed_by(const std::vector<Value>& values, const char* conjunction, Name name) {
  std::vector<std::string> items;
  std::transform(values.begin(), values.end(), std::back_inserter(items), name);
  return listed(items, conjunction);
}

std::string ordinals(const std::vector<int>& values) { return listed_by(values, "and", place); }

std::string numbers(const char* word, const std::vector<int>& values) {
  return std::string(word) + (values.size() == 1 ? " " : "s ") +
         listed_by(values, "and", [](int n) { return std::to_string(n); });
}

class Sentence {
 public:
  Sentence(const RRuleExpression& rule, WallSecond start)
      : rule_(rule),
        start_(fields_of(CivilTime{start})),
        weekday_(weekday_of(date::floor<date::days>(start))) {}

  std::string text() const {
    return every(rule_.interval,
                 counted(rule_.interval, name_at(kUnits, static_cast<int>(rule_.frequency)))) +
           months() + weeks() + days() + times() + positions();
  }

 private:
  bool names_days() const {
    return !rule_.weeks.empty() || !rule_.year_days.empty() || !rule_.month_days.empty() ||
           !rule_.weekdays.empty();
  }

  std::string months() const {
    std::vector<int> months = rule_.months;
    if (months.empty() && !names_days() && rule_.frequency == Frequency::kYearly) months = {start_.month};
    return months.empty()
               ? ""
               : " in " + listed_by(months, "and", [](int m) { return name_at(kMonthNames, m - 1); });
  }

  std::string weeks() const {
    return rule_.weeks.empty() ? ""
                               : " in the " + ordinals(rule_.weeks) +
                                     (rule_.weeks.size() == 1 ? " week" : " weeks") + " of the year";
  }

  std::string days() const {
    std::string text;
    if (!rule_.year_days.empty()) text += " on the " + ordinals(rule_.year_days) + " day of the year";
    std::vector<int> month_days = rule_.month_days;
    if (!names_days() && rule_.frequency <= Frequency::kMonthly) month_days = {start_.day};
    if (!month_days.empty())
      text += " on the " + ordinals(month_days) +
              (month_days.back() < 0 || month_days.front() < 0 ? " day of the month" : "");
    std::vector<RRuleWeekday> weekdays = rule_.weekdays;
    if (!names_days() && rule_.frequency == Frequency::kWeekly) weekdays = {{0, weekday_}};
    if (!weekdays.empty())
      text += (text.empty() ? " on " : " if it is ") +
              listed_by(weekdays, text.empty() ? "and" : "or", weekday_name);
    return text;
  }

  static std::string weekday_name(const RRuleWeekday& day) {
    return (day.nth == 0 ? "" : "the " + place(day.nth) + " ") + name_at(kWeekdayNames, day.weekday);
  }

  std::string times() const {
    const bool has_hours = rule_.frequency < Frequency::kHourly || !rule_.hours.empty();
    const bool has_minutes = rule_.frequency < Frequency::kMinutely || !rule_.minutes.empty();
    const bool has_seconds = rule_.frequency < Frequency::kSecondly || !rule_.seconds.empty();
    const std::vector<int> hours = rule_.hours.empty() ? std::vector{start_.hour} : rule_.hours;
    const std::vector<int> minutes = rule_.minutes.empty() ? std::vector{start_.minute} : rule_.minutes;
    const std::vector<int> seconds = rule_.seconds.empty() ? std::vector{start_.second} : rule_.seconds;
    if (has_hours && has_minutes && has_seconds &&
        hours.size() * minutes.size() * seconds.size() <= kMaxClockTimes) {
      return " at " + listed(clock_times(hours, minutes, seconds), "and");
    }
    std::string text;
    if (has_seconds && (seconds.size() > 1 || seconds[0] != 0)) text += " at " + numbers("second", seconds);
    if (has_minutes) text += " at " + numbers("minute", minutes);
    if (has_hours) text += " in " + numbers("hour", hours);
    return text;
  }

  static std::vector<std::string> clock_times(const std::vector<int>& hours, const std::vector<int>& minutes,
                                              const std::vector<int>& seconds) {
    std::vector<std::string> times;
    for (const int hour : hours) {
      for (const int minute : minutes) {
        for (const int second : seconds) times.push_back(clock_time(hour, minute, second));
      }
    }
    return times;
  }

  // "09:00", "09:00:30"
  static std::string clock_time(int hour, int minute, int second) {
    const std::string text = time_of_day_text(std::chrono::seconds{hour * 3600 + minute * 60 + second});
    return second == 0 ? text.substr(0, 5) : text;
  }

  std::string positions() const {
    if (rule_.positions.empty()) return "";
    return ", of these the " + ordinals(rule_.positions) + " of the " +
           name_at(kUnits, static_cast<int>(rule_.frequency));
  }

  const RRuleExpression& rule_;
  CivilFields start_;
  int weekday_;
};

std::string limits(const RRuleExpression& rule, WallSecond start, const TimeZone& zone) {
  std::string text;
  if (rule.count) text += ", " + (*rule.count == 1 ? "once" : counted(*rule.count, "time"));
  const std::string first = short_text(CivilTime{start});
  text += ", from " + (rule.frequency < Frequency::kHourly ? first.substr(0, 10) : first);
  if (rule.until) text += ", until " + wall_text(*rule.until, zone);
  if (rule.until_wall) text += ", until " + short_text(CivilTime{*rule.until_wall});
  return text;
}

}  // namespace

std::string explain_rrule(const RRuleExpression& rule, WallSecond start, const TimeZone& zone) {
  return Sentence(rule, start).text() + limits(rule, start, zone);
}

}  // namespace duetime
