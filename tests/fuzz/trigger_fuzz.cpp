// Documents of triggers.
#include "core/triggers/registry.h"
#include "tests/fuzz/property.h"
#include "tests/fuzz/trigger_properties.h"

namespace duetime::fuzz {

void fuzz_trigger(std::string_view input) {
  const auto trigger =
      accepted([&] { return make_trigger(parse_json(input, "trigger")); },
               {ErrorCode::kInvalidArgument, ErrorCode::kNotFound, ErrorCode::kStoreCorrupt});
  if (trigger) check_trigger(**trigger, digest(input));
}

}  // namespace duetime::fuzz
