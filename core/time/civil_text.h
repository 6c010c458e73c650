// Days and times of day as text, for documents and sentences: "2026-11-23", "09:30:00".
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "core/time/civil.h"

namespace duetime {

// Throw kInvalidArgument; `what` names the value in the error.
CivilDay parse_day(std::string_view text, std::string_view what);  // "2026-11-23"
std::chrono::seconds parse_time_of_day(std::string_view text,
                                       std::string_view what);  // "09:30" or "09:30:00"

std::string to_text(CivilDay day);
std::string time_of_day_text(std::chrono::seconds since_midnight);  // "09:30:00"

// For sentences: without seconds where they are 0, and without the time at midnight.
std::string short_time_text(std::chrono::seconds since_midnight);
std::string short_text(CivilTime time);

}  // namespace duetime
