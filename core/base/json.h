// JSON as it enters and leaves the engine: job documents, trigger documents, configuration.
//
// parse_json() is the one door for text from outside. It refuses input that is too large or nested too
// deeply before any of it is interpreted, and its errors say what was parsed and where it went wrong.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/base/json_memory.h"

// After it.
#include <nlohmann/json.hpp>

namespace duetime {

using Json = nlohmann::json;

inline constexpr std::size_t kMaxJsonBytes = std::size_t{8} * 1024 * 1024;
inline constexpr int kMaxJsonDepth = 64;

// Parses UTF-8 JSON text. `what` names the text in errors, e.g. "job document".
// Throws kInvalidArgument.
Json parse_json(std::string_view text, std::string_view what);

// Compact text with sorted keys; bytes that are not UTF-8 are replaced, never thrown over.
std::string to_text(const Json& json);

}  // namespace duetime
