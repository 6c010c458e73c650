// What a Redis server, or whoever answers at its port, sends: through hiredis's reader, in pieces, and then
// through the checks of RedisValue.
#include <initializer_list>
#include <memory>
#include <string>

#include "core/base/error.h"
#include "core/jobstores/redis_reply.h"
#include "tests/fuzz/property.h"

namespace duetime::fuzz {
namespace {

void walk(const RedisValue& value) {
  static constexpr std::initializer_list<ErrorCode> kRefusals = {ErrorCode::kStoreCorrupt};
  accepted([&] { return value.text().size(); }, kRefusals);
  accepted([&] { return value.text_or_empty().size(); }, kRefusals);
  accepted([&] { return value.integer(); }, kRefusals);
  accepted([&] { return value.boolean(); }, kRefusals);
  if (!value.is_array()) {
    require(!accepted([&] { return value.size(); }, kRefusals), "what is no array has a size");
    return;
  }
  for (std::size_t i = 0; i < value.size(); ++i) walk(value[i]);
  require(!accepted([&] { return value[value.size()].is_nil(); }, kRefusals), "there is one behind the last");
}

// All that is complete. False if the bytes are not of the protocol.
bool take_replies(redisReader* reader) {
  for (;;) {
    void* reply = nullptr;
    if (redisReaderGetReply(reader, &reply) != REDIS_OK) return false;
    if (!reply) return true;
    walk(RedisReply(static_cast<redisReply*>(reply)).value());
  }
}

}  // namespace

void fuzz_resp(std::string_view input) {
  const std::unique_ptr<redisReader, decltype(&redisReaderFree)> reader(redisReaderCreate(), redisReaderFree);
  const std::size_t piece = 1 + digest(input) % 16;
  while (!input.empty()) {
    const std::string_view now = input.substr(0, piece);
    if (redisReaderFeed(reader.get(), now.data(), now.size()) != REDIS_OK || !take_replies(reader.get()))
      return;
    input.remove_prefix(now.size());
  }
}

}  // namespace duetime::fuzz
