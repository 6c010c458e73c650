// How fuzz targets state what must hold.
#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "core/base/error.h"

namespace duetime::fuzz {

class PropertyViolated : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

inline void require(bool holds, const std::string& otherwise) {
  if (!holds) throw PropertyViolated(otherwise);
}

// What `parse` makes of the input; nullopt if it refuses with an error of one of these codes and a message.
// Every other exception goes through, and is a finding.
template <typename Parse>
auto accepted(Parse parse, std::initializer_list<ErrorCode> refusals = {ErrorCode::kInvalidArgument})
    -> std::optional<decltype(parse())> {
  try {
    return parse();
  } catch (const Error& error) {
    const bool is_documented = std::find(refusals.begin(), refusals.end(), error.code()) != refusals.end();
    require(is_documented,
            "refused with code " + std::to_string(static_cast<int>(error.code())) + ": " + error.what());
    require(*error.what() != '\0', "refused without a message");
    return std::nullopt;
  }
}

// A number that depends on the whole input, for choices that the input does not spell out: FNV-1a.
constexpr uint64_t digest(std::string_view input) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : input) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

}  // namespace duetime::fuzz
