// What a MongoDB server sends.
#include "core/base/error.h"
#include "core/jobstores/mongodb_bson.h"
#include "tests/fuzz/property.h"

namespace duetime::fuzz {
namespace {

// Every element lies within its document.
void walk(BsonView document, int depth) {
  std::size_t elements = 0;
  document.for_each([&](const BsonElement& element) {
    ++elements;
    require(element.name().data() >= document.bytes().data(), "a name begins before its document");
    element.integer();
    element.boolean();
    element.date();
    if (const auto bytes = element.text_or_binary()) {
      require(bytes->data() + bytes->size() <= document.bytes().data() + document.bytes().size(),
              "a value ends after its document");
    }
    const std::optional<BsonView> inner = element.document();
    if (inner && depth > 0) walk(*inner, depth - 1);
  });
  require(elements < document.bytes().size(), "more elements than bytes");
}

}  // namespace

void fuzz_bson(std::string_view input) {
  try {
    const BsonView document(input);
    walk(document, 64);
    const Bson around{{"inner", Bson::copy_of(input)}};
    require(BsonView(around.bytes()).document("inner")->bytes() == input, "a copy differs");
  } catch (const Error& error) {
    require(error.code() == ErrorCode::kStoreCorrupt, "damage is told as something else");
  }
}

}  // namespace duetime::fuzz
