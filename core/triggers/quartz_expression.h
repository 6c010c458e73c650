// A cron expression in the dialect of Quartz 2:
//
//   second minute hour day-of-month month day-of-week [year]
//
// Each field is a list of the forms in cron_line.h; `/c` is `*/c`. One of day-of-month and day-of-week is
// `?`, "any". 1 is Sunday, 7 Saturday. Besides:
//
//   day-of-month   L      the last day of the month         L-3   three days before it
//                  15W    the Monday to Friday nearest to the 15th, in the same month; a month without a 31st
//                         has no 31W, as in Quartz
//                  LW     the last Monday to Friday         L-3W  the nearest to three days before the last
//                  day
//   day-of-week    L      Saturday                          6L, friL     the last Friday of the month
//                                                           6#3, fri#3   the third Friday
//
// These may stand in lists, also where Quartz cannot compute them (`fri#1,fri#3`). A step after names counts
// (Quartz ignores it). Years end with 9999 instead of a hundred years from now.
#pragma once

#include <string_view>

#include "core/triggers/cron_expression.h"

namespace duetime {

// Throws kInvalidArgument, as cron_line.h shows.
CronFields parse_quartz(std::string_view expression);

}  // namespace duetime
