// Absolute time: microseconds since 1970-01-01T00:00:00 UTC, leap seconds not counted (POSIX time).
// Every boundary of the engine (C ABI, documents, stores) carries instants as this int64; a zone is applied
// only for civil arithmetic and display (civil.h, time_zone.h).
//
// Valid instants lie in the years 1 to 9999. Arithmetic that may leave this range goes through
// checked_add(), which answers nullopt: "no such time" ends a schedule, it never wraps.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace duetime {

using Duration = std::chrono::microseconds;
using Instant = std::chrono::time_point<std::chrono::system_clock, Duration>;

inline constexpr Instant kEarliestInstant{Duration{-62135596800000000}};  // 0001-01-01T00:00:00
inline constexpr Instant kLatestInstant{Duration{253402300799999999}};    // 9999-12-31T23:59:59.999999

constexpr bool is_valid(Instant t) { return t >= kEarliestInstant && t <= kLatestInstant; }

constexpr int64_t to_micros(Instant t) { return t.time_since_epoch().count(); }

constexpr Instant from_micros(int64_t micros) { return Instant{Duration{micros}}; }

std::optional<Instant> checked_add(Instant t, Duration d);

// RFC 3339 in UTC with microseconds: 2026-11-23T09:30:00.000000Z.
std::string to_string(Instant t);

// Reads RFC 3339 with `Z` or a numeric offset and up to six fractional digits. `what` names the value in
// errors. Throws kInvalidArgument.
Instant parse_instant(std::string_view text, std::string_view what);

}  // namespace duetime
