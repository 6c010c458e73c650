// How a trigger's inner loop returns its answer.
#pragma once

#include <bit>
#include <cstdint>
#include <optional>

#include "core/time/instant.h"

namespace duetime {

// `fires ? std::optional(fire) : std::nullopt`, as one value of two words. GCC 12 returns an optional by
// writing its flag as one byte and reading back eight, and the processor stalls until the byte has reached
// the cache: a third of the time of a cron trigger's answer (measured 2026-11-23). trigger_test.cpp checks
// that the layout is as assumed.
inline std::optional<Instant> fire_or_none(Instant fire, bool fires) {
  __extension__ using Words = unsigned __int128;
  const Words flag = fires ? 1 : 0;
  return std::bit_cast<std::optional<Instant>>(flag << 64 | static_cast<uint64_t>(to_micros(fire)));
}

}  // namespace duetime
