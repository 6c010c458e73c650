// A reply of Redis, read with checks: a server, or a script that somebody changed, may answer anything.
#pragma once

#include <hiredis/hiredis.h>

#include <cstdint>
#include <memory>
#include <string_view>

namespace duetime {

// A part of a reply; valid as long as the reply. Each accessor throws kStoreCorrupt for a value of another
// kind.
class RedisValue {
 public:
  explicit RedisValue(const redisReply* reply) : reply_(reply) {}

  bool is_nil() const { return reply_->type == REDIS_REPLY_NIL; }
  bool is_error() const { return reply_->type == REDIS_REPLY_ERROR; }
  bool is_integer() const { return reply_->type == REDIS_REPLY_INTEGER; }
  bool is_array() const { return reply_->type == REDIS_REPLY_ARRAY; }
  std::string_view error() const { return {reply_->str, reply_->len}; }

  std::string_view text() const;           // of a string or a status
  std::string_view text_or_empty() const;  // the same; empty for nil
  int64_t integer() const;                 // of an integer, or of a string that is one
  bool boolean() const { return !is_nil() && integer() != 0; }

  std::size_t size() const;
  RedisValue operator[](std::size_t index) const;

 private:
  const redisReply* reply_;
};

class RedisReply {
 public:
  explicit RedisReply(redisReply* reply) : reply_(reply, freeReplyObject) {}

  RedisValue value() const { return RedisValue(reply_.get()); }
  RedisValue operator[](std::size_t index) const { return value()[index]; }
  std::size_t size() const { return value().size(); }

 private:
  std::unique_ptr<redisReply, decltype(&freeReplyObject)> reply_;
};

}  // namespace duetime
