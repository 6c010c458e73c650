#include "core/triggers/cron_explain.h"

#include <algorithm>
#include <array>
#include <optional>

#include "core/triggers/cron_time_phrase.h"
#include "core/triggers/cron_values.h"
#include "core/triggers/phrases.h"

namespace duetime {
namespace {

using Kind = CronExpression::Kind;

CronValues values_in(const CronFields& fields, CronFieldIndex field) {
  return values_of_mask(values_of(field, fields.of[field]));
}

bool is_full(const CronValues& values, CronFieldIndex field) {
  return static_cast<int>(values.size()) == maximum_of(field) - minimum_of(field) + 1;
}

bool is_plain(const std::vector<CronExpression>& expressions) {
  return std::all_of(expressions.begin(), expressions.end(),
                     [](const auto& e) { return e.kind == Kind::kRange; });
}

// The ends of at least three neighbours, the last of the field and its first being neighbours too.
std::optional<std::pair<int, int>> row_around(const CronValues& values, CronFieldIndex field) {
  auto runs = runs_of(values);
  if (runs.size() == 2 && runs[0].first == minimum_of(field) && runs[1].second == maximum_of(field)) {
    runs = {{runs[1].first, runs[0].second}};
  }
  if (runs.size() != 1 || values.size() < 3) return std::nullopt;
  return runs[0];
}

// "2nd to last day" for 1
std::string last_day(int before) { return before == 0 ? "last day" : ordinal(before + 1) + " to last day"; }

// "the 3rd Friday": days that are counted within a month
std::string day_in_month(const CronExpression& e) {
  const std::string weekday = kWeekdayNames[static_cast<std::size_t>(e.weekday)];
  switch (e.kind) {
    case Kind::kNthWeekday:
      return "the " + ordinal(e.nth) + " " + weekday;
    case Kind::kLastWeekday:
      return "the last " + weekday;
    case Kind::kLastDay:
      return "the " + last_day(e.before);
    case Kind::kNearestWorkday:
      return "the weekday nearest the " + ordinal(e.day);
    case Kind::kLastWorkday:
      return e.before == 0 ? "the last weekday" : "the weekday nearest the " + last_day(e.before);
    case Kind::kRange:
      break;
  }
  return "the " + ordinal(e.first);
}

std::vector<std::string> days_in_month(const std::vector<CronExpression>& expressions) {
  std::vector<std::string> days;
  for (const CronExpression& e : expressions) {
    if (e.kind != Kind::kRange) days.push_back(day_in_month(e));
  }
  return days;
}

// "every 2nd day from the 1st", "the 1st to the 7th", "the 15th"
std::vector<std::string> numbered_days(const CronValues& days) {
  const auto step = even_step_of(days);
  if (step && *step > 1 && days.size() > 3) {
    const std::string text = "every " + ordinal(*step) + " day from the " + ordinal(days.front());
    return {days.back() + *step > 31 ? text : text + " to the " + ordinal(days.back())};
  }
  std::vector<std::string> texts;
  for (const auto& [first, last] : runs_of(days)) {
    texts.push_back("the " + ordinal(first));
    if (last > first + 1) texts.back() += " to the " + ordinal(last);
    if (last == first + 1) texts.push_back("the " + ordinal(last));
  }
  return texts;
}

// "on Mondays and Fridays", "on weekdays", "on Fridays to Mondays"
std::string on_weekdays(const CronValues& weekdays) {
  if (weekdays == CronValues{0, 1, 2, 3, 4}) return "on weekdays";
  const auto plural = [](int weekday) {
    return kWeekdayNames[static_cast<std::size_t>(weekday)] + std::string("s");
  };
  if (const auto row = row_around(weekdays, kDayOfWeek))
    return "on " + plural(row->first) + " to " + plural(row->second);
  std::vector<std::string> names;
  for (const int weekday : weekdays) names.push_back(plural(weekday));
  return "on " + listed(names, "and");
}

class Explanation {
 public:
  explicit Explanation(const CronFields& fields)
      : fields_(fields),
        days_(values_in(fields, kDay)),
        weekdays_(values_in(fields, kDayOfWeek)),
        months_(values_in(fields, kMonth)),
        every_month_(is_full(months_, kMonth)) {}

  std::string text() const {
    const CronTimePhrase time =
        time_phrase({values_in(fields_, kHour), values_in(fields_, kMinute), values_in(fields_, kSecond)});
    return time.text + days_phrase(time.names_times) + weeks() + years();
  }

 private:
  std::string days_phrase(bool wants_days) const {
    const bool any_day = is_full(days_, kDay);
    const bool any_weekday = is_full(weekdays_, kDayOfWeek);
    if (fields_.either_day ? any_day || any_weekday : any_day && any_weekday) {
      return (wants_days ? " every day" : "") + in_months();
    }
    if (fields_.either_day) {
      return " " + on_days("of the month") + " or " + on_weekdays(weekdays_) +
             (every_month_ ? "" : "," + in_months());
    }
    if (any_weekday) return " " + on_days(of_months());
    if (!any_day) return " " + on_days(of_months()) + ", but only " + on_weekdays(weekdays_);
    return weekdays_phrase();
  }

  std::string on_days(const std::string& of_months) const {
    std::vector<std::string> days = numbered_days(days_);
    for (std::string& day : days_in_month(fields_.of[kDay])) days.push_back(std::move(day));
    return "on " + listed(days, "and") + " " + of_months;
  }

  // " on Mondays in January", " on the 3rd Friday of January", " on Mondays and on the 3rd Friday of January"
  std::string weekdays_phrase() const {
    const std::vector<CronExpression>& expressions = fields_.of[kDayOfWeek];
    if (is_plain(expressions)) return " " + on_weekdays(weekdays_) + in_months();
    const std::string counted = "on " + listed(days_in_month(expressions), "and") + " " + of_months();
    return weekdays_.empty() ? " " + counted : " " + on_weekdays(weekdays_) + in_months() + " and " + counted;
  }

  std::string month_names() const {
    std::vector<std::string> names;
    for (const int month : months_) names.emplace_back(kMonthNames[static_cast<std::size_t>(month - 1)]);
    return listed(names, "and");
  }

  // "from November to February", of months in a row
  std::optional<std::string> month_row() const {
    const auto row = row_around(months_, kMonth);
    if (!row) return std::nullopt;
    return std::string("from ") + kMonthNames[static_cast<std::size_t>(row->first - 1)] + " to " +
           kMonthNames[static_cast<std::size_t>(row->second - 1)];
  }

  std::string in_months() const {
    if (every_month_) return "";
    return " " + month_row().value_or("in " + month_names());
  }

  std::string of_months() const {
    if (every_month_) return "of the month";
    const auto row = month_row();
    return row ? "of every month " + *row : "of " + month_names();
  }

  std::string weeks() const {
    const CronValues weeks = values_in(fields_, kWeek);
    if (is_full(weeks, kWeek)) return "";
    return (weeks.size() == 1 ? " in week " : " in weeks ") + numbers_text(weeks) + " of the year";
  }

  std::string years() const {
    std::vector<std::string> single;
    std::vector<std::string> phrases;
    for (const CronExpression& e : fields_.of[kYear]) {
      if (e.first == kFirstCronYear && e.last == kLastCronYear && e.step == 1) return "";
      const int last = e.last - (e.last - e.first) % e.step;
      if (last == e.first) {
        single.push_back(std::to_string(e.first));
      } else {
        phrases.push_back(span_of_years(e.first, last, e.step));
      }
    }
    if (!single.empty()) phrases.insert(phrases.begin(), "in " + listed(single, "and"));
    return " " + listed(phrases, "and");
  }

  // "from 2026 to 2030", "in every 2nd year from 2026"
  static std::string span_of_years(int first, int last, int step) {
    const std::string from =
        (step == 1 ? "from " : "in every " + ordinal(step) + " year from ") + std::to_string(first);
    if (last + step <= kLastCronYear) return from + " to " + std::to_string(last);
    return step == 1 ? from + " on" : from;
  }

  const CronFields& fields_;
  CronValues days_;
  CronValues weekdays_;
  CronValues months_;
  bool every_month_;
};

}  // namespace

std::string explain_cron(const CronFields& fields) { return Explanation(fields).text(); }

}  // namespace duetime
