// Pieces of the sentences that Trigger::explain() gives.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/time/instant.h"
#include "core/time/time_zone.h"

namespace duetime {

inline constexpr std::array<const char*, 7> kWeekdayNames = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                                             "Friday", "Saturday", "Sunday"};
inline constexpr std::array<const char*, 12> kMonthNames = {"January",   "February", "March",    "April",
                                                            "May",       "June",     "July",     "August",
                                                            "September", "October",  "November", "December"};

// "1 day", "3 days"
std::string counted(int64_t count, std::string_view unit);

// "1st", "22nd", "13th"
std::string ordinal(int number);

// "every day" for 1 and "1 day", "every 3 days" for 3 and "3 days".
std::string every(int64_t count, const std::string& counted_unit);

// "a", "a and b", "a, b and c"
std::string listed(const std::vector<std::string>& items, std::string_view conjunction);

// Days to microseconds: "90 minutes", "1 day and 2 hours", "0.5 seconds"
std::string duration_text(Duration duration);

// "2026-11-23 09:00", on the wall clock of the zone
std::string wall_text(Instant t, const TimeZone& zone);

// ", from 2026-11-23 09:00, until 2027-01-01"; empty without either
std::string limits_phrase(const std::optional<Instant>& start, const std::optional<Instant>& end,
                          const TimeZone& zone);

// " (Europe/Berlin)"
std::string in_zone(const TimeZone& zone);

// ", each delayed by up to 30 seconds"; empty for 0
std::string jitter_phrase(Duration jitter);

}  // namespace duetime
