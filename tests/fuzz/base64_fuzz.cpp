// Base64 in job documents.
#include "core/base/text.h"
#include "tests/fuzz/property.h"

namespace duetime::fuzz {

void fuzz_base64(std::string_view input) {
  require(decode_base64(encode_base64(input), "encoded") == input, "bytes change on the way through base64");
  const auto bytes = accepted([&] { return decode_base64(input, "input"); });
  if (!bytes) return;
  require(encode_base64(*bytes).size() == input.size(), "another length when encoded again");
  require(decode_base64(encode_base64(*bytes), "encoded again") == *bytes, "other bytes when encoded again");
}

}  // namespace duetime::fuzz
