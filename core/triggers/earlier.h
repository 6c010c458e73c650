// Of two fires, where none stands for never.
#pragma once

#include <algorithm>
#include <optional>

#include "core/time/instant.h"

namespace duetime {

inline std::optional<Instant> earlier(std::optional<Instant> a, std::optional<Instant> b) {
  if (!a || !b) return a ? a : b;
  return std::min(*a, *b);
}

}  // namespace duetime
