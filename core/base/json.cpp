#include "core/base/json.h"

#include "core/base/error.h"

namespace duetime {
namespace {

[[noreturn]] void fail(std::string_view what, const std::string& why) {
  throw Error(ErrorCode::kInvalidArgument, std::string(what) + ": " + why);
}

// Counts brackets outside strings, so that a nest of a million "[" is refused before a parser recurses into
// it.
bool too_deep(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kMaxJsonDepth) return true;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return false;
}

}  // namespace

Json parse_json(std::string_view text, std::string_view what) {
  if (text.size() > kMaxJsonBytes) {
    fail(what, std::to_string(text.size()) + " bytes, expected at most " + std::to_string(kMaxJsonBytes));
  }
  if (too_deep(text)) fail(what, "nested deeper than " + std::to_string(kMaxJsonDepth) + " levels");
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& error) {
    fail(what, "not JSON at byte " + std::to_string(error.byte));
  } catch (const Json::out_of_range&) {  // 1e999
    fail(what, "a number is too large");
  }
}

std::string to_text(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace duetime
