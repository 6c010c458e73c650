// The door for JSON text.
#include "core/base/json.h"
#include "tests/fuzz/property.h"

namespace duetime::fuzz {

void fuzz_json(std::string_view input) {
  const auto json = accepted([&] { return parse_json(input, "input"); });
  if (!json) return;
  const std::string text = to_text(*json);
  require(parse_json(text, "written") == *json, "written and read again it is another value: " + text);
}

}  // namespace duetime::fuzz
