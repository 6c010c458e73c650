// Civil time: what a calendar and a wall clock show, without a zone. It is a type of its own, so that it
// cannot be mistaken for an Instant; crossing between the two needs a TimeZone.
//
// The calendar is the proleptic Gregorian one, years 1 to 9999.
#pragma once

#include <date/date.h>
#include <chrono>
#include <cstdint>

#include "core/time/instant.h"

namespace duetime {

// Microseconds on the wall clock since 1970-01-01 00:00:00 of the same wall clock.
using CivilTime = date::local_time<Duration>;
using CivilDay = date::local_days;

struct CivilFields {
  int year = 1970;
  int month = 1;  // 1-12
  int day = 1;    // 1-31
  int hour = 0;
  int minute = 0;
  int second = 0;
  int microsecond = 0;
};

CivilFields fields_of(CivilTime time);

// Requires: fields form a real date and time of day.
CivilTime civil_time(const CivilFields& fields);

int days_in_month(int year, int month);

// Monday is 0, as in APScheduler and Python's date.weekday().
int weekday_of(CivilDay day);

// ISO 8601 week number, 1-53.
int iso_week_of(CivilDay day);

}  // namespace duetime
