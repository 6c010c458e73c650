#include "core/triggers/crontab_expression.h"

#include <algorithm>
#include <array>
#include <string>

#include "core/triggers/cron_line.h"

namespace duetime {
namespace {

constexpr std::array<CronFieldSyntax, 6> kFields = {{
    {kSecond, "second", "* or 0-59", "0-59", 0, 59, 59, 60},
    {kMinute, "minute", "* or 0-59", "0-59", 0, 59, 59, 60},
    {kHour, "hour", "* or 0-23", "0-23", 0, 23, 23, 24},
    {kDay, "day-of-month", "* or 1-31", "1-31", 1, 31, 31, 31},
    {kMonth, "month", "*, 1-12 or jan-dec", "1-12 or jan-dec", 1, 12, 12, 12},
    {kDayOfWeek, "day-of-week", "*, 0-7 or sun-sat", "0-7 or sun-sat", 0, 7, 6, 7, 1},
}};
constexpr std::size_t kDayOfMonthPlace = 3;
constexpr std::size_t kDayOfWeekPlace = 5;

struct Macro {
  std::string_view name;
  const char* line;
};

constexpr std::array<Macro, 7> kMacros = {{{"@hourly", "0 * * * *"},
                                           {"@daily", "0 0 * * *"},
                                           {"@midnight", "0 0 * * *"},
                                           {"@weekly", "0 0 * * 0"},
                                           {"@monthly", "0 0 1 * *"},
                                           {"@yearly", "0 0 1 1 *"},
                                           {"@annually", "0 0 1 1 *"}}};

constexpr const char* kExpectedMacros = "@hourly, @daily, @midnight, @weekly, @monthly, @yearly or @annually";

CronFields parse_macro(const CronLine& line) {
  const std::string_view name = line.text(line.fields().front());
  const auto macro =
      std::find_if(kMacros.begin(), kMacros.end(), [&](const auto& m) { return m.name == name; });
  if (macro != kMacros.end() && line.fields().size() == 1) return parse_crontab(macro->line);
  const std::size_t at = line.fields()[macro == kMacros.end() ? 0 : 1].begin;
  if (macro != kMacros.end()) line.refuse("line", at, "got more after " + std::string(name));
  if (name == "@reboot") {
    line.refuse("line", at, "@reboot is not a time, expected " + std::string(kExpectedMacros));
  }
  line.refuse("line", at, "there is no such macro, expected " + std::string(kExpectedMacros));
}

void check_count(const CronLine& line) {
  const std::size_t count = line.fields().size();
  if (count < 5) {
    line.refuse(kFields[count + 1].name, line.text().size(),
                "missing, expected 5 fields, or 6 with seconds in front");
  }
  if (count > 6) {
    line.refuse("line", line.fields()[6].begin,
                "got " + std::to_string(count) + " fields, expected 5, or 6 with seconds in front");
  }
}

}  // namespace

CronFields parse_crontab(std::string_view expression) {
  const CronLine line("crontab", expression);
  if (!line.fields().empty() && line.text(line.fields().front()).starts_with('@')) return parse_macro(line);
  check_count(line);
  CronFields fields;
  for (const CronFieldIndex all : {kYear, kWeek}) fields.of[all] = {every_value_of(all)};
  fields.of[kSecond] = {CronExpression()};  // 0
  const std::size_t left_out = kFields.size() - line.fields().size();
  for (std::size_t i = left_out; i < kFields.size(); ++i) {
    CronFieldReader reader(line, line.fields()[i - left_out], kFields[i]);
    fields.of[kFields[i].field] = reader.read_list([](CronFieldReader& r) { return r.read_plain_item(); });
  }
  fields.either_day = true;
  for (const std::size_t place : {kDayOfMonthPlace, kDayOfWeekPlace}) {
    if (line.text(line.fields()[place - left_out]).starts_with('*')) fields.either_day = false;
  }
  return fields;
}

}  // namespace duetime
