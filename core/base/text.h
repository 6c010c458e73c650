// Small checks on text from outside.
#pragma once

#include <string>
#include <string_view>

namespace duetime {

// Whether the bytes are well-formed UTF-8 (no surrogates, no overlong forms, nothing above U+10FFFF).
bool is_utf8(std::string_view text);

// The text with U+FFFD for each byte that belongs to no character.
std::string repair_utf8(std::string_view text);

// At most `max_bytes` of it, cut before a character rather than within one.
std::string truncate_utf8(std::string_view text, std::size_t max_bytes);

// For error messages: in single quotes, shortened, control characters escaped.
std::string in_quotes(std::string_view text);

std::string encode_base64(std::string_view bytes);

// Strict RFC 4648 with padding. Throws kInvalidArgument; `what` names the value.
std::string decode_base64(std::string_view text, std::string_view what);

}  // namespace duetime
