// Instants in RFC 3339.
#include "core/time/instant.h"
#include "tests/fuzz/property.h"

namespace duetime::fuzz {

void fuzz_instant(std::string_view input) {
  const auto instant = accepted([&] { return parse_instant(input, "input"); });
  if (!instant) return;
  require(is_valid(*instant), "an instant outside the years 1 to 9999");
  require(parse_instant(to_string(*instant), "written") == *instant,
          to_string(*instant) + " comes back as another instant");
}

}  // namespace duetime::fuzz
