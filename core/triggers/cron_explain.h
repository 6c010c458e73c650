// A cron rule as an English sentence, from what its dialect's parser made of it: "at 02:30 on weekdays",
// "every 15 minutes from 09:00 to 17:45 on the last Friday of January".
#pragma once

#include <string>

#include "core/triggers/cron_expression.h"

namespace duetime {

std::string explain_cron(const CronFields& fields);

}  // namespace duetime
