// The checks that text from outside passes before it is stored or shown.
#include "core/base/text.h"
#include "tests/fuzz/property.h"

namespace duetime::fuzz {

void fuzz_utf8(std::string_view input) {
  const bool is_text = is_utf8(input);
  for (const std::size_t most : {std::size_t{0}, input.size() / 2, input.size(), input.size() + 1}) {
    const std::string cut = truncate_utf8(input, most);
    require(cut.size() <= most, "cut text is too long");
    require(input.starts_with(cut), "cut text is another text");
    require(!is_text || is_utf8(cut), "cut within a character");
  }
  const std::string quoted = in_quotes(input);
  require(!is_text || is_utf8(quoted), "quoted text is not UTF-8");
  for (const char c : quoted) require(c < 0 || c >= ' ', "quoted text has control characters");
}

}  // namespace duetime::fuzz
