#include "core/triggers/quartz_expression.h"

#include <array>
#include <string>

#include "core/triggers/cron_line.h"

namespace duetime {
namespace {

using Kind = CronExpression::Kind;

constexpr std::array<CronFieldSyntax, 7> kFields = {{
    {kSecond, "second", "* or 0-59", "0-59", 0, 59, 59, 59},
    {kMinute, "minute", "* or 0-59", "0-59", 0, 59, 59, 59},
    {kHour, "hour", "* or 0-23", "0-23", 0, 23, 23, 23},
    {kDay, "day-of-month", "*, 1-31, L, LW, 15W, or ? alone", "1-31", 1, 31, 31, 31},
    {kMonth, "month", "*, 1-12 or jan-dec", "1-12 or jan-dec", 1, 12, 12, 12},
    {kDayOfWeek, "day-of-week", "*, 1-7, sun-sat, L, or ? alone", "1-7 or sun-sat", 1, 7, 7, 7, 2},
    {kYear, "year", "* or 1970-9999", "1970-9999", kFirstCronYear, kLastCronYear, kLastCronYear,
     kLastCronYear - kFirstCronYear},
}};
constexpr std::size_t kDayOfMonthPlace = 3;
constexpr std::size_t kDayOfWeekPlace = 5;
constexpr std::size_t kYearPlace = 6;

constexpr int kSaturday = 7;

bool take_wildcard(CronFieldReader& reader) { return reader.take('*') || reader.is_at('/'); }

CronExpression read_last_day(CronFieldReader& reader) {
  CronExpression last;
  if (reader.take('-')) last.before = reader.read_number(0, 30, "0-30");
  last.kind = reader.take('w') ? Kind::kLastWorkday : Kind::kLastDay;
  return last;
}

CronExpression read_day(CronFieldReader& reader) {
  if (take_wildcard(reader)) return reader.read_rest_of_wildcard();
  if (reader.take('l')) return read_last_day(reader);
  CronExpression nearest;
  nearest.kind = Kind::kNearestWorkday;
  nearest.day = reader.read_value();
  return reader.take('w') ? nearest : reader.read_range_from(nearest.day);
}

CronExpression read_weekday(CronFieldReader& reader) {
  if (take_wildcard(reader)) return reader.read_rest_of_wildcard();
  if (reader.take('l')) return reader.range(kSaturday, kSaturday, 1);
  const int value = reader.read_value();
  CronExpression in_month;
  in_month.weekday = reader.weekday_of(value);
  in_month.kind = Kind::kLastWeekday;
  if (reader.take('l')) return in_month;
  if (!reader.take('#')) return reader.read_range_from(value);
  in_month.kind = Kind::kNthWeekday;
  in_month.nth = reader.read_number(1, 5, "1-5");
  return in_month;
}

CronExpression read_plain(CronFieldReader& reader) {
  if (take_wildcard(reader)) return reader.read_rest_of_wildcard();
  return reader.read_plain_item();
}

std::vector<CronExpression> read_field(const CronLine& line, std::size_t place) {
  CronFieldReader reader(line, line.fields()[place], kFields[place]);
  if (place == kDayOfMonthPlace) return reader.read_list(read_day);
  if (place == kDayOfWeekPlace) return reader.read_list(read_weekday);
  return reader.read_list(read_plain);
}

void check_count(const CronLine& line) {
  const std::size_t count = line.fields().size();
  if (count < kYearPlace) {
    line.refuse(kFields[count].name, line.text().size(), "missing, expected 6 fields, or 7 with the year");
  }
  if (count > kFields.size()) {
    line.refuse("line", line.fields()[kFields.size()].begin,
                "got " + std::to_string(count) + " fields, expected 6, or 7 with the year");
  }
}

bool is_any(const CronLine& line, std::size_t place) { return line.text(line.fields()[place]) == "?"; }

void check_days(const CronLine& line) {
  const bool any_day = is_any(line, kDayOfMonthPlace);
  if (any_day != is_any(line, kDayOfWeekPlace)) return;
  line.refuse(kFields[kDayOfWeekPlace].name, line.fields()[kDayOfWeekPlace].begin,
              any_day ? "day-of-month is ? as well, use * for one of them"
                      : "day-of-month is given as well, use ? for one of them");
}

}  // namespace

CronFields parse_quartz(std::string_view expression) {
  const CronLine line("quartz", expression);
  check_count(line);
  CronFields fields;
  fields.of[kWeek] = {every_value_of(kWeek)};
  for (std::size_t i = 0; i < kFields.size(); ++i) {
    const CronFieldIndex field = kFields[i].field;
    const bool is_open =
        i == line.fields().size() || ((field == kDay || field == kDayOfWeek) && is_any(line, i));
    fields.of[field] = is_open ? std::vector{every_value_of(field)} : read_field(line, i);
  }
  check_days(line);
  return fields;
}

}  // namespace duetime
