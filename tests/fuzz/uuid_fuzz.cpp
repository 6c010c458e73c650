// Identities as stores keep them.
#include "core/base/uuid.h"
#include "tests/fuzz/property.h"

namespace duetime::fuzz {

void fuzz_uuid(std::string_view input) {
  const auto uuid = parse_uuid(input);
  if (!uuid) return;
  require(input.size() == 32, "accepted at another length than 32");
  require(parse_uuid(to_string(*uuid)) == uuid, "comes back as another identity");
}

}  // namespace duetime::fuzz
