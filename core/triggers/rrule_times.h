// At which times of the day a recurrence rule falls: all that combine one of its hours, one of its minutes
// and one of its seconds; or a list of them, where BYSETPOS has picked some.
//
// The times are in order, and so have a rank. Times are seconds since midnight.
//
// Immutable; next(), rank() and at_rank() allocate nothing.
#pragma once

#include <cstdint>
#include <vector>

#include "core/triggers/rrule_expression.h"
#include "core/triggers/rrule_positions.h"

namespace duetime {

class RRuleTimes {
 public:
  // `start` is the time of day of DTSTART. It stands in for the hour, minute and second that are not given,
  // as far as the frequency does not go through all of them. An interval that divides the day's hours, the
  // hour's minutes or the minute's seconds only leaves some of these out, and need not be counted then.
  RRuleTimes(const RRuleExpression& rule, int start);

  static bool counts_interval(const RRuleExpression& rule) {
    return divisor(rule) == 0 || divisor(rule) % rule.interval != 0;
  }

  // BYSETPOS of a rule whose frequency is daily or higher: its periods all have the same times.
  void pick(const RRulePositions& positions, Frequency frequency);

  // The first time at or after `from`, or -1.
  int next(int from) const;

  bool none() const { return count() == 0; }

  // How many times there are, how many of them before `time`, and which one has so many before it.
  // Requires: rank < count().
  int count() const;
  int rank(int time) const;
  int at_rank(int rank) const;

 private:
  static int divisor(const RRuleExpression& rule);
  void thin_out(const RRuleExpression& rule, int start);
  void pick_of_day(const RRulePositions& positions);
  void pick_of_hour(const RRulePositions& positions);
  void pick_of_minute(const RRulePositions& positions);

  // Bit n stands for the value n.
  uint64_t hours_ = 0;
  uint64_t minutes_ = 0;
  uint64_t seconds_ = 0;
  std::vector<int32_t> picked_;  // if not empty, these
};

}  // namespace duetime
