// Files of the tz database.
#include "tests/fuzz/property.h"
#include "tests/fuzz/zone_properties.h"

namespace duetime::fuzz {

void fuzz_tzif(std::string_view input) {
  const auto zone =
      accepted([&] { return TimeZone::from_tzif("fuzzed", input); }, {ErrorCode::kStoreCorrupt});
  if (zone) check_zone(*zone);
}

}  // namespace duetime::fuzz
