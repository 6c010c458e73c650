// 128-bit random identity (RFC 4122 version 4) of nodes, claims and runs.
//
// Identities are random, never made of host names or process ids: two containers may share both.
// make_uuid() is fast enough for one per run (a seeded generator per thread) and is seeded anew after
// fork, so that parent and child never hand out the same identity.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace duetime {

struct Uuid {
  uint64_t high = 0;
  uint64_t low = 0;

  bool is_nil() const { return high == 0 && low == 0; }
  auto operator<=>(const Uuid&) const = default;
};

// Any thread.
Uuid make_uuid();

// 32 lower-case hexadecimal digits, as Python's uuid4().hex.
std::string to_string(const Uuid& uuid);
std::optional<Uuid> parse_uuid(std::string_view text);

}  // namespace duetime

template <>
struct std::hash<duetime::Uuid> {
  std::size_t operator()(const duetime::Uuid& uuid) const noexcept {
    return static_cast<std::size_t>(uuid.high ^ (uuid.low * 0x9E3779B97F4A7C15ull));
  }
};
