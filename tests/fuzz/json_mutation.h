// Changes JSON text as the tree it is, so that most of what comes out is read by the parser behind
// parse_json().
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace duetime::fuzz {

// Changes the bytes of one string.
using MutateText = std::function<std::string(const std::string& text)>;

// The text with one node replaced, wrapped, doubled or taken away; empty if `text` is not JSON.
std::string mutated_json(std::string_view text, uint32_t seed, const MutateText& mutate_text);

}  // namespace duetime::fuzz
