// Reads TZif files (RFC 8536 and 9636, versions 1 to 4), the form in which systems keep the tz database.
//
// This reader is our own because the libraries at hand do not do the work. Measured on 2026-11-20 with
// Debian's libdate-tz 3.0.1: it stops at the file's last transition, so that New York answers EST in July
// 2038 and July 2040; it takes no search path, which Python's zoneinfo.TZPATH and tzdata package need; and it
// is too slow for a scheduler's inner loop. The calendar arithmetic is still that of its header date/date.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace duetime {

// Real files have at most some 4 KB and 240 transitions; these bounds only keep a bad file from costing much.
inline constexpr std::size_t kMaxTzifBytes = std::size_t{512} * 1024;
inline constexpr uint32_t kMaxTzifTransitions = 20'000;

struct TzifTransition {
  int64_t at;  // seconds since 1970-01-01T00:00:00 UTC
  int offset;  // seconds east of UTC from then on
};

struct TzifData {
  int first_offset = 0;  // before all transitions
  std::vector<TzifTransition> transitions;
  std::string_view footer;  // into the bytes; empty if there is none
};

// Throws kStoreCorrupt; `what` names the file in errors.
TzifData parse_tzif(std::string_view bytes, std::string_view what);

}  // namespace duetime
