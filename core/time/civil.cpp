#include "core/time/civil.h"

namespace duetime {

CivilFields fields_of(CivilTime time) {
  const CivilDay day = date::floor<date::days>(time);
  const date::year_month_day ymd{day};
  const date::hh_mm_ss<Duration> clock{time - day};
  return {static_cast<int>(ymd.year()),
          static_cast<int>(static_cast<unsigned>(ymd.month())),
          static_cast<int>(static_cast<unsigned>(ymd.day())),
          static_cast<int>(clock.hours().count()),
          static_cast<int>(clock.minutes().count()),
          static_cast<int>(clock.seconds().count()),
          static_cast<int>(clock.subseconds().count())};
}

CivilTime civil_time(const CivilFields& f) {
  const CivilDay day{date::year{f.year} / f.month / f.day};
  return CivilTime{day} + std::chrono::hours{f.hour} + std::chrono::minutes{f.minute} +
         std::chrono::seconds{f.second} + Duration{f.microsecond};
}

int days_in_month(int year, int month) {
  const date::year_month_day_last last = date::year{year} / month / date::last;
  return static_cast<int>(static_cast<unsigned>(last.day()));
}

int weekday_of(CivilDay day) { return static_cast<int>(date::weekday{day}.iso_encoding()) - 1; }

// A week belongs to the year that has its Thursday: 2027-01-01 is a Friday and so lies in week 53 of 2026.
int iso_week_of(CivilDay day) {
  const CivilDay thursday = day + date::days{3 - weekday_of(day)};
  const CivilDay new_year{date::year_month_day{thursday}.year() / 1 / 1};
  return static_cast<int>((thursday - new_year).count()) / 7 + 1;
}

}  // namespace duetime
