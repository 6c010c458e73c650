// What the dialects of one line, crontab and Quartz, have in common: fields between blanks, each a list of
//
//   *  */c  a  a/c  a-b  a-b/c
//
// with three-letter names for months and weekdays, in either case. `a/c` runs on to the field's maximum. A
// range whose end comes before its beginning goes around, and its step counts on: `fri-mon/2` is Friday and
// Sunday.
//
// Errors say where: `crontab "0 25 * * *": hour (column 3): 25 is too large, expected 0-23`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/triggers/cron_expression.h"

namespace duetime {

// How a dialect writes one field.
struct CronFieldSyntax {
  CronFieldIndex field;
  const char* name;    // for errors: "day-of-week"
  const char* items;   // for errors, what may stand in the list: "*, 0-7 or sun-sat"
  const char* values;  // and in a range: "0-7 or sun-sat"
  int minimum;         // also of `*`, and the number of the first name
  int maximum;
  int open_end;  // the last value of `*` and `a/c`; less than the maximum where 7 is Sunday once more
  int largest_step;
  int monday = 0;  // of weekdays: the number that is 0 in CronExpression
};

class CronLine {
 public:
  struct Field {
    std::size_t begin;
    std::size_t end;
  };

  CronLine(const char* dialect, std::string_view text);

  std::string_view text() const { return text_; }
  std::string_view text(const Field& field) const;
  const std::vector<Field>& fields() const { return fields_; }

  // Throws kInvalidArgument; `at` is an index into the text.
  [[noreturn]] void refuse(std::string_view what, std::size_t at, const std::string& why) const;

 private:
  const char* dialect_;
  std::string_view text_;
  std::vector<Field> fields_;
};

// A cursor over one field. Each take_ consumes what it is named for, or nothing; each read_ throws if that is
// not there.
class CronFieldReader {
 public:
  CronFieldReader(const CronLine& line, const CronLine::Field& field, const CronFieldSyntax& syntax);

  // All items, each by read_item(reader).
  template <typename ReadItem>
  std::vector<CronExpression> read_list(ReadItem read_item) {
    std::vector<CronExpression> list;
    do {
      list.push_back(read_item(*this));
    } while (!read_separator());
    return list;
  }

  // Any of the forms that both dialects have.
  CronExpression read_plain_item();

  // The same in parts, for dialects that have more.
  CronExpression read_rest_of_wildcard();  // after `*`
  int read_value();                        // at the beginning of an item
  CronExpression read_range_from(int first);

  bool is_at(char c) const;
  bool take(char lower_case);
  int read_number(int minimum, int maximum, const std::string& expected);

  CronExpression range(int first, int last, int step) const;
  int weekday_of(int value) const;  // Monday is 0

 private:
  // True at the end of the field, false after a comma.
  bool read_separator();
  int read_value(const char* expected);
  int read_name(const char* expected);
  bool continues_name() const;
  int read_last(int first);
  int read_step();
  [[noreturn]] void refuse_rest(const std::string& expected) const;

  const CronLine& line_;
  const CronFieldSyntax& syntax_;
  std::string_view text_;  // up to the end of the field
  std::size_t at_;
  const char* may_follow_;
};

}  // namespace duetime
