// A line of a crontab in the dialect of Vixie cron, crontab(5):
//
//   [second] minute hour day-of-month month day-of-week
//
// Each field is a list of the forms in cron_line.h. 0 and 7 are Sunday. A day matches if day-of-month *or*
// day-of-week does, but if one of them begins with `*` both must: `0 0 */2 * mon` fires on Mondays with an
// odd date. @hourly, @daily, @midnight, @weekly, @monthly, @yearly and @annually stand for whole lines.
#pragma once

#include <string_view>

#include "core/triggers/cron_expression.h"

namespace duetime {

// Throws kInvalidArgument, as cron_line.h shows.
CronFields parse_crontab(std::string_view expression);

}  // namespace duetime
