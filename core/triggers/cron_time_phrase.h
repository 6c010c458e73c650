// Says at which times of day a cron rule fires: "at 02:30", "every 15 minutes from 09:00 to 17:45".
#pragma once

#include <string>

#include "core/triggers/cron_values.h"

namespace duetime {

struct CronTimes {
  CronValues hours;
  CronValues minutes;
  CronValues seconds;
};

struct CronTimePhrase {
  std::string text;
  bool names_times;  // "at 02:30", which wants to hear on which days; "every 5 minutes" does not
};

CronTimePhrase time_phrase(const CronTimes& times);

}  // namespace duetime
