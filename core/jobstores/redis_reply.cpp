#include "core/jobstores/redis_reply.h"

#include <charconv>
#include <string>

#include "core/base/error.h"

namespace duetime {
namespace {

[[noreturn]] void fail(const char* expected) {
  throw Error(ErrorCode::kStoreCorrupt, std::string("Redis: unexpected answer, expected ") + expected);
}

}  // namespace

std::string_view RedisValue::text() const {
  if (reply_->type != REDIS_REPLY_STRING && reply_->type != REDIS_REPLY_STATUS) fail("a string");
  return {reply_->str, reply_->len};
}

std::string_view RedisValue::text_or_empty() const { return is_nil() ? std::string_view() : text(); }

int64_t RedisValue::integer() const {
  if (is_integer()) return reply_->integer;
  const std::string_view digits = text();
  int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size()) fail("an integer");
  return value;
}

std::size_t RedisValue::size() const {
  if (!is_array()) fail("an array");
  return reply_->elements;
}

RedisValue RedisValue::operator[](std::size_t index) const {
  if (index >= size()) fail("a longer array");
  return RedisValue(reply_->element[index]);
}

}  // namespace duetime
